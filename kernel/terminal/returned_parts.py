"""Parts of a receipt that come back: the lines that say so, each with what hangs on it.

Code, words and price are the receipt's own; only the quantity, and what discounts and taxes make
of it, is the caller's. This module must never book anything: `returning` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.entries import ONE, Line, LineKind, TaxAmount
from kernel.model.money import check_minor, extend
from kernel.model.transaction import Transaction
from kernel.words import gettext as _

__all__ = ["ReturnedPart", "postings", "returned_line"]


class ReturnedPart(NamedTuple):
    """So much of line `line` of a receipt, and what its discounts and taxes make of it."""

    line: int
    thousandths: int
    taxes: tuple[TaxAmount, ...] = ()
    adjustment_minor: int = 0
    """Above zero: the customer gets less than the price."""
    adjustment_taxes: tuple[TaxAmount, ...] = ()


def returned_line(receipt_of: Transaction, part: ReturnedPart, receipt: str) -> Line:
    """The receipt's line backwards, without a sale of its own yet. Raises `SaleRefused`."""
    if type(part.line) is not int or not 1 <= part.line <= len(receipt_of.lines):
        raise SaleRefused(
            _("receipt {} has no line {!r:.20}; choose another").format(receipt, part.line)
        )
    if type(part.thousandths) is not int or part.thousandths <= 0:
        raise SaleRefused(
            _("a quantity of {!r:.20} can't be taken back; give more").format(part.thousandths)
        )
    sold = receipt_of.lines.line(part.line)
    return Line(
        kind=sold.kind,
        code=sold.code,
        description=sold.description,
        department=sold.department,
        quantity=-part.thousandths,
        unit_minor=sold.unit_minor,
        total_minor=extend(sold.unit_minor, -part.thousandths),
        taxes=part.taxes,
        price_origin="receipt",
        origin=(receipt, part.line),
    )


def postings(
    booked: Sequence[Line], parts: Sequence[ReturnedPart]
) -> list[Callable[[Transaction], Line]]:
    """The booked lines and their adjustments in order, each made of the sale as it then stands."""
    makers: list[Callable[[Transaction], Line]] = []
    first: list[int] = []
    for line, part in zip(booked, parts, strict=True):
        makers.append(partial(_hung, line, line is booked[0], first))
        if part.adjustment_minor or any(tax.amount_minor for tax in part.adjustment_taxes):
            makers.append(partial(_adjusting, line, part))
    return makers


def _hung(line: Line, is_first: bool, first: list[int], sale: Transaction) -> Line:
    """The others hang on the first, wherever it comes to stand."""
    if is_first:
        first[:] = [len(sale.lines) + 1]
        return line
    return replace(line, of=first[0])


def _adjusting(line: Line, part: ReturnedPart, sale: Transaction) -> Line:
    """What discounts and tax on top make of the line that was posted just before."""
    amount = check_minor(part.adjustment_minor, "adjustment")
    return Line(
        tx=line.tx,
        operator=line.operator,
        kind=LineKind.ADJUSTMENT,
        code=line.code,
        quantity=ONE if amount >= 0 else -ONE,
        unit_minor=abs(amount),
        total_minor=amount,
        taxes=part.adjustment_taxes,
        of=len(sale.lines),
    )
