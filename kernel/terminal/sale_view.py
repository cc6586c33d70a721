"""One sale as it is durable now: what can be read of it, and nothing that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel.model.decisions import name_of
from kernel.model.entries import Line
from kernel.model.transaction import CardAsked, State, TenderTaken, Transaction

if TYPE_CHECKING:
    from kernel.terminal.terminal import Terminal

__all__ = ["SaleView"]


class SaleView:
    """A sale of one terminal. Amounts are minor units of `currency`."""

    __slots__ = ("_last", "_till", "id", "number")

    def __init__(self, till: Terminal, number: int, last: Transaction | None = None) -> None:
        """`last` is the sale where the caller has just read it."""
        self._till = till
        self._last = last
        self.number = number
        self.id = name_of(till.id, number)

    @property
    def value(self) -> Transaction:
        """The whole sale as it is durable now."""
        current = self._till.transaction(self.number, self._last)
        self._last = current
        return current

    @property
    def state(self) -> State:
        return self.value.state

    @property
    def lines(self) -> tuple[Line, ...]:
        """All posted lines in order: reversing, discount and rounding lines too."""
        return tuple(self.value.lines)

    @property
    def tenders(self) -> tuple[TenderTaken, ...]:
        return self.value.tenders

    @property
    def cards(self) -> tuple[CardAsked, ...]:
        """All requests to the card terminal; request n is at n - 1."""
        return self.value.cards

    @property
    def store(self) -> str:
        return self.value.store

    @property
    def currency(self) -> str:
        return self.value.currency

    @property
    def operator(self) -> str:
        return self.value.operator

    @property
    def reference(self) -> str | None:
        return self.value.reference

    @property
    def total_minor(self) -> int:
        return self.value.total_minor

    @property
    def tendered_minor(self) -> int:
        return self.value.tendered_minor

    @property
    def change_minor(self) -> int:
        return self.value.change_minor

    @property
    def balance_minor(self) -> int:
        """What is still to be paid (> 0) or paid out (< 0)."""
        return self.value.balance_minor

    @property
    def receipt_number(self) -> int | None:
        """Gapless per terminal; None until the sale is committed."""
        return self.value.receipt_number

    def __repr__(self) -> str:
        return f"<Sale {self.id} {self.state.value} {self.total_minor} {self.currency}>"
