"""A scan into a field that asks for something else is refused, beeped, counted and logged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import (
    COFFEE,
    GIFT,
    entries,
    gtin,
    make_shop,
    open_session,
    press,
)

ENTER, CLEAR = "enter", "escape"
UNKNOWN = ["85123Z", "NOTHING", "4006381333931"]
FIELDS = {
    "price": (GIFT, ENTER),
    "count": ("/53", ENTER),
    "department": ("/42 NONE", ENTER),
    "receipt": ("/52", ENTER),
    "last four digits": (COFFEE, ENTER, ENTER, "f10", "y"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Path]]:
    data_dir = tmp_path_factory.mktemp("shop") / "data"
    make_shop(data_dir, scans=1, settings={"card_fields": ["last_four"]})
    session = open_session(data_dir)
    yield session, data_dir
    session.stop("test")


def mode(session: Session) -> Mode:
    return session.mode


def operator(session: Session) -> str | None:
    return session.counter.operator


def refused(data_dir: Path) -> int:
    events = entries(data_dir, "event")
    counts = [one.get("count", 1) for one in events if one["what"] == "scan_refused"]
    return sum(count for count in counts if isinstance(count, int))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("code", UNKNOWN)
def test_a_scan_into_a_field_is_refused_and_counted(
    shop: tuple[Session, Path], field: str, code: str
) -> None:
    session, data_dir = shop
    if operator(session) is None:
        press(session, "0001", ENTER)
    before = refused(data_dir)
    press(session, *FIELDS[field])
    assert mode(session) is Mode.PROMPT, session.view.message
    beeps = session.view.beeps
    press(session, code, ENTER)
    assert mode(session) is Mode.HELD and session.view.beeps > beeps
    assert "1 refused" in session.view.message
    press(session, CLEAR, CLEAR)
    if session.totalled:
        press(session, "f10", "n", CLEAR)
    if session.counter.sale is not None:
        press(session, "/23", ENTER, "y")
    assert mode(session) is Mode.SELL and refused(data_dir) == before + 1


@pytest.mark.parametrize("code", [*UNKNOWN, gtin(0)])
def test_a_scan_at_the_sign_on_screen_is_refused_and_counted(
    shop: tuple[Session, Path], code: str
) -> None:
    session, data_dir = shop
    if operator(session) is not None:
        press(session, "/24", ENTER)
    before = refused(data_dir)
    press(session, code, ENTER)
    assert mode(session) is Mode.HELD
    press(session, CLEAR)
    press(session, "0001", ENTER)
    assert refused(data_dir) == before + 1


def test_what_a_person_mistypes_is_no_scan(shop: tuple[Session, Path]) -> None:
    session, data_dir = shop
    if operator(session) is None:
        press(session, "0001", ENTER)
    before = refused(data_dir)
    press(session, "/53", ENTER, "1.2.3", ENTER)
    assert mode(session) is Mode.HELD and "refused" not in session.view.message
    press(session, CLEAR, CLEAR, "/24", ENTER, ":nosuch", ENTER, CLEAR, "0001", ENTER)
    assert mode(session) is Mode.SELL and refused(data_dir) == before
