"""The screens of the register, as a cashier has them, against the approved ones in tests/golden.

Each golden file is a screen as text; its last row says where the cursor stands. `make approve`
writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT
from tests.support.pty_till import PtyTill, pty_till
from tests.support.register_shop import TILL, gtin, make_shop

GOLDEN = CHECKOUT / "tests" / "golden"
APPROVING = "POSTERM_APPROVE" in os.environ
DEADLINE_S = 30.0
SETTLED_S = 0.4
# What differs from run to run: dates and ticket numbers.
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "dddd-dd-dd"),
    (re.compile(r"\b\d{3} \d{3} \d{3,6}\b"), lambda found: re.sub(r"\d", "t", found[0])),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), lambda found: re.sub(r"\d", "d", found[0])),
)
OLD = ["vt100", "vt220", "linux"]
F1, F3, F4, F7, F12 = b"\x1bOP", b"\x1bOR", b"\x1bOS", b"\x1b[18~", b"\x1b[24~"
CLEAR = b"\x15"


def screen(till: PtyTill) -> str:
    text = "\n".join(row.rstrip() for row in till.rows)
    for pattern, plain in CHANGING:
        text = pattern.sub(plain, text)
    row, column = till.cursor
    return f"{text}\n[cursor in row {row}, column {column}]\n"


def check(till: PtyTill, name: str, until: str) -> None:
    """Wait until `until` is on the screen and the screen is the approved one."""
    till.wait_for(until, timeout_s=DEADLINE_S)
    approved = GOLDEN / f"{name}.txt"
    if APPROVING:
        _settle(till)
        approved.write_text(screen(till))
        return
    wanted = approved.read_text()
    deadline_s = time.monotonic() + DEADLINE_S / 3
    while screen(till) != wanted and time.monotonic() < deadline_s:
        till.read()
    assert screen(till) == wanted, f"{name}; if it is right, approve it: make approve"


def _settle(till: PtyTill) -> None:
    received, since_s = till.received, time.monotonic()
    while time.monotonic() - since_s < SETTLED_S:
        till.read()
        if till.received != received:
            received, since_s = till.received, time.monotonic()


@contextmanager
def register(
    data_dir: Path,
    *,
    operators: bool = False,
    term: str = "xterm-256color",
    size: tuple[int, int] = (80, 24),
    environment: dict[str, str] | None = None,
    scans: int = 30,
) -> Iterator[PtyTill]:
    if not data_dir.exists():
        make_shop(data_dir, scans, operators=operators)
    with pty_till(
        "register", TILL, "--data-dir", data_dir, term=term, size=size, environment=environment
    ) as till:
        till.wait_for("operator number")
        yield till


def sign_on(till: PtyTill) -> None:
    till.send(b"0001\r")
    till.wait_for("READY")


def test_a_sale_from_its_first_line_to_its_change(data_dir: Path) -> None:
    with register(data_dir) as till:
        check(till, "sign-on", "operator number")
        sign_on(till)
        check(till, "empty-sale", "READY")
        till.send(b"COFFEE\r2*MILK\r0.250*HAM\rMILK\r-/11 10%\r")
        check(till, "lines-void-discount", "Discount")
        till.send(b"\r")
        check(till, "total", "TOTAL DUE")
        till.send(b"3*")
        check(till, "half-typed", "3 *")
        till.send(CLEAR + b"/9 20.00\r")
        check(till, "change", "CHANGE")


def test_errors_questions_and_prompts(data_dir: Path) -> None:
    with register(data_dir) as till:
        sign_on(till)
        till.send(b"COFFEE\rNOTHING\r" + b"".join(gtin(n).encode() + b"\r" for n in range(3)))
        check(till, "error", "(4 refused)")
        till.send(CLEAR + b"BEER\r")
        check(till, "question-age", "or older")
        till.send(CLEAR + b"GIFT\r")
        check(till, "prompt-price", "price of GIFT")
        till.send(CLEAR + b"/23\r")
        check(till, "question-void-sale", "VOID the whole sale")
        till.answer("VOID the whole sale")
        check(till, "void-sale", "VOID SALE")


def test_help_menu_search_and_report(data_dir: Path) -> None:
    with register(data_dir) as till:
        sign_on(till)
        till.send(F1)
        check(till, "help", "show the keys")
        till.send(CLEAR + F12)
        check(till, "menu", "MENU")
        till.send(CLEAR + F3)
        check(till, "search-empty", "type letters")
        till.send(b"mil")
        check(till, "search", "MILK 1 L")
        till.send(CLEAR * 2 + b"COFFEE\r" + F7)
        check(till, "suspended", "suspended: ticket")
        till.send(b"/8\r")
        check(till, "recall", "SUSPENDED SALES")
        till.send(CLEAR + b"MILK\r\r0+/21\r")
        check(till, "x-report", "X REPORT")


def test_sign_on_with_a_pin_and_locked(data_dir: Path) -> None:
    with register(data_dir, operators=True) as till:
        till.send(b"0001\r")
        till.wait_for("PIN of 0001")
        till.send(b"11")
        check(till, "pin", "> **")
        till.send(b"11\r")
        till.wait_for("READY")
        till.send(b"COFFEE\r" + F4)
        check(till, "locked", "LOCKED")


def test_after_a_power_cut_the_same_screen_comes_back(data_dir: Path) -> None:
    with register(data_dir) as till:
        sign_on(till)
        till.send(b"".join(gtin(number).encode() + b"\r" for number in range(20)))
        check(till, "twenty-lines", "20 lines")
        before = _receipt(till)
        till.child.kill(signal.SIGKILL)
        till.child.wait()
    with register(data_dir) as till:
        till.send(b"0001\r")
        check(till, "resumed", "goes on at line 20")
        assert _receipt(till) == before


def _receipt(till: PtyTill) -> list[str]:
    """Lines and total: all between the header and the message."""
    message = next(place for place, row in enumerate(till.rows) if row.startswith("> ")) - 1
    return till.rows[1:message]


@pytest.mark.parametrize("term", OLD)
def test_old_terminals_show_the_same(data_dir: Path, term: str) -> None:
    with register(data_dir, term=term) as till:
        check(till, "sign-on", "operator number")
        sign_on(till)
        check(till, "empty-sale", "READY")
        till.send(b"COFFEE\rNOTHING\r" + b"".join(gtin(n).encode() + b"\r" for n in range(3)))
        check(till, "error", "(4 refused)")


@pytest.mark.parametrize(
    ("name", "term", "environment"),
    [
        ("no-colour", "xterm-256color", {"NO_COLOR": "1"}),
        ("vt100", "vt100", {}),
        ("no-unicode", "xterm-256color", {"LC_ALL": "C", "NO_COLOR": "1"}),
    ],
)
def test_a_line_without_colour_or_unicode_gets_none(
    data_dir: Path, name: str, term: str, environment: dict[str, str]
) -> None:
    with register(data_dir, term=term, environment=environment) as till:
        sign_on(till)
        sent = till.raw
        colours = re.findall(rb"\x1b\[[0-9;]*(?:3[0-8]|4[0-8]|9[0-7])[0-9;]*m", sent)
        assert colours == [], name
        till.send("CAFÉ €\r".encode())
        till.wait_for("not on file")
        assert till.raw.isascii() == (name != "no-colour")


def test_a_wide_screen_uses_its_room(data_dir: Path) -> None:
    with register(data_dir, size=(132, 43)) as till:
        sign_on(till)
        till.send(b"".join(gtin(number).encode() + b"\r" for number in range(30)) + b"2*HAM\r")
        check(till, "wide", "31 lines")
        till.send(F12)
        check(till, "wide-menu", "MENU")


def test_a_resize_in_mid_sale_keeps_the_sale(data_dir: Path) -> None:
    with register(data_dir) as till:
        sign_on(till)
        till.send(b"COFFEE\r2*MILK\r12")
        till.wait_for("> 12")
        till.resize(132, 43)
        check(till, "resized-wide", "22Z")
        till.resize(50, 12)
        check(till, "too-small", "too small")
        till.resize(60, 16)
        check(till, "resized-smallest", "SUBTOTAL")
        till.resize(80, 24)
        check(till, "resized-back", "12Menu")
        till.send(CLEAR + b"\r0+")
        till.wait_for("CHANGE EUR")


def test_every_golden_file_belongs_to_a_test() -> None:
    source = Path(__file__).read_text()
    named = set(re.findall(r'check\(till, "([a-z0-9-]+)"', source))
    assert {path.stem for path in GOLDEN.glob("*.txt")} == named


def test_what_changes_from_run_to_run_is_masked() -> None:
    text = "2026-01-02 ticket 123 456 7890 at 09:12"
    for pattern, plain in CHANGING:
        masked: Callable[[re.Match[str]], str] | str = plain
        text = pattern.sub(masked, text)
    assert text == "dddd-dd-dd ticket ttt ttt tttt at dd:dd"
