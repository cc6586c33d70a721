"""Reading a terminal's log from outside: every durable entry, oldest first.

For reports, receipts and the collector: it takes no lock, changes nothing and never reads
further than the durable mark, so that nobody is shown what a power cut could take back.
`verify` is stricter; here a fault just ends the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from kernel.codec.entries import decode_act
from kernel.codec.scan import first_position, read_frames
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.errors import LogDamaged
from kernel.model.entries import Act, Stamp
from kernel.model.ledger import Ledger
from kernel.model.transaction import State, Transaction

__all__ = ["LoggedEntry", "closed_sale", "closed_sales", "entries_of", "read_log"]


class LoggedEntry(NamedTuple):
    stamp: Stamp
    act: Act
    body: bytes
    """Its JSON as it stands in the log."""


def read_log(disk: Disk, paths: TerminalPaths, *, terminal_is_free: bool) -> Iterator[LoggedEntry]:
    """All durable entries. `terminal_is_free`: nobody writes, all sound entries are taken.

    Raises `LogDamaged` where a sealed segment can't be read to its end, `OSError`.
    """
    mark = None if terminal_is_free else read_mark(disk, paths.durable)
    expected = None
    for path, data in _segments(disk, paths):
        found = first_position(data)
        if found is None:
            raise LogDamaged(path, 0, expected or 1, "the segment can't be read; run verify")
        first, _ = found
        if expected is not None and first.lsn != expected:
            raise LogDamaged(path, 0, expected, "a segment before this one is missing")
        if mark is not None and mark.segment == first.lsn:
            reading = read_frames(data[: mark.offset], first)
        else:
            reading = read_frames(data, first)
        if reading.fault is not None and path != paths.wal:
            raise LogDamaged(path, reading.at.offset, reading.at.lsn, reading.fault)
        expected = reading.at.lsn
        for frame in reading.frames:
            try:
                act = decode_act(frame.body)
            except msgspec.DecodeError as fault:
                raise LogDamaged(
                    path, frame.start, frame.stamp.lsn, "an entry of a kind not known here"
                ) from fault
            yield LoggedEntry(frame.stamp, act, frame.body)


def closed_sales(entries: Iterator[LoggedEntry]) -> Iterator[Transaction]:
    """Every sale that the log commits, in the order of their commits."""
    ledger = Ledger()
    for entry in entries:
        sale = ledger.apply(entry.act, entry.stamp)
        if sale is not None and sale.state is State.COMMITTED:
            yield sale


def closed_sale(entries: Iterator[LoggedEntry], number: int) -> Transaction | None:
    """The sale of that number as a receipt or an abort closed it; None if nothing did."""
    ledger = Ledger()
    for entry in entries:
        sale = ledger.apply(entry.act, entry.stamp)
        if sale is not None and sale.number == number and number not in ledger.sales:
            return sale
    return None


def entries_of(entries: Iterator[LoggedEntry], number: int) -> Iterator[LoggedEntry]:
    """The entries of one sale."""
    return (entry for entry in entries if entry.act.tx == number)


def _segments(disk: Disk, paths: TerminalPaths) -> Iterator[tuple[str, bytes]]:
    """Paths and bytes, oldest first. The open one is read first: a rotation meanwhile only
    turns what was read into a sealed segment, which then isn't read again."""
    data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
    found = first_position(data) if data else None
    for first in sealed_segments(disk, paths):
        if found is not None and first >= found[0].lsn:
            break
        sealed = read_file(disk, paths.segment(first), SEGMENT_LIMIT_BYTES)
        if sealed is not None:
            yield paths.segment(first), sealed
    if data is not None:
        yield paths.wal, data


def exists(disk: Disk, paths: TerminalPaths) -> bool:
    """Whether this terminal ever had a log."""
    try:
        names = disk.listdir(paths.directory)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return os.path.basename(paths.wal) in names or bool(sealed_segments(disk, paths))
