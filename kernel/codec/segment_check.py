"""One segment judged by itself: what `verify` learns from its bytes alone.

Pure and picklable in and out, so that segments can be judged in other processes. It decodes
only the few kinds of entries that say something about the log itself: the rest is covered by
CRC, LSN and chain, and a shop's log has to be read at the speed of its disk.
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kernel.codec.entries import decode_act
from kernel.codec.scan import Position, Reading, first_position, read_frames
from kernel.model.till_entries import PeriodClosed, Seal, SegmentOpened, Started

__all__ = ["Fault", "SegmentFacts", "StartFound", "check_segment", "unreadable"]

_ABOUT_THE_LOG = (b'seal"', b'z"', b'start"', b'segment"')
"""The kinds that are decoded; they stand right after the stamp."""
_KIND = b'"k":"'
NO_FIRST_ENTRY = "the segment's first entry is missing or wrong"


class Fault(NamedTuple):
    """`lsn` is the number of the entry at `offset`, or the one that it should have."""

    offset: int
    lsn: int
    meaning: str


class StartFound(NamedTuple):
    offset: int
    lsn: int
    epoch: int
    boot: str


class SegmentFacts(NamedTuple):
    """`at` is where the sound frames end, `stopped` what is wrong there (None: the data ends).

    `faults` are wrong whatever `at` says. `marked_lsn` is the LSN of the entry that ends at the
    offset asked for, None where none does.
    """

    size_bytes: int
    opened: SegmentOpened | None
    first: Position
    at: Position
    entries: int
    sealed: bool
    starts: tuple[StartFound, ...]
    marked_lsn: int | None
    faults: tuple[Fault, ...]
    stopped: str | None


def unreadable(meaning: str, size_bytes: int = 0) -> SegmentFacts:
    """A segment of which nothing can be said but why."""
    nowhere = Position(0, b"", 0)
    return SegmentFacts(size_bytes, None, nowhere, nowhere, 0, False, (), None, (), meaning)


def check_segment(data: bytes, marked_offset: int = 0) -> SegmentFacts:
    """Every CRC, LSN, chain value, digest and stated `end` of one segment."""
    found = first_position(data)
    if found is None:
        return unreadable(NO_FIRST_ENTRY, len(data))
    first, opened = found
    reading = read_frames(data, first)
    faults, starts, sealed = _look_at(data, reading)
    return SegmentFacts(
        size_bytes=len(data),
        opened=opened,
        first=first,
        at=reading.at,
        entries=len(reading.frames),
        sealed=sealed,
        starts=tuple(starts),
        marked_lsn=_lsn_ending_at(reading, marked_offset),
        faults=tuple(faults),
        stopped=reading.fault,
    )


def _look_at(data: bytes, reading: Reading) -> tuple[list[Fault], list[StartFound], bool]:
    """(what is wrong, the starts, whether the last entry is a seal)."""
    faults: list[Fault] = []
    starts: list[StartFound] = []
    digest, digested = sha256(), 0
    sealed = False
    for start, stamp, body in reading.frames:
        if sealed:
            faults.append(Fault(start, stamp.lsn, "an entry follows the seal"))
            sealed = False
        if stamp.end > start:
            meaning = f"it states that {stamp.end} bytes were durable before they were written"
            faults.append(Fault(start, stamp.lsn, meaning))
        if not body.startswith(_ABOUT_THE_LOG, body.find(_KIND) + len(_KIND)):
            continue
        try:
            act = decode_act(body)
        except msgspec.DecodeError:
            faults.append(Fault(start, stamp.lsn, "the entry's JSON is not of its kind"))
            continue
        match act:
            case Started():
                starts.append(StartFound(start, stamp.lsn, act.epoch, act.boot))
            case SegmentOpened() if start:
                faults.append(Fault(start, stamp.lsn, "a segment begins inside another"))
            case Seal() | PeriodClosed():
                digest.update(memoryview(data)[digested:start])
                digested = start
                sealed = isinstance(act, Seal)
                if act.sha256 != digest.hexdigest():
                    what = "seal" if sealed else "Z"
                    meaning = f"the {what}'s SHA-256 is not that of the bytes before it"
                    faults.append(Fault(start, stamp.lsn, meaning))
            case _:
                pass
    return faults, starts, sealed


def _lsn_ending_at(reading: Reading, offset: int) -> int | None:
    """The LSN of the entry whose frame ends at `offset`."""
    if offset == reading.at.offset:
        return reading.at.lsn - 1
    frames = reading.frames
    after = bisect_left(frames, offset, key=lambda frame: frame.start)
    if 0 < after < len(frames) and frames[after].start == offset:
        return frames[after].stamp.lsn - 1
    return None
