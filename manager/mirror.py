"""A sale as a manager sees it: what a till has in hand, or had, as its lines of the audit log say.

Values only, painted by whoever shows them. Pure.
"""

from __future__ import annotations

from msgspec import Struct

from kernel import Line, LineKind, State, Transaction

__all__ = ["MirroredLine", "MirroredSale", "MirroredTender", "mirrored"]


class MirroredLine(Struct, frozen=True):
    """A posted line; `voided`: a later one takes it back. Quantity in thousandths."""

    number: int
    kind: LineKind
    description: str
    quantity: int
    unit_minor: int
    amount_minor: int
    voided: bool


class MirroredTender(Struct, frozen=True):
    how: str
    amount_minor: int
    voided: bool


class MirroredSale(Struct, frozen=True):
    """`whole` is False where its beginning was not seen: then lines are missing before the first,
    and the total is that of the lines from then on."""

    terminal: str
    transaction: str
    operator: str
    currency: str
    state: str
    """`open`, `tendered`, `committed`, `aborted` or `suspended`."""
    lines: tuple[MirroredLine, ...]
    tenders: tuple[MirroredTender, ...]
    total_minor: int
    balance_minor: int
    change_minor: int
    receipt_number: int | None
    begun_ms: int
    whole: bool

    @property
    def is_open(self) -> bool:
        return self.state in (State.OPEN.value, State.TENDERED.value)


def mirrored(terminal: str, name: str, sale: Transaction, *, whole: bool = True) -> MirroredSale:
    """The value of a sale; `name` is its transaction id."""
    postings = sale.lines
    return MirroredSale(
        terminal=terminal,
        transaction=name,
        operator=sale.operator,
        currency=sale.currency,
        state=sale.state.value,
        lines=tuple(
            _line(number, line, voided=postings.reversal_of(number) is not None)
            for number, line in enumerate(postings, 1)
        ),
        tenders=tuple(
            MirroredTender(one.how.value, one.amount_minor, one.voided) for one in sale.tenders
        ),
        total_minor=sale.total_minor,
        balance_minor=sale.balance_minor,
        change_minor=sale.change_minor,
        receipt_number=sale.receipt_number,
        begun_ms=sale.begun_ms,
        whole=whole,
    )


def _line(number: int, line: Line, *, voided: bool) -> MirroredLine:
    return MirroredLine(
        number=number,
        kind=line.kind,
        description=line.description or line.code or "",
        quantity=line.quantity,
        unit_minor=line.unit_minor,
        amount_minor=line.total_minor,
        voided=voided,
    )
