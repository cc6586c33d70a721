"""Returns against a receipt: exactly the sale's money and tax back, in whatever parts it comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import LineKind, Sale, SaleRefused, Terminal
from posterm.pricing import (
    Amount,
    Percent,
    TaxMode,
    TaxRounding,
    refunds,
    standing,
    taxes_due,
)
from tests.support.priced_sales import Act, Priced, acts, items, post_refund
from tests.support.tills import TillMachine

INCLUSIVE, EXCLUSIVE = TaxMode.INCLUSIVE, TaxMode.EXCLUSIVE
RECEIPT = TaxRounding.RECEIPT
MODES = st.sampled_from(TaxMode)
ROUNDINGS = st.sampled_from(TaxRounding)


def take_back(
    sale: Sale, receipt: Sale, number: int, thousandths: int, came: dict[int, int]
) -> int:
    """Post all that goes with it; the money. `came` is kept as the shop's bookings keep it."""
    money_minor, item = 0, None
    for refund in refunds(receipt.lines, number, thousandths, came):
        posted = post_refund(sale, receipt.id, refund, item)
        item = posted if item is None else item
        came[refund.number] = came.get(refund.number, 0) + refund.thousandths
        money_minor += refund.money_minor
    return money_minor


def returnable(receipt: Sale) -> dict[int, int]:
    return {
        one.number: one.line.quantity
        for one in standing(receipt.lines)
        if one.line.kind is LineKind.ITEM
    }


@settings(max_examples=40)
@given(data=st.data(), done=acts(items()), mode=MODES, rounding=ROUNDINGS)
def test_a_sale_that_comes_back_in_parts_gives_exactly_its_money_and_its_tax_back(
    data: st.DataObject, done: list[Act], mode: TaxMode, rounding: TaxRounding
) -> None:
    # A till of its own: each return reads its receipt in the log from the first entry.
    with TillMachine().start() as till:
        comes_back_in_parts(till, data, done, Priced(till, mode, rounding))


def comes_back_in_parts(
    till: Terminal, data: st.DataObject, done: list[Act], priced: Priced
) -> None:
    mode, rounding = priced.mode, priced.rounding
    priced.sell(("A", 3000, 999, "layered"))
    for act in done:
        act(priced)
    priced.pay()
    back = Priced(till, mode, rounding)
    came: dict[int, int] = {}
    parts = [
        (number, part)
        for number, sold in returnable(priced.sale).items()
        for part in split(data, sold)
    ]
    for number, part in data.draw(st.permutations(parts)):
        take_back(back.sale, priced.sale, number, part, came)
    assert taxes_due(back.sale.lines, rounding) == ()
    assert back.sale.total_minor == -priced.sale.total_minor
    assert back.taxes() == {key: -tax for key, tax in priced.taxes().items()}
    assert back.turnovers() == {key: -net for key, net in priced.turnovers().items()}


def split(data: st.DataObject, sold: int) -> list[int]:
    parts: list[int] = []
    while sold:
        parts.append(data.draw(st.integers(1, sold)) if len(parts) < 3 else sold)
        sold -= parts[-1]
    return parts


@settings(max_examples=60)
@given(
    charged=st.integers(50, 5000), sold=st.integers(2, 9), off=st.integers(0, 99), data=st.data()
)
def test_what_came_back_so_far_is_worth_the_same_however_it_was_split(
    till: Terminal, charged: int, sold: int, off: int, data: st.DataObject
) -> None:
    priced = Priced(till, INCLUSIVE, RECEIPT)
    priced.sell(("A", sold * 1000, charged, "standard"))
    if off:
        priced.sale_off(Amount(off))
    lines = priced.sale.lines
    until = data.draw(st.integers(1, sold)) * 1000
    at_once = sum(one.money_minor for one in refunds(lines, 1, until, {}))
    one_by_one = sum(
        one.money_minor
        for before in range(0, until, 1000)
        for one in refunds(lines, 1, 1000, {1: before})
    )
    assert at_once == one_by_one


def test_rates_that_two_tax_groups_share_get_their_turnover_back_too(till: Terminal) -> None:
    priced = Priced(till, INCLUSIVE, RECEIPT)
    priced.sell(("A", 3000, 999, "layered"))
    priced.sell(("B", 2000, 333, "shared"))
    priced.sale_off(Amount(1))
    priced.pay()
    back = Priced(till, INCLUSIVE, RECEIPT)
    for number, sold in returnable(priced.sale).items():
        take_back(back.sale, priced.sale, number, sold, {})
    assert back.taxes() == {key: -tax for key, tax in priced.taxes().items()}
    assert back.turnovers() == {key: -net for key, net in priced.turnovers().items()}
    assert back.turnovers()[("PST", 7000)] == -2676


def test_the_last_unit_takes_the_remainder(till: Terminal) -> None:
    priced = Priced(till, INCLUSIVE, RECEIPT)
    priced.sell(("A", 3000, 400, "standard"))
    priced.sale_off(Amount(200))
    money = [refunds(priced.sale.lines, 1, 1000, {1: n})[0].money_minor for n in (0, 1000, 2000)]
    assert money == [333, 333, 334]


def test_a_return_shows_the_price_of_the_receipt_and_the_discount_that_is_taken_back(
    till: Terminal,
) -> None:
    priced = Priced(till, EXCLUSIVE, RECEIPT)
    priced.sell(("A", 2000, 1000, "standard"))
    priced.line_off(1, Percent(10_000))
    priced.pay()
    assert priced.sale.total_minor == 2142
    (refund,) = refunds(priced.sale.lines, 1, 1000, {})
    back = Priced(till, EXCLUSIVE, RECEIPT)
    post_refund(back.sale, priced.sale.id, refund, None)
    item, adjustment = back.sale.lines
    assert (item.unit_minor, item.total_minor) == (1000, -1000)
    assert adjustment.total_minor == 100 - 171
    assert back.sale.total_minor == -refund.money_minor == -1071
    assert back.turnovers() == {("VAT", 19000): -900}


def test_an_exchange_taxes_what_is_sold_and_leaves_the_return_its_own_tax(till: Terminal) -> None:
    receipt = Priced(till, INCLUSIVE, RECEIPT)
    receipt.sell(("A", 1000, 2, "standard"))  # 0.319 of tax: none on this receipt
    receipt.pay()
    exchange = Priced(till, INCLUSIVE, RECEIPT)
    take_back(exchange.sale, receipt.sale, 1, 1000, {})
    exchange.sell(("B", 1000, 4, "standard"))  # 0.639: 1, where both together would round to 0
    exchange.total()
    assert exchange.taxes() == {("VAT", 19000): 1}
    exchange.void(1)
    exchange.total()
    assert exchange.taxes() == {("VAT", 19000): 1}
    assert exchange.sale.total_minor == 4


def test_a_deposit_comes_back_with_its_bottle_and_not_twice(till: Terminal) -> None:
    priced = Priced(till, INCLUSIVE, RECEIPT)
    priced.sell(("CRATE", 2000, 1500, "standard"))
    priced.sell(("BOTTLE", 24_000, 8, "none"), of=1)
    priced.pay()
    back = till.begin(store="STORE_001", currency="EUR", operator="0001")
    came = {2: 15_000}  # some bottles came back by themselves
    assert take_back(back, priced.sale, 1, 1000, came) == 1500 + 9 * 8
    assert take_back(back, priced.sale, 1, 1000, came) == 1500
    assert [line.of for line in back.lines] == [None, 1, None]


def test_more_than_was_sold_never_comes_back(till: Terminal) -> None:
    priced = Priced(till, INCLUSIVE, RECEIPT)
    priced.sell(("A", 2000, 400, "standard"))
    priced.sell(("B", 1000, 400, "standard"))
    priced.void(2)
    lines = priced.sale.lines
    for number, thousandths, came in ((1, 2001, {}), (1, 1001, {1: 1000}), (2, 1000, {})):
        with pytest.raises(SaleRefused):
            refunds(lines, number, thousandths, came)
    for number, thousandths in ((1, 0), (1, -1000), (3, 1000), (9, 1000)):
        with pytest.raises(SaleRefused):
            refunds(lines, number, thousandths, {})
