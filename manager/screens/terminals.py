"""Every terminal of the shop, one a row: what it is at, what it sells, what it took today."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import MANAGER_TERMINAL
from kernel import gettext as _
from kernel import marked as N_
from manager.fitting import fitted
from manager.frame import state_word
from manager.sought import SoughtPage
from manager.times import time_text
from manager.widgets.panel import Listing, Panel, Row
from themes.formats import amount_text

if TYPE_CHECKING:
    from manager.board import Board, TillCard
    from manager.console import Console

__all__ = ["TerminalsPage"]

_ATTENTION = ("crashed", "silent", "parked")
_WIDE = 110
"""From so many columns on, the process is told too."""


class TerminalsPage(SoughtPage):
    """Enter shows the sale of the marked till as it is rung. What is wrong with a till is said
    by a word in capitals; the list keeps its order, so that a till is found where it was."""

    page_name = "terminals"
    own_keys = ((N_("arrows"), N_("another till")), ("Enter", N_("its sale, as it is rung")))
    _tills: Sequence[str] = ()
    _currency = ""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._rows: dict[str, tuple[TillCard, bool, Row]] = {}

    def content(self) -> Iterable[Widget]:
        yield Panel(id="columns")
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        currency = board.configuration.settings.currency if board.configuration else ""
        if currency != self._currency:
            self._currency, self._rows = currency, {}
        sought = self._sought.casefold()
        self._tills = [one for one in board.terminals if one != MANAGER_TERMINAL]
        if sought:
            self._tills = [one for one in self._tills if sought in _searched(board.card(one))]
        wide = self.size.width >= _WIDE
        self.set_heading(self._heading(board))
        self.query_one("#columns", Panel).show([Row("  " + _columns(wide), "quiet")])
        listing, tills = self.query_one(Listing), self._tills
        if tills:
            # Of a hundred tills that change all the time no card is made but those in sight.
            listing.show_some(len(tills), lambda place: self._row(board.card(tills[place]), wide))
        else:
            listing.show_items([Row(self._why_none(board), "quiet")])

    def feed(self, key: str) -> bool:
        if key == "enter" and self.subject():
            self.console.mirror(self.subject())
            return True
        return self.query_one(Listing).feed(key)

    def subject(self) -> str:
        marked = self.query_one(Listing).marked
        return self._tills[marked] if marked < len(self._tills) else ""

    def _row(self, card: TillCard, wide: bool) -> Row:
        """An unchanged till is the same card, and so the same row."""
        known = self._rows.get(card.terminal)
        if known is None or known[0] is not card or known[1] is not wide:
            known = self._rows[card.terminal] = (card, wide, _row(card, wide, self._currency))
        return known[2]

    def _why_none(self, board: Board) -> str:
        if board.status is None:
            return _(" reading...")
        if self._sought:
            return _(" no till is like that; Esc shows all again")
        return _(" no till has ever run in this shop")

    def _heading(self, board: Board) -> str:
        said = _("TILLS {}   Enter shows the sale of the marked one").format(len(self._tills))
        if self._sought:
            said += _("   only: {}").format(self._sought)
        if board.telling:
            said += _("   (the day's figures are being read)")
        return said


def _searched(card: TillCard) -> str:
    return f"{card.terminal} {state_word(card.activity)} {card.operator or ''}".casefold()


def _columns(wide: bool) -> str:
    said = (
        f"{_('till'):<14} {_('state'):<8} {_('by'):<5}{_('sale now'):>10}"
        f"{_('sales'):>7}{_('takings'):>12}  {_('last'):<8}{_('lag'):>4} {_('cfg'):>4}"
    )
    if not wide:
        return said
    return f"{said} {_('pid'):>8} {_('memory'):>8}  {_('since'):<9}{_('last entry')}"


def _row(card: TillCard, wide: bool, shop: str) -> Row:
    """`shop` is its currency: what was taken in another one is named."""
    sale = amount_text(card.sale_minor, card.currency) if card.transaction is not None else ""
    currency = card.takings_currency
    takings = amount_text(card.takings_minor, currency) if currency else ""
    if card.sales and currency != shop:
        takings += f" {currency}"
    last = time_text(card.last_ms) if card.last_ms else ""
    version = f"v{card.configuration}" if card.facts is not None and card.facts.session else "-"
    till = fitted(card.terminal, 14)
    said = (
        f" {till:<14} {state_word(card.activity):<8} {card.operator or '-':<5.5}"
        f"{sale:>10}{card.sales:>7}{takings:>12}  {last:<8}{card.lag:>4} {version:>4}"
    )
    if wide:
        pid = str(card.pid) if card.pid is not None else "-"
        memory = f"{card.memory_bytes >> 20} MiB" if card.memory_bytes is not None else "-"
        since = time_text(card.started_ms) if card.started_ms is not None else ""
        event = card.last_event.replace("_", " ")
        said += f" {pid:>8} {memory:>8}  {since:<9}{event}"
    return Row(said, "error" if card.activity in _ATTENTION else "")
