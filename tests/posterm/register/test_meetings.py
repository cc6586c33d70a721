"""Where two features meet at one till: what one of them leaves up must not mislead the other."""

from __future__ import annotations

from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from kernel import Host, LineKind, Shop, State, Terminal
from kernel.disk.files import RealDisk
from posterm.catalog import Item
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.faults import Fails, FaultyDisk
from tests.support.register_shop import (
    BEER,
    COFFEE,
    HAM,
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
from tests.support.staff import ANNA, BO, CLEO, PINS, operators_json

ENTER, CLEAR = "enter", "escape"
WORD = ("p", BO, ENTER, PINS[BO], ENTER)
"""The supervisor's, on the till."""
GOWN = Item("GOWN", ("GOWN",), "GOWN", "OTHER", 5000, "S", returnable=False)
SETTINGS = {
    "role_return": "supervisor",
    "role_price_override": "cashier",
    "card_fields": ["last_four", "authorisation", "token"],
    "discount_reasons": ["STAFF", "DAMAGED"],
}


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """A cashier is signed on; COFFEE and GOWN are sold, receipt 1."""
    make_shop(data_dir, scans=1, operators=True, settings=SETTINGS, more=[GOWN])
    session = open_session(data_dir)
    sign_on(session)
    press(session, COFFEE, ENTER, "GOWN", ENTER, ENTER, "f9")
    yield session
    session.stop("test")


def sign_on(session: Session, number: str = ANNA) -> None:
    press(session, number, ENTER, PINS[number], ENTER)


def shows_no_sale(session: Session) -> bool:
    return session.view.sale is None


def is_locked(session: Session) -> bool:
    return session.locked


def mode(session: Session) -> Mode:
    return session.mode


def total_minor(session: Session) -> int:
    return session.counter.in_hand.total_minor


def operators_path(data_dir: Path) -> Path:
    return data_dir / "shared" / "coordination" / "operators.json"


# --- returns and what acts on the last item -------------------------------------------------


def test_what_was_taken_back_is_not_taken_back_again_by_the_key_that_sells_again(
    register: Session,
) -> None:
    press(register, "/27 MILK", ENTER, "y", *WORD)
    assert total_minor(register) == -119
    press(register, "f6")
    assert mode(register) is Mode.HELD and total_minor(register) == -119


def test_another_price_is_for_what_was_sold_and_never_for_what_was_taken_back(
    register: Session,
) -> None:
    press(register, "/52 1", ENTER, "1", ENTER, *WORD)
    assert total_minor(register) == -399
    press(register, "/26 99.00", ENTER)
    assert mode(register) is Mode.HELD and "no item that was sold" in register.view.message
    assert total_minor(register) == -399


def test_who_may_change_prices_may_not_pay_out_more_than_was_allowed(register: Session) -> None:
    press(register, "/27 COFFEE", ENTER, "y", *WORD, "/26 99.00", ENTER)
    assert mode(register) is Mode.HELD and total_minor(register) == -399


def test_what_the_catalogue_never_takes_back_stays_sold_with_its_receipt_too(
    register: Session,
) -> None:
    press(register, "/52 1", ENTER, "2", ENTER)
    assert mode(register) is Mode.HELD and "not taken back" in register.view.message
    press(register, CLEAR, "*", ENTER, *WORD)
    assert total_minor(register) == -399


# --- the next code ---------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["/44", "f2"])
def test_the_next_code_is_sold_where_another_act_came_between(register: Session, way: str) -> None:
    press(register, MILK, ENTER, *([way, ENTER] if way[0] == "/" else [way]))
    press(register, ENTER, BEER, ENTER, "y")
    assert total_minor(register) == 119 + 129 + 8


def test_a_quantity_is_never_dropped_by_a_key_that_has_no_use_for_it(register: Session) -> None:
    press(register, MILK, ENTER, ENTER, "3*", "f9")
    assert mode(register) is Mode.HELD and total_minor(register) == 119


def test_the_next_operator_sells_what_he_scans(register: Session) -> None:
    press(register, "/44", ENTER, "/24", ENTER)
    sign_on(register, BO)
    press(register, BEER, ENTER, "y")
    assert total_minor(register) == 129 + 8


def test_a_sale_begun_for_an_act_that_nobody_allowed_stands_in_no_ones_way(
    register: Session,
) -> None:
    press(register, MILK, ENTER, "f7")
    ticket = register.counter.last.ticket if register.counter.last is not None else ""
    press(register, "/27 COFFEE", ENTER, "y", CLEAR, *f"/8 {ticket}", ENTER)
    assert mode(register) is Mode.SELL and total_minor(register) == 119


# --- scans into what asks for something else --------------------------------------------------


@pytest.mark.parametrize(
    "way",
    [
        ("/52", ENTER),
        ("/52 1", ENTER),
        ("/53", ENTER),
        (MILK, ENTER, "f1110%"),
        (MILK, ENTER, ENTER, "/50", ENTER),
        (MILK, ENTER, ENTER, "f10", "y"),
        (MILK, ENTER, ENTER, "f10", "y", "1234", ENTER),
        (MILK, ENTER, ENTER, "f10", "y", "1234", ENTER, "A1", ENTER),
        ("/28", ENTER, "p"),
    ],
    ids=str,
)
def test_a_scan_into_a_prompt_is_refused_counted_and_no_answer(
    register: Session, way: tuple[str, ...], data_dir: Path
) -> None:
    before = refused(data_dir)
    if "f1110%" in way:
        way = (MILK, ENTER, "10%", "f11")
    press(register, *way)
    assert mode(register) is Mode.PROMPT
    press(register, gtin(0), ENTER)
    assert mode(register) is Mode.HELD and "(1 refused)" in register.view.message
    press(register, CLEAR)
    assert mode(register) is Mode.PROMPT
    press(register, CLEAR)
    assert mode(register) in (Mode.SELL, Mode.TOTAL) and register.view.page is None
    assert refused(data_dir) == before + 1


def refused(data_dir: Path) -> int:
    events = entries(data_dir, "event")
    return sum(int(str(one.get("count", 1))) for one in events if one["what"] == "scan_refused")


# --- approvals, locks, operators --------------------------------------------------------------


def test_what_is_allowed_behind_a_lock_is_done_when_the_till_is_unlocked(
    register: Session, data_dir: Path
) -> None:
    with console(data_dir) as manager:
        press(register, "/52 1", ENTER, "1", ENTER, "m", "/4", ENTER)
        until(lambda: bool(manager.approvals.requests.all()))
        (asked,) = manager.approvals.requests.all()
        manager.approvals.answer(asked.request.token, allow=True)
        until(lambda: bool(entries(data_dir, "approval")))
        register.look()
        assert mode(register) is Mode.PROMPT and register.view.sale is None
        assert register.counter.lines == ()
        sign_on(register)
        until(lambda: register.look() is not None)
        assert total_minor(register) == -399


def test_a_number_that_nobody_has_is_offered_to_nobody_and_stands_nowhere(
    register: Session, data_dir: Path
) -> None:
    press(register, MILK, ENTER, "/4", ENTER, PINS[BO], ENTER)
    assert mode(register) is Mode.PROMPT and "PIN" in register.view.message
    press(register, PINS[BO], ENTER)
    assert mode(register) is Mode.HELD and register.locked
    log = (data_dir / "terminals" / TILL / "transaction.wal").read_text()
    assert f'"{PINS[BO]}"' not in log


def test_a_locked_till_is_not_opened_by_taking_the_operators_away(
    register: Session, data_dir: Path
) -> None:
    press(register, MILK, ENTER, "/4", ENTER)
    operators_path(data_dir).unlink()
    press(register, ANNA, ENTER, PINS[ANNA], ENTER)
    assert is_locked(register) and shows_no_sale(register)
    operators_path(data_dir).write_bytes(operators_json())
    press(register, CLEAR, CLEAR)
    sign_on(register)
    assert not is_locked(register) and total_minor(register) == 119


def test_a_disabled_operator_does_nothing_more_that_needs_a_role(
    register: Session, data_dir: Path
) -> None:
    press(register, "/24", ENTER)
    sign_on(register, BO)
    operators_path(data_dir).write_bytes(operators_json(disabled=(BO,)))
    press(register, "/28", ENTER)
    assert mode(register) is Mode.ASK and entries(data_dir, "cash") == []


def test_who_signed_on_without_a_pin_has_no_role_once_the_shop_has_operators(
    data_dir: Path,
) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, CLEO, ENTER)
    operators_path(data_dir).write_bytes(operators_json())
    press(session, "/28", ENTER)
    assert mode(session) is Mode.ASK and entries(data_dir, "cash") == []
    session.stop("test")


def test_a_broken_list_of_operators_ends_no_register(register: Session, data_dir: Path) -> None:
    with console(data_dir) as manager:
        press(register, "/28", ENTER, "m")
        until(lambda: bool(manager.approvals.requests.all()))
        (asked,) = manager.approvals.requests.all()
        manager.approvals.answer(asked.request.token, allow=True)
        until(lambda: bool(entries(data_dir, "approval")))
        operators_path(data_dir).write_bytes(b"{")

        def said() -> bool:
            register.look()
            return "was approved, but" in register.view.message

        until(said)
    register.auto_lock()
    press(register, ANNA, ENTER)
    assert "operators.json" in register.view.message and register.locked


# --- what the shop's files do meanwhile -------------------------------------------------------


def test_a_sale_comes_back_where_its_catalogue_does_not(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER)
    session.stop("test")
    for path in (data_dir / "shared").glob("catalog*"):
        path.unlink()
    session = open_session(data_dir)
    press(session, "0001", ENTER, ENTER, "f9")
    assert session.counter.last is not None and session.counter.last.state is State.COMMITTED
    session.stop("test")


def damage_first_sale(data_dir: Path) -> None:
    log = data_dir / "terminals" / TILL / "transaction.wal"
    place = log.read_bytes().index(b'"k":"begin"')
    with log.open("r+b") as file:
        file.seek(place)
        file.write(b"*")


def test_a_receipt_that_cannot_be_read_is_no_reason_to_stop_selling(
    register: Session, data_dir: Path
) -> None:
    press(register, MILK, ENTER)
    damage_first_sale(data_dir)
    for asked in ("/70 1", "/71 1", "/52 1"):
        press(register, asked, ENTER)
        assert mode(register) is Mode.HELD and "damaged" in register.view.message
        press(register, CLEAR, CLEAR)
    press(register, ENTER, "f9")
    assert register.counter.last is not None and register.counter.last.receipt_number == 2


def test_a_copy_of_what_cannot_be_read_is_given_up(register: Session, data_dir: Path) -> None:
    register.print_receipts()
    for path in (data_dir / "terminals" / TILL / "spool").iterdir():
        path.unlink()  # printed
    press(register, "/71", ENTER)
    damage_first_sale(data_dir)
    register.print_receipts()
    assert "NOT PRINTED" in register.view.message and not register.owes_receipts


def test_a_spool_that_was_removed_is_made_again(register: Session, data_dir: Path) -> None:
    register.print_receipts()
    spool = data_dir / "terminals" / TILL / "spool"
    for path in spool.iterdir():
        path.unlink()
    spool.rmdir()
    press(register, MILK, ENTER, ENTER, "f9")
    register.print_receipts()
    assert len(Shop(data_dir).spool(TILL).waiting()) == 1, register.view.message


def test_a_shop_file_that_is_gone_is_said_and_ends_no_register(
    register: Session, data_dir: Path
) -> None:
    (data_dir / "shared" / "returns").rmdir()
    press(register, "/52 1", ENTER, "1", ENTER)
    assert mode(register) is Mode.HELD and "returns" in register.view.message
    press(register, CLEAR, CLEAR, MILK, ENTER)
    assert total_minor(register) == 119


# --- receipts and the key that closes the sale ------------------------------------------------


def test_the_key_that_closes_a_sale_waits_for_no_printer_and_a_stop_prints_what_is_owed(
    register: Session, data_dir: Path
) -> None:
    register.print_receipts()
    press(register, MILK, ENTER, ENTER, "f9")
    assert register.owes_receipts and len(Shop(data_dir).spool(TILL).waiting()) == 1
    register.stop("test")
    waiting = Shop(data_dir).spool(TILL).waiting()
    assert len(waiting) == 2 and not any("copy" in name for name in waiting)


# --- what a power cut leaves half done --------------------------------------------------------


def test_a_deposit_that_a_power_cut_kept_from_its_item_is_posted_at_total(data_dir: Path) -> None:
    make_shop(data_dir)
    with Terminal.start(TILL, data_dir) as till:
        sale = till.begin("STORE_001", "EUR", "0001", catalogue=1)
        sale.add_line(BEER, 3, 129, reason="age checked")
        sale.add_line(BEER, 1, 129)
        sale.add_line("BOTTLE", 1, 8, kind=LineKind.DEPOSIT, of=2)
        sale.void_line(3)
    session = open_session(data_dir)
    press(session, "0001", ENTER, HAM, ENTER, CLEAR, ENTER)
    assert total_minor(session) == 4 * 129 + 3 * 8
    press(session, CLEAR, ENTER)
    assert total_minor(session) == 4 * 129 + 3 * 8
    session.stop("test")


# --- a disk that is full ----------------------------------------------------------------------


def test_a_scan_that_is_refused_on_a_full_disk_ends_no_register(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, COFFEE, ENTER)
    session.stop("test")
    session = open_session(data_dir, Host(disk=FaultyDisk(RealDisk(), Fails("reserve", 1, ENOSPC))))
    press(session, "0001", ENTER, "NOTHING", ENTER, CLEAR, MILK, ENTER)
    assert mode(session) is Mode.HELD and "full" in session.view.message
    press(session, CLEAR, ENTER, "f9")
    assert session.counter.last is not None and session.counter.last.state is State.COMMITTED
    session.stop("test")
