"""The cash office by keys: the float, the blind count, over and short, X and Z."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posterm.keypad import Mode
from posterm.register.denominations import DENOMINATIONS
from posterm.register.session import Session
from tests.support.register_shop import COFFEE, gtin, make_shop, open_session, press

ENTER, CLEAR = "enter", "escape"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """Signed on, before the float of a new period is said."""
    make_shop(data_dir)
    session = open_session(data_dir)
    session.till.z_report("0001")
    press(session, "0001", ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def is_open(session: Session) -> bool:
    return session.till.period_is_open


def expected(session: Session) -> int:
    return session.till.x_report().expected_drawer_minor["EUR"]


def test_the_first_sign_on_of_a_period_asks_for_the_float(register: Session) -> None:
    assert mode(register) is Mode.PROMPT and "float" in register.view.message
    press(register, "100.00", ENTER)
    assert mode(register) is Mode.SELL and expected(register) == 100_00
    press(register, "/24", ENTER, "0001", ENTER)
    assert mode(register) is Mode.SELL, "it is asked once a period"


def test_enter_alone_is_no_float_and_clear_leaves_it_for_later(register: Session) -> None:
    press(register, CLEAR)
    assert mode(register) is Mode.SELL and not is_open(register)
    press(register, "/24", ENTER, "0001", ENTER, ENTER)
    assert is_open(register) and expected(register) == 0


@pytest.mark.parametrize("typed", ["abc", gtin(1), "1.234", "-5"])
def test_what_is_no_float_opens_nothing(register: Session, typed: str) -> None:
    press(register, typed, ENTER)
    assert mode(register) is Mode.HELD and not is_open(register)


def test_the_float_can_be_said_by_a_function_too(register: Session) -> None:
    press(register, CLEAR, "/55 50.00", ENTER)
    assert expected(register) == 50_00
    press(register, ":float 1.00", ENTER)
    assert mode(register) is Mode.HELD and expected(register) == 50_00


def test_a_count_is_blind_until_it_is_logged_then_says_what_is_over_or_short(
    register: Session,
) -> None:
    press(register, "20.00", ENTER, COFFEE, ENTER, ENTER, "f9", "/53", ENTER)
    press(register, "1*20.00", ENTER, "2*1.00", ENTER, "1.50", ENTER)
    page = "\n".join(register.view.page or ())
    assert "23.50" in page and "23.99" not in page and "Should" not in page
    press(register, ENTER, "y")
    page = "\n".join(register.view.page or ())
    assert "23.99" in page and "Short" in page and "0.49" in page
    report = register.till.x_report()
    assert report.counted_minor == {"EUR": 23_50} and report.over_minor == {"EUR": -49}


def test_pieces_said_again_take_the_place_of_what_was_said(register: Session) -> None:
    press(register, ENTER, "/53", ENTER, "9*5.00", ENTER, "1*5.00", ENTER, "1*500", ENTER, ENTER)
    assert "5.00 EUR counted" in register.view.message
    press(register, CLEAR, "0*5.00", ENTER, ENTER, "y")
    assert register.till.x_report().over_minor == {"EUR": 0}


@pytest.mark.parametrize("typed", ["3*7.00", "x", "3*", "*5.00", gtin(1)])
def test_what_is_no_piece_counts_nothing(register: Session, typed: str) -> None:
    press(register, ENTER, "/53", ENTER, typed, ENTER)
    assert mode(register) is Mode.HELD
    press(register, CLEAR, ENTER)
    assert "0.00 EUR counted" in register.view.message


def test_a_z_offers_the_count_first_and_says_over_or_short(register: Session) -> None:
    press(register, "10.00", ENTER, COFFEE, ENTER, ENTER, "f9", "/22", ENTER)
    assert "Count the drawer first" in register.view.message
    press(register, "y", "15.00", ENTER, ENTER, "y")
    assert "CLOSE the period" in register.view.message
    press(register, "y")
    page = "\n".join(register.view.page or ())
    assert "Z 2 REPORT" in page and "Over" in page and "1.01" in page and "13.99" in page
    assert not is_open(register)


def test_a_z_names_every_sale_that_it_leaves(register: Session) -> None:
    press(register, ENTER, COFFEE, ENTER, "f7")
    ticket = register.view.message[-11:]
    press(register, COFFEE, ENTER, "/22", ENTER, "n")
    assert "1 sale stays open" in register.view.message
    press(register, "y")
    page = "\n".join(register.view.page or ())
    assert "open sale REGISTER_01-2   due 3.99" in page
    assert f"suspended sale REGISTER_01-1   ticket {ticket}" in page


def test_an_x_holds_all_that_happened_and_fits_the_screen(register: Session) -> None:
    press(register, "10.00", ENTER, "3*COFFEE", ENTER, "10%", "f11", ENTER, "2.00", "f9", "f9")
    press(register, "/29 5.00", ENTER, "y", "/31 3.00", ENTER, "y", "/28", ENTER, "/21", ENTER)
    rows = register.view.page or ()
    page = "\n".join(rows)
    for said in ("TAKINGS", "Cash x 2", "Discounts", "Float", "Paid in", "Picked up", "Tax VAT 7"):
        assert said in page, said
    assert "without a sale: 1" in page and max(map(len, rows)) <= 76


def test_denominations_are_whole_once_each_and_the_largest_first() -> None:
    for pieces in DENOMINATIONS.values():
        assert sorted(set(pieces), reverse=True) == list(pieces) and min(pieces) > 0


def test_pieces_typed_ahead_of_the_screen_are_counted(register: Session) -> None:
    press(register, ENTER, "/53", ENTER)
    seen = register.view.serial
    for token in ["2", "*", "5", "0", "0", ENTER, "3", "*", "2", "0", "0", ENTER]:
        register.feed(token, seen)
    press(register, ENTER)
    assert "16.00 EUR counted" in register.view.message
