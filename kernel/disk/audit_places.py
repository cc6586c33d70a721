"""One audit file by its lines' places: byte offsets, read only where somebody looks.

Nothing of the file is kept but the places of what a search found, so that a file of a gigabyte
costs what one of a kilobyte does, and its end is there at once. A search goes from the end to the
beginning in pieces, newest first, and takes what is appended meanwhile. This module must never
hold a lock nor read what was not asked for.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kernel.codec.audit import LINE
from kernel.disk.audit_reader import LINE_LIMIT_BYTES, open_dated, open_newest
from kernel.disk.files import Disk
from kernel.disk.layout import Layout

__all__ = ["FOUND_LIMIT", "AuditPlaces", "FoundPlaces", "Hint", "Placed"]

Placed = tuple[int, bytes]
"""(offset in the file, the line without its newline)."""

FOUND_LIMIT = 200_000
"""Places that a search keeps, the newest ones: 1.6 MB."""
_PIECE_BYTES = 64 << 10
_PAGE_BYTES = 8 << 10
_USUAL_BYTES = 512
"""More than most lines have."""
_LINE_BYTES = 2048
"""More than nearly every line has."""


class AuditPlaces:
    """One file, held open: a collector may give it another name meanwhile. Raises `OSError`."""

    def __init__(self, disk: Disk, layout: Layout, date: int | None = None) -> None:
        """The newest file, or that of a `date`."""
        self._disk = disk
        self._layout = layout
        self._descriptor = -1
        if date is None:
            found = open_newest(disk, layout, os.O_RDONLY)
        else:
            found = open_dated(disk, layout, date)
        if found is not None:
            self._descriptor = found

    @property
    def size_bytes(self) -> int:
        return self._disk.fstat(self._descriptor).st_size if self._descriptor >= 0 else 0

    @property
    def is_newest(self) -> bool:
        """Whether this is what a collector writes to now; True while there is no file at all."""
        try:
            named = self._disk.stat(self._layout.audit)
        except FileNotFoundError:
            return self._descriptor < 0
        if self._descriptor < 0:
            return False
        ours = self._disk.fstat(self._descriptor)
        return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)

    def close(self) -> None:
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1

    def after(self, place: int, count: int) -> list[Placed]:
        """The next `count` lines of entries that begin at `place` or behind it."""
        found: list[Placed] = []
        size = max(_PAGE_BYTES, count * _USUAL_BYTES)
        while len(found) < count:
            pieces = self.lines(place, place + size)
            if not pieces:
                if place + size >= self.size_bytes or size > LINE_LIMIT_BYTES:
                    break
                size *= 2  # one line is longer than that
                continue
            found += [one for one in pieces if LINE.fullmatch(one[1])]
            place = pieces[-1][0] + len(pieces[-1][1]) + 1
        return found[:count]

    def before(self, place: int, count: int) -> list[Placed]:
        """The last `count` lines of entries that end at `place` or before it, oldest first."""
        found: list[Placed] = []
        size = max(_PAGE_BYTES, count * _USUAL_BYTES)
        while place > 0 and len(found) < count:
            begin = self.begin_of_line(max(0, place - size))
            pieces = self.lines(begin, place)
            if not pieces and begin > 0:
                size *= 2  # one line is longer than that
                if size > 2 * LINE_LIMIT_BYTES:
                    break
                continue
            found = [one for one in pieces if LINE.fullmatch(one[1])] + found
            place = begin
        return found[-count:]

    def lines(self, begin: int, end: int) -> list[Placed]:
        """Every whole line between two places; `begin` is one's first byte."""
        data = self.read(begin, end)
        found: list[Placed] = []
        for line in data.split(b"\n")[:-1]:
            found.append((begin, line))
            begin += len(line) + 1
        return found

    def line(self, place: int) -> list[Placed]:
        """The one that begins there, alone; nothing where the file was cut meanwhile."""
        for size in (_LINE_BYTES, LINE_LIMIT_BYTES):
            line, newline, _ = self.read(place, place + size).partition(b"\n")
            if newline:
                return [(place, line)]
        return []

    def begin_of_line(self, place: int) -> int:
        """The first line that begins at `place` or behind it."""
        if place <= 0:
            return 0
        data = self.read(place - 1, place + LINE_LIMIT_BYTES, whole=False)
        newline = data.find(b"\n")
        return place + newline if newline >= 0 else place + len(data)

    def read(self, begin: int, end: int, *, whole: bool = True) -> bytes:
        """Those bytes; not `whole`: at least up to the first newline in them."""
        if self._descriptor < 0 or end <= begin:
            return b""
        if whole:
            return self._disk.pread(self._descriptor, end - begin, begin)
        data = self._disk.pread(self._descriptor, min(_PIECE_BYTES, end - begin), begin)
        if b"\n" in data:
            return data
        return self._disk.pread(self._descriptor, end - begin, begin)


class Hint(NamedTuple):
    """Bytes that are in every line that is wanted; of `any_case` they are lower ones."""

    text: bytes
    any_case: bool = False


class FoundPlaces:
    """The places of the lines that a search shows, ascending. `look` looks further."""

    def __init__(
        self, places: AuditPlaces, hint: Hint | None, shows: Callable[[bytes], bool]
    ) -> None:
        """What the `hint` is not in need not be looked at."""
        self._places = places
        self._hint = hint
        self._shows = shows
        self._older = array("Q")
        self._newer = array("Q")
        self._begin = self._end = places.begin_of_line(places.size_bytes)
        self._full = False

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def __getitem__(self, index: int) -> int:
        """One place, counted from the oldest."""
        older = len(self._older)
        return self._older[older - 1 - index] if index < older else self._newer[index - older]

    @property
    def looked_bytes(self) -> int:
        """How much of the file was looked at, from the end on."""
        return self._end - self._begin

    @property
    def done(self) -> bool:
        """Whether the beginning was reached, or as much was found as is kept."""
        return self._begin == 0 or self._full

    def look(self, limit_bytes: int) -> bool:
        """Look at what was appended, and at an older piece; whether there is more of that."""
        self._look_at_new(limit_bytes)
        if not self.done:
            begin = self._begin
            while begin >= self._begin:  # again where one line is longer than that
                begin = self._places.begin_of_line(max(0, self._begin - limit_bytes))
                limit_bytes *= 2
            found = list(self._shown(begin, self._begin))
            self._older.extend(reversed(found))
            self._begin = begin
            self._trim()
        return not self.done

    def before(self, place: int, count: int) -> list[int]:
        """The last `count` places before that one."""
        end = bisect_left(self, place)
        return [self[index] for index in range(max(0, end - count), end)]

    def after(self, place: int, count: int) -> list[int]:
        """The next `count` places behind that one."""
        begin = bisect_right(self, place)
        return [self[index] for index in range(begin, min(len(self), begin + count))]

    def _look_at_new(self, limit_bytes: int) -> None:
        data = self._places.read(self._end, self._end + limit_bytes)
        if len(data) == limit_bytes and b"\n" not in data:
            data = self._places.read(self._end, self._end + LINE_LIMIT_BYTES)
        end = self._end + data.rfind(b"\n") + 1
        if end > self._end:
            self._newer.extend(self._shown(self._end, end))
            self._end = end
            self._trim()

    def _shown(self, begin: int, end: int) -> Iterator[int]:
        if self._hint is None:
            for place, line in self._places.lines(begin, end):
                if self._shows(line):
                    yield place
            return
        data = self._places.read(begin, end)
        looked_in = data.lower() if self._hint.any_case else data
        at = 0
        while (hit := looked_in.find(self._hint.text, at)) >= 0:
            first = data.rfind(b"\n", 0, hit) + 1
            last = data.find(b"\n", hit)
            if last < 0:
                return
            if self._shows(data[first:last]):
                yield begin + first
            at = last + 1

    def _trim(self) -> None:
        excess = len(self) - FOUND_LIMIT
        if excess > 0:
            self._full = True
            of_older = min(excess, len(self._older))
            if of_older:
                del self._older[-of_older:]
            del self._newer[: excess - of_older]
