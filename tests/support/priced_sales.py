"""Sales that pricing prices and the real kernel stores, on a till in memory."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

from hypothesis import strategies as st

from kernel import Line, LineKind, Sale, SaleRefused, Terminal
from posterm.pricing import (
    TAX_ROUNDING,
    Amount,
    Discount,
    Off,
    Percent,
    Refund,
    SaleTaxes,
    TaxMode,
    TaxRounding,
    TaxTable,
    discounts_again,
    line_discount,
    sale_discount,
    taxes_due,
    voids_with,
)

__all__ = ["TABLE", "Act", "Priced", "acts", "is_discountable", "items", "post_refund"]

TABLE = TaxTable.parse(
    {
        "standard": "VAT 19",
        "reduced": "VAT 7",
        "none": "VAT 0",
        "layered": "GST 5, PST 7",
        "shared": "GST 5",
        "compound": "GST 5, QST+ 9.975",
    }
)
_FULL_PRICE = "FULL"

Item = tuple[str, int, int, str]
"""Code, quantity in thousandths, unit price in minor units, tax code."""
Act = Callable[["Priced"], None]


def is_discountable(line: Line) -> bool:
    return line.code != _FULL_PRICE


class Priced:
    """A sale and how its shop taxes it: the calls that a register makes."""

    def __init__(self, till: Terminal, mode: TaxMode, rounding: TaxRounding) -> None:
        self.sale: Sale = till.begin(store="STORE_001", currency="EUR", operator="0001")
        self.mode = mode
        self.rounding = rounding
        self._sums = SaleTaxes()

    def sell(self, item: Item, **linked: int) -> int:
        code, thousandths, unit_minor, tax_code = item
        group = TABLE.group(tax_code, self.mode)
        exact = Decimal(unit_minor) * Decimal(thousandths).scaleb(-3)
        total_minor = int(exact.quantize(Decimal(1), rounding="ROUND_HALF_UP"))
        self._sums = self._sums.after(self.sale.lines)
        return self.sale.add_line(
            code,
            Decimal(thousandths).scaleb(-3),
            unit_minor,
            kind=LineKind.DEPOSIT if linked else LineKind.ITEM,
            taxes=self._sums.on(group, self.rounding, [(0, total_minor)]),
            of=linked.get("of"),
        )

    def line_off(self, number: int, off: Off) -> None:
        discount = line_discount(
            self.sale.lines, number, off, rounding=self.rounding, discountable=is_discountable
        )
        self.post(discount)

    def sale_off(self, off: Off) -> tuple[Discount, ...]:
        discounts = sale_discount(
            self.sale.lines, off, rounding=self.rounding, discountable=is_discountable
        )
        for discount in discounts:
            self.post(discount)
        return discounts

    def void(self, number: int) -> None:
        numbers = voids_with(self.sale.lines, number)
        for going in numbers:
            self.sale.void_line(going)
        for discount in discounts_again(self.sale.lines, numbers, rounding=self.rounding):
            self.post(discount)

    def post(self, discount: Discount) -> None:
        self.sale.discount(
            discount.amount_minor,
            line=discount.line,
            percent_milli=discount.percent_milli,
            shares=discount.shares,
            taxes=discount.taxes,
        )

    def total(self) -> None:
        for taxes in taxes_due(self.sale.lines, self.rounding):
            if taxes[0].included:
                self.sale.add_line(TAX_ROUNDING, 1, 0, kind=LineKind.ADJUSTMENT, taxes=taxes)
            else:
                self.sale.add_tax(taxes[0])

    def pay(self) -> None:
        self.total()
        self.sale.tender_cash(self.sale.balance_minor)

    def taxes(self) -> dict[tuple[str, int], int]:
        """What the kernel's sums hold, by code and rate; 0 is left out."""
        sums = self.sale.value.sums.taxes
        return {(tax.code, tax.rate_milli_percent): tax.tax_minor for tax in sums if tax.tax_minor}

    def turnovers(self) -> dict[tuple[str, int], int]:
        sums = self.sale.value.sums.taxes
        return {(tax.code, tax.rate_milli_percent): tax.net_minor for tax in sums if tax.net_minor}


def post_refund(sale: Sale, receipt: str, refund: Refund, item: int | None) -> int:
    """Post it as a register does; `item` is the number of the line that a deposit hangs on."""
    line = refund.line
    assert line.code is not None
    number = sale.add_line(
        line.code,
        refund.quantity,
        line.unit_minor,
        kind=line.kind,
        taxes=refund.taxes,
        origin=(receipt, refund.number),
        of=item,
    )
    if refund.adjusted:
        sale.add_line(
            line.code,
            1 if refund.adjustment_minor >= 0 else -1,
            abs(refund.adjustment_minor),
            kind=LineKind.ADJUSTMENT,
            taxes=refund.adjustment_taxes,
            of=number,
        )
    return number


def items(taxes: tuple[str, ...] = tuple(TABLE.layers), least: int = 1) -> st.SearchStrategy[Item]:
    """Items as they are sold; with `least` below 0 some are returns without a receipt."""
    weights = st.integers(1, 5000)
    pieces = st.integers(1, 4).map(lambda count: count * 1000)
    quantities = st.one_of(pieces, weights)
    if least < 0:
        quantities = st.one_of(quantities, pieces.map(lambda count: -count))
    codes = st.sampled_from(["A", "B", "C", _FULL_PRICE])
    return st.tuples(codes, quantities, st.integers(0, 2500), st.sampled_from(taxes))


def acts(sold: st.SearchStrategy[Item]) -> st.SearchStrategy[list[Act]]:
    """What a cashier does before Total; what pricing or the kernel refuses changes nothing."""
    offs = st.one_of(
        st.integers(1, 100_000).map(Percent),
        st.integers(1, 3000).map(Amount),
    )
    numbers = st.integers(1, 12)
    one = st.one_of(
        sold.map(lambda item: lambda priced: _done(lambda: priced.sell(item))),
        sold.map(lambda item: lambda priced: _done(lambda: priced.sell(item))),
        st.tuples(numbers, offs).map(
            lambda said: lambda priced: _done(lambda: priced.line_off(*said))
        ),
        offs.map(lambda off: lambda priced: _done(lambda: priced.sale_off(off))),
        numbers.map(lambda number: lambda priced: _done(lambda: priced.void(number))),
    )
    return st.lists(one, min_size=1, max_size=12)


def _done(act: Callable[[], object]) -> None:
    with suppress(SaleRefused):
        act()
