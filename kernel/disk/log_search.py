"""Entries of a log that are found by their bytes: the few of a kind among all that a year holds.

JSON escapes the quotes in a text, so that no text can look like a key. Only frames that match are
decoded, each checked by its CRC; whether the others are sound is for `verify`. It takes no lock
and never reads further than a start would take, or, of a running till, than its durable mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import msgspec

from kernel.codec.entries import decode_act, decode_stamp
from kernel.codec.frame import HEAD_BYTES, open_frame
from kernel.codec.scan import first_position, read_frames
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.errors import LogDamaged
from kernel.model.entries import Act, Stamp
from kernel.words import gettext as _

__all__ = ["FoundEntry", "Where", "entries_at", "holding", "of_sales"]

Where = Callable[[bytes], Iterable[int]]
"""Offsets of bytes of the entries that are looked for, in the bytes of a segment."""
_SALE = re.compile(rb',"x":([1-9][0-9]{0,14})[,}]')


class FoundEntry(NamedTuple):
    """An entry, and where its frame stands."""

    path: str
    offset: int
    stamp: Stamp
    act: Act


def holding(*needles: bytes) -> Where:
    """Entries that hold one of these; each is looked for at the speed of memory."""

    def where(data: bytes) -> Iterator[int]:
        for needle in needles:
            at = data.find(needle)
            while at >= 0:
                yield at
                at = data.find(needle, at + 1)

    return where


def of_sales(numbers: Collection[int]) -> Where:
    """Entries of these sales, and some that only name them."""

    def where(data: bytes) -> Iterator[int]:
        return (one.start() for one in _SALE.finditer(data) if int(one[1]) in numbers)

    return where


def entries_at(
    disk: Disk, paths: TerminalPaths, where: Where, *, running: bool
) -> Iterator[FoundEntry]:
    """Those entries, oldest first; none where there is no log.

    Raises `LogDamaged` where one of them can't be read, `OSError`.
    """
    for path, data in _segments(disk, paths, running):
        for start in sorted({data.rfind(b"\n", 0, at) + 1 for at in where(data)}):
            end = open_frame(data, start)
            if end < 0:
                raise LogDamaged(path, start, 0, _("an entry can't be read"))
            body = data[start + HEAD_BYTES : end - 1]
            try:
                act, stamp = decode_act(body), decode_stamp(body)
            except msgspec.DecodeError as fault:
                raise LogDamaged(path, start, 0, _("an entry of a kind not known here")) from fault
            yield FoundEntry(path, start, stamp, act)


def _segments(disk: Disk, paths: TerminalPaths, running: bool) -> Iterator[tuple[str, bytes]]:
    """The open one is read first: a rotation meanwhile only makes it a sealed one."""
    mark = read_mark(disk, paths.durable) if running else None
    data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    found = first_position(data) if data else None
    for first in sealed_segments(disk, paths):
        if found is None or first < found[0].lsn:
            sealed = read_file(disk, paths.segment(first), SEGMENT_LIMIT_BYTES)
            if sealed is not None:
                yield paths.segment(first), sealed
    if data is not None and found is not None:
        if mark is not None and mark.segment == found[0].lsn:
            data = data[: mark.offset]
        yield paths.wal, data[: read_frames(data, found[0]).at.offset]
