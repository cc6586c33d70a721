"""The lines of the shop's day as they come: of the newest file and of the one before it.

From their beginnings, to make a day's figures, or from their ends, to follow it: two streams of
one shop that stand at the same place have nothing between them. A stream holds its files open,
so that a collector may turn to a new date or make its files anew meanwhile; what was made anew is
told once more from its beginning. What is late for a date before those two is not told. This
module must never read more at a time than it was asked for, whatever a file holds.
"""

from __future__ import annotations

import os

from msgspec import Struct

from kernel.codec.audit import decode_seen
from kernel.disk.audit_reader import LINE_LIMIT_BYTES, audit_dates, open_newest
from kernel.disk.files import Disk, Status
from kernel.disk.layout import Layout

__all__ = ["AuditStream"]

_FIRST_LINE_BYTES = 1 << 16
_OWN_LINE = b'{"audit":'


class _File(Struct):
    date: int
    descriptor: int
    identity: tuple[int, int]
    offset: int


class AuditStream:
    """Used by one thread. `date` is that of the newest file, 0 before there is one."""

    def __init__(self, disk: Disk, layout: Layout, *, from_end: bool) -> None:
        self._disk = disk
        self._layout = layout
        self._from_end = from_end
        self._files: list[_File] = []
        self._newest: tuple[int, int] | None = None
        self.date = 0

    def read(self, limit_bytes: int) -> list[bytes]:
        """The next whole lines of entries, older file first. Raises `OSError`."""
        if self._newest is None or self._newest != self._newest_now():
            self._open()
        lines: list[bytes] = []
        for file in self._files:
            taken = self._take(file, limit_bytes)
            lines += taken
            limit_bytes -= sum(map(len, taken))
            if limit_bytes <= 0:
                break
        if any(line.startswith(_OWN_LINE) for line in lines):
            self._newest = None  # it may tell of lines in an older file that we don't know
            lines = [line for line in lines if not line.startswith(_OWN_LINE)]
        return lines

    @property
    def place(self) -> tuple[tuple[tuple[int, int], int], ...]:
        """Which files it reads, and how far it is in each."""
        return tuple((file.identity, file.offset) for file in self._files)

    @property
    def behind_bytes(self) -> int:
        """How much of its files it has not read yet."""
        sizes = (self._disk.fstat(file.descriptor).st_size - file.offset for file in self._files)
        return sum(max(0, size) for size in sizes)

    def close(self) -> None:
        for file in self._files:
            self._disk.close(file.descriptor)
        self._files = []
        self._newest = None

    def _newest_now(self) -> tuple[int, int] | None:
        try:
            return _identity(self._disk.stat(self._layout.audit))
        except FileNotFoundError:
            return None

    def _open(self) -> None:
        """Open what is there now; a file that was open already stays where it is."""
        descriptors = []
        newest = open_newest(self._disk, self._layout, os.O_RDONLY)
        if newest is not None:
            descriptors.append(newest)
            for date in reversed(audit_dates(self._disk, self._layout)):
                path = self._layout.audit_of(date)
                descriptors.append(self._disk.open(path, os.O_RDONLY))
                if len({_identity(self._disk.fstat(one)) for one in descriptors}) == _FILES:
                    break
        known = {file.identity: file for file in self._files}
        found: dict[tuple[int, int], _File] = {}
        for descriptor in descriptors:
            file = self._file(descriptor)
            if file.identity in found:
                self._disk.close(descriptor)
            else:
                found[file.identity] = file
        for identity, file in known.items():
            if identity in found:
                found[identity].offset = file.offset
            self._disk.close(file.descriptor)
        self._files = sorted(found.values(), key=lambda file: file.date)
        self._newest = _identity(self._disk.fstat(newest)) if newest is not None else None
        self.date = self._files[-1].date if self._files else 0
        self._from_end = False  # what comes to be from now on is new as a whole

    def _file(self, descriptor: int) -> _File:
        status = self._disk.fstat(descriptor)
        first = self._disk.pread(descriptor, _FIRST_LINE_BYTES, 0).partition(b"\n")[0]
        seen = decode_seen(first)
        offset = self._end_of_lines(descriptor, status.st_size) if self._from_end else 0
        return _File(seen.date if seen is not None else 0, descriptor, _identity(status), offset)

    def _end_of_lines(self, descriptor: int, size: int) -> int:
        """Behind the last newline: the last line may be under way."""
        begin = max(0, size - _FIRST_LINE_BYTES)
        part = self._disk.pread(descriptor, size - begin, begin)
        return begin + part.rfind(b"\n") + 1

    def _take(self, file: _File, limit_bytes: int) -> list[bytes]:
        if self._disk.fstat(file.descriptor).st_size < file.offset:
            file.offset = 0  # cut and written anew
        data = self._disk.pread(file.descriptor, limit_bytes, file.offset)
        end = data.rfind(b"\n")
        if end < 0 and len(data) == limit_bytes < LINE_LIMIT_BYTES:
            data = self._disk.pread(file.descriptor, LINE_LIMIT_BYTES, file.offset)
            end = data.find(b"\n")
        if end < 0:
            return []
        file.offset += end + 1
        return data[:end].split(b"\n")


_FILES = 2


def _identity(status: Status) -> tuple[int, int]:
    return status.st_dev, status.st_ino
