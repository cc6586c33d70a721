"""What stands on the screen while nobody is signed on, or the one who is has locked it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from manager.page import Page
from manager.widgets.panel import Panel, Row

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["SignPage"]


class SignPage(Page):
    """Shows nothing of the shop; the console asks for number and PIN below."""

    page_name = "sign"

    def content(self) -> Iterable[Widget]:
        yield Panel(id="body")

    def show(self, board: Board) -> None:
        there = self.console.signing.who
        if there is None:
            rows = [_("Sign on to act as the manager."), _("Tills go on as they are.")]
        else:
            rows = [
                _("LOCKED by {} {}.").format(there.number, there.name),
                _("{} unlocks it; another one takes over with a PIN of his own.").format(
                    there.number
                ),
            ]
        self.query_one("#body", Panel).show([Row(""), *(Row(f"  {row}") for row in rows)])
