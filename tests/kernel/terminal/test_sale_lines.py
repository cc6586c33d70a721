"""What a line, a discount and a void of a sale may say, by a hostile caller."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kernel import LineKind, Sale, State, TaxAmount, Terminal
from tests.support.tills import TillMachine, refused

LIMIT = 2**53
WRONG: Any = 1.5


def test_the_example_of_the_front_door_holds(till: Terminal) -> None:
    sale = till.begin(store="STORE_001", currency="USD", operator="0001", reference=None)
    assert sale.add_line("COFFEE_001", quantity=1, unit_minor=399) == 1
    assert sale.tender_cash(500) is State.COMMITTED
    assert (sale.id, sale.change_minor, sale.receipt_number) == ("TILL-1", 101, 1)
    assert (sale.total_minor, sale.tendered_minor, sale.balance_minor) == (399, 500, 0)


def test_a_product_is_rounded_half_away_from_zero_in_both_directions(till: Terminal) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("HAM", Decimal("0.125"), 100)
    sale.add_line("HAM", Decimal("-0.125"), 100)
    assert [line.total_minor for line in sale.lines] == [13, -13]
    assert [line.quantity for line in sale.lines] == [125, -125]


@pytest.mark.parametrize(
    "quantity",
    [
        *(0, Decimal(0), 1.5, True, None, Decimal("0.0001"), Decimal("NaN"), [1]),
        *(Decimal("-Infinity"), Decimal("1e999999"), LIMIT, -LIMIT),
    ],
)
def test_a_quantity_that_is_none_leaves_no_trace(
    machine: TillMachine, sale: Sale, quantity: Any
) -> None:
    refused(machine, lambda: sale.add_line("TEA", quantity, 100), "quantity")


@pytest.mark.parametrize("unit", [-1, 1.0, True, None, "5", LIMIT + 1, Decimal(5)])
def test_a_unit_price_that_is_none_leaves_no_trace(
    machine: TillMachine, sale: Sale, unit: Any
) -> None:
    refused(machine, lambda: sale.add_line("TEA", 1, unit), "unit price")


def test_the_largest_amount_can_be_sold_and_one_more_cannot(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("PALACE", 1, LIMIT)
    refused(machine, lambda: sale.add_line("GNOME", 1, 1), "out of range")
    refused(machine, lambda: sale.add_line("PALACE", 2, LIMIT), "out of range")
    assert sale.tender_cash(LIMIT) is State.COMMITTED
    refund = till.begin("S1", "EUR", "0001")
    refund.add_line("PALACE", -1, LIMIT)
    refused(machine, lambda: refund.add_line("GNOME", -1, 1), "out of range")
    assert refund.tender_cash(-LIMIT) is State.COMMITTED


def test_rounding_cannot_lift_the_total_out_of_range(machine: TillMachine, till: Terminal) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("PALACE", 1, LIMIT)
    refused(machine, lambda: sale.tender_cash(LIMIT, rounding_minor=LIMIT))


@pytest.mark.parametrize("code", ["", " ", "a\nb", "a\x1bb", "\u202e1", "x" * 129, None, 5, b"x"])
def test_a_code_that_cannot_be_printed_leaves_no_trace(
    machine: TillMachine, sale: Sale, code: Any
) -> None:
    refused(machine, lambda: sale.add_line(code, 1, 100), "item code")


def test_a_card_number_as_code_is_refused_and_masked(machine: TillMachine, sale: Sale) -> None:
    refused(machine, lambda: sale.add_line("4242424242424242", 1, 100), r"\*{12}4242")


WRONG_TEXTS: list[dict[str, Any]] = [
    {name: bad}
    for name in "description department reason operator approver rule price_origin".split()
    for bad in ("", "a\nb", "a\x07", "x" * 257, 5, "\ud800")
]


WRONG_VALUES: list[dict[str, Any]] = [
    {"list_minor": 1.5},
    {"list_minor": True},
    {"of": 0},
    {"of": 2},
    {"of": 1.0},
    {"of": True},
    {"of": "1"},
    {"origin": ("TILL-1", 1.5)},
    {"origin": "TILL-1"},
    {"taxes": (TaxAmount("A", 19_000, WRONG),)},
    {"taxes": (TaxAmount("\ud800", 19_000, 1),)},
    {"taxes": "A"},
    {"kind": LineKind.VOID, "of": 1},
    {"kind": LineKind.ROUNDING},
    {"kind": LineKind.DISCOUNT},
    {"kind": LineKind.TAX},
    {"kind": "item of ours"},
]


@pytest.mark.parametrize("arguments", [*WRONG_TEXTS, *WRONG_VALUES], ids=ascii)
def test_an_argument_of_a_line_that_is_wrong_is_refused_and_the_till_goes_on(
    machine: TillMachine, sale: Sale, arguments: dict[str, Any]
) -> None:
    refused(machine, lambda: sale.add_line("TEA", 1, 100, **arguments))
    assert sale.add_line("TEA", 1, 100) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        {"line": 9},
        {"line": 1.0},
        {"percent_milli": 1.5},
        {"shares": ((1, 1.5),)},
        {"shares": "x"},
        {"approver": "\n"},
        {"reason": "\x1b[2J"},
    ],
    ids=ascii,
)
def test_an_argument_of_a_discount_that_is_wrong_is_refused(
    machine: TillMachine, sale: Sale, arguments: dict[str, Any]
) -> None:
    refused(machine, lambda: sale.discount(100, **arguments))


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, None, LIMIT + 1])
def test_a_discount_takes_something_off(machine: TillMachine, sale: Sale, amount: Any) -> None:
    refused(machine, lambda: sale.discount(amount), "discount")


def test_what_was_accepted_can_be_read_back_after_a_kill(
    machine: TillMachine, till: Terminal, sale: Sale
) -> None:
    receipt = till.begin("S1", "EUR", "0001")
    receipt.add_line("TEA", 1, 100)
    receipt.tender_cash(100)
    sale.add_line("TEA", -1, 100, price_origin="list", origin=(receipt.id, 1), rule="3for2", of=1)
    sale.discount(10, shares=((1, 10),), percent_milli=2_000, reason="damaged")
    before = sale.value
    machine.kill()
    with machine.start() as till:
        assert till.sale(sale.id).value == before


@pytest.mark.parametrize("number", [0, 2, -1, 1.0, True, None, "1"])
def test_a_line_that_is_not_there_cannot_be_voided(
    machine: TillMachine, sale: Sale, number: Any
) -> None:
    refused(machine, lambda: sale.void_line(number), "has no line")


def test_a_line_is_voided_once_and_its_void_stays(machine: TillMachine, sale: Sale) -> None:
    assert sale.void_line(1) == 2
    refused(machine, lambda: sale.void_line(1), "already void by line 2")
    refused(machine, lambda: sale.void_line(2), "is a void line")
    assert sale.total_minor == 0


def test_a_voided_discount_gives_the_price_back(sale: Sale, till: Terminal) -> None:
    discount = sale.discount(100)
    sale.void_line(discount)
    assert sale.total_minor == 500
    sale.tender_cash(500)
    totals = till.x_report().totals["EUR"]
    assert (totals.discounts, totals.discounts_minor, totals.voids_minor) == (0, 0, -100)


def test_a_voided_tax_line_leaves_no_tax_and_no_turnover(sale: Sale, till: Terminal) -> None:
    sale.void_line(sale.add_tax(TaxAmount("A", 19_000, 95, included=0)))
    sale.tender_cash(500)
    totals = till.x_report().totals["EUR"]
    assert totals.tax_lines_minor == 0
    assert [(tax.net_minor, tax.tax_minor) for tax in totals.taxes.values()] == [(0, 0)]


def test_included_taxes_are_summed_net_and_taken_off_with_their_line(
    sale: Sale, till: Terminal
) -> None:
    tax = TaxAmount("A", 19_000, 19)
    sale.add_line("INK", 1, 119, taxes=(tax,))
    sale.void_line(sale.add_line("INK", 1, 119, taxes=(tax,)))
    sale.tender_cash(619)
    taxes = till.x_report().totals["EUR"].taxes
    assert [(key, sums.net_minor, sums.tax_minor) for key, sums in taxes.items()] == [
        ("A@19000", 100, 19)
    ]
