"""A shop at work beside its console: Today's figures are those of the logs, whoever is killed."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel import Shop
from tests.support.processes import python_child
from tests.support.pty_till import PtyTill, pty_till
from themes.formats import amount_text

LONGEST_S = 60.0


def soak(data_dir: Path, tills: int, seconds: float, rate: int) -> None:
    """Sell for that long; kill the console at a random moment, and let a new one go on."""
    moment_s = random.uniform(0.1, 0.6) * seconds
    arguments = ["--tills", tills, "--minutes", seconds / 60, "--rate", rate]
    given = [str(one) for one in arguments]
    with python_child("-m", "posterm", "simulate", *given, "--data-dir", data_dir) as shop:
        shop.wait_for_line(f"{tills} tills are open", timeout_s=LONGEST_S)
        with pty_till("manager", "--data-dir", data_dir) as first:
            first.wait_for("TILLS")
            first.send(b"3")
            first.wait_for("takings", timeout_s=LONGEST_S)
            until_s = time.monotonic() + moment_s
            while time.monotonic() < until_s:
                first.read()
            first.child.kill(signal.SIGKILL)
            first.child.wait()
        with pty_till("manager", "--data-dir", data_dir) as second:
            second.wait_for("TILLS")
            second.send(b"3")
            with ThreadPoolExecutor(1) as waiting:
                ended = waiting.submit(shop.wait, timeout_s=seconds + LONGEST_S)
                while not ended.done():
                    second.read()
                assert ended.result() == 0
            said = summed(data_dir)
            second.wait_for(said, timeout_s=LONGEST_S)
            with pty_till("manager", "--watch", "--data-dir", data_dir) as third:
                third.wait_for("TILLS")
                third.send(b"3")
                third.wait_for(said, timeout_s=LONGEST_S)
                assert figures(third) == figures(second), f"killed after {moment_s:.2f} s"


def summed(data_dir: Path) -> str:
    """What the logs come to, as Today says it; each sale of the shop is of one date."""
    sales = [logged.sale for logged in Shop(data_dir).sales()]
    assert len(sales) > 10
    takings: Counter[str] = Counter()
    for sale in sales:
        takings[sale.currency] += sale.total_minor
    ((currency, minor),) = takings.items()
    return f"takings {amount_text(minor, currency)} {currency}   sales {len(sales)}"


def figures(console: PtyTill) -> list[str]:
    """The screen without its frame."""
    return [row.rstrip() for row in console.rows[2:-3]]


@pytest.mark.torture
def test_the_figures_of_a_small_shop_are_those_of_its_logs(tmp_path: Path) -> None:
    soak(tmp_path, tills=3, seconds=2.0, rate=60)


@pytest.mark.torture
def test_the_figures_of_thirty_tills_are_those_of_their_logs(tmp_path: Path) -> None:
    soak(tmp_path, tills=30, seconds=60.0, rate=20)
