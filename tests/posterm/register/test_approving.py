"""Approvals at the register: offered, given by PIN or by the manager, good for one act."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Host, State, Terminal
from posterm.catalog import Item
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.clock import ManualClock
from tests.support.register_shop import (
    BEER,
    COFFEE,
    MILK,
    TILL,
    console,
    entries,
    gtin,
    make_shop,
    open_session,
    press,
    until,
)
from tests.support.staff import ANNA, BO, CLEO, PINS

ENTER, CLEAR = "enter", "escape"
PIN = ("p", BO, ENTER, PINS[BO], ENTER)
"""The supervisor's word on the till."""


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """A cashier is signed on."""
    make_shop(data_dir, scans=1, operators=True)
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER)
    yield session
    session.stop("test")


def answer(manager: Terminal, session: Session, *, allow: bool) -> None:
    """The manager's word on the one thing that is asked; the till has heard it after that."""
    until(lambda: bool(manager.approvals.requests.all()))
    (asked,) = manager.approvals.requests.all()
    manager.approvals.answer(asked.request.token, allow=allow, reason=None if allow else "no")
    until(lambda: session.look() is None and not session.view.awaiting)


def mode(session: Session) -> Mode:
    return session.mode


def shows_no_sale(session: Session) -> bool:
    return session.view.sale is None


def posted(session: Session) -> int:
    return session.counter.in_hand.total_minor


# --- by PIN on the till -------------------------------------------------------------------


def test_a_supervisors_pin_lets_one_discount_through_and_both_names_are_logged(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER, "10%", "f11")
    assert mode(register) is Mode.ASK and posted(register) == 399
    press(register, *PIN)
    assert posted(register) == 359 and mode(register) is Mode.SELL
    discount = entries(data_dir, "line")[-1]
    assert (discount["o"], discount["a"]) == (ANNA, BO)
    (approval,) = entries(data_dir, "approval")
    assert (approval["what"], approval["line"], approval["old"], approval["new"]) == (
        "discount", 1, "399", "359"
    )  # fmt: skip
    press(register, "5%", "f11")
    assert mode(register) is Mode.ASK and posted(register) == 359


def test_a_discount_on_goods_of_two_taxes_is_one_approval_from_old_to_new_total(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER, gtin(0), ENTER, ENTER, "10%", "f11", *PIN)
    assert posted(register) == 449 and mode(register) is Mode.TOTAL
    (approval,) = entries(data_dir, "approval")
    assert (approval["old"], approval["new"]) == ("499", "449")
    discounts = [line for line in entries(data_dir, "line") if line.get("y") == "discount"]
    assert [line["a"] for line in discounts] == [BO, BO]


def test_another_price_is_allowed_for_that_line_and_posted_with_its_void_in_one_write(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER, MILK, ENTER, "/26 1.00", ENTER, *PIN)
    assert posted(register) == 399 + 100
    (approval,) = entries(data_dir, "approval")
    assert (approval["line"], approval["old"], approval["new"]) == (2, "119", "100")
    void, line = entries(data_dir, "line")[-2:]
    assert (void["a"], line["a"]) == (BO, BO) and void["e"] == line["e"]


def test_a_price_that_was_allowed_once_is_not_sold_again_without_another_word(
    register: Session,
) -> None:
    press(register, COFFEE, ENTER, "/26 1.00", ENTER, *PIN, "f6")
    assert posted(register) == 100 + 399
    press(register, "f5", "/43 9", ENTER)
    assert mode(register) is Mode.ASK and posted(register) == 100
    press(register, *PIN)
    assert posted(register) == 900


def test_another_quantity_is_allowed_for_that_quantity_and_posted_in_one_write(
    data_dir: Path,
) -> None:
    make_shop(data_dir, operators=True, settings={"role_void_line": "supervisor"})
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER, COFFEE, ENTER, MILK, ENTER, "/43 3 1", ENTER)
    assert mode(session) is Mode.ASK and posted(session) == 399 + 119
    press(session, *PIN)
    assert posted(session) == 3 * 399 + 119
    (approval,) = entries(data_dir, "approval")
    assert (approval["what"], approval["line"], approval["old"], approval["new"]) == (
        "void_line", 1, "399", "1197"
    )  # fmt: skip
    spent = entries(data_dir, "approval_used")[-1]
    void, line = entries(data_dir, "line")[-2:]
    assert (void["a"], line["a"]) == (BO, BO) and void["e"] == line["e"]
    assert isinstance(void["n"], int) and spent["n"] == void["n"] - 1
    session.stop("test")


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("/28", "cash"), ("/30 5.00", "cash"), ("/23", "abort"), ("/22", "z"), ("/21", "event")],
)
def test_each_act_that_needs_a_supervisor_is_done_under_his_name(
    register: Session, data_dir: Path, typed: str, kind: str
) -> None:
    press(register, COFFEE, ENTER, ENTER, "f9", COFFEE, ENTER, typed, ENTER)
    while "needs a supervisor" not in register.view.message:
        assert mode(register) is Mode.ASK, register.view.message
        press(register, "n" if "N close" in register.view.message else "y")
    press(register, *PIN)
    segments = sorted((data_dir / "terminals" / TILL).glob("transaction.wal*"))
    frames = [frame for path in segments for frame in path.read_bytes().splitlines()]
    done = [json.loads(frame.split(b" ", 2)[2]) for frame in frames]
    assert [one.get("a") for one in done if one["k"] == kind][-1] == BO
    assert any(one["k"] == "approval_used" for one in done)


def test_a_wrong_pin_or_a_cashiers_allows_nothing_and_asks_again(register: Session) -> None:
    press(register, COFFEE, ENTER, "10%", "f11", "p", ANNA, ENTER, PINS[ANNA], ENTER)
    assert mode(register) is Mode.HELD and "needs a supervisor" in register.view.message
    press(register, CLEAR, BO, ENTER, "9999", ENTER)
    assert mode(register) is Mode.HELD
    press(register, CLEAR, CLEAR)
    assert mode(register) is Mode.SELL and posted(register) == 399
    press(register, "10%", "f11", *PIN)
    assert posted(register) == 359


def test_a_scan_into_the_number_or_the_pin_is_refused_and_is_no_attempt(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER, "10%", "f11", "p", gtin(0), ENTER, CLEAR)
    press(register, BO, ENTER, gtin(0), ENTER, CLEAR)
    assert entries(data_dir, "event") == []
    press(register, PINS[BO], ENTER)
    assert posted(register) == 359
    refused = [one for one in entries(data_dir, "event") if one["what"] == "scan_refused"]
    assert sum(int(str(one.get("count", 1))) for one in refused) == 2


def test_a_scan_as_short_as_a_pin_is_no_attempt_either(data_dir: Path) -> None:
    short = Item("96385074", ("96385074",), "GUM", "FOOD", 50, "R")
    make_shop(data_dir, operators=True, more=[short])
    session = open_session(data_dir)
    press(session, ANNA, ENTER, "96385074", ENTER)
    assert mode(session) is Mode.HELD and entries(data_dir, "event") == []
    press(session, CLEAR, PINS[ANNA], ENTER, COFFEE, ENTER, "10%", "f11", "p", BO, ENTER)
    press(session, "96385074", ENTER, CLEAR, PINS[BO], ENTER)
    assert posted(session) == 359
    session.stop("test")
    assert {one["what"] for one in entries(data_dir, "event")} == {"scan_refused"}


def test_a_word_that_was_given_too_late_is_not_kept_for_another_act(
    register: Session, data_dir: Path
) -> None:
    with console(data_dir) as manager:
        press(register, COFFEE, ENTER, "10%", "f11", "m", BEER, ENTER)
        assert mode(register) is Mode.ASK
        until(lambda: bool(manager.approvals.requests.all()))
        (asked,) = manager.approvals.requests.all()
        manager.approvals.answer(asked.request.token, allow=True)
        until(lambda: bool(entries(data_dir, "approval")))
        register.look()
        assert posted(register) == 399, "a question is up; the answer waits"
        press(register, CLEAR, "f5")
        register.look()
    assert posted(register) == 0 and "but" in register.view.message
    assert register.counter.grant is None
    press(register, COFFEE, ENTER, "10%", "f11")
    assert mode(register) is Mode.ASK


def test_keys_that_came_before_the_offer_was_seen_do_not_answer_it(register: Session) -> None:
    press(register, COFFEE, ENTER)
    seen = register.view.serial
    for token in ["1", "0", "%", "f11", "p", "y", *COFFEE, ENTER]:
        register.feed(token, seen)
    assert mode(register) is Mode.ASK and posted(register) == 399


# --- by the manager -----------------------------------------------------------------------


def test_selling_goes_on_while_the_manager_is_asked_but_total_waits(
    register: Session, data_dir: Path
) -> None:
    with console(data_dir) as manager:
        press(register, COFFEE, ENTER, "10%", "f11", "m")
        assert register.view.awaiting == {1} and "AWAITING 1" in register.view.notice
        press(register, MILK, ENTER, ENTER)
        assert mode(register) is Mode.HELD and "awaits the manager" in register.view.message
        press(register, CLEAR)
        answer(manager, register, allow=True)
        assert register.view.awaiting == frozenset() and "approved" in register.view.message
        assert posted(register) == 359 + 119
        press(register, ENTER, "f9")
        last = register.counter.last
        assert last is not None and last.state is State.COMMITTED
    (approval,) = entries(data_dir, "approval")
    assert (approval["o"], approval["a"], approval["line"]) == (ANNA, CLEO, 1)


def test_an_answer_does_nothing_where_the_line_has_changed_meanwhile(
    register: Session, data_dir: Path
) -> None:
    with console(data_dir) as manager:
        press(register, COFFEE, ENTER, "10%", "f11", "m", "f5")
        assert posted(register) == 0
        answer(manager, register, allow=True)
    assert posted(register) == 0 and entries(data_dir, "approval") == []
    press(register, "f11")
    assert mode(register) is Mode.HELD


def test_declined_leaves_the_line_and_lets_the_sale_be_paid(
    register: Session, data_dir: Path
) -> None:
    with console(data_dir) as manager:
        press(register, COFFEE, ENTER, "10%", "f11", "m")
        answer(manager, register, allow=False)
        assert "DECLINED" in register.view.message and "(no)" in register.view.message
        press(register, ENTER, "f9")
    last = register.counter.last
    assert last is not None and last.total_minor == 399


def test_after_a_minute_nobody_waits_any_more(data_dir: Path) -> None:
    make_shop(data_dir, operators=True)
    clock = ManualClock()
    clock.now_ms = round(time.time() * 1000)
    with console(data_dir):
        session = open_session(data_dir, Host(clock=clock))
        press(session, ANNA, ENTER, PINS[ANNA], ENTER, COFFEE, ENTER, "10%", "f11", "m")
        clock.advance(59)
        session.look()
        assert session.view.awaiting == {1}
        clock.advance(2)
        assert session.look() is not None
        assert "no answer" in session.view.message and session.view.awaiting == frozenset()
        press(session, ENTER, "f9")
        assert session.counter.last is not None
        session.stop("test")


def test_what_is_withdrawn_holds_nothing_up(register: Session, data_dir: Path) -> None:
    with console(data_dir):
        press(register, COFFEE, ENTER, "10%", "f11", "m", "/40", ENTER)
        assert register.view.awaiting == frozenset()
        press(register, ENTER)
        assert mode(register) is Mode.TOTAL
        press(register, "/40", ENTER)
        assert mode(register) is Mode.HELD, "nothing is awaited any more"


def test_without_a_console_the_offer_stands_again(register: Session) -> None:
    press(register, COFFEE, ENTER, "10%", "f11", "m")
    assert mode(register) is Mode.HELD and "no manager's console" in register.view.message
    press(register, CLEAR)
    assert mode(register) is Mode.ASK
    press(register, *PIN)
    assert posted(register) == 359


def test_an_act_of_several_steps_goes_on_from_word_to_word(data_dir: Path) -> None:
    make_shop(data_dir, operators=True, settings={"role_return": "supervisor"})
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER, COFFEE, ENTER, MILK, ENTER, ENTER, "f9")
    last = session.counter.last
    assert last is not None
    press(session, f":refund {TILL}-{last.number}", ENTER, "*", ENTER, *PIN)
    assert mode(session) is Mode.ASK and posted(session) == -399
    press(session, *PIN)
    assert posted(session) == -399 - 119
    session.stop("test")
