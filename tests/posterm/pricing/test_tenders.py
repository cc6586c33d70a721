"""Tenders: coins that exist, change on cash only, rounding on the balance left and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import SaleRefused, State, Terminal
from posterm.pricing import cash_tender, other_tender

STEPS = st.sampled_from([1, 5, 10, 100])
BALANCES = st.integers(-100_000, 100_000)


@given(balance=BALANCES, step=STEPS)
def test_exact_cash_is_the_nearest_amount_in_coins_and_closes_the_sale(
    balance: int, step: int
) -> None:
    tender = cash_tender(balance, None, step)
    assert tender.amount_minor % step == 0
    assert abs(tender.amount_minor - balance) * 2 <= step
    assert tender.rounding_minor == tender.amount_minor - balance
    assert (tender.change_minor, tender.left_minor) == (0, 0)


@given(balance=BALANCES, step=STEPS)
def test_a_return_is_rounded_as_its_sale_was(balance: int, step: int) -> None:
    paid, back = cash_tender(balance, None, step), cash_tender(-balance, None, step)
    assert paid.amount_minor == -back.amount_minor


@settings(max_examples=100)
@given(balance=st.integers(1, 5000), coins=st.integers(1, 80), step=STEPS)
def test_the_kernel_takes_what_is_tendered_and_gives_the_same_change(
    till: Terminal, balance: int, coins: int, step: int
) -> None:
    sale = till.begin(store="STORE_001", currency="EUR", operator="0001")
    sale.add_line("A", 1, balance)
    try:
        tender = cash_tender(sale.balance_minor, coins * step, step)
    except SaleRefused:
        assert cash_tender(balance, None, step).amount_minor == 0
        return
    state = sale.tender_cash(tender.amount_minor, rounding_minor=tender.rounding_minor)
    assert (state is State.COMMITTED) == (tender.left_minor == 0)
    assert sale.change_minor == tender.change_minor
    assert sale.change_minor % step == 0
    assert sale.balance_minor == tender.left_minor
    assert sale.total_minor == balance + tender.rounding_minor


def test_cash_rounding_falls_on_what_a_card_has_left(till: Terminal) -> None:
    sale = till.begin(store="STORE_001", currency="CHF", operator="0001")
    sale.add_line("A", 1, 1998)
    sale.tender_card(other_tender(sale.balance_minor, 1000))
    tender = cash_tender(sale.balance_minor, None, 5)
    assert (tender.amount_minor, tender.rounding_minor) == (1000, 2)
    sale.tender_cash(tender.amount_minor, rounding_minor=tender.rounding_minor)
    assert sale.state is State.COMMITTED
    assert sale.total_minor == 2000


@pytest.mark.parametrize(
    ("balance", "step", "amount"),
    [(1003, 5, 1005), (1002, 5, 1000), (1005, 10, 1010), (1004, 10, 1000), (1050, 100, 1100)],
)
def test_cash_is_rounded_to_the_nearest_coin_a_half_upwards(
    balance: int, step: int, amount: int
) -> None:
    assert cash_tender(balance, None, step).amount_minor == amount


def test_part_in_cash_is_not_rounded() -> None:
    tender = cash_tender(1998, 1000, 5)
    assert (tender.rounding_minor, tender.change_minor, tender.left_minor) == (0, 0, 998)


@pytest.mark.parametrize(
    ("balance", "given", "step"),
    [
        (1000, 998, 5),  # no such coins
        (1000, 0, 1),  # nothing
        (1000, -100, 1),  # the wrong way
        (-1000, 500, 1),
        (-1000, -1001, 1),  # too much out
        (0, 500, 1),  # nothing to pay
        (2, 500, 5),  # rounds to nothing
    ],
)
def test_cash_that_makes_no_sense_is_refused(balance: int, given: int, step: int) -> None:
    with pytest.raises(SaleRefused):
        cash_tender(balance, given, step)


def test_a_card_takes_the_balance_or_less_and_gives_no_change() -> None:
    assert other_tender(1998, None) == 1998
    assert other_tender(1998, 1000) == 1000
    assert other_tender(-1998, None) == -1998
    for balance, typed in ((1998, 1999), (1998, 0), (1998, -1), (-1998, -1999), (0, 1)):
        with pytest.raises(SaleRefused):
            other_tender(balance, typed)
