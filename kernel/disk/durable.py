"""The durable mark: how far a terminal's log is known to be on disk, for everyone who reads it.

Written after each sync and never synced itself: so it can be behind the log after a power cut,
never ahead. Collector, mirror and witness read no further. One fixed-size line with a CRC, so
that a reader who meets a half-written one sees that and reads again.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from zlib import crc32

from kernel.disk.files import Disk

__all__ = ["DurableMark", "Mark", "read_mark"]

_LINE = re.compile(rb"(\d{16}) (\d{16}) (\d{16}) ([0-9a-f]{8})\n")
_LINE_BYTES = 60
_READ_ATTEMPTS = 8


class Mark(NamedTuple):
    """`offset` bytes of the segment whose first LSN is `segment` are durable, up to `lsn`."""

    segment: int
    offset: int
    lsn: int


class DurableMark:
    """The writer's side; one process at a time, the holder of the terminal's lock."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self._descriptor = disk.open(path, os.O_RDWR | os.O_CREAT)

    def write(self, segment: int, offset: int, lsn: int) -> None:
        numbers = b"%016d %016d %016d " % (segment, offset, lsn)
        self._disk.pwrite(self._descriptor, b"%b%08x\n" % (numbers, crc32(numbers)), 0)

    def close(self) -> None:
        self._disk.close(self._descriptor)


def read_mark(disk: Disk, path: str) -> Mark | None:
    """The mark; None if there is none that can be read."""
    try:
        descriptor = disk.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        for _ in range(_READ_ATTEMPTS):
            data = disk.pread(descriptor, _LINE_BYTES, 0)
            line = _LINE.fullmatch(data)
            if line is not None and int(line[4], 16) == crc32(data[: line.start(4)]):
                return Mark(int(line[1]), int(line[2]), int(line[3]))
    finally:
        disk.close(descriptor)
    return None
