"""Reading a terminal's log from outside: every durable entry, oldest first.

For reports, receipts and the collector: it takes no lock, changes nothing and never reads
further than the durable mark, so that nobody is shown what a power cut could take back.
`verify` is stricter; here a fault just ends the log.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from kernel.codec.entries import decode_act
from kernel.codec.scan import Reading, first_position, read_frames
from kernel.disk.durable import Mark, read_mark
from kernel.disk.files import Disk, read_descriptor, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.errors import LogDamaged
from kernel.model.entries import Act, Stamp
from kernel.model.ledger import Ledger
from kernel.model.transaction import State, Transaction
from kernel.words import gettext as _

__all__ = ["LoggedEntry", "closed_sale", "closed_sales", "entries_of", "read_log", "read_near"]

_FIRST_FRAME_BYTES = 4096
"""More than the frame that opens a segment has."""


class LoggedEntry(Struct, frozen=True):
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
        reading = _read(path, data, mark, expected, is_open=path == paths.wal)
        expected = reading.at.lsn
        yield from _entries(path, reading)


def read_near(
    disk: Disk,
    paths: TerminalPaths,
    lsn: int,
    begins: Callable[[Act], bool],
    ends: Callable[[Act], bool],
    *,
    terminal_is_free: bool,
) -> list[LoggedEntry]:
    """The entries of the segment that holds `lsn`, of those before it back to one whose act
    `begins`, and of those after it up to one whose act `ends`; of no other segment a byte.

    Nothing where no act begins. Raises as `read_log` does.
    """
    mark = None if terminal_is_free else read_mark(disk, paths.durable)
    segments = _Segments(disk, paths)
    try:
        at = bisect_right(segments.firsts, lsn) - 1
        if at < 0:
            return []
        found = segments.entries(at, mark)
        last = at
        while at > 0 and not any(begins(one.act) for one in found):
            at -= 1
            found = segments.entries(at, mark, upto=found[0].stamp.lsn) + found
        if not any(begins(one.act) for one in found):
            return []
        while last + 1 < len(segments.firsts) and not any(ends(one.act) for one in found):
            last += 1
            found += segments.entries(last, mark, after=found[-1].stamp.lsn)
        return found
    finally:
        segments.close()


class _Segments:
    """A log's segments by their first LSNs. The open one is held open first: a rotation meanwhile
    only gives it another name."""

    def __init__(self, disk: Disk, paths: TerminalPaths) -> None:
        self._disk = disk
        self._paths = paths
        self._open: int | None = None
        self.firsts: list[int] = []
        try:
            self._open = disk.open(paths.wal, os.O_RDONLY)
            sealed = sealed_segments(disk, paths)
            first = first_position(disk.pread(self._open, _FIRST_FRAME_BYTES, 0))
        except FileNotFoundError:
            sealed, first = sealed_segments(disk, paths), None
        self._opened_at = first[0].lsn if first is not None else None
        self.firsts = [one for one in sealed if first is None or one < first[0].lsn]
        if self._opened_at is not None:
            self.firsts.append(self._opened_at)

    def entries(
        self, place: int, mark: Mark | None, *, upto: int | None = None, after: int | None = None
    ) -> list[LoggedEntry]:
        """Of that segment; it must end where LSN `upto` begins, or begin behind LSN `after`."""
        first = self.firsts[place]
        is_open = first == self._opened_at
        path = self._paths.wal if is_open else self._paths.segment(first)
        if is_open and self._open is not None:
            data: bytes | None = read_descriptor(self._disk, self._open, SEGMENT_LIMIT_BYTES, path)
        else:
            data = read_file(self._disk, path, SEGMENT_LIMIT_BYTES)
        if data is None:
            raise LogDamaged(path, 0, first, _("the segment is gone; run verify"))
        reading = _read(path, data, mark, None if after is None else after + 1, is_open=is_open)
        if upto is not None and reading.at.lsn != upto:
            raise LogDamaged(path, 0, upto, _("a segment behind this one is missing"))
        return list(_entries(path, reading))

    def close(self) -> None:
        if self._open is not None:
            self._disk.close(self._open)


def _read(
    path: str, data: bytes, mark: Mark | None, expected: int | None, *, is_open: bool
) -> Reading:
    """The durable frames of one segment, which begins with LSN `expected`, if that is known."""
    found = first_position(data)
    if found is None:
        raise LogDamaged(path, 0, expected or 1, _("the segment can't be read; run verify"))
    first, _opened = found
    if expected is not None and first.lsn != expected:
        raise LogDamaged(path, 0, expected, _("a segment before this one is missing"))
    if mark is not None and mark.segment == first.lsn:
        data = data[: mark.offset]
    reading = read_frames(data, first)
    if reading.fault is not None and not is_open:
        raise LogDamaged(path, reading.at.offset, reading.at.lsn, _(reading.fault))
    return reading


def _entries(path: str, reading: Reading) -> Iterator[LoggedEntry]:
    for frame in reading.frames:
        try:
            act = decode_act(frame.body)
        except msgspec.DecodeError as fault:
            raise LogDamaged(
                path, frame.start, frame.stamp.lsn, _("an entry of a kind not known here")
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
