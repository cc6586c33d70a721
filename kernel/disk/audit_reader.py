"""Reading the audit log's files, while a collector may be appending to them.

Only whole lines count: the last one may be under way. The newest file is opened before the older
ones are listed, and is known by the date in its first line, not by its name: when the collector
turns to a new date meanwhile, what was opened here is an older file and still the same one. This
module must never change a file, but for the name that a crash left wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kernel.codec.audit import LINE, Cursor, decode_seen
from kernel.disk.files import Disk
from kernel.disk.layout import Layout

__all__ = [
    "AuditFollower",
    "audit_dates",
    "audit_files",
    "audit_lines",
    "last_seen",
    "open_dated",
    "open_newest",
]

LINE_LIMIT_BYTES = 4 << 20
"""No line is longer: what has no newline for so long is no line."""
_CHUNK_BYTES = 1 << 20
_DATED = re.compile(r"aggregated_audit\.log\.(\d{1,16})")


def audit_dates(disk: Disk, layout: Layout) -> list[int]:
    """The dates of the older files, ascending."""
    try:
        names = disk.listdir(layout.shared)
    except FileNotFoundError:
        return []
    found = (_DATED.fullmatch(name) for name in names)
    return sorted(int(dated[1]) for dated in found if dated is not None)


def open_newest(disk: Disk, layout: Layout, flags: int) -> int | None:
    """The newest file, whatever name a crash between two renames has left it.

    Opened for writing, it gets its name back. Raises `OSError`.
    """
    try:
        return disk.open(layout.audit, flags)
    except FileNotFoundError:
        dates = audit_dates(disk, layout)
    if not dates:
        return None
    path = layout.audit_of(dates[-1])
    if flags & os.O_RDWR:
        disk.rename(path, layout.audit)
        path = layout.audit
    return disk.open(path, flags)


def open_dated(disk: Disk, layout: Layout, date: int) -> int:
    """The file of that date, which may be the newest one. Raises `OSError`."""
    newest = open_newest(disk, layout, os.O_RDONLY)
    if newest is not None:
        if _date_of(disk, newest) == date:
            return newest
        disk.close(newest)
    return disk.open(layout.audit_of(date), os.O_RDONLY)


def audit_lines(disk: Disk, descriptor: int, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """(offset, line without its newline) of every whole line from `offset` on."""
    rest = b""
    while part := disk.pread(descriptor, _CHUNK_BYTES, offset + len(rest)):
        lines = (rest + part).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield offset, line
            offset += len(line) + 1
        if len(rest) > LINE_LIMIT_BYTES:
            return


@contextmanager
def audit_files(disk: Disk, layout: Layout) -> Iterator[list[tuple[int, str, int]]]:
    """(date, path, descriptor) of every file, the newest first. Raises `OSError`."""
    files: list[tuple[int, str, int]] = []
    try:
        newest = open_newest(disk, layout, os.O_RDONLY)
        if newest is not None:
            date = _date_of(disk, newest)
            files.append((date, layout.audit, newest))
            for older in reversed(audit_dates(disk, layout)):
                if older != date:
                    path = layout.audit_of(older)
                    files.append((older, path, disk.open(path, os.O_RDONLY)))
        yield files
    finally:
        for _, _, descriptor in files:
            disk.close(descriptor)


class AuditFollower:
    """What has been appended since the last time, to whichever file. Starts at the ends."""

    def __init__(self, disk: Disk, layout: Layout) -> None:
        self._disk = disk
        self._layout = layout
        self._offsets: dict[int, int] | None = None

    def poll(self) -> Iterator[bytes]:
        """The new lines of entries, without newlines; none the first time. Raises `OSError`."""
        with audit_files(self._disk, self._layout) as files:
            sizes = {date: self._disk.fstat(descriptor).st_size for date, _, descriptor in files}
            if self._offsets is None:
                self._offsets = sizes
                return
            for date, _, descriptor in reversed(files):
                begin = self._offsets.get(date, 0)
                if sizes[date] < begin:
                    begin = 0  # made anew
                for offset, line in audit_lines(self._disk, descriptor, begin):
                    if LINE.fullmatch(line):
                        yield line
                    begin = offset + len(line) + 1
                self._offsets[date] = begin


def last_seen(disk: Disk, layout: Layout, terminals: Sequence[str]) -> dict[str, Cursor]:
    """How far the audit log has each of these terminals. Read from the end. Raises `OSError`."""
    found: dict[str, Cursor] = {}
    descriptor = open_newest(disk, layout, os.O_RDONLY)
    if descriptor is None:
        return found
    try:
        wanted = dict.fromkeys(terminals)
        for part in _parts_from_end(disk, descriptor):
            for terminal in list(wanted):
                cursor = _last_in(part, terminal)
                if cursor is not None:
                    found[terminal] = cursor
                    del wanted[terminal]
            if not wanted:
                break
    finally:
        disk.close(descriptor)
    return found


def _last_in(part: bytes, terminal: str) -> Cursor | None:
    """The last that whole lines say of a terminal; each line in `part` follows a newline."""
    own, end = b'\n{"terminal":"%b",' % terminal.encode(), len(part)
    while (start := max(part.rfind(own, 0, end), part.rfind(b'\n{"audit":', 0, end))) >= 0:
        line = part[start + 1 : part.find(b"\n", start + 1)]
        match = LINE.fullmatch(line)
        if match is not None:
            return Cursor(int(match[3]), match[4].decode(), int(match[2]))
        seen = decode_seen(line)
        if seen is not None and terminal in seen.seen:
            return seen.seen[terminal]
        end = start
    return None


def _parts_from_end(disk: Disk, descriptor: int) -> Iterator[bytes]:
    """The file's whole lines in pieces, the last piece first, a newline before each line."""
    end = disk.fstat(descriptor).st_size
    rest = b""
    while end > 0:
        begin = max(0, end - _CHUNK_BYTES)
        part = disk.pread(descriptor, end - begin, begin) + rest
        if begin == 0:
            part = b"\n" + part
        elif len(part) > LINE_LIMIT_BYTES + _CHUNK_BYTES:
            return
        first, last = part.find(b"\n"), part.rfind(b"\n")
        if first < last:
            yield part[first : last + 1]
        rest, end = part[: first + 1] if first >= 0 else part, begin


def _date_of(disk: Disk, descriptor: int) -> int:
    """What the first line says; 0 where it says nothing."""
    for _, line in audit_lines(disk, descriptor):
        seen = decode_seen(line)
        return seen.date if seen is not None else 0
    return 0
