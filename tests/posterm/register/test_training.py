"""Training by keys: in words all the time, nothing real, over at the sign-off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import AuditFilter, AuditTrail, verify_shop
from posterm.keypad import Mode
from posterm.register.session import Session
from posterm.spool.receipts import receipt
from tests.support.register_shop import COFFEE, make_shop, open_session, press
from tests.support.staff import ANNA, PINS

ENTER, CLEAR = "enter", "escape"


@pytest.fixture
def register(data_dir: Path) -> Iterator[Session]:
    make_shop(data_dir, operators=True)
    session = open_session(data_dir)
    press(session, ANNA, ENTER, PINS[ANNA], ENTER)
    yield session
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def test_the_screen_says_so_until_the_sign_off(register: Session) -> None:
    assert "TRAINING" not in register.view.notice
    press(register, ":train", ENTER, "y")
    for keys in ((COFFEE, ENTER), (ENTER,), ("f9",), ("/1", ENTER), (CLEAR,), ("f4",)):
        press(register, *keys)
        assert "TRAINING" in register.view.notice, keys
    press(register, ANNA, ENTER, PINS[ANNA], ENTER, "/24", ENTER)
    assert "TRAINING" not in register.view.notice and not register.till.training


def test_a_sale_in_training_is_marked_and_is_in_no_report(register: Session) -> None:
    press(register, "/54", ENTER, "y", COFFEE, ENTER, ENTER, "f9")
    sale = register.counter.last
    assert sale is not None and sale.training and sale.receipt_number == 1
    configuration = register.till.configuration
    rows = "\n".join(receipt(sale, register.till.id, configuration, copy=False, resumed=False))
    assert "TRAINING" in rows and "REGISTER_01-T1" in rows and "T-1" in rows
    press(register, "/24", ENTER)
    assert register.till.x_report().totals["EUR"].sales == 0


@pytest.mark.parametrize("typed", ["/52 1", "/53", "/22", "/54", "/55 1.00", "/8 123456789"])
def test_what_is_not_trained_is_refused_in_words(register: Session, typed: str) -> None:
    press(register, "/54", ENTER, "y", typed, ENTER)
    assert mode(register) is Mode.HELD and "training" in register.view.message


def test_nobody_allows_what_a_trainee_may_not(register: Session) -> None:
    press(register, "/54", ENTER, "y", COFFEE, ENTER, "10%", "f11")
    assert mode(register) is Mode.HELD and "training" in register.view.message


def test_it_is_refused_with_an_open_sale_and_ends_with_none(register: Session) -> None:
    press(register, COFFEE, ENTER, "/54", ENTER)
    assert mode(register) is Mode.HELD and not register.till.training
    press(register, CLEAR, ENTER, "f9", "/54", ENTER, "y", COFFEE, ENTER, "/24", ENTER)
    assert mode(register) is Mode.HELD and register.till.training


def test_it_lasts_over_a_restart_with_its_open_sale(register: Session, data_dir: Path) -> None:
    press(register, "/54", ENTER, "y", COFFEE, ENTER)
    register.stop("test")
    again = open_session(data_dir)
    shown, sale = again.view.notice, again.counter.sale
    again.stop("test")
    assert "TRAINING" in shown and sale is not None and sale.number == -1


def test_a_shop_without_operators_ends_it_at_the_sign_off_too(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, "0001", ENTER, "/54", ENTER, "y")
    trains = session.till.training
    press(session, "/24", ENTER)
    ended = not session.till.training
    session.stop("test")
    assert trains and ended


def test_verify_and_the_audit_know_of_it(register: Session, data_dir: Path) -> None:
    press(register, "/54", ENTER, "y", COFFEE, ENTER, ENTER, "f9", "/24", ENTER)
    press(register, ANNA, ENTER, PINS[ANNA], ENTER, COFFEE, ENTER, ENTER, "f9")
    register.till.z_report(ANNA)
    register.stop("test")
    (verdict,) = verify_shop(data_dir, register.till.id, ledger=True)
    assert verdict.sound, verdict
    trail = AuditTrail(data_dir)
    trail.bring_up_to_date()
    kinds = [one.event for one in trail.newest(AuditFilter(), 200)]
    assert "training_begun" in kinds and "training_ended" in kinds
