"""The register in a real terminal: bursts of scans, errors, power cut, hang-up, garbage."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from kernel import Terminal
from tests.support.pty_till import PtyTill, pty_till
from tests.support.register_shop import COFFEE, GIFT, TILL, gtin, make_shop

PACKET = 10
MANY = pytest.mark.parametrize("scans", [60, pytest.param(1000, marks=pytest.mark.torture)])


def sign_on(till: PtyTill) -> None:
    till.wait_for("operator number")
    till.send(b"0001\r")
    till.wait_for("operator 0001")


def send_scans(till: PtyTill, codes: list[str]) -> None:
    """Ten scans to a packet; what the register answers is read meanwhile."""
    for first in range(0, len(codes), PACKET):
        till.send(b"".join(code.encode() + b"\r" for code in codes[first : first + PACKET]))
        till.read()


def posted(data_dir: Path) -> list[str | None]:
    """Codes of the lines of all open sales, from the log."""
    with Terminal.start(TILL, data_dir) as till:
        return [line.code for sale in till.open_sales for line in sale.lines]


def refused(data_dir: Path) -> int:
    """Scans that the log says were refused."""
    log = data_dir / "terminals" / TILL / "transaction.wal"
    entries = [json.loads(frame.split(b" ", 2)[2]) for frame in log.read_bytes().splitlines()]
    return sum(one.get("count", 1) for one in entries if one.get("what") == "scan_refused")


@MANY
def test_scans_in_packets_of_ten_are_lines_in_the_order_of_the_scanner(
    data_dir: Path, scans: int
) -> None:
    make_shop(data_dir, scans)
    codes = [gtin(number) for number in range(scans)]
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        send_scans(till, codes)
        till.wait_for(f"{scans} lines", timeout_s=120)
        assert till.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert posted(data_dir) == codes
    assert refused(data_dir) == 0


@MANY
def test_after_an_unknown_scan_every_later_one_is_refused_and_counted_until_clear(
    data_dir: Path, scans: int
) -> None:
    make_shop(data_dir, scans)
    codes = [gtin(number) for number in range(scans)]
    half = scans // 2
    sent = [*codes[: half - 1], gtin(90_000), *codes[half:]]
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        send_scans(till, sent)
        till.wait_for(f"({scans - half + 1} refused)", timeout_s=120)
        assert till.beeps >= 1
        till.send(b"\x1b" + codes[-1].encode() + b"\r")
        till.wait_for(f"{half} lines")
        assert till.end(signal.SIGTERM) == 128 + signal.SIGTERM
    assert posted(data_dir) == [*codes[: half - 1], codes[-1]]
    assert len(posted(data_dir)) - 1 + refused(data_dir) == scans


def test_scans_into_a_question_for_a_price_are_refused_and_sell_nothing(data_dir: Path) -> None:
    make_shop(data_dir, 20)
    codes = [gtin(number) for number in range(20)]
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        send_scans(till, [*codes[:5], GIFT, *codes[5:]])
        till.wait_for("price")
        # One Clear for the error, if a scan came after the question was painted, one for it.
        till.send(b"\x1b\x1b")
        till.wait_until_gone("price")
        till.send(GIFT.encode() + b"\r")
        till.wait_for("price of GIFT")
        till.send(b"250\r")
        till.wait_for("6 lines")
        till.end(signal.SIGTERM)
    assert posted(data_dir) == [*codes[:5], GIFT]
    assert refused(data_dir) == 15


def test_a_power_cut_in_mid_sale_resumes_at_the_exact_line(data_dir: Path) -> None:
    make_shop(data_dir, 7)
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        send_scans(till, [gtin(number) for number in range(7)])
        till.wait_for("7 lines")
        before = [row for row in till.rows if "ITEM" in row]
        till.child.kill(signal.SIGKILL)
        till.child.wait()
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        till.wait_for("goes on at line 7")
        assert [row for row in till.rows if "ITEM" in row] == before


def test_a_line_that_hangs_up_parks_the_sale_and_frees_the_till(data_dir: Path) -> None:
    make_shop(data_dir)
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        till.send(COFFEE.encode() + b"\r")
        till.wait_for("1 line")
        assert till.end(signal.SIGHUP) == 128 + signal.SIGHUP
    with Terminal.start(TILL, data_dir) as again:
        assert not again.recovery.crashed
        assert [sale.lines[0].code for sale in again.open_sales] == [COFFEE]


def test_no_byte_ends_the_register_or_rings_anything(data_dir: Path) -> None:
    make_shop(data_dir)
    every = bytes(byte for byte in range(256) if byte not in b"\x11\x13")
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        sign_on(till)
        till.send(every)
        till.send(every[::-1])
        till.send(b"\x1b\x1b\x1b\x15\x15" + COFFEE.encode() + b"\r")
        till.wait_for("COFFEE BEANS")
        till.end(signal.SIGTERM)
    assert posted(data_dir) == [COFFEE]


@pytest.mark.parametrize("term", ["vt100", "vt220", "linux"])
def test_it_sells_on_old_terminals(data_dir: Path, term: str) -> None:
    make_shop(data_dir)
    with pty_till("register", TILL, "--data-dir", data_dir, term=term) as till:
        sign_on(till)
        till.send(b"3*COFFEE\r\n+2000+")
        till.wait_for("CHANGE EUR")
        till.end(signal.SIGTERM)
