"""Receipted returns on one till: booked before they are logged, let go after their void is.

The booking holds from before the first entry until after the last, so that at no crash and in no
race two tills give the same item back. What a till was at when it died, its own next start
finishes or undoes by its log; until then the booking counts, and nobody loses but a customer who
has to wait for that start. This module must never touch a sale without a receipted return.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from msgspec.structs import replace

from kernel.coordination.returns import Booking, Returns
from kernel.disk.layout import Layout
from kernel.disk.receipts import sale_in_log, sale_of_receipt
from kernel.errors import BadConfiguration, Contention, DiskFull, LogDamaged, SaleRefused
from kernel.model.decisions import name_of
from kernel.model.entries import Line, LineKind
from kernel.model.identity import TransactionId, terminal_id
from kernel.model.transaction import State, Transaction
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.words import gettext as _

__all__ = ["Returning", "live_bookings"]

_DIGITS = 15
_RETURNABLE = (LineKind.ITEM, LineKind.DEPOSIT)
_NOT_DONE = (DiskFull, BadConfiguration, Contention, FileNotFoundError)
"""Beside an entry that is decided: the booking keeps its name, and counts; a start settles it."""
_T = TypeVar("_T")


class Returning:
    """The receipted returns of one running till. `step` is held for each change."""

    def __init__(
        self, terminal: str, host: Host, layout: Layout, journal: Journal, step: Lock
    ) -> None:
        self._terminal = terminal
        self._host = host
        self._layout = layout
        self._journal = journal
        self._step = step
        self._returns = Returns(host.disk, layout, clock=host.clock)

    def start(self) -> None:
        """Settle what the last process left."""
        with self._step:
            self._returns.settle(self._terminal, self._stands)

    def post(self, lines: Sequence[Line], record: Callable[[Sequence[Line]], _T]) -> _T:
        """Book what `lines` take back of their origins, then record them with their bookings."""
        with self._step:
            booked: list[Booking] = []
            try:
                for line in lines:
                    booked.append(self._book(line))
                made = record(
                    [replace(line, booking=one.id) for line, one in zip(lines, booked, strict=True)]
                )
            except (SaleRefused, Contention, BadConfiguration):
                with suppress(*_NOT_DONE):
                    self._returns.withdraw(booked)
                raise
            for one in booked:
                with suppress(*_NOT_DONE):
                    self._returns.confirm(one)
            return made

    def _book(self, line: Line) -> Booking:
        assert line.tx is not None and line.origin is not None
        booking = Booking(
            origin=line.origin[0],
            line=line.origin[1],
            quantity=-line.quantity,
            id=self._host.random_bytes(8).hex(),
            holder=name_of(self._terminal, line.tx),
        )
        self._returns.book(booking, self._sold(line))
        return booking

    def receipt(self, named: str) -> tuple[str, Transaction]:
        """Its transaction id and its sale; see `Terminal.receipt`."""
        text = named.strip().upper()
        terminal, _blank, number = text.rpartition(" ")
        if not number.isascii() or not number.isdigit():
            return text, self._receipt(text)
        till = terminal_id(terminal.strip()) if terminal else self._terminal
        paths = self._layout.terminal(till)
        try:
            sale = sale_of_receipt(self._host.disk, paths, int(number[:_DIGITS]))
        except FileNotFoundError:
            sale = None
        except (LogDamaged, OSError) as fault:
            raise SaleRefused(
                _("the receipts of {} can't be read: {}").format(till, fault)
            ) from fault
        if sale is None:
            raise SaleRefused(
                _("{} gave no receipt {}; give its transaction, or TERMINAL and number").format(
                    till, number
                )
            )
        return name_of(till, sale), self._receipt(name_of(till, sale))

    def returned(self, origin: str) -> dict[int, int]:
        """Line number -> thousandths that came back, by the bookings of the shop."""
        came: dict[int, int] = {}
        for booking in self._returns.bookings(f"{origin}."):
            if booking.origin == origin:
                came[booking.line] = came.get(booking.line, 0) + booking.quantity
        return came

    def release(self, sale: str, bookings: Callable[[], list[str]], record: Callable[[], _T]) -> _T:
        """Record what ends those bookings of that sale, then let them go."""
        with self._step:
            ids = bookings()
            if not ids:
                return record()
            marked = self._returns.release(ids, sale)
            try:
                made = record()
            except SaleRefused:
                with suppress(*_NOT_DONE):
                    self._returns.keep(marked)
                raise
            with suppress(*_NOT_DONE):
                self._returns.withdraw(marked)
            return made

    def _sold(self, line: Line) -> int:
        """How much the receipt says was sold, in thousandths."""
        assert line.tx is not None and line.origin is not None
        origin, place = line.origin
        if type(place) is not int:
            raise SaleRefused(
                _("line {!r:.20} of {} is no number; see the receipt").format(place, origin)
            )
        sale = self._receipt(origin)
        here = self._journal.sale(line.tx)
        if here is not None and here.currency != sale.currency:
            raise SaleRefused(
                _("receipt {} is in {}; return it in that").format(origin, sale.currency)
            )
        if not 1 <= place <= len(sale.lines):
            raise SaleRefused(
                _("receipt {} has no line {}; it has {}").format(origin, place, len(sale.lines))
            )
        sold = sale.lines.line(place)
        if sold.kind not in _RETURNABLE or sold.quantity <= 0:
            raise SaleRefused(_("line {} of {} is no sold item").format(place, origin))
        if sale.lines.reversal_of(place) is not None:
            raise SaleRefused(_("line {} of {} was void; it was never paid").format(place, origin))
        if sold.code != line.code:
            raise SaleRefused(
                _("line {} of {} is {}, not {}").format(place, origin, sold.code, line.code)
            )
        if line.quantity >= 0:
            raise SaleRefused(_("a return of {} needs a quantity below zero").format(origin))
        return sold.quantity

    def _receipt(self, origin: str) -> Transaction:
        parsed = TransactionId.parse(origin)
        if parsed.training:
            raise SaleRefused(_("{} was training; nothing was sold").format(origin))
        try:
            paths = self._layout.terminal(parsed.terminal)
            sale = sale_in_log(self._host.disk, paths, parsed.number)
        except FileNotFoundError:
            sale = None
        except (LogDamaged, OSError) as fault:
            raise SaleRefused(
                _("receipt {} can't be read: {}; ask for help").format(origin, fault)
            ) from fault
        if sale is None or sale.state is not State.COMMITTED:
            raise SaleRefused(_("there is no receipt {}; compare it and type again").format(origin))
        return sale

    def _stands(self, number: int, booking: str) -> bool:
        """Whether this till's log holds a return with that booking, neither void nor aborted."""
        sale = self._journal.read(lambda ledger: ledger.sales.get(number))
        if sale is None:
            paths = self._layout.terminal(self._terminal)
            sale = sale_in_log(self._host.disk, paths, number)
        if sale is None or sale.state is State.ABORTED:
            return False
        return booking in live_bookings(sale)


def live_bookings(sale: Transaction) -> list[str]:
    """Of all lines that give something back on a receipt and are not void."""
    return [
        line.booking
        for place, line in enumerate(sale.lines, 1)
        if line.booking is not None
        and line.kind is not LineKind.VOID
        and sale.lines.reversal_of(place) is None
    ]
