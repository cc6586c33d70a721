"""Opening a terminal's log, whatever the last process left of it.

Verify → set a torn tail aside → replay: all open sales stand as they stood. Acknowledged bytes
that are missing or wrong raise `LogDamaged` and nothing is touched. A crash in here is answered
by running it again: each step either is done or can be repeated.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import msgspec
from msgspec import Struct

from kernel.codec.checkpoint import SCHEMA, decode_checkpoint
from kernel.codec.entries import decode_act
from kernel.codec.frame import FIRST_CHAIN, HEAD_BYTES, open_frame
from kernel.codec.scan import (
    Position,
    ReadFrame,
    Reading,
    damage_in_tail,
    first_position,
    read_frames,
)
from kernel.codec.typed import decode
from kernel.disk.durable import DurableMark, Mark, read_mark
from kernel.disk.files import EXCLUSIVE, Disk, directory_of, read_file, write_all
from kernel.disk.layout import TerminalPaths, segment_first_lsn
from kernel.disk.wal import FORMAT, SEGMENT_BYTES, Wal
from kernel.errors import BadConfiguration, LogDamaged, TerminalInUse
from kernel.model.entries import Act, Stamp
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Seal, SegmentOpened
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["OpenedLog", "TornTail", "open_log", "sealed_segments"]

SEGMENT_LIMIT_BYTES = 64 << 20
"""No segment is larger, even where a full disk put its rotation off."""
CHECKPOINT_LIMIT_BYTES = 256 << 20


class TornTail(Struct, frozen=True):
    """Bytes that were cut off, and where they are kept."""

    size_bytes: int
    kept_at: str
    possibly_acknowledged: bool
    """A power cut came, or the durable mark is gone: acknowledged entries may be among them."""


class OpenedLog(Struct, frozen=True):
    wal: Wal
    ledger: Ledger
    torn: TornTail | None
    checkpoint_rebuilt: bool


class _Opening(Struct, frozen=True):
    """What a log is opened with: whose it is, and what this process and its machine are."""

    disk: Disk
    paths: TerminalPaths
    boot_id: str
    cleanup: str
    now: Stamp
    segment_bytes: int


class _Segment(Struct, frozen=True):
    path: str
    descriptor: int
    data: bytes
    opened: SegmentOpened
    first: Position
    reading: Reading


def open_log(
    disk: Disk,
    paths: TerminalPaths,
    *,
    boot_id: str,
    cleanup: str,
    now: Stamp,
    segment_bytes: int = SEGMENT_BYTES,
) -> OpenedLog:
    """The log, ready to append, and its ledger. The caller holds the terminal's lock.

    Raises `LogDamaged`, `BadConfiguration` (a newer format), `TerminalInUse`, `DiskFull`,
    `OSError`.
    """
    opening = _Opening(disk, paths, boot_id, cleanup, now, segment_bytes)
    mark = read_mark(disk, paths.durable)
    sealed = sealed_segments(disk, paths)
    names = disk.listdir(paths.directory)
    if os.path.basename(paths.wal) not in names and not sealed:
        _refuse_if_lost(paths, names, mark)
        return _first_log(opening)
    whole = os.path.basename(paths.wal) in names
    with _collector_resting():
        segment = _read_segment(disk, paths.wal if whole else paths.segment(sealed[-1]))
        try:
            return _reopen(opening, segment, mark)
        except BaseException:
            disk.close(segment.descriptor)
            raise


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Thousands of entries come to life and none is garbage: looking costs a fifth of a start."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def sealed_segments(disk: Disk, paths: TerminalPaths) -> list[int]:
    """First LSNs of the sealed segments, ascending."""
    found = (segment_first_lsn(name) for name in disk.listdir(paths.directory))
    return sorted(first for first in found if first is not None)


def _refuse_if_lost(paths: TerminalPaths, names: list[str], mark: Mark | None) -> None:
    """Without any segment only a terminal that never acknowledged anything may start anew."""
    if os.path.basename(paths.checkpoint) in names or (mark is not None and mark.lsn > 1):
        lsn = mark.lsn if mark is not None else 1
        raise LogDamaged(paths.wal, 0, lsn, _("the log is gone, but this terminal had one"))


def _first_log(opening: _Opening) -> OpenedLog:
    wal = _wal_of(opening)
    name = os.path.basename(opening.paths.directory)
    wal.create(Position(0, FIRST_CHAIN, 1), name, opening.now)
    return OpenedLog(wal, Ledger(), None, False)


def _wal_of(opening: _Opening) -> Wal:
    disk, paths = opening.disk, opening.paths
    mark = DurableMark(disk, paths.durable)
    return Wal(disk, paths, mark, segment_bytes=opening.segment_bytes)


def _read_segment(disk: Disk, path: str) -> _Segment:
    """The segment, locked before its first byte is read, and its sound frames."""
    descriptor = disk.open(path, os.O_RDWR)
    try:
        if not disk.flock(descriptor, EXCLUSIVE):
            raise TerminalInUse(_("{} is held by another process; close it there").format(path))
        data = _all_of(disk, descriptor)
        found = first_position(data)
        if found is None:
            raise LogDamaged(path, 0, 1, _("the segment's first entry is missing or wrong"))
        first, opened = found
        if opened.format > FORMAT or opened.schema > SCHEMA:
            raise BadConfiguration(
                _(
                    "{} was written by a newer posterm (format {}, schema {}); start that version"
                ).format(path, opened.format, opened.schema)
            )
        return _Segment(path, descriptor, data, opened, first, read_frames(data, first))
    except BaseException:
        disk.close(descriptor)
        raise


def _reopen(opening: _Opening, segment: _Segment, mark: Mark | None) -> OpenedLog:
    disk, paths = opening.disk, opening.paths
    _check_place(disk, paths, segment, mark)
    acts = _acts(segment.path, segment.reading)
    ledger, rebuilt, told = _ledger_of(disk, paths, segment, acts)
    if not told:
        _fold(ledger, acts, segment.reading.frames, segment.path)
    same_boot = ledger.boot == opening.boot_id
    durable = mark.offset if mark is not None and mark.segment == segment.first.lsn else 0
    fault = damage_in_tail(segment.data, segment.reading, durable=durable, same_boot=same_boot)
    if fault is not None:
        at = segment.reading.at
        raise LogDamaged(segment.path, at.offset, at.lsn, fault)
    # Without a mark nobody can say what was acknowledged, even if no power was cut.
    doubtful = not same_boot or mark is None
    torn = _set_aside(disk, segment, opening.cleanup, possibly_acknowledged=doubtful)
    # What the page cache kept of a killed process is taken as it stands, so it must be durable
    # before anything is built on it; and so must be the names.
    disk.fdatasync(segment.descriptor)
    disk.sync_directory(paths.directory)
    wal = _wal_of(opening)
    at = segment.reading.at
    wal.adopt(segment.descriptor, segment.first.lsn, segment.data[: at.offset], at)
    if isinstance(acts[-1], Seal):
        wal.finish_rotation(ledger, opening.now)
    return OpenedLog(wal, ledger, torn, rebuilt)


def _check_place(disk: Disk, paths: TerminalPaths, segment: _Segment, mark: Mark | None) -> None:
    """The segment belongs to this terminal, follows the one before, and none after it is lost."""
    first = segment.first
    if segment.opened.terminal != os.path.basename(paths.directory):
        raise LogDamaged(
            segment.path,
            0,
            first.lsn,
            _("the log is of terminal {}").format(segment.opened.terminal),
        )
    if mark is not None and mark.segment > first.lsn:
        raise LogDamaged(
            segment.path,
            len(segment.data),
            segment.reading.at.lsn,
            _("the log ends here, but entries up to LSN {} were acknowledged").format(mark.lsn),
        )
    if first.lsn == 1:
        return
    before = [lsn for lsn in sealed_segments(disk, paths) if lsn < first.lsn]
    path = paths.segment(before[-1]) if before else paths.directory
    sealed = _last_frame(disk, path) if before else None
    if sealed is None or sealed[0] != first.lsn - 1 or sealed[1] != first.chain:
        raise LogDamaged(path, 0, first.lsn - 1, _("the segment before this one lacks its seal"))


def _last_frame(disk: Disk, path: str) -> tuple[int, bytes] | None:
    """(LSN, chain value) of a sealed segment's seal."""
    descriptor = disk.open(path, os.O_RDONLY)
    try:
        size = disk.fstat(descriptor).st_size
        data = disk.pread(descriptor, 4096, max(0, size - 4096))
    finally:
        disk.close(descriptor)
    start = data.rfind(b"\n", 0, -1) + 1
    if not data.endswith(b"\n") or open_frame(data, start) != len(data):
        return None
    body = data[start + HEAD_BYTES : -1]
    try:
        act = decode_act(body)
    except msgspec.DecodeError:
        return None
    reading = decode(body, dict[str, object])
    lsn = reading.get("n")
    if not isinstance(act, Seal) or not isinstance(lsn, int):
        return None
    return lsn, data[start + 9 : start + 31]


def _acts(path: str, reading: Reading) -> list[Act]:
    acts: list[Act] = []
    try:
        for frame in reading.frames:
            acts.append(decode_act(frame.body))
        return acts
    except msgspec.DecodeError as fault:
        raise BadConfiguration(
            _(
                "{}: the entry at offset {}, LSN {}, is of a kind that this version does "
                "not know; start the posterm that wrote it"
            ).format(path, frame.start, frame.stamp.lsn)
        ) from fault


def _ledger_of(
    disk: Disk, paths: TerminalPaths, segment: _Segment, acts: list[Act]
) -> tuple[Ledger, bool, bool]:
    """(the ledger before this segment, whether it had to be replayed, False).

    (The ledger after it, False, True) where a rotation was cut short: then the checkpoint is
    already the next segment's, and holds this whole sealed one.
    """
    if segment.opened.checkpoint is None:
        return Ledger(), False, False
    data = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES)
    checkpoint = decode_checkpoint(data) if data is not None else None
    if checkpoint is not None and data is not None:
        if sha256(data).hexdigest() == segment.opened.checkpoint:
            return checkpoint.ledger, False, False
        at = segment.reading.at
        if isinstance(acts[-1], Seal) and (checkpoint.lsn, checkpoint.chain.encode()) == (
            at.lsn - 1,
            at.chain,
        ):
            return checkpoint.ledger, False, True
    return _replayed(disk, paths, segment.first), True, False


def _replayed(disk: Disk, paths: TerminalPaths, until: Position) -> Ledger:
    """The ledger before `until`, from all sealed segments."""
    ledger = Ledger()
    at = Position(0, FIRST_CHAIN, 1)
    for path, data in _sealed_data(disk, paths, until.lsn):
        reading = read_frames(data, Position(0, at.chain, at.lsn))
        if reading.fault is not None or not reading.frames:
            fault = _(reading.fault or N_("the segment is empty"))
            raise LogDamaged(path, reading.at.offset, reading.at.lsn, fault)
        _fold(ledger, _acts(path, reading), reading.frames, path)
        at = reading.at
    if (at.chain, at.lsn) != (until.chain, until.lsn):
        raise LogDamaged(
            paths.checkpoint, 0, at.lsn, _("it can't be used, and the log before it is incomplete")
        )
    return ledger


def _fold(ledger: Ledger, acts: list[Act], frames: list[ReadFrame], path: str) -> None:
    frame = frames[0]
    try:
        for act, frame in zip(acts, frames, strict=True):
            ledger.apply(act, frame.stamp)
    except (KeyError, IndexError, AssertionError) as fault:
        raise LogDamaged(
            path, frame.start, frame.stamp.lsn, _("the entry contradicts those before it")
        ) from fault


def _sealed_data(disk: Disk, paths: TerminalPaths, until_lsn: int) -> Iterator[tuple[str, bytes]]:
    for first in sealed_segments(disk, paths):
        if first < until_lsn:
            path = paths.segment(first)
            yield path, read_file(disk, path, SEGMENT_LIMIT_BYTES) or b""


def _set_aside(
    disk: Disk, segment: _Segment, cleanup: str, *, possibly_acknowledged: bool
) -> TornTail | None:
    """Keep the torn bytes durably, then cut them off."""
    at = segment.reading.at
    tail = segment.data[at.offset :]
    if not tail:
        return None
    name = f"{segment.opened.terminal}-{at.lsn:012d}-{sha256(tail).hexdigest()[:8]}.torn"
    kept_at = os.path.join(cleanup, name)
    descriptor = disk.open(kept_at, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, descriptor, tail, 0)
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)
    disk.sync_directory(directory_of(kept_at))
    disk.ftruncate(segment.descriptor, at.offset)
    return TornTail(len(tail), kept_at, possibly_acknowledged)


def _all_of(disk: Disk, descriptor: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := disk.pread(descriptor, 1 << 20, size):
        parts.append(part)
        size += len(part)
        if size > SEGMENT_LIMIT_BYTES:
            raise BadConfiguration(
                _("a segment is larger than {} bytes").format(SEGMENT_LIMIT_BYTES)
            )
    return b"".join(parts)
