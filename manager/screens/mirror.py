"""The sale that a till has in hand, as its cashier rings it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from kernel import marked as N_
from manager.frame import state_word
from manager.page import Page
from manager.sale_rows import sale_rows
from manager.screens.replay import ReplayPage
from manager.widgets.panel import Panel, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console

__all__ = ["MirrorPage"]


class MirrorPage(Page):
    """Enter replays that sale; + and - go to the next till and back."""

    page_name = "mirror"
    own_keys = (("+ -", N_("the next till, the one before")), ("Enter", N_("replay its sale")))

    def __init__(self, console: Console, terminal: str) -> None:
        super().__init__(console)
        self.terminal = terminal

    def content(self) -> Iterable[Widget]:
        yield Panel(id="body")

    def show(self, board: Board) -> None:
        sale = board.mirror(self.terminal)
        card = next((one for one in board.cards if one.terminal == self.terminal), None)
        said = [self.terminal, state_word(card.activity) if card is not None else ""]
        if card is not None and card.operator is not None:
            said.append(_("operator {}").format(card.operator))
        if sale is not None:
            said.append(_("sale {}").format(sale.transaction))
        self.set_heading(_("MIRROR {}   Enter: replay").format("  ".join(filter(None, said))))
        body = self.query_one("#body", Panel)
        if sale is None:
            body.show([Row(_(" no sale of this till was seen yet"), "quiet")])
        else:
            body.show(sale_rows(sale, body.size.width, body.size.height))

    def feed(self, key: str) -> bool:
        if key in ("+", "-", "right", "left"):
            self._turn(1 if key in ("+", "right") else -1)
        elif key == "enter":
            sale = self.console.board.mirror(self.terminal)
            if sale is None:
                self.console.refuse(_("this till has no sale to replay"))
            else:
                lsn = self.console.board.last_lsn(self.terminal)
                self.console.face.push(ReplayPage(self.console, sale.transaction, lsn))
        else:
            return False
        return True

    def subject(self) -> str:
        return self.terminal

    def _turn(self, step: int) -> None:
        names = [one.terminal for one in self.console.board.cards]
        if self.terminal in names:
            self.terminal = names[(names.index(self.terminal) + step) % len(names)]
