"""A disk on which two threads meet at a file, if anything lets them get there together."""

from __future__ import annotations

from threading import Barrier, BrokenBarrierError

from kernel.disk.files import FILE_MODE, Disk
from tests.support.faults import FaultyDisk

__all__ = ["MeetingDisk"]

_WAIT_S = 0.3


class MeetingDisk(FaultyDisk):
    """Whoever opens `path` waits a moment for a second one: so a race that a lock should prevent
    happens every time that there is none."""

    def __init__(self, inner: Disk, path: str) -> None:
        super().__init__(inner)
        self.barrier = Barrier(2)
        self._path = path

    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        descriptor = super().open(path, flags, mode)
        if path == self._path:
            try:
                self.barrier.wait(_WAIT_S)
            except BrokenBarrierError:
                self.barrier.reset()
        return descriptor
