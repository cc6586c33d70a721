"""A whole sale by the numeric keypad and the PF keys of a vt100, in a real terminal."""

from __future__ import annotations

import signal
from pathlib import Path

from kernel import Shop
from tests.support.pty_till import pty_till
from tests.support.register_shop import TILL, gtin, make_shop

PF1, PF2, PF4 = b"\x1bOP", b"\x1bOQ", b"\x1bOS"


def test_pf_keys_and_digits_alone_sell(data_dir: Path) -> None:
    make_shop(data_dir, 1)
    with pty_till("register", TILL, "--keymap", "vt", "--data-dir", data_dir, term="vt100") as till:
        till.wait_for("operator number")
        till.send(b"0001\r3" + PF2 + gtin(0).encode() + b"\r" + PF1 + b"500" + PF4)
        till.wait_for("CHANGE EUR")
        assert till.end(signal.SIGTERM) == 128 + signal.SIGTERM
    (committed,) = Shop(data_dir).sales(TILL)
    sale = committed.sale
    assert (sale.total_minor, sale.tendered_minor, sale.change_minor) == (300, 500, 200)


def test_plus_minus_and_digits_of_a_pc_keypad_alone_sell(data_dir: Path) -> None:
    make_shop(data_dir, 2)
    first, second = gtin(0).encode(), gtin(1).encode()
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        till.wait_for("operator number")
        till.send(b"0001\r" + first + b"\r" + second + b"\r-+0+")
        till.wait_for("CHANGE EUR")
        assert till.end(signal.SIGTERM) == 128 + signal.SIGTERM
    (committed,) = Shop(data_dir).sales(TILL)
    sale = committed.sale
    assert (sale.total_minor, sale.change_minor) == (100, 0)
