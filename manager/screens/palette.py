"""All actions to choose from: type a part of one, Enter does the marked one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from manager.actions import ACTIONS, Action, Verb, key_name
from manager.page import Page
from manager.widgets.panel import Listing, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console

__all__ = ["PalettePage"]

_HIDDEN = (Verb.PALETTE, Verb.BACK, Verb.COMMAND, Verb.FILTER)


class PalettePage(Page):
    """`page` is the screen that it was opened over: its own actions come first."""

    page_name = "palette"

    def __init__(self, console: Console, page: str) -> None:
        super().__init__(console)
        self._page = page
        self._typed = ""

    def content(self) -> Iterable[Widget]:
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        self.set_heading(_("COMMANDS  {}").format(self._typed or _("type a part of one")))
        nothing = [Row(_(" no command is like that; Esc shows all again"), "quiet")]
        self.query_one(Listing).show_items(
            [Row(f"{key_name(one):<4} {one.verb:<14} {_(one.does)}") for one in self._found()]
            or nothing
        )

    def feed(self, key: str) -> bool:
        listing = self.query_one(Listing)
        if key == "enter":
            self._choose(listing.marked)
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif len(key) == 1:
            self._typed += key.casefold()
            listing.marked = 0
        else:
            return listing.feed(key)
        return True

    def clear(self) -> bool:
        typed, self._typed = self._typed, ""
        return bool(typed)

    def _choose(self, place: int) -> None:
        found = self._found()
        if found:
            self.console.face.back()
            self.console.perform(found[place], "")

    def _found(self) -> list[Action]:
        shown = [one for one in ACTIONS if one.verb not in _HIDDEN]
        own = sorted(shown, key=lambda one: one.page != self._page or not one.page)
        return [one for one in own if self._typed in f"{one.verb} {_(one.does)}".casefold()]
