"""The register opens its drawer where cash moves, once, and never at a start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from kernel import Host, Shop
from posterm.commands.group import posterm
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.clock import LeapingClock
from tests.support.register_shop import COFFEE, TILL, make_shop, open_session, press

ENTER = "enter"
PULSE = "\x1bp\x00\x19x"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    make_shop(data_dir, settings={"drawer_kick": True})
    session = open_session(data_dir)
    press(session, "0001", ENTER)
    yield session
    session.stop("test")


def waiting(data_dir: Path) -> list[str]:
    return Shop(data_dir).drawer_spool(TILL).waiting()


def owes(session: Session) -> bool:
    return session.owes_receipts


def stirred(session: Session) -> bool:
    return session.stirred


def take(data_dir: Path) -> str:
    """What the drawer's process sends to it."""
    arguments = ["spool", TILL, "--drawer", "--take", "--data-dir", str(data_dir)]
    result = CliRunner().invoke(posterm, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_it_opens_once_for_cash_and_not_for_a_card(register: Session, data_dir: Path) -> None:
    press(register, COFFEE, ENTER, ENTER, "500", "f9")
    assert owes(register)
    register.print_receipts()
    assert len(waiting(data_dir)) == 1 and not owes(register)
    assert take(data_dir) == PULSE and take(data_dir) == ""
    press(register, COFFEE, ENTER, ENTER, "f10", "y")
    register.print_receipts()
    assert waiting(data_dir) == []


def test_no_sale_opens_it(register: Session, data_dir: Path) -> None:
    press(register, "/28", ENTER)
    register.print_receipts()
    assert take(data_dir) == PULSE


def test_an_opening_that_was_broken_off_is_not_done_again(
    register: Session, data_dir: Path
) -> None:
    press(register, "/28", ENTER)
    register.print_receipts()
    assert Shop(data_dir).drawer_spool(TILL).take() is not None
    assert take(data_dir) == "" and waiting(data_dir) == []


def test_after_a_kill_the_till_says_that_the_drawer_may_be_closed_and_leaves_it(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER, ENTER, "500", "f9")
    register.till.stop("test")  # the outbox was never handed over
    again = open_session(data_dir)
    assert f"for {TILL}-1; /28 opens it" in again.view.message
    press(again, "0001", ENTER, "/41", ENTER)
    assert any("/28 opens it" in row for row in again.view.page or ())
    assert waiting(data_dir) == []
    again.stop("test")


def test_where_nobody_serves_the_drawer_the_cashier_is_told_and_sells_on(
    register: Session, data_dir: Path
) -> None:
    for _ in range(4):
        press(register, "/28", ENTER)
        register.print_receipts()
    assert "DRAWER DID NOT OPEN" in register.view.message
    assert register.mode is Mode.SELL and len(waiting(data_dir)) == 3


def test_an_opening_that_comes_too_late_sends_no_pulse_and_the_cashier_is_told(
    register: Session, data_dir: Path
) -> None:
    press(register, "/28", ENTER)
    register.print_receipts()
    spool = Shop(data_dir).drawer_spool(TILL)
    name = waiting(data_dir)[0]
    old = Path(spool.directory, name)
    long_ago_ms = int("".join(filter(str.isdigit, old.read_text()))) - 60_000
    old.write_text(f"open, asked for at {long_ago_ms} ms\n")
    arguments = ["spool", TILL, "--drawer", "--take", "--data-dir", str(data_dir)]
    result = CliRunner().invoke(posterm, arguments)
    assert result.stdout == "" and f"{name} is older than 10 s" in result.stderr
    assert waiting(data_dir) == [] and spool.expired() == [name]
    assert not stirred(register), "nothing is read from the disk before its time"


def test_where_nobody_serves_the_drawer_in_time_the_till_says_so_by_itself(data_dir: Path) -> None:
    make_shop(data_dir, settings={"drawer_kick": True})
    clock = LeapingClock()
    session = open_session(data_dir, Host(clock=clock))
    press(session, "0001", ENTER, "/28", ENTER)
    session.print_receipts()
    assert (stirred(session), len(waiting(data_dir))) == (False, 1)
    clock.leap_s = 11.0
    assert stirred(session)
    view = session.look()
    assert view is not None and "nobody served it for 10 s; /28 opens it" in view.message
    assert (stirred(session), waiting(data_dir)) == (False, [])
    session.stop("test")


def test_a_shop_that_does_not_ask_for_it_gets_no_openings(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER, ENTER, "500", "f9")
    session.print_receipts()
    assert waiting(data_dir) == []
    session.stop("test")
