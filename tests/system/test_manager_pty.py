"""The console in a real terminal: start, screens, hang-up and signals, two of them, kill -9."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Floor
from tests.support.processes import python_child
from tests.support.pty_till import pty_till

OUT_S = 2.0
"""The promise is half a second on a machine that does nothing else; a test run does."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shop with one till that has a sale in hand."""
    data_dir = tmp_path_factory.mktemp("shop")
    # In a process of its own: a pty is opened by a fork, which is sound without other threads.
    with python_child("-m", "tests.support.shop_child", data_dir, "TILL") as child:
        child.say("sell TILL")
        child.wait_for_line("did TILL-1")
        yield data_dir


def test_it_opens_on_the_tills_and_digits_choose_the_screens(shop: Path) -> None:
    with pty_till("manager", "--data-dir", shop) as console:
        console.wait_for("3.99")
        for key, heading in (
            ("2", "AUDIT"),
            ("3", "TODAY"),
            ("4", "MESSAGES"),
            ("5", "SUSPENDED"),
            ("6", "INTEGRITY"),
            ("7", "ASKED"),
            ("8", "CONFIGURATION"),
            ("9", "ACTS"),
            ("?", "HELP"),
        ):
            console.send(key.encode())
            console.wait_for(heading)
            assert b"\x1b]" not in console.raw, "an old terminal prints what it does not know"
        console.send(b"\x1b")
        console.wait_until_gone("HELP")
        console.send(b"QQ")
        console.wait_for("End this console?")
        console.answer("Y: yes")
        while console.child.isalive():
            console.read()
        assert console.child.exitstatus == 0


@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGINT, marks=pytest.mark.torture), signal.SIGTERM, signal.SIGHUP],
)
def test_a_signal_ends_it_at_once_with_the_lock_free_and_the_line_given_back(
    shop: Path, number: signal.Signals
) -> None:
    with pty_till("manager", "--data-dir", shop) as console:
        console.wait_for("TILLS")
        began_s = time.monotonic()
        assert console.end(number) == 128 + number
        assert time.monotonic() - began_s < OUT_S
        with Floor.start(shop) as floor:
            assert not floor.manager.recovery.crashed


def test_a_second_one_is_told_to_watch_and_any_number_may(shop: Path) -> None:
    with pty_till("manager", "--data-dir", shop) as first:
        first.wait_for("TILLS")
        with pty_till("manager", "--data-dir", shop) as second:
            second.wait_for("--watch")
            while second.child.isalive():
                second.read()
            assert second.child.exitstatus == 75
        with pty_till("manager", "--watch", "--data-dir", shop) as watcher:
            watcher.wait_for("watching")
            watcher.wait_for("3.99")


def test_a_new_one_shows_what_a_killed_one_did(shop: Path) -> None:
    with pty_till("manager", "--data-dir", shop) as console:
        console.wait_for("TILLS")
        console.send(b":message TILL cash up at eight\r")
        console.wait_for("Send to TILL")
        console.answer("Y: yes")
        console.wait_for("1 of 1 have taken it")
        console.child.kill(signal.SIGKILL)
        console.child.wait()
    with pty_till("manager", "--data-dir", shop) as console:
        console.wait_for("TILLS")
        console.send(b"4")
        console.wait_for("1 taken     cash up at eight")


@pytest.mark.torture
def test_no_byte_ends_it_or_acts(shop: Path) -> None:
    every = bytes(byte for byte in range(256) if byte not in b"\x11\x13")
    with pty_till("manager", "--data-dir", shop) as console:
        console.wait_for("TILLS")
        console.send(every)
        console.send(every[::-1])
        console.send(b"\x1b\x1b\x1b\x1b9")
        console.wait_for("nothing was done from here yet")


@pytest.mark.parametrize("term", ["vt100", pytest.param("linux", marks=pytest.mark.torture)])
def test_it_works_on_old_terminals_and_a_slow_line(shop: Path, term: str) -> None:
    with pty_till("manager", "--baud", "9600", "--data-dir", shop, term=term) as console:
        console.wait_for("3.99")
        console.send(b"4")
        console.wait_for("MESSAGES")
