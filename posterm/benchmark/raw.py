"""The yardstick: a bare loop of `pwrite` and `fdatasync`, one entry at a time, by one thread.

It writes the very frames that the kernel wrote, into a file opened and reserved as the kernel's
log is, and does nothing else. What is slower than this is what the kernel costs.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Sequence
from itertools import cycle

from posterm.benchmark.measure import Measured, Tally, in_threads, percentile

__all__ = ["RawLoop", "sync_time_us"]

_SEGMENT_BYTES = 4 << 20
_RESERVE_BYTES = 1 << 20
_RESERVE_AGAIN_BYTES = 512 << 10
_KEEP_SIZE = 1
_SYNC_TRIALS = 50


class RawLoop:
    """`sale_entries`: how many frames make a sale."""

    name = "write + fdatasync"
    threads = 1

    def __init__(self, directory: str, frames: Sequence[bytes], sale_entries: int) -> None:
        self._path = os.path.join(directory, "raw.log")
        self._frames = cycle(frames)
        self._sale_entries = sale_entries
        self._descriptor = -1
        self._fallocate = ctypes.CDLL(None).fallocate
        self._restart()

    def run(self, seconds: float) -> Measured:
        return in_threads(1, self._work, seconds)

    def close(self) -> None:
        os.close(self._descriptor)

    def _work(self, _: int, deadline_s: float) -> Tally:
        tally = Tally()
        while (begun_s := time.perf_counter()) < deadline_s or not tally.latencies_s:
            frame = next(self._frames)
            os.pwrite(self._descriptor, frame, self._offset)
            os.fdatasync(self._descriptor)
            self._offset += len(frame)
            if self._reserved - self._offset < _RESERVE_AGAIN_BYTES:
                self._reserve()
            tally.latencies_s.append(time.perf_counter() - begun_s)
            if self._offset >= _SEGMENT_BYTES:
                self._restart()
        tally.sales = len(tally.latencies_s) / self._sale_entries
        return tally

    def _restart(self) -> None:
        """A new file, as the kernel begins a new segment."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            os.unlink(self._path)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._offset = 0
        self._reserve()
        os.fsync(self._descriptor)

    def _reserve(self) -> None:
        # Where the file system can't, the kernel goes on without, and so does this.
        self._fallocate(
            self._descriptor,
            _KEEP_SIZE,
            ctypes.c_int64(self._offset),
            ctypes.c_int64(_RESERVE_BYTES),
        )
        self._reserved = self._offset + _RESERVE_BYTES


def sync_time_us(directory: str) -> float:
    """The median time of one small durable write in `directory`, in microseconds."""
    path = os.path.join(directory, f".posterm-sync-{os.getpid()}")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        times = []
        for number in range(_SYNC_TRIALS):
            begun_s = time.perf_counter()
            os.pwrite(descriptor, b"x" * 256, number * 256)
            os.fdatasync(descriptor)
            times.append(time.perf_counter() - begun_s)
    finally:
        os.close(descriptor)
        os.unlink(path)
    return percentile(times, 50) * 1e6
