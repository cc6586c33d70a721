"""Discounts: how much, which lines bear it, and that voids take only their own share along."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kernel import SaleRefused, Terminal
from posterm.pricing import Amount, Percent, TaxMode, TaxRounding, standing
from tests.support.priced_sales import Item, Priced, is_discountable, items

INCLUSIVE, RECEIPT = TaxMode.INCLUSIVE, TaxRounding.RECEIPT
ROUNDINGS = st.sampled_from(TaxRounding)
BASKETS = st.lists(items(least=-1), min_size=1, max_size=8)


def charged(priced: Priced) -> dict[int, int]:
    return {one.number: one.charged_minor for one in standing(priced.sale.lines)}


def sold(till: Terminal, basket: list[Item], rounding: TaxRounding = RECEIPT) -> Priced:
    priced = Priced(till, INCLUSIVE, rounding)
    for item in basket:
        priced.sell(item)
    return priced


@settings(max_examples=40)
@given(basket=BASKETS, part=st.integers(1, 1000), rounding=ROUNDINGS)
def test_a_sale_discount_is_shared_out_exactly_and_fairly(
    till: Terminal, basket: list[Item], part: int, rounding: TaxRounding
) -> None:
    priced = sold(till, basket, rounding)
    before = charged(priced)
    lines = priced.sale.lines
    bearing = [n for n, c in before.items() if c > 0 and is_discountable(lines[n - 1])]
    value = sum(before[number] for number in bearing)
    amount = value * part // 1000
    assume(amount > 0)
    total_minor = priced.sale.total_minor
    posted = priced.sale_off(Amount(amount))
    after = charged(priced)

    assert priced.sale.total_minor == total_minor - amount
    assert sum(discount.amount_minor for discount in posted) == amount
    assert all(sum(s for _, s in one.shares) == one.amount_minor for one in posted)
    for number, worth in before.items():
        exact = Fraction(amount * worth, value) if number in bearing else Fraction(0)
        share = worth - after[number]
        assert abs(share - exact) < 1
        assert number not in bearing or 0 <= share <= worth
    assert sum(after.values()) == priced.sale.total_minor


@settings(max_examples=40)
@given(prices=st.lists(st.integers(100, 900), min_size=1, max_size=6), off=st.integers(1, 100_000))
def test_a_percentage_of_the_sale_is_rounded_once_half_away_from_zero(
    till: Terminal, prices: list[int], off: int
) -> None:
    priced = sold(till, [("A", 1000, price, "standard") for price in prices])
    exact = Fraction(sum(prices) * off, 100_000)
    amount = int(exact + Fraction(1, 2))
    assume(amount > 0)
    priced.sale_off(Percent(off))
    assert priced.sale.total_minor == sum(prices) - amount


def test_equal_lines_bear_the_odd_units_in_line_order(till: Terminal) -> None:
    priced = sold(till, [(code, 1000, 100, "standard") for code in "ABC"])
    (discount,) = priced.sale_off(Amount(5))
    assert discount.shares == ((1, 2), (2, 2), (3, 1))


def test_a_sale_discount_is_one_line_a_tax_group_so_that_turnovers_are_right(
    till: Terminal,
) -> None:
    priced = sold(till, [("A", 1000, 1190, "standard"), ("B", 1000, 1070, "reduced")])
    standard, reduced = priced.sale_off(Percent(10_000))
    assert (standard.amount_minor, standard.shares) == (119, ((1, 119),))
    assert (reduced.amount_minor, reduced.shares) == (107, ((2, 107),))
    assert priced.turnovers() == {("VAT", 19000): 900, ("VAT", 7000): 900}
    assert priced.taxes() == {("VAT", 19000): 171, ("VAT", 7000): 63}


@settings(max_examples=40)
@given(basket=BASKETS, off=st.integers(1, 100_000), number=st.integers(1, 8), rounding=ROUNDINGS)
def test_a_void_line_takes_its_own_share_along_and_leaves_the_others_theirs(
    till: Terminal, basket: list[Item], off: int, number: int, rounding: TaxRounding
) -> None:
    assume(number <= len(basket))
    priced = sold(till, basket, rounding)
    try:
        priced.sale_off(Percent(off))
    except SaleRefused:
        assume(False)
    before = charged(priced)
    priced.void(number)
    assert charged(priced) == {n: minor for n, minor in before.items() if n != number}
    assert priced.sale.total_minor == sum(charged(priced).values())


def test_discounts_and_deposits_of_a_line_go_with_it(till: Terminal) -> None:
    priced = sold(till, [("A", 1000, 500, "standard"), ("B", 1000, 300, "standard")])
    priced.sell(("BOTTLE", 1000, 25, "none"), of=1)
    priced.line_off(1, Percent(10_000))
    assert priced.sale.total_minor == 775
    priced.void(1)
    assert priced.sale.total_minor == 300
    assert charged(priced) == {2: 300}


def test_a_second_discount_is_taken_off_what_the_first_one_left(till: Terminal) -> None:
    priced = sold(till, [("A", 1000, 1000, "standard")])
    priced.line_off(1, Percent(10_000))
    priced.sale_off(Percent(10_000))
    assert priced.sale.total_minor == 810


def test_a_discount_that_nobody_allocated_falls_on_all_lines(till: Terminal) -> None:
    priced = sold(till, [("A", 1000, 300, "standard"), ("B", 1000, 100, "standard")])
    priced.sale.discount(40)
    assert charged(priced) == {1: 270, 2: 90}


@pytest.mark.parametrize(
    ("number", "off"),
    [
        (1, Amount(501)),  # more than it is worth
        (2, Amount(1)),  # not discountable
        (3, Amount(1)),  # a return
        (4, Amount(1)),  # void
        (9, Amount(1)),  # not there
        (1, Percent(1)),  # nothing, rounded
    ],
)
def test_what_can_not_be_discounted_is_refused_and_nothing_is_posted(
    till: Terminal, number: int, off: Amount | Percent
) -> None:
    priced = sold(
        till,
        [
            ("A", 1000, 500, "standard"),
            ("FULL", 1000, 500, "standard"),
            ("C", -1000, 500, "standard"),
            ("D", 1000, 500, "standard"),
        ],
    )
    priced.void(4)
    lines = priced.sale.lines
    with pytest.raises(SaleRefused):
        priced.line_off(number, off)
    assert priced.sale.lines == lines


def test_a_sale_of_nothing_that_can_be_discounted_refuses_a_discount(till: Terminal) -> None:
    with pytest.raises(SaleRefused, match="no line"):
        sold(till, [("FULL", 1000, 500, "standard")]).sale_off(Percent(10_000))
