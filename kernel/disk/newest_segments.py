"""The segments of a log from its end back, each as far as it is durable.

A year of sales lies behind the last ones, and who asks about today must not read it: he stops where
he has found what he wants. No lock is taken. This module must never pass over a segment that does
not begin as one: what stands in it would be missing without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kernel.codec.entries import decode_stamp
from kernel.codec.frame import HEAD_BYTES, open_frame
from kernel.codec.scan import Position, first_position
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.errors import LogDamaged
from kernel.model.till_entries import SegmentOpened
from kernel.words import gettext as _

__all__ = ["Segment", "newest_first", "open_segment"]


class Segment(Struct, frozen=True):
    """`data` without what the till is still writing, and may yet take back."""

    path: str
    first: Position
    opened: SegmentOpened
    begun: int
    """Business date of its first entry."""
    data: bytes


def open_segment(disk: Disk, paths: TerminalPaths) -> Segment | None:
    """The one that is written to, if there is one. Raises `LogDamaged`, `OSError`."""
    data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    if data is None:
        return None
    segment = _segment(paths.wal, data)
    mark = read_mark(disk, paths.durable)
    if mark is None or mark.segment != segment.first.lsn:
        return segment
    return Segment(paths.wal, segment.first, segment.opened, segment.begun, data[: mark.offset])


def newest_first(disk: Disk, paths: TerminalPaths) -> Iterator[Segment]:
    """None for a terminal that has no log. Raises `LogDamaged`, `OSError`."""
    try:
        sealed = sealed_segments(disk, paths)
    except (FileNotFoundError, NotADirectoryError):
        return
    newest = open_segment(disk, paths)
    if sealed_segments(disk, paths) != sealed:
        # A rotation came in between: what was read may be a sealed one by now.
        yield from newest_first(disk, paths)
        return
    if newest is not None:
        yield newest
    for first in reversed(sealed):
        path = paths.segment(first)
        data = read_file(disk, path, SEGMENT_LIMIT_BYTES)
        if data is not None:
            yield _segment(path, data)


def _segment(path: str, data: bytes) -> Segment:
    found = first_position(data)
    if found is None:
        raise LogDamaged(path, 0, 1, _("the segment's first entry is missing or wrong"))
    first, opened = found
    begun = decode_stamp(data[HEAD_BYTES : open_frame(data, 0) - 1]).business_date
    return Segment(path, first, opened, begun, data)
