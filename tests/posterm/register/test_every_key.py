"""Every key in every mode, below the screen: none of them fails, none rings what nobody rang.

`tests/system/test_register_torture.py` does it with bytes at a real terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import LineKind
from posterm.keymap import FUNCTIONS, KEYMAPS
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import COFFEE, make_shop, open_session

NAMED = [
    *(f"f{number}" for number in range(1, 21)),
    *(f"ctrl+{letter}" for letter in "abcdefghijklmnopqrstvwxyz@[]\\^_"),
    *("enter", "escape", "tab", "shift+tab", "backspace", "delete", "insert", "home", "end"),
    *("pageup", "pagedown", "up", "down", "left", "right", "unknown", "ctrl+u", "ctrl+j"),
]
TYPED = [*map(chr, range(32, 127)), "\x1d", "é", "€", "茶", "\u0301", "\ufffd"]
# Way to a screen, and the mode that it is.
SCREENS: dict[str, tuple[tuple[str, ...], Mode]] = {
    "sale": ((), Mode.SELL),
    "half typed": (("1", "2"), Mode.SELL),
    "total": (("enter",), Mode.TOTAL),
    "error": (("X", "enter"), Mode.HELD),
    "question": ((*"/23", "enter"), Mode.ASK),
    "card": (("enter", *"/10", "enter"), Mode.ASK),
    "price asked": ((*"GIFT", "enter"), Mode.PROMPT),
    "search": ((*"/3", "enter", *"mil"), Mode.SEARCH),
    "help": ((*"/1", "enter"), Mode.SELL),
}
# Keys that ring or answer because that is what they are for.
RINGING = {"f6"} | set("yYnNuU")
ENTERS = {"enter", "ctrl+j", "ctrl+m"}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    data_dir: Path = tmp_path_factory.mktemp("shop") / "data"
    make_shop(data_dir)
    session = open_session(data_dir)
    feed(session, *"0001", "enter")
    yield session
    session.stop("test")


def feed(session: Session, *tokens: str) -> None:
    for token in tokens:
        session.feed(token, session.view.serial)


def leave(session: Session) -> None:
    """Back to selling, whatever is up; a card payment is declined."""
    for _try in range(8):
        feed(session, "escape")
        if session.mode is Mode.ASK:
            feed(session, "n")
    assert session.mode is Mode.SELL, session.view.message


def rung(session: Session) -> int:
    sale = session.counter.sale
    lines = sale.lines if sale is not None else ()
    return sum(line.kind is LineKind.ITEM for line in lines)


@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_fails_and_none_rings_anything(session: Session, screen: str) -> None:
    way, mode = SCREENS[screen]
    skipped = RINGING | (ENTERS if screen == "search" else set())
    leave(session)
    for key in (key for key in (*NAMED, *TYPED) if key not in skipped):
        sale = session.counter.sale
        if sale is None or sale.balance_minor <= 0:
            feed(session, *COFFEE, "enter")
        before = rung(session)
        feed(session, *way)
        assert session.mode is mode, (screen, key, session.view.message)
        feed(session, key)
        leave(session)
        assert rung(session) in (0, before), (screen, key)


def test_every_function_says_why_it_does_nothing_where_nobody_signed_on(data_dir: Path) -> None:
    make_shop(data_dir)
    session = open_session(data_dir)
    for function in FUNCTIONS:
        for key in (*f"/{function.number}", "enter"):
            session.feed(key, session.view.serial)
        assert session.counter.sale is None and session.counter.operator is None
        feed(session, "escape", "escape")
    session.stop("test")


def test_both_keymaps_name_only_keys_that_the_line_can_send() -> None:
    for keymap in KEYMAPS.values():
        assert set(keymap.keys) <= set(NAMED)
