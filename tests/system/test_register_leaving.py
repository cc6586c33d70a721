"""How the register leaves a terminal: the sale parked, the line as it was found, the till free.

`python -m tests.bench.register` measures how long it takes; here only that it happens.
"""

from __future__ import annotations

import os
import signal
import termios
import time
from pathlib import Path

import pytest

from kernel import Terminal
from tests.support.pty_till import PtyTill, pty_till
from tests.support.register_shop import COFFEE, TILL, gtin, make_shop

ALTERNATE_SCREEN, NORMAL_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


def selling(till: PtyTill) -> None:
    till.wait_for("operator number")
    till.send(b"0001\rCOFFEE\r")
    till.wait_for("1 line")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_parks_the_sale_and_leaves_the_line_as_it_was(
    data_dir: Path, number: signal.Signals
) -> None:
    make_shop(data_dir)
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        before = termios.tcgetattr(till.child.child_fd)
        selling(till)
        assert termios.tcgetattr(till.child.child_fd) != before, "it has to be raw meanwhile"
        assert till.end(number) == 128 + number
        till.read()
        assert termios.tcgetattr(till.child.child_fd) == before
        if number is not signal.SIGHUP:
            assert NORMAL_SCREEN in till.raw.rpartition(ALTERNATE_SCREEN)[2]
    with Terminal.start(TILL, data_dir) as again:
        assert not again.recovery.crashed
        assert [sale.lines[0].code for sale in again.open_sales] == [COFFEE]


def test_a_line_that_nobody_reads_does_not_keep_the_till(data_dir: Path) -> None:
    make_shop(data_dir, 400)
    with pty_till("register", TILL, "--data-dir", data_dir) as till:
        selling(till)
        # Each packet is a frame, and nobody takes them: the line is soon full.
        for number in range(6):
            till.send(gtin(number).encode() + b"\r")
        till.child.kill(signal.SIGTERM)
        deadline_s = time.monotonic() + 20
        while till.child.isalive():
            assert time.monotonic() < deadline_s, "it waits for a line that is held"
            os.sched_yield()
        assert till.child.exitstatus == 128 + signal.SIGTERM
    with Terminal.start(TILL, data_dir) as again:
        assert not again.recovery.crashed and len(again.open_sales) == 1
