"""What a till does beside plain selling: not on file, another quantity, empties, notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel import CloseDay, Floor, StoreReport, Terminal
from posterm.keymap import KEYMAPS
from posterm.keypad import Mode
from posterm.register.gate import WAITED
from posterm.register.session import Session
from tests.support.clock import ManualClock
from tests.support.processes import python_child
from tests.support.register_shop import (
    BEER,
    COFFEE,
    GIFT,
    HAM,
    MILK,
    TILL,
    make_shop,
    open_session,
    press,
    until,
)
from tests.support.staff import ANNA, BO, PINS

ENTER, CLEAR = "enter", "escape"
_RINGS_AND_WAITS = f"""
import sys
from kernel import CloseDay, Floor, StoreReport, Terminal
Terminal.start("{TILL}", sys.argv[1]).begin("S", "EUR", "0001").add_line("{COFFEE}", 1, 399)
print("rung", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """Signed on in a shop without operators."""
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def due(session: Session) -> int:
    return session.counter.in_hand.balance_minor


def refused(data_dir: Path) -> int:
    log = (data_dir / "terminals" / TILL / "transaction.wal").read_bytes()
    entries = [json.loads(frame.split(b" ", 2)[2]) for frame in log.splitlines()]
    return sum(one.get("count", 1) for one in entries if one.get("what") == "scan_refused")


# --- not on file --------------------------------------------------------------------------


def test_what_is_not_on_file_is_sold_to_a_department_under_the_code_that_was_refused(
    register: Session, data_dir: Path
) -> None:
    press(register, "NEW1", ENTER, CLEAR, "/42", ENTER)
    assert any("FOOD" in row and "VAT 7" in row for row in register.view.page or ())
    press(register, "3", ENTER, "2.50", ENTER)
    (line,) = register.counter.lines
    assert (line.code, line.department, line.total_minor) == ("NEW1", "FOOD", 250)
    assert line.price_origin == "not_on_file" and line.taxes[0].rate_milli_percent == 7000
    press(register, ENTER, "f9")
    assert b'"not_on_file"' in (data_dir / "terminals" / TILL / "transaction.wal").read_bytes()


def test_as_many_of_what_is_not_on_file_are_sold_as_were_typed(register: Session) -> None:
    press(register, "3*NEW1", ENTER, CLEAR, "/42", ENTER, "3", ENTER, "2.50", ENTER)
    press(register, "/42 2*NEW2", ENTER, "3", ENTER, "1.00", ENTER)
    sold = [(line.code, line.total_minor) for line in register.counter.lines]
    assert sold == [("NEW1", 750), ("NEW2", 200)]


def test_what_is_on_file_is_not_sold_at_a_typed_price_that_way(register: Session) -> None:
    press(register, "/42 COFFEE", ENTER)
    assert mode(register) is Mode.HELD and "on file" in register.view.message


def test_a_scan_into_the_list_or_the_price_is_refused(register: Session, data_dir: Path) -> None:
    press(register, "/42 NEW1", ENTER, "4006381333931", ENTER, CLEAR, "1", ENTER)
    press(register, "4006381333931", ENTER, CLEAR, CLEAR)
    assert register.counter.sale is None and refused(data_dir) == 2


def test_it_needs_the_role_that_the_shop_says(data_dir: Path) -> None:
    make_shop(data_dir, operators=True, settings={"role_item_not_on_file": "supervisor"})
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER, "/42 NEW1", ENTER, "1", ENTER, "2.50", ENTER)
    assert mode(session) is Mode.ASK and session.counter.lines == ()
    press(session, CLEAR, "/24", ENTER)
    assert session.counter.operator is None, "an empty sale holds nobody up"
    press(session, ANNA, ENTER, PINS[ANNA], ENTER, "/42 NEW1", ENTER, "1", ENTER, "2.50", ENTER)
    press(session, "p", BO, ENTER, PINS[BO], ENTER)
    assert due(session) == 250
    session.stop("test")


# --- another quantity, empties ------------------------------------------------------------


def test_another_quantity_is_a_void_and_a_new_line_that_keeps_price_and_deposit(
    register: Session,
) -> None:
    press(register, BEER, ENTER, "y", COFFEE, ENTER, "/43 6 1", ENTER)
    standing = 6 * (129 + 8) + 399
    assert register.counter.in_hand.total_minor == standing
    press(register, "/26 3.00", ENTER, ":qty 2", ENTER)
    assert register.counter.in_hand.total_minor == 2 * (300 + 8) + 399
    assert register.counter.lines[-2].price_origin == "override"


@pytest.mark.parametrize("typed", ["/43", "/43 0", "/43 1.5", "/43 2 9", "/43 x"])
def test_a_quantity_that_can_not_be_says_why_and_changes_nothing(
    register: Session, typed: str
) -> None:
    press(register, MILK, ENTER, typed, ENTER)
    assert mode(register) is Mode.HELD and len(register.counter.lines) == 1


def test_a_discounted_line_is_not_changed_behind_its_discount(register: Session) -> None:
    press(register, MILK, ENTER, "10%", "f11", "/43 2", ENTER)
    assert mode(register) is Mode.HELD and "discount" in register.view.message
    assert due(register) == 107


def test_empties_pay_their_deposit_back_without_a_receipt(register: Session) -> None:
    press(register, "/44 2*BOTTLE", ENTER, "/44", ENTER, "5*BEER", ENTER)
    assert due(register) == -7 * 8
    assert [line.kind.value for line in register.counter.lines] == ["deposit", "deposit"]
    press(register, ENTER, "f9")
    last = register.counter.last
    assert last is not None and last.total_minor == -56
    press(register, "/44 COFFEE", ENTER)
    assert mode(register) is Mode.HELD and "no deposit" in register.view.message


def test_the_deposit_follows_the_void_and_the_return_of_its_item(register: Session) -> None:
    press(register, BEER, ENTER, "y", "f5")
    assert due(register) == 0
    press(register, "/27 BEER", ENTER, "y")
    assert due(register) == -(129 + 8)


def test_a_reason_is_chosen_where_the_shop_has_a_list(data_dir: Path) -> None:
    make_shop(data_dir, settings={"discount_reasons": ["damaged", "staff"]})
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER, "10%", "f11")
    assert any("2  staff" in row for row in session.view.page or ())
    press(session, "3", ENTER, CLEAR, "2", ENTER, "/11 5% damaged", ENTER)
    reasons = [line.reason for line in session.counter.lines[1:]]
    assert reasons == ["staff", "damaged"]
    session.stop("test")


# --- notices ------------------------------------------------------------------------------


def test_a_message_shows_in_the_header_and_disturbs_no_entry(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER, "12")
    with Terminal.start("MANAGER", data_dir) as manager:
        manager.send(TILL, "notice", {"text": "the lift is out of order"}, 60)
        until(lambda: session.look() is not None)
    view = session.view
    assert "MESSAGES 1 /41" in view.notice and view.entry == "12" and view.mode is Mode.SELL
    press(session, CLEAR, "/41", ENTER)
    assert any("MANAGER" in row and "lift" in row for row in session.view.page or ())
    assert session.view.notice == ""
    press(session, CLEAR)
    assert session.view.page is None and session.look() is None
    session.stop("test")


def test_a_shop_that_closes_says_so_in_steps_that_do_not_tick(data_dir: Path) -> None:
    make_shop(data_dir)
    clock = ManualClock()
    with Terminal.start("MANAGER", data_dir) as manager:
        till = Terminal.start(TILL, data_dir)
        session = Session(till, str(data_dir), KEYMAPS["pc"], clock=clock)
        press(session, "0001", ENTER, COFFEE, ENTER)
        order = manager.shutdown.begin(600, "inventory")
        until(lambda: till.closing.order is not None)
        clock.now_ms = order.deadline_ms - 280_000
        assert session.look() is not None and "in 5 min" in session.view.notice
        clock.now_ms += 100_000
        assert session.look() is None, "a clock that ticks would never be quiet"
        clock.now_ms = order.deadline_ms - 20_000
        assert session.look() is not None and "in 30 s" in session.view.notice
        manager.shutdown.cancel()
        until(lambda: till.closing.order is None)
        assert session.view.notice == ""
        session.stop("test")


def test_a_cashier_is_asked_to_count_and_to_close_the_day(data_dir: Path) -> None:
    make_shop(data_dir)
    with Floor.start(data_dir) as floor, ThreadPoolExecutor(1) as aside:
        till = Terminal.start(TILL, data_dir)
        session = Session(till, str(data_dir), KEYMAPS["pc"])
        press(session, "0001", ENTER, COFFEE, ENTER, ENTER, "f9")
        closed = aside.submit(floor.act, CloseDay(wait_s=60.0))
        until(lambda: session.stirred)
        view = session.look()
        assert view is not None and view.notice == "DAY ENDS: COUNT /53, Z /22"
        assert session.look() is None
        press(session, "/22", ENTER, "n", "y")
        until(closed.done)
        report = closed.result()
        assert isinstance(report, StoreReport)
        ((z,), unclosed) = report.closed, report.unclosed
        assert (z.terminal, z.totals["EUR"].sales, unclosed) == (TILL, 1, ())
        assert "DAY ENDS" not in session.view.notice
        session.stop("test")


def test_a_drawer_above_its_limit_asks_for_a_pickup(data_dir: Path) -> None:
    make_shop(data_dir, settings={"drawer_limit_minor": 500})
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER, ENTER, "f9")
    assert session.look() is None
    press(session, COFFEE, ENTER, ENTER, "f9")
    assert session.look() is not None and "DRAWER FULL /31" in session.view.notice
    press(session, "/31 5.00", ENTER, "y")
    session.look()
    assert "DRAWER" not in session.view.notice
    session.stop("test")


def test_what_a_restart_found_is_told_once(data_dir: Path) -> None:
    make_shop(data_dir)
    with python_child("-c", _RINGS_AND_WAITS, data_dir) as child:
        child.wait_for_line("rung")
        child.kill()
    again = open_session(data_dir)
    press(again, "0001", ENTER)
    assert "goes on at line 1; /41 says" in again.view.message
    press(again, "/41", ENTER)
    assert any("recovered after a crash" in row for row in again.view.page or ())
    press(again, CLEAR, "f4")
    assert again.view.notice == ""
    again.stop("test")


# --- keys that don't work -----------------------------------------------------------------


def test_a_cursor_key_while_selling_speaks_of_numlock(register: Session) -> None:
    for key in ("left", "home", "up", "pagedown"):
        register.feed(key, register.view.serial)
        assert mode(register) is Mode.HELD and "NumLock" in register.view.message, key
        press(register, CLEAR)


def test_a_key_that_is_no_answer_is_told_beside_the_question(register: Session) -> None:
    press(register, BEER, ENTER, "f9")
    assert "16" in register.view.message and "no answer" in register.view.message
    press(register, "y")
    assert "no answer" not in register.view.message


def test_a_key_in_a_prompt_says_what_is_waited_for(register: Session) -> None:
    press(register, GIFT, ENTER, "f9")
    assert mode(register) is Mode.HELD and "a value is asked for" in register.view.message


# --- a slow disk --------------------------------------------------------------------------


def feed(session: Session, tokens: list[str], seen: int) -> None:
    for token in tokens:
        session.feed(token, seen)


def test_scans_that_came_while_the_disk_was_waited_for_are_refused_and_logged(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER)
    feed(register, [*MILK, ENTER, *HAM, ENTER, "f9", CLEAR], WAITED)
    assert mode(register) is Mode.HELD and "waited for its disk" in register.view.message
    press(register, MILK, ENTER, CLEAR)
    assert len(register.counter.lines) == 1 and refused(data_dir) == 3


@pytest.mark.parametrize("cut", range(len(COFFEE) + 1))
def test_a_scan_cut_by_the_wait_is_refused_whole_and_joins_no_other(
    register: Session, data_dir: Path, cut: int
) -> None:
    scan = [*COFFEE, ENTER]
    if cut % 2:
        feed(register, scan[:cut], WAITED)
        feed(register, scan[cut:], register.view.serial)
    else:
        feed(register, scan[:cut], register.view.serial)
        feed(register, scan[cut:], WAITED)
    assert mode(register) is Mode.HELD and register.view.entry == ""
    press(register, CLEAR, MILK, ENTER)
    assert [line.code for line in register.counter.lines] == [MILK]
    assert refused(data_dir) == 1
