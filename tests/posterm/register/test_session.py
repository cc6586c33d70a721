"""The register below its screen: each flow by its keys, judged by what the kernel then holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import LineKind, State, Terminal, Transaction
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import (
    BEER,
    COFFEE,
    GIFT,
    HAM,
    MILK,
    make_shop,
    open_session,
)

ENTER = "enter"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    """Signed on in a shop without operators."""
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER)
    yield session
    session.stop("test")


@pytest.fixture
def guarded(data_dir: Path) -> Iterator[Session]:
    """At the sign-on of a shop with operators."""
    make_shop(data_dir, operators=True)
    session = open_session(data_dir)
    yield session
    session.stop("test")


def press(session: Session, *keys: str) -> None:
    """Each text is typed, each name of a key pressed; all after what is shown was seen."""
    names = {ENTER, "escape", "up", "down", *(f"f{number}" for number in range(1, 13))}
    for key in keys:
        for token in [key] if key in names else key:
            session.feed(token, session.view.serial)


def mode(session: Session) -> Mode:
    return session.mode


def last(session: Session) -> Transaction | None:
    return session.counter.last


def shown_page(session: Session) -> tuple[str, ...] | None:
    return session.view.page


def codes(session: Session) -> list[str | None]:
    sale = session.counter.shown
    return [line.code for line in sale.lines] if sale is not None else []


def test_a_sale_in_cash_ends_with_its_change(register: Session) -> None:
    press(register, COFFEE, ENTER, "2*MILK", ENTER, ENTER, "10.00", "f9")
    sale = register.counter.last
    assert sale is not None and sale.state is State.COMMITTED
    assert (sale.total_minor, sale.change_minor) == (399 + 238, 1000 - 637)
    assert mode(register) is Mode.SELL


def test_cash_alone_is_exact_and_needs_total_first(register: Session) -> None:
    press(register, COFFEE, ENTER, "f9")
    assert mode(register) is Mode.HELD and "Total" in register.view.message
    press(register, "escape", ENTER, "f9")
    assert register.counter.last is not None and register.counter.last.change_minor == 0


def test_an_unknown_code_holds_until_clear_and_counts_what_is_refused(register: Session) -> None:
    press(register, "NOTHING", ENTER, COFFEE, ENTER, COFFEE, ENTER)
    assert mode(register) is Mode.HELD and "(3 refused)" in register.view.message
    press(register, "escape", COFFEE, ENTER)
    assert codes(register) == [COFFEE]


def test_weight_is_sold_by_a_fraction_and_a_piece_is_not(register: Session) -> None:
    press(register, "0.250*HAM", ENTER)
    assert register.counter.lines[0].total_minor == 498
    press(register, "0.5*COFFEE", ENTER)
    assert mode(register) is Mode.HELD
    press(register, "escape", HAM, ENTER)
    assert "weight" in register.view.message


def test_an_open_price_is_asked_for_and_clear_leaves_it(register: Session) -> None:
    press(register, GIFT, ENTER, "escape")
    assert codes(register) == []
    press(register, GIFT, ENTER, "12.50", ENTER)
    assert register.counter.lines[0].total_minor == 1250


def test_age_is_asked_once_a_sale_and_logged_and_the_deposit_comes_along(
    register: Session,
) -> None:
    press(register, BEER, ENTER)
    assert mode(register) is Mode.ASK and codes(register) == []
    press(register, ENTER, "1")
    assert codes(register) == []
    press(register, ENTER, "Y", BEER, ENTER)
    assert codes(register) == [BEER, "BOTTLE", BEER, "BOTTLE"]
    assert register.counter.lines[0].reason == "age checked"


def test_an_unlikely_quantity_asks_first(register: Session) -> None:
    press(register, "25*MILK", ENTER)
    assert mode(register) is Mode.ASK
    press(register, "escape", "24*MILK", ENTER)
    assert [line.quantity for line in register.counter.lines] == [24_000]


def test_void_takes_the_line_and_what_hangs_on_it(register: Session) -> None:
    press(register, BEER, ENTER, "Y", COFFEE, ENTER, "1", "f5")
    assert register.counter.in_hand.total_minor == 399
    press(register, "-")
    assert register.counter.in_hand.total_minor == 0
    press(register, "f5")
    assert mode(register) is Mode.HELD


def test_a_discount_is_on_the_last_line_and_after_total_on_the_sale(register: Session) -> None:
    press(register, COFFEE, ENTER, MILK, ENTER, "10%", "f11")
    assert register.counter.in_hand.total_minor == 399 + 107
    press(register, ENTER, "1.06", "f11")
    assert register.counter.in_hand.total_minor == 400
    press(register, "f9")
    assert register.counter.last is not None and register.counter.last.total_minor == 400


def test_included_tax_is_that_of_the_whole_receipt(register: Session) -> None:
    press(register, *[key for _ in range(3) for key in (MILK, ENTER)], ENTER, "f9")
    sale = register.counter.last
    assert sale is not None
    assert [tax.tax_minor for tax in sale.sums.taxes] == [23]  # 357 * 7 / 107 = 23.36


def test_a_card_is_asked_about_and_declined_leaves_the_sale_to_pay(register: Session) -> None:
    press(register, COFFEE, ENTER, ENTER, "f10")
    assert mode(register) is Mode.ASK
    press(register, "escape")
    assert mode(register) is Mode.ASK, "a card request can't be cleared away"
    press(register, "n")
    assert mode(register) is Mode.TOTAL
    press(register, "f10", "y")
    assert register.counter.last is not None and register.counter.last.state is State.COMMITTED


def test_a_card_request_that_a_power_cut_left_open_is_asked_about(data_dir: Path) -> None:
    make_shop(data_dir)
    with Terminal.start("REGISTER_01", data_dir) as till:
        sale = till.begin("STORE_001", "EUR", "0001")
        sale.add_line(COFFEE, 1, 399)
        sale.request_card(399)
    session = open_session(data_dir)
    try:
        press(session, "0001", ENTER)
        assert mode(session) is Mode.ASK and "3.99" in session.view.message
        press(session, "y")
        assert session.counter.last is not None
        assert session.counter.last.state is State.COMMITTED
    finally:
        session.stop("test")


def test_a_suspended_sale_is_recalled_by_its_ticket(register: Session) -> None:
    press(register, COFFEE, ENTER, "f7")
    assert register.counter.last is not None
    ticket = register.counter.last.ticket
    assert ticket is not None and register.counter.sale is None
    press(register, "f8")
    assert any(ticket[:3] in row for row in shown_page(register) or ())
    press(register, ticket, "f8")
    assert codes(register) == [COFFEE] and register.counter.in_hand.state is State.OPEN


def test_a_price_check_sells_nothing(register: Session) -> None:
    press(register, "f2", COFFEE, ENTER)
    assert "3.99" in register.view.message and codes(register) == []
    press(register, COFFEE, ENTER)
    assert codes(register) == [COFFEE]


def test_search_sells_the_row_that_an_arrow_chose_or_the_only_one(register: Session) -> None:
    press(register, "f3", "beans", ENTER)
    assert codes(register) == [COFFEE]
    press(register, "f3", "e", ENTER)
    assert mode(register) is Mode.HELD
    press(register, "escape", "escape", "f3", "mi", "down", ENTER)
    assert codes(register) == [COFFEE, MILK]


def test_repeat_sells_the_last_item_again(register: Session) -> None:
    press(register, "2*MILK", ENTER, "f6")
    assert [line.quantity for line in register.counter.lines] == [2000, 2000]


def test_void_sale_and_z_are_confirmed_by_y_alone(register: Session) -> None:
    press(register, COFFEE, ENTER, "/23", ENTER, ENTER, "5")
    assert mode(register) is Mode.ASK
    press(register, ENTER, "y")
    voided = last(register)
    assert voided is not None and voided.state is State.ABORTED
    press(register, COFFEE, ENTER, ENTER, "f9", ":x", ENTER)
    assert any("3.99" in row for row in shown_page(register) or ())
    press(register, ":z", ENTER, "n", "y")
    assert any("Z 1 REPORT" in row for row in shown_page(register) or ())


def test_keys_that_came_before_a_question_was_seen_do_not_answer_it(register: Session) -> None:
    seen = register.view.serial
    for token in [*BEER, ENTER, "y", *COFFEE, ENTER]:
        register.feed(token, seen)
    assert mode(register) is Mode.ASK and codes(register) == []
    press(register, "Y")
    assert codes(register) == [BEER, "BOTTLE"]


def test_help_names_every_key_and_leaves_the_sale(register: Session) -> None:
    press(register, COFFEE, ENTER, "12", "f1")
    assert any(row.startswith("F9") and "/9" in row for row in shown_page(register) or ())
    assert register.view.entry == "12"
    press(register, "escape", "escape")
    assert codes(register) == [COFFEE] and shown_page(register) is None


def test_a_pin_lets_in_and_a_scan_into_its_field_is_no_attempt(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "4006381333931", ENTER)
    assert mode(guarded) is Mode.HELD and "operator -" in guarded.view.header
    press(guarded, "escape", "1111", ENTER)
    there = guarded.till.signed_on
    assert there is not None and there.operator == "0001"


def test_a_wrong_pin_is_refused_and_is_not_shown(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "9876")
    assert guarded.view.entry == "****"
    press(guarded, ENTER)
    assert mode(guarded) is Mode.HELD and guarded.counter.operator is None


def test_a_cashier_gives_no_discount_that_needs_a_supervisor(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "1111", ENTER, COFFEE, ENTER, "10%", "f11")
    assert mode(guarded) is Mode.ASK and "needs a supervisor" in guarded.view.message
    press(guarded, "escape")
    assert all(line.kind is LineKind.ITEM for line in guarded.counter.lines)


def test_a_locked_till_hides_the_sale_and_refuses_scans_until_the_pin(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "1111", ENTER, COFFEE, ENTER, "f4")
    assert guarded.view.sale is None
    press(guarded, "4006381333931", ENTER)
    assert mode(guarded) is Mode.HELD
    press(guarded, "escape", "0001", ENTER, "1111", ENTER)
    assert codes(guarded) == [COFFEE] and mode(guarded) is Mode.SELL


def test_signing_off_with_an_open_sale_is_refused(register: Session) -> None:
    press(register, COFFEE, ENTER, "/24", ENTER)
    assert mode(register) is Mode.HELD
    press(register, "escape", ENTER, "f9", "/24", ENTER)
    assert "operator -" in register.view.header
    press(register, ":close", ENTER)
    assert register.view.ended


def test_another_price_voids_the_line_and_says_where_the_price_is_from(register: Session) -> None:
    press(register, "2*MILK", ENTER, "/26 1.00", ENTER)
    assert register.counter.in_hand.total_minor == 200
    posted = register.counter.lines[-1]
    assert (posted.list_minor, posted.unit_minor, posted.price_origin) == (119, 100, "override")


def test_goods_taken_back_pay_their_price_out(register: Session) -> None:
    press(register, "/27 COFFEE", ENTER, "y", ENTER)
    assert register.counter.in_hand.balance_minor == -399
    press(register, "f9")
    sale = register.counter.last
    assert sale is not None and sale.state is State.COMMITTED and sale.total_minor == -399


def test_several_and_by_weight_are_taken_back_as_they_are_sold(register: Session) -> None:
    press(register, "/27 3*COFFEE", ENTER)
    assert register.view.message.startswith("take back 3 x COFFEE BEANS 500 G at 3.99?")
    press(register, "y", "0.500*/27 HAM", ENTER, "y", "/27 HAM", ENTER)
    assert mode(register) is Mode.HELD and "by weight" in register.view.message
    press(register, "escape", "/26 10.00", ENTER)
    assert register.counter.in_hand.total_minor == -3 * 399 - 500
    assert register.counter.lines[-1].reason == "return"


def test_goods_of_an_open_price_are_taken_back_at_the_typed_one(register: Session) -> None:
    press(register, "/27 2*GIFT", ENTER, "7.50", ENTER)
    assert "2 x GIFT at 7.50" in register.view.message
    press(register, "y")
    assert register.counter.in_hand.total_minor == -1500


def test_cash_moves_are_confirmed_and_stand_in_the_drawer(register: Session) -> None:
    press(register, "/29 20.00", ENTER, ENTER, "y", ":payout 5.00", ENTER, "y", "/28", ENTER)
    report = register.till.x_report()
    assert report.expected_drawer_minor == {"EUR": 1500} and report.no_sales == 1


def test_a_cashier_may_not_do_what_needs_a_supervisor(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "1111", ENTER, COFFEE, ENTER)
    asked = {"/26 1.00": "", "/27 COFFEE": "y", "/28": "", "/30 5.00": "y", "/21": ""}
    for typed, yes in (asked | {"/22": "ny", "/23": "y"}).items():
        press(guarded, typed, ENTER, *yes)
        assert mode(guarded) is Mode.ASK and "supervisor" in guarded.view.message, typed
        press(guarded, "escape")
    assert codes(guarded) == [COFFEE]


def test_a_till_that_nobody_touches_locks_but_not_over_a_question(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "1111", ENTER, BEER, ENTER)
    assert guarded.auto_lock().mode is Mode.ASK
    press(guarded, "y")
    assert guarded.auto_lock().sale is None
    press(guarded, "0001", ENTER, "1111", ENTER)
    assert codes(guarded) == [BEER, "BOTTLE"]


def test_a_till_with_a_card_that_nobody_knows_of_does_not_lock_itself(guarded: Session) -> None:
    press(guarded, "0001", ENTER, "1111", ENTER, COFFEE, ENTER, ENTER, "f10", "u", "NONE", ENTER)
    assert guarded.auto_lock().sale is not None and mode(guarded) is Mode.HELD
    press(guarded, "escape", "f10", "n")
    assert guarded.auto_lock().sale is None


def test_a_scan_leaves_search_and_sells_and_an_unknown_one_is_counted(register: Session) -> None:
    press(register, "f3", "coff", "2100000900009", ENTER)
    assert mode(register) is Mode.HELD and "(1 refused)" in register.view.message


def test_a_card_number_typed_as_a_code_is_not_shown(register: Session) -> None:
    press(register, "4111111111111111", ENTER)
    assert mode(register) is Mode.HELD and "4111111111111111" not in register.view.message


def test_clear_on_an_error_of_a_search_leaves_the_search_as_it_was(register: Session) -> None:
    press(register, "f3", "E", ENTER)
    assert mode(register) is Mode.HELD
    press(register, "escape")
    assert mode(register) is Mode.SEARCH and register.view.entry == "E"
    press(register, "escape")
    assert mode(register) is Mode.SELL


def test_what_an_act_said_is_gone_with_the_next_act(register: Session) -> None:
    press(register, COFFEE, ENTER, "/2 MILK", ENTER)
    assert "price of MILK" in register.view.message
    press(register, "+")
    assert not register.view.message
    press(register, "f9")
    assert not register.view.message


def test_who_signs_on_is_told_of_a_sale_that_was_released_while_the_till_was_off(
    register: Session, data_dir: Path
) -> None:
    press(register, COFFEE, ENTER)
    register.stop("test")
    with Terminal.start("MANAGER", data_dir) as manager:
        ticket = manager.release(f"{register.till.id}-1", operator="boss")
    again = open_session(data_dir)
    press(again, "0001", ENTER)
    shown = f"{ticket[:3]} {ticket[3:6]} {ticket[6:]}"
    assert f"{again.till.id}-1 was released meanwhile as ticket {shown}" in again.view.message
    again.stop("test")
