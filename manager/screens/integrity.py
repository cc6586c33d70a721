"""Is every acknowledged entry of the store there, and as it was written? Checked while it sells."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import AuditVerdict, Finding, Integrity, SharedVerdict, Verdict
from kernel import gettext as _
from manager.actions import Verb
from manager.alerts import found_alerts
from manager.page import Page
from manager.times import time_text
from manager.widgets.panel import Listing, Row
from manager.work import GoOn

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["IntegrityPage"]


class IntegrityPage(Page):
    """The last check of this console, log by log, what is damaged first."""

    page_name = "integrity"
    _found: Integrity | None = None
    _checked = ""
    _under_way = False

    def content(self) -> Iterable[Widget]:
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        listing = self.query_one(Listing)
        if self._under_way:
            state = _("checking, {}").format(self._progress())
        elif self._found is None:
            state = _("not checked yet")
        else:
            sound = _("all is sound") if self._found.sound else _("DAMAGED")
            state = _("{}, checked at {}").format(sound, self._checked)
        self.set_heading(_("INTEGRITY  {}   v checks, k cleans up").format(state))
        listing.show_items(
            _rows(self._found, self.console.data_dir) if self._found is not None else []
        )

    def feed(self, key: str) -> bool:
        return self.query_one(Listing).feed(key)

    def act(self, word: str, text: str) -> None:
        if word != Verb.VERIFY:
            return
        if self._under_way:
            self.console.refuse(_("a check is under way already"))
            return
        self._under_way = True
        self.console.begin(_("verify"), self._check, self._checked_all, self._not_checked)

    def _progress(self) -> str:
        working = [one for one in self.console.work.under_way() if one.title == _("verify")]
        return str(working[-1].so_far or "") if working else ""

    def _check(self, go_on: GoOn) -> Integrity:
        """On a thread of its own."""
        return self.console.floor.verify(partial(_tell, go_on))

    def _checked_all(self, result: object) -> None:
        assert isinstance(result, Integrity), "that is what a check brings"
        self._found, self._under_way = result, False
        now_ms = self.console.clock.wall_ms()
        self._checked = time_text(now_ms)
        for alert in found_alerts(result, now_ms):
            self.console.board.alert(alert)

    def _not_checked(self) -> None:
        self._under_way = False


def _tell(go_on: GoOn, done: int, size: int) -> None:
    go_on(_("{} % of a log of {} KiB").format(done * 100 // max(size, 1), size >> 10))


def _rows(found: Integrity, root: str) -> list[Row]:
    rows = []
    for one in sorted(found.logs, key=lambda verdict: verdict.sound):
        rows += _verdict(one, root)
    return [*rows, *_audit(found.audit, root), *_shared(found.shared, root)]


def _verdict(one: Verdict, root: str) -> list[Row]:
    state = _("sound") if one.sound else _("DAMAGED")
    said = _("{} entries, {} segments, {} bytes, LSN {}").format(
        one.entries, one.segments, one.size_bytes, one.last_lsn
    )
    head = Row(f" {one.terminal:<20} {state:<8} {said}", "" if one.sound else "error")
    return [
        head,
        *_findings(one.damages, root),
        *(Row(f"     {note}", "quiet") for note in one.notes),
    ]


def _audit(one: AuditVerdict, root: str) -> list[Row]:
    state = _("sound") if one.sound else _("DAMAGED")
    said = _("{} lines in {} files").format(one.lines, one.files)
    head = Row(f" {_('audit log'):<20} {state:<8} {said}", "" if one.sound else "error")
    return [
        head,
        *_findings(one.damages, root),
        *(Row(f"     {note}", "quiet") for note in one.notes),
    ]


def _shared(one: SharedVerdict, root: str) -> list[Row]:
    if one == SharedVerdict():
        return []
    state = _("sound") if one.sound else _("DAMAGED")
    said = _("{} suspended sales, {} booked returns").format(one.suspended, one.booked)
    head = Row(f" {_('between tills'):<20} {state:<8} {said}", "" if one.sound else "error")
    return [
        head,
        *_findings(one.damages, root),
        *(Row(f"     {note}", "quiet") for note in one.notes),
    ]


def _findings(damages: Iterable[Finding], root: str) -> list[Row]:
    return [
        Row(
            f"     {os.path.relpath(one.path, root)}: "
            + _("offset {}, LSN {}: {}").format(one.offset, one.lsn, one.meaning),
            "error",
        )
        for one in damages
    ]
