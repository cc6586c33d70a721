"""The kernel at work: one terminal that many threads sell on, or many terminals, one a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import posterm
from kernel import Damage, Terminal
from kernel import gettext as _
from kernel import marked as N_
from posterm.benchmark.measure import Measured, Tally, in_threads

__all__ = ["LINES", "SALE_ENTRIES", "KernelSales", "TillProcesses", "recorded_frames"]

LINES = 5
SALE_ENTRIES = LINES + 2
"""Begin, the lines, and the tender that commits."""
_T = TypeVar("_T")


class KernelSales:
    """Whole sales of five lines, every entry durable before the next call of its thread."""

    def __init__(self, till: Terminal, threads: int) -> None:
        self.name = "posterm"
        self.threads = threads
        self._till = till

    def run(self, seconds: float) -> Measured:
        return in_threads(self.threads, self._work, seconds)

    def close(self) -> None:
        """The terminal is the caller's."""

    def _work(self, _: int, deadline_s: float) -> Tally:
        tally = Tally()
        while not tally.sales or time.perf_counter() < deadline_s:  # one even on a busy machine
            ring_timed(self._till, tally)
        return tally


class TillProcesses:
    """`count` terminals of one shop, each a process of its own, all selling at once.

    A child ends when its input does, so none outlives this process, however that ends.
    """

    name = N_("posterm, terminals")

    def __init__(self, directory: str, count: int) -> None:
        self.threads = count
        command = [sys.executable, "-m", "posterm.benchmark.till", directory]
        root = str(Path(posterm.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._children = [
            subprocess.Popen(
                [*command, f"BENCH_{number}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": paths},
            )
            for number in range(1, count + 1)
        ]

    def run(self, seconds: float) -> Measured:
        """All of them for `seconds`; the entries of all in the time of the slowest."""
        for child in self._children:
            assert child.stdin is not None
            child.stdin.write(f"{seconds}\n")
            child.stdin.flush()
        results = [self._result(child) for child in self._children]
        return Measured(
            sales=sum(result.sales for result in results),
            seconds=max(result.seconds for result in results),
            cpu_s=sum(result.cpu_s for result in results),
            latencies_s=[latency for result in results for latency in result.latencies_s],
        )

    def close(self) -> None:
        for child in self._children:
            child.communicate()

    def _result(self, child: subprocess.Popen[str]) -> Measured:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise Damage(
                _(
                    "benchmark terminal (process {}) ended early, see what it said above; "
                    "run the benchmark again"
                ).format(child.pid)
            )
        sales, seconds, cpu_s, latencies_us = json.loads(line)
        return Measured(sales, seconds, cpu_s, [us / 1e6 for us in latencies_us])


def ring_timed(till: Terminal, tally: Tally) -> None:
    """One sale of five lines, the time of each call noted."""
    timed = _Clocked(tally.latencies_s)
    sale = timed(lambda: till.begin(store="STORE_001", currency="USD", operator="0001"))
    for _time in range(LINES):
        timed(lambda: sale.add_line("COFFEE_001", quantity=1, unit_minor=399))
    timed(lambda: sale.tender_cash(2_000))
    tally.sales += 1


def recorded_frames(till: Terminal, log: Path, sales: int = 20) -> list[bytes]:
    """The frames of that many sales as the kernel writes them: what the others must write."""
    ring_timed(till, Tally())  # opens the till period, which is no part of a sale
    before = log.stat().st_size
    for _time in range(sales):
        ring_timed(till, Tally())
    return log.read_bytes()[before:].splitlines(keepends=True)


class _Clocked:
    """Calls something and notes how long it took."""

    __slots__ = ("_note",)

    def __init__(self, times_s: list[float]) -> None:
        self._note = times_s.append

    def __call__(self, act: Callable[[], _T]) -> _T:
        begun_s = time.perf_counter()
        done = act()
        self._note(time.perf_counter() - begun_s)
        return done
