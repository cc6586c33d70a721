"""The audit log as it grows: follow it, stand still, search it, go from a line to its sale."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import AuditView, BadInput, KernelError
from kernel import gettext as _
from kernel import marked as N_
from manager.actions import Verb
from manager.audit_browser import AuditBrowser, Window
from manager.audit_query import AuditQuery, parse_query
from manager.audit_rows import audit_row, columns_row
from manager.charts import percent
from manager.dialogs import Prompt
from manager.fitting import fitted
from manager.page import Page
from manager.screens.replay import ReplayPage
from manager.widgets.panel import Panel, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console
    from manager.work import GoOn

__all__ = ["AuditPage"]

_MOVES = frozenset(("up", "down", "pageup", "pagedown", "home", "end"))
_MOVES_AHEAD = 50


class AuditPage(Page):
    """What is shown was read on a thread; keys that come meanwhile wait for it."""

    page_name = "audit"
    own_keys = ((N_("arrows"), N_("another line; the list stands still then")),)
    filter_words = N_("till= op= kind= min= max= from= to= date= text=, or any text")

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._browser = AuditBrowser(console.data_dir)
        self._window = Window()
        self._moves: list[str] = []
        self._looking = False
        self._looked_at = (-1, 0)
        self._currency = ""

    def content(self) -> Iterable[Widget]:
        yield Panel(id="columns")
        yield Panel(id="body")

    def show(self, board: Board) -> None:
        if board.configuration is not None:
            self._currency = board.configuration.settings.currency
        window, body = self._window, self.query_one("#body", Panel)
        width = body.size.width
        self.set_heading(self._heading())
        self.query_one("#columns", Panel).show([Row(" " + columns_row(width), "quiet")])
        rows = [
            Row(
                (">" if place == window.marked else " ") + audit_row(line, self._currency, width),
                "strong" if place == window.marked else "",
            )
            for place, line in enumerate(window.lines)
        ]
        if not rows:
            rows = [Row(_(" searching ...") if window.more else _(" no such line"), "quiet")]
        body.show(rows[: body.size.height])
        now = (board.serial, body.size.height)
        if self._moves or window.more or (now != self._looked_at and not body.behind):
            self._look_on(now)

    def news(self) -> bool:
        if self.query_one("#body", Panel).behind:
            return False  # on a slow line those lines first, then newer ones
        self._look_on((self.console.board.serial, self.query_one("#body", Panel).size.height))
        return self._window.following

    def feed(self, key: str) -> bool:
        if key in _MOVES or key == "f":
            if len(self._moves) < _MOVES_AHEAD:
                self._moves.append(key if key in _MOVES else "follow")
            self._look_on(self._looked_at)
        elif key == "enter":
            self._drill_down()
        else:
            return False
        return True

    def act(self, word: str, text: str) -> None:
        if word == Verb.SAVE:
            if text:
                self._save(text)
            else:
                words = _("write what is shown to (.csv, .json, .jsonl)")
                self.console.ask(Prompt(words, self._save))
        elif word == Verb.FOLLOW:
            self.feed("f")
        elif word == Verb.REPLAY:
            self._drill_down()

    def subject(self) -> str:
        line = self._window.line
        return line.terminal if line is not None else ""

    @property
    def filter_text(self) -> str:
        return self._browser.query.typed

    def filter(self, text: str) -> None:
        try:
            query = parse_query(text, self._currency, datetime.now().astimezone())
        except BadInput as fault:
            self.console.refuse(str(fault))
            return
        self._search(query)

    def clear(self) -> bool:
        if not self._browser.query.typed:
            return False
        self._search(AuditQuery())
        return True

    def _search(self, query: AuditQuery) -> None:
        height = self.query_one("#body", Panel).size.height
        self.console.aside(lambda: self._browser.search(query, height), self._found)

    def _found(self, window: Window) -> None:
        self._moves.clear()
        self._window = window

    def _look_on(self, now: tuple[int, int]) -> None:
        """Read on, one thread at a time."""
        if self._looking:
            return
        self._looking = True
        self._looked_at = now
        moves, self._moves = self._moves or [""], []
        height = self.query_one("#body", Panel).size.height

        def look() -> Window | str:
            window = self._window
            try:
                for move in moves:
                    window = self._browser.look(move, height)
            except KernelError as fault:
                return str(fault)
            return window

        self.console.aside(look, self._seen)

    def _seen(self, found: Window | str) -> None:
        self._looking = False
        if isinstance(found, str):
            self.console.refuse(found)
        else:
            self._window = found

    def _drill_down(self) -> None:
        line = self._window.line
        if line is None or line.transaction is None:
            self.console.refuse(_("that line belongs to no sale"))
        else:
            # A line of MANAGER may be about another till's sale: its LSN is none of that log.
            own = line.transaction.rpartition("-")[0] == line.terminal
            lsn = line.lsn if own else None
            page = ReplayPage(self.console, line.transaction, lsn, at_lsn=lsn)
            self.console.face.push(page)

    def _save(self, path: str) -> None:
        if not path:
            self.console.say(_("not done"))
            return
        query, data_dir = self._browser.query, self.console.data_dir
        place = os.path.abspath(os.path.expanduser(path))

        def save(go_on: GoOn) -> object:
            view = AuditView(data_dir, query.wanted, business_date=query.business_date)
            try:
                count = view.export(
                    place,
                    lambda done, size: go_on(_("{} % written").format(percent(done, size))),
                )
            finally:
                view.close()
            if count is None:
                return _("broken off; nothing was written")
            return _("{} lines written to {}").format(count, place)

        self.console.begin(_("export of the audit log"), save)

    def _heading(self) -> str:
        window, typed = self._window, self._browser.query.typed
        said = _("AUDIT following") if window.following else _("AUDIT PAUSED, f follows")
        if not typed:
            return said
        looked = percent(window.looked_bytes, window.size_bytes)
        found = _(": {} found").format(window.found or 0)
        found += _(", {} % searched").format(looked) if window.more else ""
        # The filter is known to who typed it; how much it found is not.
        room = self.app.size.width - 1 - len(said) - 3 - len(found)
        return f"{said}   {fitted(typed, max(room, 1))}{found}"
