"""A terminal's Z entries of one business date, or its notes since, read from the end of its log.

A year of sales lies before them, and the end of a day must not read it: segments are read newest
first, down to the one that begins on an earlier date. Like `history` it takes no lock and reads no
further than the durable mark. This module must never pass over what it can't read: a Z might be
there, and the store's sum would lack it without a word.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from kernel.codec.entries import decode_act
from kernel.codec.scan import ReadFrame, Reading, read_frames
from kernel.disk.files import Disk
from kernel.disk.layout import TerminalPaths
from kernel.disk.newest_segments import newest_first
from kernel.errors import LogDamaged
from kernel.model.till_entries import Counted, Event, PeriodClosed
from kernel.words import gettext as _

__all__ = ["DayClose", "day_closes", "notes_since"]

_WANTED = (b'"k":"z"', b'"k":"count"')


class DayClose(NamedTuple):
    """A Z entry, when it was logged, and what was counted in the drawer since the one before."""

    closed: PeriodClosed
    wall_ms: int
    counted_minor: dict[str, int]


def day_closes(disk: Disk, paths: TerminalPaths, business_date: int) -> list[DayClose]:
    """Oldest first; none for a terminal that has no log.

    Raises `LogDamaged` where a segment of that date is missing or wrong, `OSError`.
    """
    found: list[DayClose] = []
    counted: dict[str, int] = {}
    for frame in _frames_since(disk, paths, business_date):
        if frame.stamp.business_date != business_date:
            continue
        # Most entries are lines: they are passed over without being decoded.
        if not any(word in frame.body for word in _WANTED):
            continue
        try:
            act = decode_act(frame.body)
        except msgspec.DecodeError:
            continue
        if isinstance(act, Counted):
            counted[act.currency] = act.amount_minor
        elif isinstance(act, PeriodClosed):
            found.append(DayClose(act, frame.stamp.wall_ms, counted))
            counted = {}
    return found


def notes_since(disk: Disk, paths: TerminalPaths, business_date: int, what: str) -> list[str]:
    """The details of its events of that name, of that date and later, oldest first.

    Raises `LogDamaged`, `OSError` as `day_closes` does.
    """
    found: list[str] = []
    word = f'"what":"{what}"'.encode()
    for frame in _frames_since(disk, paths, business_date):
        if frame.stamp.business_date < business_date or word not in frame.body:
            continue
        try:
            act = decode_act(frame.body)
        except msgspec.DecodeError:
            continue
        if isinstance(act, Event) and act.what == what and act.detail is not None:
            found.append(act.detail)
    return found


def _frames_since(disk: Disk, paths: TerminalPaths, business_date: int) -> list[ReadFrame]:
    """The entries of that date and later, with some before it."""
    parts: list[list[ReadFrame]] = []
    next_lsn = None
    for segment in newest_first(disk, paths):
        reading = read_frames(segment.data, segment.first)
        if segment.path != paths.wal:
            _require_whole(segment.path, reading, next_lsn)
        parts.append(reading.frames)
        next_lsn = segment.first.lsn
        if segment.begun < business_date:
            break
    return [frame for part in reversed(parts) for frame in part]


def _require_whole(path: str, reading: Reading, next_lsn: int | None) -> None:
    """A sealed segment is sound to its end, and the one after it follows."""
    at = reading.at
    if reading.fault is not None:
        raise LogDamaged(path, at.offset, at.lsn, _(reading.fault))
    if next_lsn not in (None, at.lsn):
        raise LogDamaged(path, at.offset, at.lsn, _("the segment after this one is missing"))
