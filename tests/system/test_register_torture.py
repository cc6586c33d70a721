"""The long proofs at a real terminal: a scanner's pace, every key everywhere, a day of invoices.

The log is the judge, read without the register: what is in it was rung, and all that was rung.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from kernel import LineKind, Shop, ShopConfiguration, Terminal, Transaction
from posterm.pricing import standing
from tests.support.processes import CHECKOUT
from tests.support.pty_till import PtyTill, pty_till
from tests.support.register_shop import COFFEE, MILK, TILL, gtin, make_shop
from tests.support.staff import ANNA, PINS, operators_json
from tests.support.typed_day import Day, Row, ring, total_minor
from tests.support.typing import CLEAR, KEYS, items_rung, scans_refused, send_paced

PACE_S = 0.02
_PAINT_S = 0.05
FEW_OR_ALL = pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.torture)])
# How each screen is reached from an empty one, the words that show it, what is rung on the way.
SCREENS: dict[str, tuple[bytes, str, Counter[str]]] = {
    "empty": (b"", "", Counter()),
    "sale": (b"COFFEE\r", "COFFEE", Counter([COFFEE])),
    "half typed": (b"COFFEE\r12", "> 12", Counter([COFFEE])),
    "quantity": (b"COFFEE\r3*", "> 3 *", Counter([COFFEE])),
    "total": (b"COFFEE\r\r", "TOTAL DUE", Counter([COFFEE])),
    "error": (b"COFFEE\rNOTHING\r", "ERROR", Counter([COFFEE])),
    "price asked": (b"GIFT\r", "price of GIFT", Counter()),
    "question": (b"COFFEE\r/23\r", "VOID the whole", Counter([COFFEE])),
    "card": (b"COFFEE\r\r/10\r", "did it pay", Counter([COFFEE])),
    "search": (b"/3\rmil", "FIND", Counter()),
    "help": (b"/1\r", "show the keys", Counter()),
    "menu": (b"/12\r", "MENU", Counter()),
}
# Keys that ring something because that is what they are for, and those that answer.
RINGING = {b"\x1b[17~"}
ANSWERS = {b"y", b"Y", b"n", b"N", b"u", b"U"}
ENTERS = {b"\r", b"\n", b"\x1bOM"}
# A card payment is declined; anything else that was typed or asked is cleared.
LEAVE = CLEAR * 2 + b"n" + CLEAR * 3
PROBE = b"7351"
DIALOGS = ("VOID the whole", "did it pay", "price of", "ERROR", "FIND", "MENU", "show the keys")


def sign_on(till: PtyTill) -> None:
    till.wait_for("operator number")
    till.send(b"0001\r")
    till.wait_for("READY")


def stop(till: PtyTill) -> None:
    assert till.end(signal.SIGTERM, timeout_s=30) == 128 + signal.SIGTERM


@FEW_OR_ALL
def test_scans_at_a_scanner_s_pace_are_lines_in_their_order(data_dir: Path, few: bool) -> None:
    scans = 30 if few else 1000
    make_shop(data_dir, scans)
    codes = [gtin(number) for number in range(scans)]
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        send_paced(till, (code.encode() + b"\r" for code in codes), PACE_S)
        till.wait_for(f"{scans} lines", timeout_s=60)
        stop(till)
    assert list(items_rung(data_dir).elements()) == codes
    assert scans_refused(data_dir) == 0


@FEW_OR_ALL
def test_scans_into_a_dialog_are_refused_until_it_is_cleared(data_dir: Path, few: bool) -> None:
    scans = 30 if few else 1000
    make_shop(data_dir, scans)
    codes = [gtin(number) for number in range(scans)]
    half = scans // 2
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        sent = [*codes[: half - 1], "/23", *codes[half:]]
        send_paced(till, (code.encode() + b"\r" for code in sent), PACE_S)
        till.wait_for("VOID the whole sale")
        till.send(CLEAR * 2 + codes[-1].encode() + b"\r")
        till.wait_for(f"{half} lines", timeout_s=60)
        assert till.beeps >= 1
        stop(till)
    assert list(items_rung(data_dir).elements()) == [*codes[: half - 1], codes[-1]]
    assert half - 1 + scans_refused(data_dir) == scans - 1


@pytest.mark.torture
@pytest.mark.parametrize("screen", SCREENS)
def test_no_key_on_any_screen_ends_the_register_or_rings_anything(
    data_dir: Path, screen: str
) -> None:
    make_shop(data_dir)
    way, shown, rings = SCREENS[screen]
    skipped = RINGING | ANSWERS | (ENTERS if screen == "search" else set())
    wanted: Counter[str] = Counter()
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        for key in KEYS:
            if key not in skipped:
                till.send(way)
                till.wait_for(shown)
                till.send(key + LEAVE)
                _leave(till)
                wanted += rings
        till.send(b"MILK\r")
        wanted[MILK] += 1
        till.wait_for("MILK 1 L", timeout_s=60)
        stop(till)
    assert items_rung(data_dir) == wanted


def _leave(till: PtyTill) -> None:
    """Until the entry line takes what is typed and no dialog is up.

    A key may have asked something after `LEAVE` was sent, so what is on the screen decides.
    """
    deadline_s = time.monotonic() + 60
    while True:
        till.send(LEAVE + PROBE)
        again_s = time.monotonic() + 1
        while time.monotonic() < again_s:
            till.read(_PAINT_S)
            dialog = any(words in row for row in till.rows for words in DIALOGS)
            if not dialog and till.rows[-2].rstrip() == "> " + PROBE.decode():
                till.send(CLEAR)
                return
        assert time.monotonic() < deadline_s, "\n".join(till.rows)


@pytest.mark.torture
def test_a_day_of_real_invoices_agrees_with_an_independent_sum(
    data_dir: Path, invoices: Path
) -> None:
    """The committed slice, or the file that POSTERM_INVOICES names."""
    source = Path(os.environ.get("POSTERM_INVOICES", invoices))
    day = Day(source)
    wanted = [total_minor(rows) for rows in day.invoices.values()]
    _posterm(data_dir, "init")
    imported = json.loads(_posterm(data_dir, "catalog", "import", source, "--invoices", "--json"))
    assert imported["rejected"] == day.refused
    _let_cashiers_change_prices(data_dir)
    listed = _catalogue_prices(data_dir)
    began_s = time.monotonic()
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        till.wait_for("operator number")
        till.send(f"{ANNA}\r{PINS[ANNA]}\r".encode())
        till.wait_for("float in the drawer")
        till.send(b"\r")
        till.wait_for("READY")
        for receipt, rows in enumerate(day.invoices.values(), 1):
            ring(till, rows, listed, receipt)
        stop(till)
    taken_s = time.monotonic() - began_s
    sales = list(Shop(data_dir).sales(TILL))
    assert [logged.sale.total_minor for logged in sales] == wanted
    assert [row for logged in sales for row in _rows_rung(logged.sale)] == day.rows
    assert [_cash(logged.sale) for logged in sales] == wanted
    report = json.loads(_posterm(data_dir, "report", "x", TILL, "--json"))
    assert report["totals"]["EUR"]["total_minor"] == sum(wanted)
    assert report["expected_drawer_minor"]["EUR"] == sum(wanted)
    audited = _posterm(data_dir, "audit", "--kind", "sale_closed", "--limit", "1000000", "--json")
    closed = [line["commit"].get("total_minor", 0) for line in json.loads(audited)["lines"]]
    assert closed == wanted
    verified = json.loads(_posterm(data_dir, "verify", "--json"))
    assert verified["sound"] and verified["terminals"], verified
    print(
        f"{len(wanted)} invoices, {len(day.rows)} rows rung, {day.refused} refused, "
        f"{sum(wanted)} in minor units, typed in {taken_s:.0f} s"
    )


def _rows_rung(sale: Transaction) -> list[Row]:
    """The items that stand; another price takes the place of a line that was void at once."""
    return [
        Row(one.line.code or "", one.line.quantity // 1000, one.line.unit_minor)
        for one in standing(tuple(sale.lines))
        if one.line.kind is LineKind.ITEM
    ]


def _cash(sale: Transaction) -> int:
    """What stays in the drawer."""
    return sale.tendered_minor - sale.change_minor


def _let_cashiers_change_prices(data_dir: Path) -> None:
    (data_dir / "shared" / "coordination" / "operators.json").write_bytes(operators_json())
    cashiers = {"role_price_override": "cashier", "role_return_without_receipt": "cashier"}
    with Terminal.start("MANAGER", data_dir) as manager:
        ShopConfiguration(data_dir).publish(manager, json.dumps(cashiers).encode())


def _catalogue_prices(data_dir: Path) -> dict[str, int | None]:
    listed = json.loads(_posterm(data_dir, "catalog", "list", "--limit", "100000", "--json"))
    return {item["sku"]: item["price_minor"] for item in listed["shown"]}


def _posterm(data_dir: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "posterm", *map(str, arguments), "--data-dir", str(data_dir)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
