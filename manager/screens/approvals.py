"""What tills ask the manager for, the oldest first. It comes to the front only when called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import OpenRequest
from kernel import gettext as _
from manager.actions import Verb
from manager.acts import mail
from manager.fitting import fitted
from manager.page import Page
from manager.widgets.panel import Listing, Panel, Row

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["ApprovalsPage"]


class ApprovalsPage(Page):
    """The mark stays on its request while others come and go: it is what `a` and `d` answer."""

    page_name = "approvals"
    ages = True

    def content(self) -> Iterable[Widget]:
        yield Panel(id="columns")
        yield Listing(id="body")

    _token = ""

    def show(self, board: Board) -> None:
        found, listing = self._open(), self.query_one(Listing)
        self.set_heading(_("ASKED {}   a approves, d declines what is marked").format(len(found)))
        columns = _("  till            what                     line  from > to          by   left")
        self.query_one("#columns", Panel).show([Row(columns, "quiet")])
        tokens = [one.request.token for one in found]
        if self._token in tokens:
            listing.marked = tokens.index(self._token)
        now_ms = self.console.clock.wall_ms()
        watching = _(" what tills ask comes to the console that acts, not to one that watches")
        none = watching if self.console.watching else _(" no till asks for anything")
        nothing = [Row(none, "quiet")]
        listing.show_items([self._row(one, now_ms) for one in found] or nothing)
        self._token = tokens[listing.marked] if tokens else ""

    def feed(self, key: str) -> bool:
        listing, found = self.query_one(Listing), self._open()
        taken = listing.feed(key)
        if taken and found:
            self._token = found[min(listing.marked, len(found) - 1)].request.token
        return taken

    def act(self, word: str, text: str) -> None:
        found = [one for one in self._open() if one.request.token == self._token]
        if found and word in (Verb.APPROVE, Verb.DECLINE):
            mail.answer(self.console, found[0], allow=word == Verb.APPROVE)
        else:
            self.console.refuse(_("there is nothing to answer"))

    def _open(self) -> tuple[OpenRequest, ...]:
        if self.console.watching:
            return ()
        return self.console.floor.manager.approvals.requests.all()

    def _row(self, asked: OpenRequest, now_ms: int) -> Row:
        request = asked.request
        left_s = max(0, asked.expires_ms - now_ms) // 1000
        line = "" if request.line is None else str(request.line)
        change = mail.change_text(self.console, asked)
        what = request.what.value.replace("_", " ")
        reason = f"  {request.reason}" if request.reason else ""
        till, what = fitted(asked.terminal, 15), fitted(what, 24)
        return Row(
            f" {till:<15} {what:<24} {line:>4}  {fitted(change, 18):<18} "
            f"{request.operator or '-':<5.5}{left_s:>3} s{reason}"
        )
