"""Tenders by keys: vouchers, split payments, tenders given back, what a shop asks of a card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import State, Transaction
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import COFFEE, make_shop, open_session, press

ENTER, CLEAR = "enter", "escape"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """A coffee of 3.99 after Total."""
    make_shop(data_dir, settings={"card_fields": ["last_four", "authorisation"]})
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER, ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def last(session: Session) -> Transaction:
    assert session.counter.last is not None
    return session.counter.last


def taken(sale: Transaction) -> list[tuple[str, int, bool]]:
    return [(one.how.value, one.amount_minor, one.voided) for one in sale.tenders]


def test_a_voucher_pays_its_part_and_gives_no_change(register: Session) -> None:
    press(register, "/50 1.00 V-17", ENTER, "/50 5.00 V-18", ENTER)
    assert mode(register) is Mode.HELD and "change is given on cash only" in register.view.message
    press(register, CLEAR, "f9")
    assert taken(last(register)) == [("voucher", 100, False), ("cash", 299, False)]
    assert last(register).tenders[0].voucher == "V-17"


def test_a_voucher_alone_is_all_that_is_due_and_its_number_is_asked_for(register: Session) -> None:
    press(register, ":voucher", ENTER)
    assert mode(register) is Mode.PROMPT and "3.99" in register.view.message
    press(register, "V-19", ENTER)
    assert last(register).state is State.COMMITTED and not register.totalled


def test_a_card_number_is_no_voucher(register: Session) -> None:
    press(register, "/50", ENTER, "4111111111111111", ENTER)
    assert mode(register) is Mode.HELD and "41111" not in register.view.message
    assert "looks like a card number" in register.view.message


def test_tenders_split_in_any_order_and_the_last_is_given_back(register: Session) -> None:
    press(register, "1.00", "f9", "/50 0.50 V1", ENTER, "/51", ENTER)
    assert mode(register) is Mode.ASK and "voucher V1 0.50" in register.view.message
    press(register, "y", "/51 1", ENTER, "y")
    sale = register.counter.in_hand
    assert (sale.tendered_minor, sale.balance_minor, sale.state) == (0, 399, State.OPEN)
    press(register, "/51", ENTER)
    assert mode(register) is Mode.HELD and "no tender to void" in register.view.message
    press(register, CLEAR, "f9")
    assert taken(last(register))[-1] == ("cash", 399, False)


@pytest.mark.parametrize("typed", ["2", "x", "1.5", "99999999999"])
def test_a_tender_that_is_not_there_is_not_given_back(register: Session, typed: str) -> None:
    press(register, "1.00", "f9", f"/51 {typed}", ENTER)
    assert mode(register) is Mode.HELD and register.counter.in_hand.tendered_minor == 100


def test_what_the_shop_wants_to_know_of_a_card_is_asked_for_before_it_has_paid(
    register: Session,
) -> None:
    press(register, "f10", "y", "42", ENTER)
    assert mode(register) is Mode.HELD and "last four digits" in register.view.message
    press(register, CLEAR, "4242", ENTER)
    assert register.counter.in_hand.value.open_cards == (1,)
    press(register, "A1B2", ENTER)
    (tender,) = last(register).tenders
    assert (tender.last_four, tender.authorisation) == ("4242", "A1B2")


def test_a_card_number_is_no_authorisation_code_and_the_card_is_asked_about_again(
    register: Session,
) -> None:
    press(register, "f10", "y", "4242", ENTER, "4111111111111111", ENTER)
    assert mode(register) is Mode.HELD and "looks like a card number" in register.view.message
    press(register, CLEAR, CLEAR, "f10", "n")
    assert register.counter.in_hand.balance_minor == 399


def test_a_return_is_paid_out_by_card_but_not_by_voucher(register: Session) -> None:
    press(register, "f9", "/52 1", ENTER, "1", ENTER, ENTER, "/50 3.99 V1", ENTER)
    assert mode(register) is Mode.HELD and "paid out in cash or by card" in register.view.message
    press(register, CLEAR, "f10")
    assert "pays out 3.99" in register.view.message
    press(register, "y", "4242", ENTER, "X", ENTER)
    assert taken(last(register)) == [("card", -399, False)]
