"""What was done from this console: how far it is while it is under way, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from kernel import marked as N_
from manager.fitting import fitted
from manager.page import Page
from manager.results import rows_of, short_of
from manager.screens.text import TextPage
from manager.times import time_text
from manager.widgets.panel import Listing, Row
from manager.work import Act, ActState

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["ActsPage"]

_STATES = {
    ActState.WORKING: N_("under way"),
    ActState.DONE: N_("done"),
    ActState.REFUSED: N_("REFUSED"),
}


class ActsPage(Page):
    """The newest first; Enter shows all that is known of the marked one."""

    page_name = "acts"

    def content(self) -> Iterable[Widget]:
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        found = self._newest()
        self.set_heading(_("ACTS of this console {}   Enter shows one").format(len(found)))
        now_ms = self.console.clock.wall_ms()
        nothing = [Row(_(" nothing was done from here yet; the audit log has the rest"), "quiet")]
        self.query_one(Listing).show_items([_row(one, now_ms) for one in found] or nothing)

    def feed(self, key: str) -> bool:
        listing, found = self.query_one(Listing), self._newest()
        if key == "enter" and found:
            number, title = found[listing.marked].number, found[listing.marked].title
            self.console.face.push(
                TextPage(self.console, title.upper(), lambda: self._rows(number))
            )
            return True
        return listing.feed(key)

    def _newest(self) -> tuple[Act, ...]:
        return tuple(reversed(self.console.work.acts))

    def _rows(self, number: int) -> Sequence[str]:
        act = next((one for one in self.console.work.acts if one.number == number), None)
        if act is None:
            return (_("so much was done since that this is forgotten; see the audit log"),)
        rows = rows_of(act.so_far, self.console.clock.wall_ms())
        return (_(_STATES[act.state]), *([act.refusal] if act.refusal else rows))


def _row(act: Act, now_ms: int) -> Row:
    said = act.refusal or short_of(act.so_far, now_ms)
    role = "error" if act.state is ActState.REFUSED else ""
    began = time_text(act.began_ms)[:5]
    return Row(f"{began} {_(_STATES[act.state]):<10} {fitted(act.title, 22):<22} {said}", role)
