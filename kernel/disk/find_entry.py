"""One entry in a terminal's log, found by its number and chain value.

For whoever kept the two (the audit log does) and asks whether the log still holds them. Found by
the entry's own text, not by reading all before it: a start can't wait for that. This module must
never change or lock anything.
"""

from __future__ import annotations

from kernel.codec.frame import open_frame
from kernel.codec.scan import Position, first_position
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import SEGMENT_LIMIT_BYTES, sealed_segments

__all__ = ["find_entry"]


def find_entry(
    disk: Disk, paths: TerminalPaths, lsn: int, chain: bytes
) -> tuple[int, Position] | None:
    """(segment, the place after the entry of that number and chain value); None without it."""
    found = _search(disk, paths.wal, lsn, chain)
    if found is not None:
        return found
    before = [first for first in sealed_segments(disk, paths) if first <= lsn]
    return _search(disk, paths.segment(before[-1]), lsn, chain) if before else None


def _search(disk: Disk, path: str, lsn: int, chain: bytes) -> tuple[int, Position] | None:
    data = read_file(disk, path, SEGMENT_LIMIT_BYTES)
    found = first_position(data) if data else None
    if data is None or found is None or found[0].lsn > lsn:
        return None
    # Found by its own text, not by reading all before it; its CRC is checked all the same.
    start = data.find(b' %b {"n":%d,' % (chain, lsn)) - 8
    end = open_frame(data, start) if start >= 0 else -1
    return (found[0].lsn, Position(end, chain, lsn + 1)) if end >= 0 else None
