"""What a status of the shop need not read twice: logs at rest, files that stay as they are.

A console asks once a second, and the log of a terminal that is off may be megabytes. This module
must never take a file for the same after it was changed.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kernel.codec.checkpoint import decode_checkpoint
from kernel.codec.documents import ProcessIdentity
from kernel.codec.entries import decode_act
from kernel.codec.scan import first_position, read_frames
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.other_process import Health, health_of
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.disk.seen import Seen
from kernel.model.decisions import name_of
from kernel.model.ledger import Ledger
from kernel.terminal.host import Host
from kernel.terminal.trail import AuditTrail

__all__ = ["Resting", "StatusMemory", "resting_ledger"]

Resting = tuple[tuple[str, ...], int]
"""(the open sales of a terminal that does not run, its last LSN)."""
HEALTH_S = 2.0
"""So often a process is asked for. One that is stopped gives no sign of life either, but late."""


class Size(NamedTuple):
    """Of a log."""

    segments: int
    size_bytes: int


class StatusMemory:
    """What one status has read, for the next one of the same shop: what the logs of terminals
    that are off say, as long as their files are the same, and how far the audit log was."""

    def __init__(self, data_dir: str | os.PathLike[str], host: Host) -> None:
        self.seen = Seen(host.disk, host.clock)
        self.trail = AuditTrail(data_dir, host, self.seen)
        self._host = host
        self._resting: dict[str, tuple[object, Resting | None]] = {}
        self._sealed: dict[str, tuple[int, Size]] = {}
        self._healths: dict[str, tuple[float, ProcessIdentity, Health | None]] = {}

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

    def size(self, disk: Disk, paths: TerminalPaths) -> Size:
        """Of all segments. The sealed ones are listed when the open one is another file."""
        try:
            status = disk.stat(paths.wal)
        except FileNotFoundError:
            return _sealed(disk, paths)
        known = self._sealed.get(paths.wal)
        if known is None or known[0] != status.st_ino:
            known = status.st_ino, _sealed(disk, paths)
            self._sealed[paths.wal] = known
        segments, size_bytes = known[1]
        return Size(segments + (status.st_size > 0), size_bytes + status.st_size)

    def health(self, identity: ProcessIdentity) -> Health | None:
        """None where that process can't be seen from here; at most `HEALTH_S` old."""
        now_s = self._host.clock.monotonic_s()
        known = self._healths.get(identity.terminal)
        if known is None or known[1] != identity or now_s - known[0] >= HEALTH_S:
            known = now_s, identity, health_of(identity, self._host.boot_id)
            self._healths[identity.terminal] = known
        return known[2]


def _sealed(disk: Disk, paths: TerminalPaths) -> Size:
    try:
        sizes = [disk.stat(paths.segment(one)).st_size for one in sealed_segments(disk, paths)]
    except (FileNotFoundError, NotADirectoryError):
        return Size(0, 0)
    return Size(sum(size > 0 for size in sizes), sum(sizes))


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
