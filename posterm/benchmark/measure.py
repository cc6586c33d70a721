"""What a run measures, as values, and the few statistics that the report states.

Median and quartiles, never a mean: one stall of a shared disk would move a mean by half. Pure.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Protocol

__all__ = [
    "Contestant",
    "Measured",
    "Spread",
    "Tally",
    "in_threads",
    "percentile",
    "play",
    "ratios",
    "spread",
]


@dataclass(slots=True)
class Tally:
    """What one thread did: the time of each durable entry, and the whole sales among them."""

    latencies_s: list[float] = field(default_factory=list)
    sales: float = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """One contestant in one round, all its threads or processes together."""

    sales: float
    seconds: float
    cpu_s: float
    latencies_s: Sequence[float]

    @property
    def entries_per_s(self) -> float:
        return len(self.latencies_s) / self.seconds

    @property
    def sales_per_s(self) -> float:
        return self.sales / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU time of an entry in microseconds, waiting for the disk not counted."""
        return self.cpu_s / max(1, len(self.latencies_s)) * 1e6


class Contestant(Protocol):
    """Somebody who makes entries durable for a while."""

    @property
    def name(self) -> str: ...
    @property
    def threads(self) -> int: ...
    def run(self, seconds: float) -> Measured: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the quartiles around it."""

    median: float
    lower: float
    upper: float


def spread(values: Iterable[float]) -> Spread:
    ordered = sorted(values)
    if len(ordered) == 1:
        return Spread(ordered[0], ordered[0], ordered[0])
    lower, median, upper = quantiles(ordered, n=4, method="inclusive")
    return Spread(median, lower, upper)


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that `percent` of all values don't exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def ratios(ours: Sequence[Measured], theirs: Sequence[Measured]) -> Spread:
    """How many times as many entries a second, round by round: both saw the same disk then."""
    pairs = zip(ours, theirs, strict=True)
    return spread(our.entries_per_s / their.entries_per_s for our, their in pairs)


def in_threads(count: int, work: Callable[[int, float], Tally], seconds: float) -> Measured:
    """`work(index, deadline)` in that many threads until the deadline, measured as one."""
    with ThreadPoolExecutor(count) as pool:
        cpu_s, begun_s = time.process_time(), time.perf_counter()
        deadline_s = begun_s + seconds
        tallies = list(pool.map(lambda index: work(index, deadline_s), range(count)))
        ended_s, cpu_s = time.perf_counter(), time.process_time() - cpu_s
    latencies = [latency for tally in tallies for latency in tally.latencies_s]
    return Measured(sum(tally.sales for tally in tallies), ended_s - begun_s, cpu_s, latencies)


def play(
    contestants: Sequence[Contestant], rounds: int, seconds: float, tick: Callable[[], None]
) -> list[list[Measured]]:
    """Each contestant once a round; who begins is another one each time. `tick` after each.

    The results stand as the contestants do, round by round.
    """
    results: list[list[Measured]] = [[] for _ in contestants]
    for number in range(rounds):
        for place in range(len(contestants)):
            turn = (place + number) % len(contestants)
            results[turn].append(contestants[turn].run(seconds))
            tick()
    return results
