"""How a sale is paid, and what its cards say, by a hostile caller."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from kernel import Sale, State, Terminal
from tests.support.tills import TillMachine, refused

LIMIT = 2**53


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


@pytest.mark.parametrize("rounding", [1_000, -1_000, 2**40, -501])
def test_cash_rounding_is_less_than_a_coin_and_turns_no_debt_round(
    machine: TillMachine, sale: Sale, rounding: int
) -> None:
    paid = max(500 + rounding, 0)
    refused(machine, lambda: sale.tender_cash(paid, rounding_minor=rounding), "no rounding")
    sale.tender_cash(0, rounding_minor=-500)
    assert sale.state is State.COMMITTED and sale.total_minor == 0
