"""Goods back against their receipt, by keys: the money of the sale, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import State, Terminal, Transaction
from posterm.keypad import Mode
from posterm.register.rows import total_caption, total_minor
from posterm.register.session import Session
from tests.support.register_shop import BEER, COFFEE, HAM, MILK, make_shop, open_session, press
from tests.support.staff import ANNA, BO, PINS

ENTER, CLEAR = "enter", "escape"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """Signed on in a shop without operators; 2 COFFEE and a BEER with its deposit are sold."""
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, "2*COFFEE", ENTER, BEER, ENTER, "y", ENTER, "f9")
    yield session
    session.stop("test")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One register for many sales."""
    directory = tmp_path_factory.mktemp("refunding") / "pos_kernel_data"
    make_shop(directory)
    session = open_session(directory)
    press(session, "0001", ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def last(session: Session) -> Transaction:
    assert session.counter.last is not None
    return session.counter.last


def test_one_line_comes_back_for_what_it_cost_and_is_paid_out(register: Session) -> None:
    press(register, "/52 1", ENTER)
    page = register.view.page or ()
    assert "RECEIPT REGISTER_01-1" in page[0] and any("COFFEE" in row for row in page)
    press(register, "1", ENTER)
    assert register.counter.in_hand.total_minor == -399 and "3.99" in register.view.message
    press(register, ENTER, "f9")
    assert last(register).state is State.COMMITTED and last(register).tendered_minor == -399


def test_a_receipt_is_asked_for_where_none_was_typed(register: Session) -> None:
    press(register, ":refund", ENTER)
    assert mode(register) is Mode.PROMPT
    press(register, "register_01 1", ENTER, "2*1", ENTER)
    assert register.counter.in_hand.total_minor == -798


def test_what_came_back_is_shown_and_never_comes_back_again(register: Session) -> None:
    press(register, "/52 1", ENTER, "1", ENTER, ENTER, "f9", "/52 1", ENTER)
    assert any("1 back" in row for row in register.view.page or ())
    press(register, "2*1", ENTER)
    assert mode(register) is Mode.HELD and "taken back already" in register.view.message
    press(register, CLEAR, "*", ENTER, ENTER, "f9")
    assert last(register).total_minor == -(399 + 129 + 8)
    press(register, "/52 1", ENTER)
    assert mode(register) is Mode.HELD and "came back already" in register.view.message


def test_a_deposit_comes_back_with_its_item(register: Session) -> None:
    press(register, "/52 1", ENTER, "2", ENTER)
    assert [line.code for line in register.counter.lines] == [BEER, "BOTTLE"]
    assert register.counter.in_hand.total_minor == -137


def test_a_line_that_was_taken_back_by_mistake_can_come_back_again_after_its_void(
    register: Session,
) -> None:
    press(register, "/52 1", ENTER, "2*1", ENTER, "1", "f5")
    assert register.counter.in_hand.total_minor == 0
    press(register, "/52 1", ENTER, "2*1", ENTER)
    assert register.counter.in_hand.total_minor == -798


def test_a_receipt_of_another_till_comes_back_here_and_not_there_too(
    register: Session, data_dir: Path
) -> None:
    with Terminal.start("REGISTER_02", data_dir) as other:
        sale = other.begin("STORE_001", "EUR", "0002")
        sale.add_line("TEA", 2, 250, description="TEA")
        sale.discount(51)
        sale.tender_cash(449)
        press(register, "/52 register_02-1", ENTER, "1", ENTER)
        assert register.counter.in_hand.total_minor == -224
        press(register, ENTER, "f9")
        assert other.returned("REGISTER_02-1") == {1: 1000}


@pytest.mark.parametrize("typed", ["9", "REGISTER_01-99", "NOWHERE 1", "REGISTER_01-T1", "abc"])
def test_what_is_no_receipt_is_refused_in_words(register: Session, typed: str) -> None:
    press(register, "/52", ENTER, typed, ENTER)
    assert mode(register) is Mode.HELD and "ERROR" in register.view.message
    press(register, CLEAR, CLEAR)
    assert mode(register) is Mode.SELL and register.counter.sale is None


@pytest.mark.parametrize("typed", ["", "x", "3*", "4", "0*1", "1*9", "0.5.5*1"])
def test_what_is_no_line_of_it_takes_nothing_back(register: Session, typed: str) -> None:
    press(register, "/52 1", ENTER, typed, ENTER)
    assert mode(register) is Mode.HELD
    assert not register.counter.lines and register.till.returned("REGISTER_01-1") == {}


def test_a_cashier_who_may_not_asks_and_the_word_is_for_the_whole_return(data_dir: Path) -> None:
    make_shop(data_dir, operators=True, settings={"role_return": "supervisor"})
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER, BEER, ENTER, "y", ENTER, "f9")
    press(session, "/52 1", ENTER, "*", ENTER)
    assert "needs a supervisor" in session.view.message
    press(session, "p", BO, ENTER, PINS[BO], ENTER)
    lines = session.counter.lines
    session.stop("test")
    assert [line.total_minor for line in lines] == [-129, -8] and lines[-1].approver == BO


@settings(max_examples=12)
@given(
    items=st.lists(st.sampled_from([COFFEE, MILK, "3*MILK", "0.333*HAM", HAM]), max_size=4),
    line_off=st.sampled_from(["", "10%", "33.3%", "0.07"]),
    sale_off=st.sampled_from(["", "5%", "0.11"]),
)
def test_a_sale_gives_exactly_its_money_and_tax_back(
    shared: Session, items: list[str], line_off: str, sale_off: str
) -> None:
    for item in (COFFEE, "2*MILK", *items):
        press(shared, item, ENTER, *([CLEAR] if item == HAM else []))
    if line_off:
        press(shared, line_off, "f11")
    press(shared, ENTER)
    if sale_off:
        press(shared, sale_off, "f11")
    press(shared, "f9")
    sold = last(shared)
    press(shared, f"/52 {sold.receipt_number}", ENTER, "1*2", ENTER)
    press(shared, f"/52 {sold.receipt_number}", ENTER, "*", ENTER, ENTER, "f9")
    back = last(shared)
    assert back.state is State.COMMITTED and back.number == sold.number + 1
    assert back.total_minor == -sold.total_minor
    assert taxes(back) == {key: (-net, -tax) for key, (net, tax) in taxes(sold).items()}


def taxes(sale: Transaction) -> dict[str, tuple[int, int]]:
    return {tax.code: (tax.net_minor, tax.tax_minor) for tax in sale.sums.taxes}


def test_the_screen_says_what_is_paid_out(register: Session) -> None:
    press(register, "/52 1", ENTER, "1", ENTER, ENTER)
    sale = register.counter.in_hand.value
    assert total_caption(sale, totalled=True)[0] == "TO PAY OUT EUR"
    press(register, "f9")
    assert total_caption(last(register), totalled=False)[0] == "PAID OUT EUR"
    assert total_minor(last(register)) == 399


def test_all_that_came_back_is_said_as_one_amount(register: Session) -> None:
    press(register, "/52 1", ENTER, "*", ENTER)
    due = -register.counter.in_hand.total_minor
    assert due == 2 * 399 + 129 + 8 and f"taken back for {due / 100}" in register.view.message
