"""A disk that fails on purpose: at a named call with an errno, with a short write, or for good.

`FaultyDisk` stands in front of any disk, the real one too, and counts its calls, so that a test
runs a workload once without faults and then again with a fault at each n of each kind. It must
never fail by chance: the plan says all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
        self._lifetime = min(
            (fault.after for fault in plan if isinstance(fault, PowerOff)), default=None
        )

    @property
    def changes(self) -> int:
        """How many calls of the kinds in `CHANGING` there were."""
        return sum(self.calls[call] for call in CHANGING)

    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        with self._call("open", path):
            return self.inner.open(path, flags, mode)

    def close(self, descriptor: int) -> None:
        with self._call("close"):
            self.inner.close(descriptor)

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        with self._call("pread"):
            return self.inner.pread(descriptor, size, offset)

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        with self._call("pwrite"):
            size = self._short.get(self.calls["pwrite"], len(data))
            return self.inner.pwrite(descriptor, data[:size], offset)

    def fdatasync(self, descriptor: int) -> None:
        with self._call("fdatasync"):
            self.inner.fdatasync(descriptor)

    def fsync(self, descriptor: int) -> None:
        with self._call("fsync"):
            self.inner.fsync(descriptor)

    def ftruncate(self, descriptor: int, size: int) -> None:
        with self._call("ftruncate"):
            self.inner.ftruncate(descriptor, size)

    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        with self._call("reserve"):
            self.inner.reserve(descriptor, offset, size)

    def flock(self, descriptor: int, operation: int) -> bool:
        with self._call("flock"):
            return self.inner.flock(descriptor, operation)

    def fstat(self, descriptor: int) -> Status:
        with self._call("fstat"):
            return self.inner.fstat(descriptor)

    def stat(self, path: str) -> Status:
        with self._call("stat", path):
            return self.inner.stat(path)

    def rename(self, source: str, target: str) -> None:
        with self._call("rename", source):
            self.inner.rename(source, target)

    def unlink(self, path: str) -> None:
        with self._call("unlink", path):
            self.inner.unlink(path)

    def listdir(self, path: str) -> list[str]:
        with self._call("listdir", path):
            return self.inner.listdir(path)

    def make_directory(self, path: str, mode: int) -> None:
        with self._call("make_directory", path):
            self.inner.make_directory(path, mode)

    def sync_directory(self, path: str) -> None:
        with self._call("sync_directory", path):
            self.inner.sync_directory(path)

    @contextmanager
    def _call(self, call: str, path: str | None = None) -> Iterator[None]:
        if self._lifetime is not None and self.changes >= self._lifetime:
            raise PowerCut(f"the power went off after change {self._lifetime}")
        self.calls[call] += 1
        number = self.calls[call]
        fault = next((fault for fault in self._fails if fault.hits(call, number)), None)
        if fault is None or fault.afterwards:
            yield
        if fault is not None:
            raise OSError(fault.error, os.strerror(fault.error), path)
