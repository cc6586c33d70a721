"""Taxes of a sale: rounded as the shop says, whatever was posted, discounted and voided before."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import LineKind, Terminal
from posterm.pricing import Percent, TaxMode, TaxRounding, taxes_due
from tests.support.priced_sales import TABLE, Act, Item, Priced, acts, items

MODES = st.sampled_from(TaxMode)
ROUNDINGS = st.sampled_from(TaxRounding)
RECEIPT = TaxRounding.RECEIPT
# What part of a price the tax is, by hand: the oracle knows nothing of layers.
ON_TOP = {
    "standard": {("VAT", 19000): Fraction(19, 100)},
    "reduced": {("VAT", 7000): Fraction(7, 100)},
    "none": {},
    "layered": {("GST", 5000): Fraction(5, 100), ("PST", 7000): Fraction(7, 100)},
    "shared": {("GST", 5000): Fraction(5, 100)},
    "compound": {
        ("GST", 5000): Fraction(5, 100),
        ("QST+", 9975): Fraction(105, 100) * Fraction(9975, 100_000),
    },
}


def rounded(exact: Fraction) -> int:
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(-exact + Fraction(1, 2))


def oracle(priced: Priced) -> dict[tuple[str, int], int]:
    """Tax by rate from what was posted in all: amount by amount, exactly, rounded at the end."""
    names = {
        tuple((layer.code, layer.rate_milli_percent) for layer in layers): code
        for code, layers in TABLE.layers.items()
    }
    exact: dict[tuple[str, int], Fraction] = {}
    for line in priced.sale.lines:
        if line.kind is LineKind.TAX or not line.total_minor:
            continue
        parts = ON_TOP[names[tuple((tax.code, tax.rate_milli_percent) for tax in line.taxes)]]
        included = priced.mode is TaxMode.INCLUSIVE
        gross = 1 + sum(parts.values()) if included else Fraction(1)
        for key, part in parts.items():
            exact[key] = exact.get(key, Fraction(0)) + line.total_minor * part / gross
    return {key: rounded(tax) for key, tax in exact.items() if rounded(tax)}


@settings(max_examples=60)
@given(done=acts(items(least=-1)), mode=MODES)
def test_the_tax_of_a_receipt_is_rounded_once_a_rate_whatever_was_done_before(
    till: Terminal, done: list[Act], mode: TaxMode
) -> None:
    priced = Priced(till, mode, RECEIPT)
    for act in done:
        act(priced)
    expected = oracle(priced)
    priced.total()
    assert priced.taxes() == expected
    assert taxes_due(priced.sale.lines, RECEIPT) == ()


@settings(max_examples=40)
@given(done=acts(items(("standard", "reduced", "none"), least=-1)), mode=MODES, rounding=ROUNDINGS)
def test_turnover_and_tax_of_all_rates_are_the_total(
    till: Terminal, done: list[Act], mode: TaxMode, rounding: TaxRounding
) -> None:
    priced = Priced(till, mode, rounding)
    for act in done:
        act(priced)
    goods_minor = priced.sale.total_minor
    priced.total()
    taxes, turnovers = sum(priced.taxes().values()), sum(priced.turnovers().values())
    assert turnovers + taxes == priced.sale.total_minor
    assert priced.sale.total_minor == goods_minor + (taxes if mode is TaxMode.EXCLUSIVE else 0)


@settings(max_examples=40)
@given(data=st.data(), mode=MODES, rounding=ROUNDINGS)
def test_the_order_of_scans_changes_neither_total_nor_tax(
    till: Terminal, data: st.DataObject, mode: TaxMode, rounding: TaxRounding
) -> None:
    basket = data.draw(st.lists(items(least=-1), min_size=1, max_size=6))
    shuffled = data.draw(st.permutations(basket))
    by_mistake = data.draw(st.lists(items(), max_size=3))
    one, other = Priced(till, mode, rounding), Priced(till, mode, rounding)
    for item in basket:
        one.sell(item)
    mistakes = [other.sell(item) for item in by_mistake]
    for item in shuffled:
        other.sell(item)
    for number in mistakes:
        other.void(number)
    one.total()
    other.total()
    assert (one.sale.total_minor, one.taxes()) == (other.sale.total_minor, other.taxes())


@settings(max_examples=40)
@given(done=acts(items(least=-1)), mode=MODES, rounding=ROUNDINGS)
def test_a_sale_whose_lines_are_all_void_is_worth_nothing_and_owes_no_tax(
    till: Terminal, done: list[Act], mode: TaxMode, rounding: TaxRounding
) -> None:
    priced = Priced(till, mode, rounding)
    for act in done:
        act(priced)
    sold = [n for n, line in enumerate(priced.sale.lines, 1) if line.kind is LineKind.ITEM]
    for number in sold:
        if priced.sale.value.lines.reversal_of(number) is None:
            priced.void(number)
    priced.total()
    assert (priced.sale.total_minor, priced.taxes(), priced.turnovers()) == (0, {}, {})


@settings(max_examples=40)
@given(basket=st.lists(items(("standard", "reduced")), min_size=1, max_size=6))
def test_tax_by_line_is_the_sum_of_what_each_line_says(till: Terminal, basket: list[Item]) -> None:
    priced = Priced(till, TaxMode.INCLUSIVE, TaxRounding.LINE)
    expected = 0
    for item in basket:
        number = priced.sell(item)
        line = priced.sale.lines[number - 1]
        part = Fraction(19, 119) if item[3] == "standard" else Fraction(7, 107)
        expected += rounded(line.total_minor * part)
    priced.total()
    assert sum(priced.taxes().values()) == expected


@pytest.mark.parametrize(("rounding", "tax_minor"), [("receipt", 4), ("line", 5)])
def test_one_setting_decides_whether_five_small_taxes_are_rounded_together(
    till: Terminal, rounding: str, tax_minor: int
) -> None:
    priced = Priced(till, TaxMode.INCLUSIVE, TaxRounding(rounding))
    for _ in range(5):
        priced.sell(("A", 1000, 5, "standard"))  # 0.798 of tax in each
    priced.total()
    assert priced.taxes() == {("VAT", 19000): tax_minor}


def test_included_tax_is_taken_out_of_what_is_left_after_discounts(till: Terminal) -> None:
    priced = Priced(till, TaxMode.INCLUSIVE, RECEIPT)
    priced.sell(("A", 1000, 1190, "standard"))
    priced.line_off(1, Percent(50_000))
    priced.total()
    assert priced.taxes() == {("VAT", 19000): 95}
    assert priced.turnovers() == {("VAT", 19000): 500}


def test_a_compound_tax_is_due_on_the_tax_before_it(till: Terminal) -> None:
    priced = Priced(till, TaxMode.EXCLUSIVE, RECEIPT)
    priced.sell(("A", 1000, 10_000, "compound"))
    priced.total()
    assert priced.taxes() == {("GST", 5000): 500, ("QST+", 9975): 1047}
    assert priced.sale.total_minor == 11_547


def test_a_void_that_leaves_the_tax_a_unit_off_is_set_right_at_total(till: Terminal) -> None:
    priced = Priced(till, TaxMode.INCLUSIVE, RECEIPT)
    first = priced.sell(("A", 1000, 2, "standard"))  # 0.319 of tax: nothing yet
    priced.sell(("B", 1000, 2, "standard"))  # 0.639 in all: this line carries 1
    priced.void(first)
    assert priced.taxes() == {("VAT", 19000): 1}
    priced.total()
    assert priced.taxes() == {}
    assert priced.sale.total_minor == 2


def test_tax_on_top_follows_what_is_sold_after_total(till: Terminal) -> None:
    priced = Priced(till, TaxMode.EXCLUSIVE, RECEIPT)
    priced.sell(("A", 1000, 1000, "standard"))
    priced.total()
    assert priced.sale.total_minor == 1190
    priced.sell(("B", 1000, 1000, "standard"))
    priced.total()
    assert priced.sale.total_minor == 2380
    priced.void(1)
    priced.total()
    assert priced.sale.total_minor == 1190


def test_a_correction_names_all_taxes_of_the_lines_that_it_is_for(till: Terminal) -> None:
    priced = Priced(till, TaxMode.INCLUSIVE, RECEIPT)
    priced.sell(("A", 1000, 1, "layered"))
    priced.sell(("B", 1000, 7, "layered"))
    priced.sell(("C", 1000, 10, "standard"))
    priced.void(1)
    (correction,) = taxes_due(priced.sale.lines, RECEIPT)
    named = [(tax.code, tax.amount_minor, tax.included) for tax in correction]
    assert named == [("GST", 0, 1), ("PST", -1, 1)]
