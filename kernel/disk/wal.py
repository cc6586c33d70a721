"""The write-ahead log of one terminal: frames in, durable bytes out, segment after segment.

One thread at a time appends (the journal sees to that). What `append` has returned for survives
a power cut; what it refused is not in the file; after a fault that leaves either in doubt the
log is poisoned and this process never writes to it again. The order of writes, syncs and
renames, and what a crash between two of them leaves, is argued in kernel/FORMAT.md.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from kernel.codec.checkpoint import SCHEMA, encode_checkpoint
from kernel.codec.entries import body_of, encode_act
from kernel.codec.frame import seal_frame
from kernel.codec.scan import Position
from kernel.disk.durable import DurableMark
from kernel.disk.files import EXCLUSIVE, Disk, directory_of, write_all
from kernel.disk.layout import TerminalPaths
from kernel.errors import Contention, DiskFull, Poisoned
from kernel.model.entries import Act, Stamp
from kernel.model.ledger import Ledger
from kernel.model.till_entries import PeriodClosed, Seal, SegmentOpened
from kernel.words import gettext as _

__all__ = ["FORMAT", "SEGMENT_BYTES", "Draft", "Wal"]

FORMAT = 1
SEGMENT_BYTES = 4 << 20
"""A segment is sealed when it has grown to this."""
RESERVE_BYTES = 1 << 20
"""Blocks are asked for this far ahead, so that an append does not have to find space."""
_RESERVE_AGAIN_BYTES = 512 << 10
LOW_BYTES = 256 << 10
"""With less than this reserved, only what finishes or parks a sale is let in."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Draft(Struct, eq=False):
    """An entry that has no number yet. `payload` is `act` encoded, None where the log's digest
    goes into it; with no act there is nothing to write."""

    act: Act | None = None
    payload: bytes | None = None
    now: Stamp = Stamp()
    """The time of it; its number and place are the log's to give."""


class Wal:
    """The open segment and what follows from it. `at` is where the next frame goes."""

    def __init__(
        self, disk: Disk, paths: TerminalPaths, mark: DurableMark, *, segment_bytes: int
    ) -> None:
        self._disk = disk
        self._paths = paths
        self._mark = mark
        self._segment_bytes = segment_bytes
        self._descriptor = -1
        self._digest = sha256()
        self._durable = 0
        self._reserved = 0
        self._reserves = True
        self.poison: Poisoned | None = None
        """Why this process must not write any more."""
        self.full = False
        """The segment has grown to its size, or a Z ends it, and should be sealed."""
        self.low_on_space = False
        self.segment = 0
        self.at = Position(0, b"", 0)

    def adopt(self, descriptor: int, segment: int, data: bytes, at: Position) -> None:
        """Go on in a segment that was read and locked: `data` are its sound, durable bytes."""
        self._descriptor = descriptor
        self._digest = sha256(data)
        self.segment, self.at, self._durable = segment, at, at.offset
        self._reserved = at.offset
        self.full = at.offset >= self._segment_bytes
        self._mark_durable()
        self.reserve_ahead()

    def append(self, drafts: Sequence[Draft], *, sync: bool = True) -> None:
        """Write the drafts in one piece and make them durable.

        Raises `DiskFull` with nothing kept, `Poisoned` when nobody can know what was.
        """
        if self.poison is not None:
            raise self.poison
        start, chain, lsn = self.at
        data, ends, before = b"", False, self._end_before(start)
        for draft in drafts:
            payload = draft.payload
            if payload is None:
                if draft.act is None:
                    continue
                payload, ends = self._with_digest(draft.act, data), True
            frame, chain = seal_frame(chain, body_of(lsn, before, draft.now, payload))
            data = data + frame if data else frame
            lsn, before = lsn + 1, self._durable
        if not data:
            return
        self._write(data, start)
        self._digest.update(data)
        end = start + len(data)
        if sync:
            self._sync()
            self._durable = end
        # Its own constructor is a Python function, and this is on the way of every entry.
        self.at = tuple.__new__(Position, (end, chain, lsn))
        if sync:
            # After the sync and before anyone is told: the mark is never ahead of the log, and
            # never behind what was acknowledged while the machine lives.
            self._mark_durable()
        if ends or end >= self._segment_bytes:
            self.full = True
        if self._reserved - end < _RESERVE_AGAIN_BYTES:
            self.reserve_ahead()

    def reserve_ahead(self) -> None:
        """Ask for blocks beyond the end; without them the till works on while space lasts."""
        if not self._reserves:
            return
        try:
            self._disk.reserve(self._descriptor, self.at.offset, RESERVE_BYTES)
            self._reserved = self.at.offset + RESERVE_BYTES
        except OSError as fault:
            if fault.errno in (errno.EOPNOTSUPP, errno.ENOSYS):
                self._reserves = False
            elif fault.errno not in _FULL:
                raise self._poisoned(fault, _("reserving space")) from fault
        self.low_on_space = self._reserves and self._reserved - self.at.offset < LOW_BYTES

    def rotate(self, ledger: Ledger, now: Stamp) -> bool:
        """Seal this segment and go on in a new one; False if there is no space for that now.

        `ledger` holds all entries so far; `now` gives the time. All that may fail for lack of
        space is done before the seal, so that a full disk never stops a till half way.
        """
        seal = Seal(sha256=self._digest.hexdigest())
        body = body_of(self.at.lsn, self._end_before(self.at.offset), now, encode_act(seal))
        frame, chain = seal_frame(self.at.chain, body)
        sealed = Position(self.at.offset + len(frame), chain, self.at.lsn + 1)
        successor = self._prepare(ledger, sealed, now)
        if successor is None:
            return False
        try:
            self._write(frame, self.at.offset)
        except DiskFull:
            self._disk.close(successor[0])
            self._discard_prepared()
            return False
        self._sync()
        self.at, self._durable = sealed, sealed.offset
        self._mark_durable()
        self._switch(successor)
        return True

    def finish_rotation(self, ledger: Ledger, now: Stamp) -> None:
        """This segment is sealed and `ledger` holds its entries: make the next one.

        Raises `DiskFull`.
        """
        successor = self._prepare(ledger, self.at, now)
        if successor is None:
            raise DiskFull(
                _("{}: no space for the next segment; free some").format(self._paths.directory)
            )
        self._switch(successor)

    def create(self, first: Position, terminal: str, now: Stamp) -> None:
        """The first segment of a terminal. Raises `DiskFull`."""
        successor = self._prepare(None, first, now, terminal)
        if successor is None:
            raise DiskFull(_("{}: no space for a log; free some").format(self._paths.directory))
        self._go_on_in(successor)

    def close(self) -> None:
        self._disk.close(self._descriptor)
        self._mark.close()

    def _prepare(
        self, ledger: Ledger | None, sealed: Position, now: Stamp, terminal: str = ""
    ) -> tuple[int, bytes, Position] | None:
        """Checkpoint and next segment under temporary names, synced; None if the disk is full."""
        disk, paths = self._disk, self._paths
        descriptor = -1
        try:
            checkpoint = None
            if ledger is not None:
                data = encode_checkpoint(ledger, sealed.lsn - 1, sealed.chain)
                checkpoint = sha256(data).hexdigest()
                _write_new(disk, paths.next_checkpoint, data)
            opened = SegmentOpened(
                format=FORMAT,
                schema=SCHEMA,
                terminal=terminal or os.path.basename(paths.directory),
                previous_chain=sealed.chain.decode(),
                checkpoint=checkpoint,
            )
            body = body_of(sealed.lsn, UNSET, now, encode_act(opened))
            frame, chain = seal_frame(sealed.chain, body)
            descriptor = disk.open(paths.next_wal, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            # Locked before it gets the log's name: no process can ever hold it unlocked.
            if not disk.flock(descriptor, EXCLUSIVE):
                raise Contention(
                    _("{} is held by another process; close it there").format(paths.next_wal)
                )
            _reserve(disk, descriptor)
            write_all(disk, descriptor, frame, 0)
            disk.fsync(descriptor)
            return descriptor, frame, Position(len(frame), chain, sealed.lsn + 1)
        except OSError as fault:
            if descriptor >= 0:
                disk.close(descriptor)
            if fault.errno not in _FULL:
                raise self._poisoned(fault, _("starting a segment")) from fault
            self._discard_prepared()
            return None
        except Contention:
            disk.close(descriptor)
            raise

    def _discard_prepared(self) -> None:
        for path in (self._paths.next_wal, self._paths.next_checkpoint):
            try:
                self._disk.unlink(path)
            except FileNotFoundError:
                pass
            except OSError as fault:
                raise self._poisoned(fault, _("clearing a segment that found no space")) from fault

    def _switch(self, successor: tuple[int, bytes, Position]) -> None:
        """Give the sealed segment its own name, then its successor the log's.

        A directory sync stands between the renames: were the second to survive without the
        first, it would have replaced the sealed segment.
        """
        disk, paths = self._disk, self._paths
        try:
            disk.rename(paths.next_checkpoint, paths.checkpoint)
            with suppress(FileNotFoundError):
                # Not there: a crash came between the renames, the sealed one has its name.
                disk.rename(paths.wal, paths.segment(self.segment))
            disk.sync_directory(paths.directory)
        except OSError as fault:
            disk.close(successor[0])  # locked: it would keep the next start out
            raise self._poisoned(fault, _("rotating the log")) from fault
        old, size = self._descriptor, self.at.offset
        self._go_on_in(successor)
        with suppress(OSError):  # it costs space and nothing else
            disk.ftruncate(old, size)  # gives back what was reserved beyond the seal
        disk.close(old)

    def _go_on_in(self, successor: tuple[int, bytes, Position]) -> None:
        descriptor, frame, at = successor
        try:
            self._disk.rename(self._paths.next_wal, self._paths.wal)
            self._disk.sync_directory(directory_of(self._paths.wal))
        except OSError as fault:
            self._disk.close(descriptor)  # locked: it would keep the next start out
            raise self._poisoned(fault, _("starting a segment")) from fault
        self.adopt(descriptor, at.lsn - 1, frame, at)

    def _end_before(self, offset: int) -> int | UnsetType:
        """What the first frame of a write at `offset` states to be durable."""
        return UNSET if offset == self._durable else self._durable

    def _with_digest(self, act: Act, before: bytes) -> bytes:
        """A Z carries the digest of all bytes of its segment before it, and ends the segment."""
        assert isinstance(act, PeriodClosed)
        digest = self._digest.copy()
        digest.update(before)
        return encode_act(replace(act, sha256=digest.hexdigest()))

    def _write(self, data: bytes, offset: int) -> None:
        try:
            write_all(self._disk, self._descriptor, data, offset)
        except OSError as fault:
            if fault.errno not in _FULL:
                raise self._poisoned(fault, _("writing")) from fault
            self._take_back(offset)
            raise DiskFull(
                _(
                    "{}: the disk is full; nothing of this was kept. Finish or suspend "
                    "open sales and free space"
                ).format(self._paths.wal)
            ) from fault

    def _take_back(self, offset: int) -> None:
        """Cut off what a failed write left, durably: a refused entry must not come back."""
        try:
            self._disk.ftruncate(self._descriptor, offset)
            self._disk.fdatasync(self._descriptor)
        except OSError as fault:
            raise self._poisoned(fault, _("taking back a failed write")) from fault
        self._reserved = offset  # truncating freed the reservation
        self.reserve_ahead()

    def _sync(self) -> None:
        try:
            self._disk.fdatasync(self._descriptor)
        except OSError as fault:
            # The pages may be marked clean now: a second sync could succeed and prove nothing.
            raise self._poisoned(fault, "syncing") from fault

    def _mark_durable(self) -> None:
        """Say how far the log is durable. Without space the mark stays behind, never ahead."""
        try:
            self._mark.write(self.segment, self._durable, self.at.lsn - 1)
        except OSError as fault:
            if fault.errno not in _FULL:
                raise self._poisoned(fault, _("marking what is durable")) from fault

    def _poisoned(self, fault: OSError, doing: str) -> Poisoned:
        self.poison = Poisoned(
            _(
                "{}: {} failed: {}; this process writes no more. Check the disk, then "
                "start the terminal again: it will recover"
            ).format(self._paths.wal, doing, fault.strerror or fault)
        )
        return self.poison


def _write_new(disk: Disk, path: str, data: bytes) -> None:
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        write_all(disk, descriptor, data, 0)
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)


def _reserve(disk: Disk, descriptor: int) -> None:
    try:
        disk.reserve(descriptor, 0, RESERVE_BYTES)
    except OSError as fault:
        if fault.errno not in (errno.EOPNOTSUPP, errno.ENOSYS):
            raise
