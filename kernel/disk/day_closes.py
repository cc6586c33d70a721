"""A terminal's Z entries of one business date, or its notes since, read from the end of its log.

A year of sales lies before them, and the end of a day must not read it: segments are read newest
first, down to the one that begins on an earlier date. Like `history` it takes no lock and reads no
further than the durable mark. This module must never pass over what it can't read where a sum is
made of it: a Z might be there, and the store's sum would lack it without a word. What only says
which day is due (`open_period_date`, `z_count`) looks for those few entries and reads no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kernel.codec.checkpoint import decode_checkpoint
from kernel.codec.entries import decode_act, decode_stamp
from kernel.codec.frame import HEAD_BYTES, open_frame
from kernel.codec.scan import Position, ReadFrame, Reading, first_position, read_frames
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.errors import LogDamaged
from kernel.model.entries import Stamp
from kernel.model.till_entries import Counted, Event, PeriodClosed, PeriodOpened
from kernel.words import gettext as _

__all__ = ["DayClose", "day_closes", "notes_since", "open_period_date", "z_count"]

_WANTED = (b'"k":"z"', b'"k":"count"')
_TURNS = (b'"k":"z"', b'"k":"period"')


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


def open_period_date(disk: Disk, paths: TerminalPaths) -> int | None:
    """The business date of the till period that is open there; None where none is, or where only
    the terminal's next start can tell. Raises `OSError`."""
    data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    found = first_position(data) if data is not None else None
    if data is None or found is None:
        return None
    first, opened = found
    turned = next(_turns(_durable_part(disk, paths, first, data)), None)
    if turned is not None:
        return turned[1].date if isinstance(turned[1], PeriodOpened) else None
    return _period_of_checkpoint(disk, paths, opened.checkpoint)


def z_count(disk: Disk, paths: TerminalPaths, business_date: int) -> int:
    """How many Z it has of that date. Raises `LogDamaged`, `OSError`."""
    count = 0
    for path, data in _newest_first(disk, paths):
        found = first_position(data)
        if found is None:
            raise LogDamaged(path, 0, 1, _("the segment's first entry is missing or wrong"))
        whole = _durable_part(disk, paths, found[0], data) if path == paths.wal else data
        count += sum(
            isinstance(act, PeriodClosed) and stamp.business_date == business_date
            for stamp, act in _turns(whole)
        )
        if decode_stamp(data[HEAD_BYTES : open_frame(data, 0) - 1]).business_date < business_date:
            break
    return count


def _period_of_checkpoint(disk: Disk, paths: TerminalPaths, digest: str | None) -> int | None:
    data = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES) if digest else None
    if data is None or sha256(data).hexdigest() != digest:
        return None
    checkpoint = decode_checkpoint(data)
    period = checkpoint.ledger.period if checkpoint is not None else None
    return None if period is None or period.training else period.date


def _turns(data: bytes) -> Iterator[tuple[Stamp, PeriodOpened | PeriodClosed]]:
    """The entries that open or close a till period, the newest first. A frame is as good as its
    checksum here: whether all before it are is not asked."""
    end = len(data)
    while (place := max(data.rfind(word, 0, end) for word in _TURNS)) >= 0:
        end = data.rfind(b"\n", 0, place) + 1
        frame_end = open_frame(data, end)
        if frame_end < 0:
            continue
        body = data[end + HEAD_BYTES : frame_end - 1]
        try:
            act, stamp = decode_act(body), decode_stamp(body)
        except msgspec.DecodeError:
            continue
        if isinstance(act, PeriodClosed) or (isinstance(act, PeriodOpened) and not act.training):
            yield stamp, act


def _frames_since(disk: Disk, paths: TerminalPaths, business_date: int) -> list[ReadFrame]:
    """The entries of that date and later, with some before it."""
    parts: list[list[ReadFrame]] = []
    next_lsn = None
    for path, data in _newest_first(disk, paths):
        found = first_position(data)
        if found is None:
            raise LogDamaged(path, 0, 1, _("the segment's first entry is missing or wrong"))
        first = found[0]
        if path == paths.wal:
            reading = read_frames(_durable_part(disk, paths, first, data), first)
        else:
            reading = read_frames(data, first)
            _require_whole(path, reading, next_lsn)
        parts.append(reading.frames)
        next_lsn = first.lsn
        if reading.frames[0].stamp.business_date < business_date:
            break
    return [frame for part in reversed(parts) for frame in part]


def _durable_part(disk: Disk, paths: TerminalPaths, first: Position, data: bytes) -> bytes:
    """Without what the till is still writing, and may yet take back."""
    mark = read_mark(disk, paths.durable)
    return data[: mark.offset] if mark is not None and mark.segment == first.lsn else data


def _require_whole(path: str, reading: Reading, next_lsn: int | None) -> None:
    """A sealed segment is sound to its end, and the one after it follows."""
    at = reading.at
    if reading.fault is not None:
        raise LogDamaged(path, at.offset, at.lsn, _(reading.fault))
    if next_lsn not in (None, at.lsn):
        raise LogDamaged(path, at.offset, at.lsn, _("the segment after this one is missing"))


def _newest_first(disk: Disk, paths: TerminalPaths) -> Iterator[tuple[str, bytes]]:
    try:
        sealed = sealed_segments(disk, paths)
    except (FileNotFoundError, NotADirectoryError):
        return
    # The sealed ones were listed first: a rotation in between shows the same entries twice at
    # worst under another name, which `first` below tells, and never hides any.
    opened = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    newest = sealed_segments(disk, paths)
    if newest != sealed:
        yield from _newest_first(disk, paths)
        return
    if opened is not None:
        yield paths.wal, opened
    for first in reversed(sealed):
        data = read_file(disk, paths.segment(first), SEGMENT_LIMIT_BYTES)
        if data is not None:
            yield paths.segment(first), data
