"""Reading a segment: its sound frames in order, and a verdict on what follows them.

The torn-tail rule stands here, once, as a pure function of bytes: what a crash may leave is set
aside, anything else is damage and nobody touches it.
"""

from __future__ import annotations

from operator import itemgetter

import msgspec
from msgspec import UNSET, Struct

from kernel.codec.entries import decode_act, decode_stamp
from kernel.codec.frame import HEAD_BYTES, next_frame_after, open_frame
from kernel.codec.walk import NO_ENTRY, WRONG_CHAIN, WRONG_LSN, Position, Walk
from kernel.model.entries import Stamp
from kernel.model.till_entries import SegmentOpened
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["Position", "ReadFrame", "Reading", "damage_in_tail", "first_position", "read_frames"]

_without_space = itemgetter(slice(1, None))


class ReadFrame(Struct, frozen=True, gc=False):
    start: int
    stamp: Stamp
    body: bytes


class Reading(Struct, frozen=True):
    """The sound frames, where they end, and what is wrong there (None at the end of the data)."""

    frames: list[ReadFrame]
    at: Position
    fault: str | None


def first_position(data: bytes) -> tuple[Position, SegmentOpened] | None:
    """Where a segment begins, from its first frame; None if that isn't a sound first frame."""
    end = open_frame(data, 0)
    if end < 0:
        return None
    body = data[HEAD_BYTES : end - 1]
    try:
        act = decode_act(body)
        stamp = decode_stamp(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(act, SegmentOpened):
        return None
    return Position(0, act.previous_chain.encode(), stamp.lsn), act


def read_frames(data: bytes, at: Position) -> Reading:
    """All frames from `at` on whose CRC, chain and LSN are right."""
    frames: list[ReadFrame] = []
    walk = Walk(data, at, decode_stamp)
    for run in walk.runs():
        frames += map(ReadFrame, run.starts, run.said, map(_without_space, run.spaced))
    return Reading(frames, walk.at, walk.fault)


def damage_in_tail(data: bytes, reading: Reading, *, durable: int, same_boot: bool) -> str | None:
    """Why the bytes after the sound frames can't be a torn tail; None if they can.

    `durable` is the offset that the durable mark states for this segment (0: none is known).
    A frame's `end` says what was durable when it was written, so a sound frame further on
    proves that everything below its `end` had been acknowledged. While the machine has not
    restarted, the page cache kept every write, in order: then only the last write can be short.
    """
    offset, fault = reading.at.offset, reading.fault or N_("the file ends")
    if offset < durable:
        return _("{} below offset {}, which was durable").format(_(fault), durable)
    if fault in (WRONG_CHAIN, WRONG_LSN, NO_ENTRY):
        return _(fault)
    for start, end in next_frame_after(data, offset):
        if _stated_end(data[start + HEAD_BYTES : end - 1], start) > offset:
            return _("{}, and the entry at offset {} states it was durable").format(_(fault), start)
    if same_boot and b"\n" in data[offset:]:
        return _("{}, and no power was cut that could explain it").format(_(fault))
    return None


def _stated_end(body: bytes, start: int) -> int:
    try:
        end = decode_stamp(body).end
    except msgspec.DecodeError:
        return 0
    return start if end is UNSET else end
