"""Receipts at the register: printed once by themselves, again only as copies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kernel import Shop, ShopConfiguration
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import COFFEE, MILK, TILL, make_shop, open_session

ENTER = "enter"
Opened = Callable[[], Session]


@pytest.fixture
def opened(data_dir: Path) -> Iterator[Opened]:
    """Starts the register of a shop, as often as it was stopped, and signs on."""
    make_shop(data_dir)
    with ExitStack() as closing:

        def start() -> Session:
            session = open_session(data_dir)
            closing.callback(session.stop, "test")
            press(session, "0001", ENTER)
            return session

        yield start


def press(session: Session, *keys: str) -> None:
    names = {ENTER, "escape", "f9"}
    for key in keys:
        for token in [key] if key in names else key:
            session.feed(token, session.view.serial)
    session.print_receipts()


def sell(session: Session, code: str = COFFEE) -> None:
    press(session, code, ENTER, "+", "f9")


def spooled(data_dir: Path) -> list[str]:
    return Shop(data_dir).spool(TILL).waiting()


def limit(data_dir: Path, receipts: int) -> None:
    ShopConfiguration(data_dir).change_local(TILL, "receipt_spool_limit", str(receipts))


def test_each_closed_sale_goes_to_the_printer_once(opened: Opened, data_dir: Path) -> None:
    session = opened()
    sell(session)
    press(session, MILK, ENTER, "escape")
    assert spooled(data_dir) == [f"000000001-receipt-{TILL}-1.txt"]
    text = Shop(data_dir).spool(TILL).read(spooled(data_dir)[0])
    assert "COFFEE BEANS 500 G" in text and "COPY" not in text
    assert session.till.printer.due() == ()


def test_the_last_receipt_and_any_other_are_shown_by_number(opened: Opened) -> None:
    session = opened()
    sell(session)
    sell(session, MILK)
    press(session, "/70", ENTER)
    assert any("MILK" in row for row in session.view.page or ())
    press(session, ":receipt 1", ENTER)
    assert any("COFFEE" in row for row in session.view.page or ())
    press(session, f"/70 {TILL}-2", ENTER)
    assert any("MILK" in row for row in session.view.page or ())
    press(session, "/70 99", ENTER)
    assert session.mode is Mode.HELD and "no receipt 99" in session.view.message


def test_a_reprint_is_a_copy_and_stands_in_the_log(opened: Opened, data_dir: Path) -> None:
    session = opened()
    sell(session)
    press(session, "/71", ENTER, ":copy 1", ENTER)
    copies = [name for name in spooled(data_dir) if "-copy-" in name]
    assert len(copies) == 2 and len(spooled(data_dir)) == 3
    assert all("*** COPY ***" in Shop(data_dir).spool(TILL).read(name) for name in copies)
    log = [json.loads(entry.body) for entry in Shop(data_dir).entries(TILL)]
    assert [one["number"] for one in log if one["k"] == "copy"] == [1, 1]
    assert [one["o"] for one in log if one["k"] == "intent"] == ["0001"] * 3


def test_a_sale_that_outlived_its_till_says_so_on_its_receipt(
    opened: Opened, data_dir: Path
) -> None:
    session = opened()
    press(session, COFFEE, ENTER)
    session.stop("SIGHUP")
    again = opened()
    press(again, "+", "f9")
    sell(again)
    spool = Shop(data_dir).spool(TILL)
    marked = ["resumed" in spool.read(name) for name in spooled(data_dir)]
    assert marked == [True, False]


def test_where_the_printer_takes_nothing_the_cashier_is_told_and_goes_on_selling(
    opened: Opened, data_dir: Path
) -> None:
    limit(data_dir, 1)
    session = opened()
    sell(session)
    beeps = session.view.beeps
    sell(session)
    assert "NOT PRINTED" in session.view.message and session.view.beeps > beeps
    assert session.mode is Mode.SELL
    press(session, COFFEE, ENTER)
    assert len(session.counter.lines) == 1 and len(spooled(data_dir)) == 1


def test_a_till_without_a_printer_writes_nothing_and_refuses_a_copy(
    opened: Opened, data_dir: Path
) -> None:
    limit(data_dir, 0)
    session = opened()
    sell(session)
    press(session, "/71", ENTER)
    assert session.mode is Mode.HELD and "no printer" in session.view.message
    assert spooled(data_dir) == []


def test_before_the_first_sale_there_is_no_receipt(opened: Opened) -> None:
    session = opened()
    press(session, "/70", ENTER)
    assert session.mode is Mode.HELD and "no receipt" in session.view.message


def test_a_receipt_has_the_figures_of_the_tills_language_and_without_one_those_of_the_log(
    opened: Opened, data_dir: Path
) -> None:
    session = opened()
    sell(session)
    plain = Shop(data_dir).spool(TILL).read(spooled(data_dir)[0])
    assert "3.99" in plain and "3,99" not in plain
    session.stop("test")
    ShopConfiguration(data_dir).change_local(TILL, "language", "de_DE")
    again = opened()
    press(again, "1000*COFFEE", ENTER, "y", "+", "f9")
    german = Shop(data_dir).spool(TILL).read(spooled(data_dir)[1])
    assert "1.000 x 3,99" in german and "3.990,00" in german and "3990.00" not in german
    day = datetime.now(UTC).astimezone()
    assert f"{day:%d.%m.%Y}" in german and f"{day:%Y-%m-%d}" not in german
