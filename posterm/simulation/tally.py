"""What a simulated till did and how long its calls took: values that add up over tills.

Times are kept as counts in buckets 2 % wide, so that a day costs no more memory than a minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2

from msgspec import Struct, field
from msgspec.structs import fields

__all__ = ["Tally", "Times", "note", "percentile_ms"]

Times = dict[int, int]
"""Bucket -> calls."""

_BUCKETS_OF_A_DOUBLING = 32


class Tally(Struct):
    """Counts of one till or of many. `total_minor` is the cashier's own sum, not the kernel's."""

    sales: int = 0
    lines: int = 0
    total_minor: int = 0
    voids: int = 0
    discounts: int = 0
    returns: int = 0
    aborts: int = 0
    cards: int = 0
    declined: int = 0
    splits: int = 0
    suspends: int = 0
    recalls: int = 0
    sign_ons: int = 0
    rests: int = 0
    refused: int = 0
    behind_s: float = 0.0
    """How late the latest customer was served: 0 where the till keeps up."""
    cpu_s: float = 0.0
    commits: Times = field(default_factory=dict)
    """Calls that closed a sale."""
    entries: Times = field(default_factory=dict)
    """All other calls that made something durable."""

    def add(self, other: Tally) -> None:
        """Count what `other` did too."""
        for each in fields(Tally):
            mine, its = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, dict):
                for bucket, calls in its.items():
                    mine[bucket] = mine.get(bucket, 0) + calls
            else:
                added = max(mine, its) if each.name == "behind_s" else mine + its
                setattr(self, each.name, added)


def note(times: Times, seconds: float) -> None:
    """Count one call that took so long."""
    bucket = round(log2(max(seconds, 1e-6) * 1e6) * _BUCKETS_OF_A_DOUBLING)
    times[bucket] = times.get(bucket, 0) + 1


def percentile_ms(times: Times, percent: float) -> float:
    """The time that `percent` of the calls don't exceed, to 2 %; 0 where there were none."""
    wanted = percent / 100 * sum(times.values())
    for bucket, calls in _running(sorted(times.items())):
        if calls >= wanted:
            return round(2 ** (bucket / _BUCKETS_OF_A_DOUBLING) / 1000, 3)
    return 0.0


def _running(counted: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    """Each bucket with the calls of it and of all before it."""
    calls = 0
    for bucket, more in counted:
        calls += more
        yield bucket, calls
