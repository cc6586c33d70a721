"""A disk that fails on purpose: at a named call with an errno, with a short write, or for good.

`FaultyDisk` stands in front of any disk, the real one too, and counts its calls, so that a test
runs a workload once without faults and then again with a fault at each n of each kind. It must
never fail by chance: the plan says all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.disk.files import FILE_MODE, Disk, Status

__all__ = ["CHANGING", "Fails", "FaultyDisk", "PowerCut", "PowerOff", "ShortWrite"]

CHANGING = frozenset(
    {
        "open",
        "pwrite",
        "fdatasync",
        "fsync",
        "ftruncate",
        "reserve",
        "rename",
        "unlink",
        "make_directory",
        "sync_directory",
    }
)
"""The calls that `PowerOff` counts: those that can change what a crash leaves."""


class PowerCut(BaseException):
    """The machine is off. Not an `Exception`: no code under test may answer it."""


@dataclass(frozen=True, slots=True)
class Fails:
    """The calls of this kind numbered `first` (from 1) to `last` (None: for ever) fail.

    With `afterwards` the call is done before it fails, as a disk may do that loses the answer.
    """

    call: str
    first: int
    error: int
    last: int | None = None
    afterwards: bool = False

    def hits(self, call: str, number: int) -> bool:
        return call == self.call and self.first <= number <= (self.last or number)


@dataclass(frozen=True, slots=True)
class ShortWrite:
    """The write with this number (from 1) takes only the first `size_bytes` of its bytes."""

    number: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PowerOff:
    """After this many calls of the kinds in `CHANGING`, every call raises `PowerCut`."""

    after: int


class FaultyDisk:
    """`inner`, with the faults of `plan`. `calls` counts the calls of each kind, failed ones too.

    After `PowerCut` nothing is counted and nothing reaches `inner`.
    """

    def __init__(self, inner: Disk, *plan: Fails | ShortWrite | PowerOff) -> None:
        self.inner = inner
        self.calls: Counter[str] = Counter()
        self._fails = [fault for fault in plan if isinstance(fault, Fails)]
        self._short = {
            fault.number: fault.size_bytes for fault in plan if isinstance(fault, ShortWrite)
        }
        self._power_off = [fault.after for fault in plan if isinstance(fault, PowerOff)]

    @property
    def changes(self) -> int:
        """How many calls of the kinds in `CHANGING` there were."""
        return sum(self.calls[call] for call in CHANGING)

    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        late = self._count("open", path)
        return _answer(late, self.inner.open(path, flags, mode))
