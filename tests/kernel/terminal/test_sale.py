"""A sale through the front door, by a hostile caller."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from kernel import BadInput, KernelError, LineKind, Sale, SaleRefused, State, TaxAmount, Terminal
from kernel.codec.configuration import encode_published
from kernel.disk.layout import Layout
from tests.support.tills import ROOT, TillMachine

LIMIT = 2**53
WRONG: Any = 1.5


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    return machine.start()


@pytest.fixture
def sale(till: Terminal) -> Sale:
    """One item of 5.00."""
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    return sale


def refused(machine: TillMachine, act: Callable[[], object], match: str = ".") -> None:
    before = machine.log()
    with pytest.raises(SaleRefused, match=match):
        act()
    assert machine.log() == before


# --- lines -----------------------------------------------------------------------------------


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


# --- voids -----------------------------------------------------------------------------------


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


# --- tenders ---------------------------------------------------------------------------------


def test_an_empty_sale_takes_no_money(machine: TillMachine, till: Terminal) -> None:
    sale = till.begin("S1", "EUR", "0001")
    for act in (
        lambda: sale.tender_cash(0),
        lambda: sale.tender_cash(1),
        lambda: sale.tender_voucher(1, "V"),
        lambda: sale.tender_card(1),
        sale.tender_card,
        lambda: sale.request_card(1),
    ):
        refused(machine, act)


@pytest.mark.parametrize("amount", [0, -1, 5.0, True, None, "500", Decimal(500), LIMIT + 1])
def test_an_amount_that_pays_nothing_leaves_no_trace(
    machine: TillMachine, sale: Sale, amount: Any
) -> None:
    refused(machine, lambda: sale.tender_cash(amount))
    refused(machine, lambda: sale.tender_voucher(amount, "V"))
    refused(machine, lambda: sale.request_card(amount))


def test_change_is_given_against_cash_only(machine: TillMachine, sale: Sale) -> None:
    refused(machine, lambda: sale.tender_voucher(501, "V"), "cash only")
    refused(machine, lambda: sale.tender_card(501), "at most the balance")
    assert sale.tender_voucher(200, "V") is State.TENDERED
    assert sale.tender_cash(400) is State.COMMITTED
    assert sale.change_minor == 100


def test_a_partial_tender_with_rounding_is_refused(machine: TillMachine, sale: Sale) -> None:
    refused(machine, lambda: sale.tender_cash(100, rounding_minor=2), "closes the sale")
    refused(machine, lambda: sale.tender_cash(500, rounding_minor=0.5))  # type: ignore[arg-type]
    assert sale.tender_cash(502, rounding_minor=2) is State.COMMITTED
    assert (sale.total_minor, sale.change_minor) == (502, 0)


@pytest.mark.parametrize("end", ["committed", "aborted"])
def test_a_closed_sale_takes_nothing_more(machine: TillMachine, sale: Sale, end: str) -> None:
    if end == "committed":
        sale.tender_cash(500)
    else:
        sale.abort("left")
    for act in (
        lambda: sale.tender_cash(500),
        lambda: sale.tender_card(500),
        lambda: sale.add_line("TEA", 1, 100),
        lambda: sale.void_line(1),
        lambda: sale.discount(1),
        lambda: sale.void_tender(1),
        lambda: sale.settle_card(1),
        lambda: sale.abort("again"),
    ):
        refused(machine, act, "is closed")


def test_goods_cannot_become_worth_less_than_the_money_in_hand(
    machine: TillMachine, sale: Sale
) -> None:
    sale.tender_cash(300)
    refused(machine, lambda: sale.void_line(1), "void the tender")
    refused(machine, lambda: sale.discount(201), "void the tender")
    refused(machine, lambda: sale.add_line("TEA", -1, 201), "void the tender")
    assert sale.discount(200) == 2
    assert sale.void_tender(1) is State.OPEN


def test_a_tender_is_given_back_once_and_then_the_sale_may_be_aborted(
    machine: TillMachine, sale: Sale
) -> None:
    sale.tender_cash(300)
    refused(machine, lambda: sale.abort("left"), "void the tender first")
    nobody: tuple[Any, ...] = (0, 2, 1.0, True, None)
    for number in nobody:
        refused(machine, partial(sale.void_tender, number), "has no tender")
    assert sale.void_tender(1, reason="wrong note") is State.OPEN
    refused(machine, lambda: sale.void_tender(1), "already void")
    assert sale.abort("left") is State.ABORTED


def test_a_return_is_paid_out_to_the_cent(machine: TillMachine, till: Terminal) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", -1, 500)
    for amount in (500, 1, 0, -501):
        refused(machine, partial(sale.tender_cash, amount))
    assert sale.tender_cash(-200) is State.TENDERED
    refused(machine, lambda: sale.add_line("TEA", 1, 400), "void the tender")
    assert sale.tender_cash(-300) is State.COMMITTED
    assert till.x_report().expected_drawer_minor == {"EUR": -500}


# --- cards -----------------------------------------------------------------------------------


def test_a_card_payment_refused_half_way_asks_for_no_money(
    machine: TillMachine, sale: Sale
) -> None:
    wrong: list[dict[str, Any]] = [
        {"last_four": "42424"},
        {"last_four": "٤٢٤٢"},
        {"last_four": 4242},
        {"token": "4242424242424242"},
        {"authorisation": "a\nb"},
        {"token": 5},
        {"operator": ""},
    ]
    for arguments in wrong:
        refused(machine, partial(sale.tender_card, 500, **arguments))
    assert sale.cards == ()
    assert sale.tender_card(last_four="4242", token="tok", authorisation="A1") is State.COMMITTED


def test_nothing_is_tendered_and_nothing_aborted_while_a_card_has_no_answer(
    machine: TillMachine, sale: Sale
) -> None:
    request = sale.request_card(300)
    for _ in range(2):
        refused(machine, lambda: sale.tender_cash(500), "no known outcome")
        refused(machine, lambda: sale.tender_voucher(100, "V"), "no known outcome")
        refused(machine, lambda: sale.abort("left"), "no known outcome")
        refused(machine, lambda: sale.request_card(100), "no answer yet")
        refused(machine, lambda: sale.void_line(1), "answer the card")
        if sale.cards[0].result is None:
            sale.card_unknown(request)
    assert sale.settle_card(request) is State.TENDERED
    assert sale.tender_cash(200) is State.COMMITTED


def test_a_card_that_settles_after_a_line_was_added_leaves_the_rest_to_pay(sale: Sale) -> None:
    request = sale.request_card(500)
    sale.add_line("TEA", 1, 100)
    assert sale.settle_card(request) is State.TENDERED
    assert sale.balance_minor == 100
    assert sale.tender_cash(100) is State.COMMITTED


def test_a_card_answers_once(machine: TillMachine, sale: Sale) -> None:
    nothing: tuple[Any, ...] = (0, 1, 1.0, True, None)
    for number in nothing:
        refused(machine, partial(sale.settle_card, number), "no card request")
    request = sale.request_card(100)
    sale.card_unknown(request)
    refused(machine, lambda: sale.card_unknown(request), "unknown already")
    sale.decline_card(request, reason="stolen")
    refused(machine, lambda: sale.settle_card(request), "already declined")
    assert sale.tender_cash(500) is State.COMMITTED


def test_a_request_without_an_answer_outlives_a_kill(machine: TillMachine, sale: Sale) -> None:
    sale.request_card(500)
    machine.kill()
    with machine.start() as till:
        assert till.recovery.unknown_cards == (sale.id,)
        (again,) = till.open_sales
        assert "ask what came of the cards" in str(till.recovery)
        assert again.settle_card(1) is State.COMMITTED


# --- handles and threads -----------------------------------------------------------------------


def test_two_handles_of_one_sale_show_the_same(till: Terminal, sale: Sale) -> None:
    other = till.sale(sale.id)
    other.add_line("TEA", 1, 100)
    assert sale.total_minor == other.total_minor == 600
    sale.tender_cash(600)
    assert other.state is State.COMMITTED


def test_a_handle_knows_its_sale_after_hundreds_of_others(
    machine: TillMachine, till: Terminal
) -> None:
    paid, gone, left = (till.begin("S1", "EUR", "0001", name) for name in ("paid", "gone", "left"))
    watched = till.sale(gone.id)
    for sale in (paid, gone):
        sale.add_line("TEA", 1, 700)
    paid.tender_cash(1000)
    gone.abort("left")
    for _ in range(300):
        till.begin("S1", "EUR", "0001").abort("empty")
    for sale in (paid, till.sale(paid.id)):
        assert (sale.state, sale.change_minor) == (State.COMMITTED, 300)
    for sale in (gone, watched, till.sale(gone.id)):
        assert (sale.state, sale.total_minor) == (State.ABORTED, 700)
    assert left.state is State.OPEN
    refused(machine, lambda: paid.add_line("TEA", 1, 1), "is closed")


def test_an_aborted_sale_can_be_looked_up_after_a_start(machine: TillMachine, sale: Sale) -> None:
    sale.abort("left")
    machine.kill()
    with machine.start() as till:
        assert till.sale(sale.id).state is State.ABORTED


@pytest.mark.parametrize("name", ["TILL-2", "TILL-T1", "OTHER-1"])
def test_a_sale_that_never_was_is_refused(machine: TillMachine, sale: Sale, name: str) -> None:
    refused(machine, lambda: sale._till.sale(name))


@pytest.mark.parametrize("name", ["", "TILL", "TILL-0", "TILL-01", "TILL-x", "../TILL-1", None, 5])
def test_a_text_that_is_no_sale_is_bad_input(till: Terminal, name: Any) -> None:
    with pytest.raises(BadInput):
        till.sale(name)


def test_sixteen_threads_on_four_sales_lose_no_line(machine: TillMachine, till: Terminal) -> None:
    sales = [till.begin("S1", "EUR", "0001") for _ in range(4)]
    numbers: list[list[int]] = [[] for _ in sales]
    faults: list[BaseException] = []
    together = threading.Barrier(16)

    def sell(place: int) -> None:
        try:
            handle = till.sale(sales[place % 4].id)
            together.wait()
            for _ in range(20):
                numbers[place % 4].append(handle.add_line("TEA", 1, 10 + place))
        except BaseException as fault:  # noqa: BLE001  # told below
            faults.append(fault)

    threads = [threading.Thread(target=sell, args=(place,)) for place in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    before = [sale.value for sale in sales]
    assert [sorted(taken) for taken in numbers] == [list(range(1, 81))] * 4
    assert [sale.total_minor for sale in sales] == [
        20 * sum(10 + place for place in range(start, 16, 4)) for start in range(4)
    ]
    machine.kill()
    with machine.start() as again:
        assert [sale.value for sale in again.open_sales] == before


def test_of_sixteen_threads_that_pay_one_sale_one_does(machine: TillMachine, sale: Sale) -> None:
    states: list[State | None] = []
    together = threading.Barrier(16)

    def pay() -> None:
        together.wait()
        try:
            states.append(sale.tender_cash(500))
        except KernelError:
            states.append(None)

    threads = [threading.Thread(target=pay) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states, key=str) == [None] * 15 + [State.COMMITTED]
    assert sale.tendered_minor == 500


def test_a_number_too_long_to_be_written_down_is_refused_all_the_same(
    machine: TillMachine, sale: Sale
) -> None:
    huge = 10**5000
    for act in (
        lambda: sale.add_line("TEA", huge, 1),
        lambda: sale.add_line("TEA", 1, huge),
        lambda: sale.void_line(huge),
        lambda: sale.void_tender(huge),
        lambda: sale.settle_card(huge),
        lambda: sale.tender_cash(huge),
        lambda: sale.tender_cash(500, rounding_minor=-huge),
        lambda: sale.discount(1, percent_milli=huge),
    ):
        refused(machine, act)


# --- bounds ----------------------------------------------------------------------------------


def test_no_discount_makes_goods_cost_less_than_nothing(machine: TillMachine, sale: Sale) -> None:
    refused(machine, lambda: sale.discount(501), "more than the goods")
    sale.add_line("CUP", 1, 200)
    refused(machine, lambda: sale.discount(201, line=2), "more than line 2 costs")
    sale.discount(150, line=2)
    sale.discount(550)
    refused(machine, lambda: sale.discount(1), "more than the goods")
    refused(machine, lambda: sale.void_line(1), "void the discount first")
    sale.void_line(4)
    sale.void_line(1)
    assert sale.total_minor == 50


def test_what_is_taken_back_bears_no_discount(machine: TillMachine, sale: Sale) -> None:
    sale.add_line("TEA", -3, 500)
    refused(machine, lambda: sale.discount(1, line=2), "more than line 2 costs")
    sale.discount(500)
    refused(machine, lambda: sale.discount(1), "more than the goods")


@pytest.mark.parametrize("rounding", [1_000, -1_000, 2**40, -501])
def test_cash_rounding_is_less_than_a_coin_and_turns_no_debt_round(
    machine: TillMachine, sale: Sale, rounding: int
) -> None:
    paid = max(500 + rounding, 0)
    refused(machine, lambda: sale.tender_cash(paid, rounding_minor=rounding), "no rounding")
    sale.tender_cash(0, rounding_minor=-500)
    assert sale.state is State.COMMITTED and sale.total_minor == 0


CARD = "4111111111111111"


@pytest.mark.parametrize("written", [CARD, "no 4111 1111 1111 1111.", "4111-1111-1111-1111"])
def test_no_text_that_is_logged_holds_a_card_number(
    machine: TillMachine, sale: Sale, written: str
) -> None:
    for act in (
        lambda: sale.add_line("TEA", 1, 5, description=written),
        lambda: sale.add_line("TEA", 1, 5, reason=written),
        lambda: sale.add_line("TEA", 1, 5, department=written),
        lambda: sale.tender_voucher(100, written),
        lambda: sale.discount(1, reason=written),
        lambda: sale.void_line(1, reason=written),
        lambda: sale.abort(written),
    ):
        refused(machine, act, r"\*{12}1111 looks like a card number")


def test_a_voucher_of_the_shops_own_range_may_look_like_a_card(machine: TillMachine) -> None:
    machine.start().stop()
    values = {"voucher_prefixes": ("4111",)}
    published = encode_published(values, None, effective_ms=0, now_ms=0, sign=None)
    machine.write(Layout(ROOT).system_config, published)
    with machine.start() as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
        assert sale.tender_voucher(500, CARD) is State.COMMITTED
