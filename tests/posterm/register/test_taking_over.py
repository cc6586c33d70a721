"""A locked till goes on with its own operator; anybody else needs a word, and it is logged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import (
    BEER,
    COFFEE,
    console,
    entries,
    make_shop,
    open_session,
    press,
    until,
)
from tests.support.staff import ANNA, BO, PINS

ENTER, CLEAR = "enter", "escape"
PIN = ("p", BO, ENTER, PINS[BO], ENTER)
"""The supervisor's word on the till."""


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """A cashier is signed on."""
    make_shop(data_dir, operators=True)
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def posted(session: Session) -> int:
    return session.counter.in_hand.total_minor


def shows_no_sale(session: Session) -> bool:
    return session.view.sale is None


def test_another_cashier_takes_a_locked_till_over_only_by_a_supervisors_word(
    data_dir: Path,
) -> None:
    make_shop(data_dir, operators=True)
    session = open_session(data_dir)
    press(session, BO, ENTER, PINS[BO], ENTER, BEER, ENTER, "y", "f4", ANNA, ENTER)
    assert mode(session) is Mode.ASK and shows_no_sale(session)
    press(session, CLEAR)
    assert mode(session) is Mode.PROMPT and shows_no_sale(session)
    press(session, ANNA, ENTER, *PIN, PINS[ANNA], ENTER)
    assert session.counter.operator == ANNA and not shows_no_sale(session)
    session.stop("test")
    (change,) = [one for one in entries(data_dir, "operator") if one["how"] == "hand_over"]
    assert (change["o"], change["to"], change["a"]) == (BO, ANNA, BO)


def test_the_manager_lets_a_cashier_take_over_and_the_sale_stays_hidden_until_the_pin(
    data_dir: Path,
) -> None:
    make_shop(data_dir, operators=True)
    session = open_session(data_dir)
    press(session, BO, ENTER, PINS[BO], ENTER, COFFEE, ENTER, "f4", ANNA, ENTER, "m")
    assert mode(session) is Mode.HELD, "no console runs"
    with console(data_dir) as manager:
        press(session, CLEAR, "m")
        assert mode(session) is Mode.PROMPT and shows_no_sale(session)
        until(lambda: bool(manager.approvals.requests.all()))
        (asked,) = manager.approvals.requests.all()
        manager.approvals.answer(asked.request.token, allow=True)
        until(lambda: session.look() is not None and f"PIN of {ANNA}" in session.view.message)
    assert shows_no_sale(session)
    press(session, PINS[ANNA], ENTER)
    assert session.counter.operator == ANNA and posted(session) == 399
    session.stop("test")


def test_the_shop_says_who_takes_a_locked_till_over(data_dir: Path) -> None:
    make_shop(data_dir, operators=True, settings={"role_take_over": "cashier"})
    session = open_session(data_dir)
    press(session, BO, ENTER, PINS[BO], ENTER, "f4", ANNA, ENTER, PINS[ANNA], ENTER)
    assert session.counter.operator == ANNA
    session.stop("test")


def test_a_supervisor_takes_a_locked_till_over_by_his_own_pin(register: Session) -> None:
    press(register, COFFEE, ENTER, "f4", BO, ENTER, PINS[BO], ENTER)
    assert register.counter.operator == BO and posted(register) == 399


def test_clear_in_the_approval_of_a_locked_till_never_shows_the_sale(register: Session) -> None:
    press(register, COFFEE, ENTER, "f4", "7777", ENTER, "p", CLEAR)
    assert shows_no_sale(register) and mode(register) is Mode.PROMPT
    press(register, "7777", ENTER, "p", BO, ENTER, CLEAR, CLEAR, CLEAR)
    assert shows_no_sale(register) and mode(register) is Mode.PROMPT
