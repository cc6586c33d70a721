"""A terminal that does not run, held so that it can't start, and its ledger as its log proves it.

Another till settles what a dead one left between them only in here: while it holds that till's
lock and after it has read that till's log. A stopped process holds its lock, so it is never taken
for dead. This module must never repair a log: what only the till's own start can tell is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256

import msgspec

from kernel.codec.checkpoint import decode_checkpoint
from kernel.codec.entries import decode_act
from kernel.codec.scan import damage_in_tail, first_position, read_frames
from kernel.disk.durable import read_mark
from kernel.disk.files import EXCLUSIVE, FILE_MODE, Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.locked_file import LockedFile, open_to_probe, take
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES
from kernel.errors import BadConfiguration, LogDamaged, TerminalInUse
from kernel.model.ledger import Ledger
from kernel.words import gettext as _

__all__ = ["resting"]


@contextmanager
def resting(disk: Disk, paths: TerminalPaths, *, boot_id: str) -> Iterator[Ledger]:
    """The ledger of a terminal that does not run, durable; it can't start meanwhile.

    Raises `TerminalInUse`, `LogDamaged`, `BadConfiguration` where only its own start can tell.
    """
    locked = _held(disk, paths)
    try:
        yield _ledger(disk, paths, boot_id)
    finally:
        # What was done under the lock is done, whatever becomes of its file.
        with suppress(OSError):
            if locked.text() == b"" and locked.stands_at_its_path():
                # Nobody died with it: it was made here. Unlinked while held, as every lock.
                disk.unlink(paths.lock)
        locked.unlock()


def _held(disk: Disk, paths: TerminalPaths) -> LockedFile:
    terminal = os.path.basename(paths.directory)
    try:
        locked = take(disk, paths.lock, FILE_MODE)
    except PermissionError:
        locked = _held_of_another_user(disk, paths, terminal)
    except OSError as fault:
        raise _only_its_start(terminal, fault.strerror or str(fault)) from fault
    if locked is None:
        raise TerminalInUse(_("{} is running; what it is at is its own").format(terminal))
    return locked


def _held_of_another_user(disk: Disk, paths: TerminalPaths, terminal: str) -> LockedFile | None:
    """A crash leaves the file, and the right to read it is enough to lock it."""
    try:
        locked = open_to_probe(disk, paths.lock)
    except OSError as fault:
        raise _only_its_start(terminal, fault.strerror or str(fault)) from fault
    if disk.flock(locked.descriptor, EXCLUSIVE) and locked.stands_at_its_path():
        return locked
    locked.close()
    return None


def _ledger(disk: Disk, paths: TerminalPaths, boot_id: str) -> Ledger:
    terminal = os.path.basename(paths.directory)
    try:
        descriptor = disk.open(paths.wal, os.O_RDONLY)
        try:
            data = disk.pread(descriptor, SEGMENT_LIMIT_BYTES, 0)
            ledger = _folded(disk, paths, data, boot_id)
            # What a killed process left in the page cache is about to be built upon.
            disk.fdatasync(descriptor)
        finally:
            disk.close(descriptor)
    except FileNotFoundError as fault:
        raise _only_its_start(terminal, _("its log is missing or is being rotated")) from fault
    except OSError as fault:
        raise _only_its_start(terminal, _("its log fails: {}").format(fault.strerror)) from fault
    return ledger


def _folded(disk: Disk, paths: TerminalPaths, data: bytes, boot_id: str) -> Ledger:
    terminal = os.path.basename(paths.directory)
    found = first_position(data)
    if found is None:
        raise _only_its_start(terminal, _("its log does not begin with a segment entry"))
    first, opened = found
    ledger = Ledger() if opened.checkpoint is None else _checkpoint(disk, paths, opened.checkpoint)
    reading = read_frames(data, first)
    try:
        for frame in reading.frames:
            ledger.apply(decode_act(frame.body), frame.stamp)
    except (msgspec.DecodeError, KeyError, IndexError, AssertionError) as fault:
        raise _only_its_start(terminal, _("its log can't be understood")) from fault
    mark = read_mark(disk, paths.durable)
    if mark is not None and mark.segment > first.lsn:
        raise _only_its_start(terminal, _("the newest segment of its log is missing"))
    durable = mark.offset if mark is not None and mark.segment == first.lsn else 0
    damage = damage_in_tail(data, reading, durable=durable, same_boot=ledger.boot == boot_id)
    if damage is not None:
        raise LogDamaged(paths.wal, reading.at.offset, reading.at.lsn, damage)
    return ledger


def _checkpoint(disk: Disk, paths: TerminalPaths, digest: str) -> Ledger:
    data = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES)
    checkpoint = None
    if data is not None and sha256(data).hexdigest() == digest:
        checkpoint = decode_checkpoint(data)
    if checkpoint is None:
        raise _only_its_start(os.path.basename(paths.directory), _("its checkpoint does not fit"))
    return checkpoint.ledger


def _only_its_start(terminal: str, fact: str) -> BadConfiguration:
    return BadConfiguration(
        _("{} does not run, but {}; start it once, then try again").format(terminal, fact)
    )
