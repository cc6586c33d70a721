"""A shop at work beside its console: Today's figures are those of the logs, whoever is killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from kernel import Shop
from tests.support.processes import python_child
from tests.support.pty_till import PtyTill, pty_till
from themes.formats import amount_text

LONGEST_S = 60.0
FIRST_ALERT = (" ! ", " no alerts")
FEWEST_CHANGES = 5
FIGURE_ROWS = 10
"""Fewer would be no screen of figures."""


@contextmanager
def killed_at(seed: int, seconds: float) -> Iterator[float]:
    """The moment of the kill in a run of that length; a failure tells what it was."""
    moment_s = Random(seed).uniform(0.1, 0.6) * seconds
    try:
        yield moment_s
    except AssertionError as fault:
        fault.add_note(f"POSTERM_SEED={seed}: the console was killed after {moment_s:.2f} s")
        raise


def soak(data_dir: Path, *, tills: int, seconds: float, rate: int, moment_s: float) -> None:
    """Sell; kill the console at that moment, and let a new one watch for the rest of the time, or
    until it has seen enough. Then the shop closes, and the logs are added up."""
    arguments = ["--tills", tills, "--minutes", 60, "--rate", rate]
    given = [str(one) for one in arguments]
    with python_child("-m", "posterm", "simulate", *given, "--data-dir", data_dir) as shop:
        shop.wait_for_line(f"{tills} tills are open", timeout_s=LONGEST_S)
        with pty_till("manager", "--data-dir", data_dir) as first:
            show_today(first)
            until_s = time.monotonic() + moment_s
            while time.monotonic() < until_s:
                first.read()
            first.child.kill(signal.SIGKILL)
            first.child.wait()
        with pty_till("manager", "--data-dir", data_dir) as second:
            show_today(second)
            watch(second, seconds - moment_s)
            shop.signal(signal.SIGINT)
            with ThreadPoolExecutor(1) as waiting:
                ended = waiting.submit(shop.wait, timeout_s=LONGEST_S)
                while not ended.done():
                    second.read()
                assert ended.result() == 128 + signal.SIGINT
            said = summed(data_dir)
            second.wait_for(said, timeout_s=LONGEST_S)
            with pty_till("manager", "--watch", "--data-dir", data_dir) as third:
                show_today(third)
                third.wait_for(said, timeout_s=LONGEST_S)
                wait_until_alike(second, third)


def show_today(console: PtyTill) -> None:
    console.wait_for("TILLS")
    console.send(b"3")
    console.wait_for("takings", timeout_s=LONGEST_S)


def watch(console: PtyTill, seconds: float) -> None:
    """For that long, and until its takings have grown some times: what it shows is no more only
    what it read at its start."""
    until_s = time.monotonic() + seconds
    seen: set[str] = set()
    while time.monotonic() < until_s or len(seen) < FEWEST_CHANGES:
        assert time.monotonic() < until_s + LONGEST_S, f"nothing is sold: {seen}"
        console.read()
        seen.update(row for row in console.rows if "takings" in row and "sales" in row)


def summed(data_dir: Path) -> str:
    """What the logs come to, as Today says it; each sale of the shop is of one date."""
    sales = [logged.sale for logged in Shop(data_dir).sales()]
    assert len(sales) > 10
    takings: Counter[str] = Counter()
    for sale in sales:
        takings[sale.currency] += sale.total_minor
    ((currency, minor),) = takings.items()
    return f"takings {amount_text(minor, currency)} {currency}   sales {len(sales)}"


def wait_until_alike(one: PtyTill, other: PtyTill) -> None:
    """Both show the same figures, as soon as both have painted all that they know: a screen comes
    in pieces, and what belongs to the last sale may come a tick after its takings."""
    deadline_s = time.monotonic() + LONGEST_S
    while not alike(figures(one), figures(other)):
        assert time.monotonic() < deadline_s, "\n".join(
            ["two consoles differ", *one.rows, "--- and", *other.rows]
        )
        one.read()
        other.read()


def alike(one: list[str], other: list[str]) -> bool:
    """A console with more alerts has less room for tills."""
    rows = min(len(one), len(other))
    return rows >= FIGURE_ROWS and one[:rows] == other[:rows]


def figures(console: PtyTill) -> list[str]:
    """What the logs say: the screen without its frame, and without the alerts at its end. That a
    till was silent for a moment is known to a console that watched it then, and to no other."""
    shown = [row.rstrip() for row in console.rows[2:-3]]
    alerts = next((n for n, row in enumerate(shown) if row.startswith(FIRST_ALERT)), len(shown))
    return shown[:alerts]


def test_the_figures_of_a_small_shop_are_those_of_its_logs(tmp_path: Path) -> None:
    with killed_at(seed=1, seconds=2.0) as moment_s:
        soak(tmp_path, tills=3, seconds=2.0, rate=60, moment_s=moment_s)


@pytest.mark.torture
def test_the_figures_of_thirty_tills_are_those_of_their_logs(tmp_path: Path) -> None:
    seed = int(os.environ.get("POSTERM_SEED", time.time_ns() % 10_000))
    with killed_at(seed, seconds=60.0) as moment_s:
        soak(tmp_path, tills=30, seconds=60.0, rate=20, moment_s=moment_s)
