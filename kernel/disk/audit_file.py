"""The audit log's files: one a business date, the newest under the plain name.

The log is its own cursor. Each file opens with a line that says how far every terminal was taken
then, and who opens it again counts on from there; what follows the first line that doesn't fit is
cut off, because it can be collected again. Lines of an older date (a till that closes late, a
clock that was wrong) go into that date's file first, durably, and then a line in the newest file
says so: a crash between the two is found by the numbers in the older file. One process at a time
writes, the one that holds the collector's lock. This module must never make a line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from kernel.codec.audit import LINE, Cursor, decode_seen, encode_seen
from kernel.disk.audit_reader import audit_lines, open_newest
from kernel.disk.files import FILE_MODE, Disk, directory_of, write_all
from kernel.disk.layout import Layout
from kernel.disk.owned import replace_owned

if TYPE_CHECKING:
    from kernel.codec.audit_walk import ToldLine

__all__ = ["AuditLog"]

Cursors = dict[str, Cursor]


class AuditLog:
    """The collector's side. `cursors` is how far each terminal is written."""

    def __init__(self, disk: Disk, layout: Layout) -> None:
        """Open what is there and cut off what doesn't fit. Raises `OSError`."""
        self._disk = disk
        self._layout = layout
        self._descriptor = -1
        self._size = 0
        self._late: dict[int, dict[str, int]] = {}
        self.date = 0
        self.cursors: Cursors = {}
        while (descriptor := open_newest(disk, layout, os.O_RDWR)) is not None:
            scanned = _scan(disk, descriptor)
            if scanned is not None:
                self._descriptor = descriptor
                self.date, self.cursors, self._size = scanned
                if disk.fstat(descriptor).st_size > self._size:
                    disk.ftruncate(descriptor, self._size)
                break
            # Not even its first line is left: what was in it is collected again.
            disk.close(descriptor)
            disk.unlink(layout.audit)

    def append(self, lines: Sequence[ToldLine]) -> None:
        """Write them, each into its date's file. Raises `OSError`: then open anew, and
        `BadConfiguration` for any user but the manager's."""
        for date, run in groupby(lines, key=itemgetter(0)):
            taken = list(run)
            data = b"\n".join(map(itemgetter(3), taken)) + b"\n"
            last = dict(map(itemgetter(2, 3), taken))
            cursors = {terminal: _cursor_of(line) for terminal, line in last.items()}
            if date > self.date:
                self._turn_to(date)
            if date == self.date:
                self._write(data)
            else:
                self._append_late(date, taken)
                self._write(encode_seen(date, cursors))
            self.cursors.update(cursors)

    def stands(self) -> bool:
        """Whether the newest file is still the one that is open here, as it was left."""
        if self._descriptor < 0:
            return not _exists(self._disk, self._layout.audit)
        try:
            ours = self._disk.fstat(self._descriptor)
            named = self._disk.stat(self._layout.audit)
        except FileNotFoundError:
            return False
        same = (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)
        return same and ours.st_size == self._size

    def close(self) -> None:
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def _turn_to(self, date: int) -> None:
        """The newest file gets its date's name, and a new one the plain name.

        Synced before: the new file's first line says that all of it is written. A crash between
        the two renames leaves no newest file, and `open_newest` gives the last one its name back.
        """
        disk, layout = self._disk, self._layout
        if self._descriptor >= 0:
            disk.fdatasync(self._descriptor)
            self.close()
            disk.rename(layout.audit, layout.audit_of(self.date))
        first = encode_seen(date, self.cursors)
        scratch = os.path.join(layout.shared, ".aggregated_audit.log.next")
        replace_owned(disk, layout, layout.audit, first, scratch=scratch, mode=FILE_MODE)
        self._descriptor = disk.open(layout.audit, os.O_RDWR)
        self.date, self._size = date, len(first)

    def _write(self, data: bytes) -> None:
        try:
            write_all(self._disk, self._descriptor, data, self._size)
        except OSError:
            # A full disk may have taken half a line, and the next one must not be glued to it.
            with suppress(OSError):
                self._disk.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)

    def _append_late(self, date: int, lines: list[ToldLine]) -> None:
        """Those of them that are not there yet; durable when it returns."""
        disk, path = self._disk, self._layout.audit_of(date)
        descriptor = disk.open(path, os.O_RDWR | os.O_CREAT)
        try:
            if date not in self._late:
                self._late[date] = _last_numbers(disk, descriptor)
            known = self._late[date]
            numbered = [(line[2], _cursor_of(line[3]).lsn, line[3]) for line in lines]
            new = [one for one in numbered if one[1] > known.get(one[0], 0)]
            size = disk.fstat(descriptor).st_size
            first = b"" if size else encode_seen(date, self.cursors)
            data = first + b"".join(line + b"\n" for _, _, line in new)
            try:
                write_all(disk, descriptor, data, size)
                disk.fdatasync(descriptor)
            except OSError:
                with suppress(OSError):
                    disk.ftruncate(descriptor, size)
                raise
            known.update({terminal: lsn for terminal, lsn, _ in new})
        finally:
            disk.close(descriptor)
        disk.sync_directory(directory_of(path))


def _scan(disk: Disk, descriptor: int) -> tuple[int, Cursors, int] | None:
    """(date, cursors, size) up to the first line that doesn't fit; None without a first line."""
    date, size = 0, 0
    cursors: Cursors = {}
    for offset, line in audit_lines(disk, descriptor):
        match = LINE.fullmatch(line)
        if match is None or not offset:
            seen = decode_seen(line)
            if seen is None:
                break
            date = date or seen.date
            cursors.update(seen.seen)
        else:
            terminal, cursor = match[1].decode(), _cursor(match)
            before = cursors.get(terminal)
            if int(match[5]) != date or (before is not None and cursor.lsn != before.lsn + 1):
                break
            cursors[terminal] = cursor
        size = offset + len(line) + 1
    return (date, cursors, size) if size else None


def _last_numbers(disk: Disk, descriptor: int) -> dict[str, int]:
    """Terminal -> the last LSN in an older file. What a crash left of a line is cut off it, with
    all that follows: nobody has been told yet that it is there."""
    numbers: dict[str, int] = {}
    size = 0
    for offset, line in audit_lines(disk, descriptor):
        match = LINE.fullmatch(line)
        if match is not None:
            numbers[match[1].decode()] = int(match[3])
        elif decode_seen(line) is None:
            break
        size = offset + len(line) + 1
    if disk.fstat(descriptor).st_size > size:
        disk.ftruncate(descriptor, size)
    return numbers


def _cursor_of(line: bytes) -> Cursor:
    match = LINE.fullmatch(line)
    assert match is not None, "a line of our own has this form"
    return _cursor(match)


def _cursor(match: re.Match[bytes]) -> Cursor:
    return Cursor(int(match[3]), match[4].decode(), int(match[2]))


def _exists(disk: Disk, path: str) -> bool:
    try:
        disk.stat(path)
    except FileNotFoundError:
        return False
    return True
