"""What everything that changes a sale has in common: who does it, and the way into the log."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from kernel.model.cards import refuse_card_in
from kernel.model.entries import Act
from kernel.model.identity import OPERATOR_LIMIT, short_text
from kernel.model.transaction import Transaction
from kernel.terminal.journal import Decide
from kernel.terminal.line_facts import TEXT_LIMIT
from kernel.terminal.sale_view import SaleView

__all__ = ["SaleRecord", "approver_of", "signed", "text_of"]

_AnyAct = TypeVar("_AnyAct", bound=Act)


class SaleRecord(SaleView):
    """A sale that can be written to."""

    __slots__ = ()

    def _record(self, decide: Decide) -> Transaction:
        sale = self._till.journal.record(decide)
        assert sale is not None, "the entries of a sale change it"
        self._last = sale
        self._till.show(sale)
        return sale

    def _named(self, operator: str | None) -> str:
        """Who does it: the operator given, else the sale's."""
        if operator is not None:
            return short_text(operator, "operator", OPERATOR_LIMIT)
        return self._operator()

    def _operator(self) -> str:
        return (self._last or self.value).operator


def text_of(value: str | None, name: str) -> str | None:
    if value is None:
        return None
    text = short_text(value, name, TEXT_LIMIT)
    refuse_card_in(text, name)
    return text


def approver_of(approver: str | None) -> str | None:
    return None if approver is None else short_text(approver, "approver", OPERATOR_LIMIT)


def signed(act: _AnyAct, operator: str, approver: str | None) -> _AnyAct:
    return replace(act, operator=operator, approver=approver_of(approver))
