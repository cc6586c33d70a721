"""One segment judged by itself: what `verify` learns from its bytes alone.

Pure and picklable in and out, so that segments can be judged in other processes. It decodes
only the few kinds of entries that say something about the log itself: the rest is covered by
CRC, LSN and chain, and a shop's log has to be read at the speed of its disk.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from kernel.codec.entries import decode_act
from kernel.codec.frame import HEAD_BYTES
from kernel.codec.scan import first_position
from kernel.codec.walk import Position, Walk
from kernel.model.till_entries import PeriodClosed, Seal, SegmentOpened, Started
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["Fault", "SegmentFacts", "StartFound", "check_segment", "unreadable"]

_ABOUT_THE_LOG = frozenset({"seal", "z", "start", "segment"})
"""The kinds that are decoded."""
NO_FIRST_ENTRY = N_("the segment's first entry is missing or wrong")


class Fault(NamedTuple):
    """`lsn` is the number of the entry at `offset`, or the one that it should have.

    It comes from whichever process read the segment, which need not know the reader's language:
    so `words` are marked ones, with a place for `fact`, and `meaning` says them.
    """

    offset: int
    lsn: int
    words: str
    fact: str | int | tuple[int, int] = ""

    @property
    def meaning(self) -> str:
        return _(self.words).format(self.fact)


class StartFound(NamedTuple):
    offset: int
    lsn: int
    epoch: int
    boot: str


class SegmentFacts(NamedTuple):
    """`at` is where the sound frames end, `stopped` what is wrong there (None: the data ends),
    in marked words with a place for `stopped_by`.

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
    stopped_by: str = ""


def unreadable(words: str, fact: str = "", size_bytes: int = 0) -> SegmentFacts:
    """A segment of which nothing can be said but why."""
    nowhere = Position(0, b"", 0)
    return SegmentFacts(size_bytes, None, nowhere, nowhere, 0, False, (), None, (), words, fact)


def check_segment(data: bytes, marked_offset: int = 0) -> SegmentFacts:
    """Every CRC, LSN, chain value, digest and stated `end` of one segment."""
    found = first_position(data)
    if found is None:
        return unreadable(NO_FIRST_ENTRY, size_bytes=len(data))
    first, opened = found
    walked = _walk(data, first)
    faults, starts, sealed = _look_at(data, walked)
    return SegmentFacts(
        size_bytes=len(data),
        opened=opened,
        first=first,
        at=walked.at,
        entries=walked.at.lsn - first.lsn,
        sealed=sealed,
        starts=tuple(starts),
        marked_lsn=_lsn_ending_at(data, walked.at.offset, marked_offset),
        faults=tuple(faults),
        stopped=walked.fault,
    )


class _Heading(Struct, frozen=True, gc=False):
    """What is checked of every entry."""

    lsn: int = field(name="n", default=0)
    end: int = field(name="e", default=0)
    kind: str = field(name="k", default="")


_heading = msgspec.json.Decoder(_Heading).decode


class _Walked(NamedTuple):
    """`noticed` are the entries to be looked at: (where, heading, body)."""

    noticed: list[tuple[int, _Heading, bytes]]
    at: Position
    fault: str | None


def _walk(data: bytes, at: Position) -> _Walked:
    noticed: list[tuple[int, _Heading, bytes]] = []
    walk = Walk(data, at, _heading)
    for run in walk.runs():
        noticed += [
            (start, heading, spaced[1:])
            for start, heading, spaced in zip(run.starts, run.said, run.spaced, strict=False)
            if heading.kind in _ABOUT_THE_LOG or heading.end > start
        ]
    return _Walked(noticed, walk.at, walk.fault)


def _look_at(data: bytes, walked: _Walked) -> tuple[list[Fault], list[StartFound], bool]:
    """(what is wrong, the starts, whether the last entry is a seal)."""
    faults: list[Fault] = []
    starts: list[StartFound] = []
    digest, digested = sha256(), 0
    sealed = False
    for start, heading, body in walked.noticed:
        lsn = heading.lsn
        if heading.end > start:
            words = N_("it states that {} bytes were durable before they were written")
            faults.append(Fault(start, lsn, words, heading.end))
        try:
            act = decode_act(body)
        except msgspec.DecodeError:
            faults.append(Fault(start, lsn, N_("the entry's JSON is not of its kind")))
            continue
        match act:
            case Started():
                starts.append(StartFound(start, lsn, act.epoch, act.boot))
            case SegmentOpened() if start:
                faults.append(Fault(start, lsn, N_("a segment begins inside another")))
            case Seal() | PeriodClosed():
                digest.update(memoryview(data)[digested:start])
                digested = start
                if act.sha256 != digest.hexdigest():
                    what = "seal" if isinstance(act, Seal) else "Z"
                    words = N_("the {}'s SHA-256 is not that of the bytes before it")
                    faults.append(Fault(start, lsn, words, what))
                if isinstance(act, Seal):
                    sealed = start + HEAD_BYTES + len(body) + 1 == walked.at.offset
                    if not sealed:
                        faults.append(Fault(start, lsn, N_("entries follow the seal")))
            case _:
                pass
    return faults, starts, sealed


def _lsn_ending_at(data: bytes, sound_bytes: int, offset: int) -> int | None:
    """The LSN of the entry whose frame ends at `offset`."""
    if not 0 < offset <= sound_bytes or data[offset - 1 : offset] != b"\n":
        return None
    start = data.rfind(b"\n", 0, offset - 1) + 1
    return _heading(data[start + HEAD_BYTES : offset - 1]).lsn
