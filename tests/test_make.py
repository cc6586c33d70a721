"""`make demo`, one of the README's two commands, where nobody has ever run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.processes import CHECKOUT

NOBODY = 20
"""Seconds after which no screen is to be hoped for."""


@pytest.fixture
def make_demo(tmp_path: Path) -> list[str]:
    """In the environment of this run, with a directory for its shops that is not there yet."""
    made = tmp_path / "installed"
    made.touch()
    where = [f"BIN={Path(sys.executable).parent}", f"STAMP={made}", f"DEMO_DIR={tmp_path / 'demo'}"]
    return ["make", "--no-print-directory", "-C", str(CHECKOUT), "demo", *where]


def test_without_a_terminal_it_rings_the_sample_and_says_what_the_till_holds(
    make_demo: list[str],
) -> None:
    first, again = (
        subprocess.run(
            make_demo, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert "rang 149 sales, 1380 lines, 54511.66 GBP" in first.stdout
    report = first.stdout[first.stdout.index("receipts 1 to 149") :]
    assert "54511.66" in report
    assert report == again.stdout[again.stdout.index("receipts 1 to 149") :], "from an empty store"


def test_in_a_terminal_it_opens_the_register_with_the_demo_s_pins(make_demo: list[str]) -> None:
    screen = pexpect.spawn(make_demo[0], make_demo[1:], dimensions=(24, 80), encoding="utf-8")
    try:
        screen.expect("PIN 1111", timeout=NOBODY)
        screen.expect("operator number", timeout=NOBODY)
    finally:
        screen.close(force=True)
