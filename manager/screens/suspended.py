"""Sales that wait: suspended ones by ticket, parked ones of tills that do not run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from textual.widget import Widget

from kernel import ShopStatus, SuspendedSale
from kernel import gettext as _
from manager.fitting import fitted
from manager.sought import SoughtPage
from manager.widgets.panel import Listing, Panel, Row
from themes.formats import amount_text

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["SuspendedPage"]

_MINUTE_MS = 60_000
_NARROW = 72


class _Waiting(NamedTuple):
    """`subject` is what an act would be about: a sale to release, a till to settle."""

    ticket: str
    subject: str
    row: Row


class SuspendedPage(SoughtPage):
    """Suspended sales first, those that expire soonest at the top; then what is parked."""

    page_name = "suspended"

    def content(self) -> Iterable[Widget]:
        yield Panel(id="columns")
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        found = self._found()
        suspended = sum(one.ticket != "" for one in found)
        parked = len(found) - suspended
        sought = _("   only: {}").format(self._sought) if self._sought else ""
        heading = _("SUSPENDED {}  PARKED {}   r releases a parked sale").format(suspended, parked)
        self.set_heading(heading + sought)
        head = (_("ticket"), _("sale"), _("lines"), _("amount"), _("age"), _("state"))
        columns = " " + _in_columns(self.size.width, *head)
        self.query_one("#columns", Panel).show([Row(columns, "quiet")])
        none = _(" no such sale waits; Esc shows all again") if sought else _(" no sale waits")
        nothing = [Row(none, "quiet")]
        self.query_one(Listing).show_items([one.row for one in found] or nothing)

    def feed(self, key: str) -> bool:
        return self.query_one(Listing).feed(key)

    def subject(self) -> str:
        found = self._found()
        marked = self.query_one(Listing).marked
        return found[marked].subject if marked < len(found) else ""

    def _found(self) -> list[_Waiting]:
        status = self.console.status
        if status is None:
            return []
        now_ms = self.console.clock.wall_ms()
        width = self.size.width
        found = [*_suspended(status, now_ms, width), *_parked(status, width)]
        return [one for one in found if self._sought.casefold() in one.row.text.casefold()]


def _suspended(status: ShopStatus, now_ms: int, width: int) -> Iterable[_Waiting]:
    for sale in sorted(status.suspended, key=lambda one: one.expires_ms):
        if sale.damage is not None:
            said = f" {sale.ticket:<12}{_('its file can not be read')}"
            yield _Waiting(sale.ticket, sale.till or "", Row(said, "error"))
        else:
            yield _Waiting(sale.ticket, sale.till or "", Row(_suspended_row(sale, now_ms, width)))


def _suspended_row(sale: SuspendedSale, now_ms: int, width: int) -> str:
    minutes = max(0, now_ms - sale.suspended_ms) // _MINUTE_MS
    age = f"{minutes // 60}:{minutes % 60:02}"
    amount = f"{amount_text(sale.total_minor, sale.currency)} {sale.currency}"
    state = _("taken by {}").format(sale.till) if sale.till is not None else _("waits")
    return _in_columns(width, sale.ticket, sale.origin, str(sale.lines), amount, age, state)


def _in_columns(width: int, *cells: str) -> str:
    """Ticket, sale, lines, amount, age and state."""
    ticket, sale, lines, amount, age, state = cells
    if width < _NARROW:
        return f" {ticket:<11}{fitted(sale, 13):<14}{lines:>3.3}{amount:>12}{age:>6} {state}"
    return f" {ticket:<12}{fitted(sale, 17):<18}{lines:>6}{amount:>13}{age:>6}  {state}"


def _parked(status: ShopStatus, width: int) -> Iterable[_Waiting]:
    for till in status.terminals:
        for sale in sorted(till.parked or ()):
            said = _("parked, till {}").format(_word(till.state))
            row = _in_columns(width, "-", sale, "", "", "", said)
            if width < _NARROW:
                # It has no amount, and a longer state.
                row = f" {'-':<11}{fitted(sale, 18):<18} {said}"
            yield _Waiting("", sale, Row(row))
        if till.parked is None and till.state != "running":
            said = _("its open sales can't be told before it is started")
            yield _Waiting("", "", Row(f" {'-':<12}{fitted(till.terminal, 17):<18}{said}", "error"))


def _word(state: str) -> str:
    return _("CRASHED") if state == "crashed" else _("off")
