"""What a status of the shop need not read twice: logs at rest, and how far the audit log was.

A console asks once a second, and the log of a terminal that is off may be megabytes. This module
must never take a file for the same after it was changed.
"""

from __future__ import annotations

import os
from hashlib import sha256

import msgspec

from kernel.codec.checkpoint import decode_checkpoint
from kernel.codec.entries import decode_act
from kernel.codec.scan import first_position, read_frames
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.model.decisions import name_of
from kernel.model.ledger import Ledger
from kernel.terminal.host import Host
from kernel.terminal.trail import AuditTrail

__all__ = ["Resting", "StatusMemory", "resting_ledger"]

Resting = tuple[tuple[str, ...], int]
"""(the open sales of a terminal that does not run, its last LSN)."""


class StatusMemory:
    """What one status has read, for the next one of the same shop: what the logs of terminals
    that are off say, as long as their files are the same, and how far the audit log was."""

    def __init__(self, data_dir: str | os.PathLike[str], host: Host) -> None:
        self.trail = AuditTrail(data_dir, host)
        self._resting: dict[str, tuple[object, Resting | None]] = {}

    def resting(self, disk: Disk, paths: TerminalPaths, terminal: str) -> Resting | None:
        """None where only its next start can tell."""
        files = (_version(disk, paths.wal), _version(disk, paths.checkpoint))
        known = self._resting.get(terminal)
        if known is not None and known[0] == files:
            return known[1]
        read = resting_ledger(disk, paths)
        found = None
        if read is not None:
            found = tuple(name_of(terminal, number) for number in read[0].sales), read[1]
        self._resting[terminal] = files, found
        return found


def resting_ledger(disk: Disk, paths: TerminalPaths) -> tuple[Ledger, int] | None:
    """The ledger and last LSN of a terminal that does not run; None where only its start can say.

    That is so in the middle of a rotation, without a usable checkpoint, and on damage.
    """
    data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    if data is None:
        nothing = not sealed_segments(disk, paths) if _is_directory(disk, paths.directory) else True
        return (Ledger(), 0) if nothing else None
    found = first_position(data)
    if found is None:
        return None
    first, opened = found
    ledger = Ledger() if opened.checkpoint is None else _checkpoint(disk, paths, opened.checkpoint)
    if ledger is None:
        return None
    reading = read_frames(data, first)
    try:
        for frame in reading.frames:
            ledger.apply(decode_act(frame.body), frame.stamp)
    except (msgspec.DecodeError, KeyError, IndexError, AssertionError):
        return None
    return ledger, reading.at.lsn - 1


def _checkpoint(disk: Disk, paths: TerminalPaths, digest: str) -> Ledger | None:
    data = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES)
    if data is None or sha256(data).hexdigest() != digest:
        return None
    checkpoint = decode_checkpoint(data)
    return checkpoint.ledger if checkpoint is not None else None


def _version(disk: Disk, path: str) -> tuple[int, int, int] | None:
    """Another one after each change of that file."""
    try:
        status = disk.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _is_directory(disk: Disk, path: str) -> bool:
    try:
        disk.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
