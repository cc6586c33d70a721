"""What the segments of a terminal and the files beside them come to: damages and notes.

Damage is whatever no crash can leave, by the same rule as recovery; a note is what the next
start puts right by itself, or what a running till is in the middle of. Nothing here reads a
file: it judges one snapshot of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from kernel.codec.checkpoint import SCHEMA, decode_checkpoint
from kernel.codec.frame import FIRST_CHAIN
from kernel.codec.scan import Reading, damage_in_tail
from kernel.codec.segment_check import Fault, SegmentFacts
from kernel.disk.durable import Mark
from kernel.disk.layout import TerminalPaths, segment_first_lsn
from kernel.disk.wal import FORMAT
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["Finding", "Snapshot", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, and where; `lsn` is the entry that is or should be there."""

    path: str
    offset: int
    lsn: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one terminal. `last_chain` after `last_lsn` is the anchor to keep."""

    terminal: str
    running: bool
    segments: int
    entries: int
    size_bytes: int
    last_lsn: int
    last_chain: str
    damages: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.damages


class Snapshot(NamedTuple):
    """The files of a terminal at one moment, although a till may be writing and rotating.

    `data` is the open segment, cut at the durable mark where a till runs; None where there is
    no `transaction.wal`.
    """

    running: bool
    names: frozenset[str]
    mark: Mark | None
    data: bytes | None
    sealed: list[str]
    checkpoint: bytes | None


def judge(
    paths: TerminalPaths, snapshot: Snapshot, facts: list[SegmentFacts], boot_id: str
) -> Verdict:
    """The segments one after the other, then the files beside them."""
    files = [*snapshot.sealed, *([paths.wal] if snapshot.data is not None else [])]
    damages: list[Finding] = []
    notes: list[str] = []
    epoch, boot = 0, ""
    before: SegmentFacts | None = None
    for path, one in zip(files, facts, strict=True):
        faults = [*_link_faults(paths, path, one, before), *one.faults]
        for start in one.starts:
            if epoch and start.epoch != epoch + 1:
                words = N_("it starts epoch {0[0]} after epoch {0[1]}")
                faults.append(Fault(start.offset, start.lsn, words, (start.epoch, epoch)))
            epoch, boot = start.epoch, start.boot
        if path != paths.wal:
            faults += _end_faults(path, one, before)
        elif one.opened is None:
            faults.append(Fault(0, _first_lsn(path, before), one.stopped or "", one.stopped_by))
        damages += [Finding(path, fault.offset, fault.lsn, fault.meaning) for fault in faults]
        before = one
    if snapshot.data is not None:
        damages += _tail_damages(paths, snapshot, facts[-1], boot == boot_id, notes)
    damages += _mark_damages(paths, snapshot, facts)
    notes += _notes(paths, snapshot, facts)
    last = next((one.at for one in reversed(facts) if one.opened is not None), None)
    return Verdict(
        terminal=os.path.basename(paths.directory),
        running=snapshot.running,
        segments=len(facts),
        entries=sum(one.entries for one in facts),
        size_bytes=sum(one.size_bytes for one in facts),
        last_lsn=last.lsn - 1 if last else 0,
        last_chain=last.chain.decode() if last else "",
        damages=tuple(damages),
        notes=tuple(notes),
    )


def _link_faults(
    paths: TerminalPaths, path: str, one: SegmentFacts, before: SegmentFacts | None
) -> Iterator[Fault]:
    """The segment is this terminal's, says what its name says and follows the one before."""
    if one.opened is None:
        return
    lsn = one.first.lsn
    if one.opened.format > FORMAT or one.opened.schema > SCHEMA:
        yield Fault(0, lsn, N_("a newer posterm wrote it; verify it with that version"))
    name = os.path.basename(paths.directory)
    if one.opened.terminal != name:
        yield Fault(0, lsn, N_("the log is of terminal {:.32}"), one.opened.terminal)
    if path not in (paths.wal, paths.segment(lsn)):
        yield Fault(0, lsn, N_("the segment begins with another LSN than its name says"))
    if before is not None and before.opened is None:
        return
    expected = before.at.lsn if before is not None else 1
    chain = before.at.chain if before is not None else FIRST_CHAIN
    if before is not None and before.stopped is not None:
        return
    if lsn > expected:
        yield Fault(
            0,
            expected,
            N_("LSN {0[0]} to {0[1]} are missing: a segment is gone"),
            (expected, lsn - 1),
        )
    elif lsn < expected or one.first.chain != chain:
        yield Fault(0, lsn, N_("the segment does not follow from the one before it"))


def _end_faults(path: str, one: SegmentFacts, before: SegmentFacts | None) -> Iterator[Fault]:
    """A sealed segment is sound to its last byte, which is its seal's."""
    if one.opened is None:
        yield Fault(0, _first_lsn(path, before), one.stopped or "", one.stopped_by)
    elif one.stopped is not None:
        yield Fault(one.at.offset, one.at.lsn, one.stopped, one.stopped_by)
    elif not one.sealed:
        yield Fault(one.at.offset, one.at.lsn, N_("the segment lacks its seal"))


def _first_lsn(path: str, before: SegmentFacts | None) -> int:
    """The LSN that the segment at `path` should begin with."""
    if before is not None and before.opened is not None:
        return before.at.lsn
    return segment_first_lsn(os.path.basename(path)) or 1


def _tail_damages(
    paths: TerminalPaths,
    snapshot: Snapshot,
    one: SegmentFacts,
    same_boot: bool,
    notes: list[str],
) -> Iterator[Finding]:
    """The rule of recovery, on the open segment."""
    data, mark = snapshot.data or b"", snapshot.mark
    if one.opened is None:
        return
    durable = mark.offset if mark is not None and mark.segment == one.first.lsn else 0
    reading = Reading([], one.at, one.stopped)
    damage = damage_in_tail(data, reading, durable=durable, same_boot=same_boot)
    if damage is not None and not (snapshot.running and mark is None):
        yield Finding(paths.wal, one.at.offset, one.at.lsn, damage)
    elif one.stopped is not None:
        size = len(data) - one.at.offset
        notes.append(
            _(
                "{}: {} bytes after LSN {} were cut short by a crash and never "
                "acknowledged as far as the disk can tell; the next start sets them aside"
            ).format(paths.wal, size, one.at.lsn - 1)
        )


def _mark_damages(
    paths: TerminalPaths, snapshot: Snapshot, facts: list[SegmentFacts]
) -> Iterator[Finding]:
    """What the durable mark vouches for is there."""
    mark = snapshot.mark
    if not facts:
        lost = mark is not None and mark.lsn > 1
        if lost or os.path.basename(paths.checkpoint) in snapshot.names:
            lsn = mark.lsn if mark is not None else 1
            yield Finding(paths.wal, 0, lsn, _("the log is gone, but this terminal had one"))
        return
    last = facts[-1]
    open_one = last if snapshot.data is not None else None
    if mark is None or last.opened is None:
        return
    if mark.segment > last.first.lsn:
        meaning = _("the log ends here, but entries up to LSN {} were acknowledged").format(
            mark.lsn
        )
        path = paths.wal if snapshot.data is not None else snapshot.sealed[-1]
        yield Finding(path, last.at.offset, last.at.lsn, meaning)
        return
    for one in facts:
        if one.opened is None or one.first.lsn != mark.segment:
            continue
        if mark.offset <= one.at.offset and one.marked_lsn != mark.lsn:
            meaning = _("no entry {} ends at offset {} of its segment").format(
                mark.lsn, mark.offset
            )
            yield Finding(paths.durable, 0, mark.lsn, meaning)
        elif mark.offset > one.at.offset and one.stopped is None and one is not open_one:
            meaning = _("the segment ends below offset {}, which was durable").format(mark.offset)
            yield Finding(paths.segment(mark.segment), one.at.offset, one.at.lsn, meaning)


def _notes(paths: TerminalPaths, snapshot: Snapshot, facts: list[SegmentFacts]) -> Iterator[str]:
    """What is as a crash may leave it, or as a running till has it."""
    if snapshot.running:
        yield _("the till is running: verified as far as its durable mark")
    elif not facts:
        yield _("{}: no log yet").format(paths.directory)
    elif snapshot.data is None or facts[-1].sealed:
        yield _("{}: a rotation was not finished; the next start finishes it").format(
            paths.directory
        )
    if facts and snapshot.mark is None:
        yield _("{}: no durable mark can be read; the next start writes it").format(paths.durable)
    for path in (paths.next_wal, paths.next_checkpoint):
        if os.path.basename(path) in snapshot.names and not snapshot.running:
            yield _(
                "{}: left by a crash, never part of the log; the next rotation replaces it"
            ).format(path)
    if facts and facts[-1].opened is not None:
        yield from _checkpoint_note(paths, snapshot, facts[-1])


def _checkpoint_note(paths: TerminalPaths, snapshot: Snapshot, last: SegmentFacts) -> Iterator[str]:
    assert last.opened is not None
    named, data = last.opened.checkpoint, snapshot.checkpoint
    if named is None or (data is not None and sha256(data).hexdigest() == named):
        return
    found = decode_checkpoint(data) if data is not None else None
    if found is not None and found.lsn >= last.at.lsn - 1:
        return  # of a rotation that is under way, or that a crash interrupted
    yield _("{}: not the one that the log names; it will be rebuilt from the log").format(
        paths.checkpoint
    )
