"""Reading on in a terminal's log: the entries that became durable since the last time.

For the collector. It takes no lock, changes nothing and never reads further than the durable
mark, so that the audit log never holds what a power cut could take back. The mark is read before
the data, and the data is taken only from the segment that the mark names: a rotation between the
two can't pass unsynced bytes off as durable ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from kernel.codec.audit import Cursor
from kernel.codec.audit_walk import Told, ToldLine, tell
from kernel.codec.frame import FRAME_LIMIT_BYTES, HEAD_BYTES, open_frame
from kernel.codec.scan import Position, first_position
from kernel.codec.walk import CUT_SHORT
from kernel.disk.durable import Mark, read_mark
from kernel.disk.files import Disk
from kernel.disk.find_entry import find_entry
from kernel.disk.layout import TerminalPaths
from kernel.disk.recovery import sealed_segments
from kernel.words import gettext as _

__all__ = ["LogTail"]

READ_BYTES = 64 << 10
"""So much of a log is told at a time: it bounds what the collector holds of a hundred tills."""
_FIRST_FRAME_BYTES = 4096
"""A segment's first frame is shorter: it holds an id, two digests and a few numbers."""


class LogTail:
    """One terminal's log from `cursor` on (None: from its oldest segment).

    `fault` says why it can't be read on; then it never is, until somebody makes a new tail.
    """

    def __init__(
        self,
        disk: Disk,
        terminal: str,
        paths: TerminalPaths,
        cursor: Cursor | None,
        *,
        mark: Callable[[], Mark | None] | None = None,
    ) -> None:
        """`mark` reads the durable mark for who has a cheaper way than reading the file."""
        self._disk = disk
        self._terminal = terminal
        self._paths = paths
        self._cursor = cursor
        self._mark = mark or partial(read_mark, disk, paths.durable)
        self._epoch = cursor.epoch if cursor is not None else 0
        self._segment = 0
        self._at: Position | None = None
        self._exhausted: Mark | None = None
        self.fault: str | None = None

    def read(self) -> list[ToldLine]:
        """The next durable entries, a bounded number; none if there are none now.

        Raises `OSError`.
        """
        if self.fault is not None:
            return []
        mark = self._mark()
        if mark is not None and mark == self._exhausted:
            return []
        if self._at is None and not self._find_start():
            return []
        lines = self._read(mark) or self._read(mark)  # twice: the first may end at a seal
        self._exhausted = mark if not lines else None
        return lines

    def _find_start(self) -> bool:
        if self._cursor is None:
            found = _oldest(self._disk, self._paths)
        else:
            lsn, chain = self._cursor.lsn, self._cursor.chain.encode()
            found = find_entry(self._disk, self._paths, lsn, chain)
            if found is None:
                self.fault = _("the log lacks LSN {} with chain {}").format(lsn, chain.decode())
        if found is not None:
            self._segment, self._at = found
        return found is not None

    def _read(self, mark: Mark | None) -> list[ToldLine]:
        assert self._at is not None
        opened = self._open()
        if opened is None:
            return []
        descriptor, sealed = opened
        try:
            size = self._disk.fstat(descriptor).st_size
            limit = size if sealed else self._durable(descriptor, mark)
            if self._at.offset < limit:
                return self._tell(descriptor, limit)
            if sealed:
                self._segment = self._at.lsn
                self._at = Position(0, self._at.chain, self._at.lsn)
            return []
        finally:
            self._disk.close(descriptor)

    def _open(self) -> tuple[int, bool] | None:
        """(descriptor of our segment, whether it is sealed): a sealed one is durable as a whole."""
        disk, sealed = self._disk, self._paths.segment(self._segment)
        try:
            return disk.open(sealed, os.O_RDONLY), True
        except FileNotFoundError:
            pass
        try:
            descriptor = disk.open(self._paths.wal, os.O_RDONLY)
        except FileNotFoundError:
            return None
        head = disk.pread(descriptor, HEAD_BYTES + 24, 0)
        if head[HEAD_BYTES:].startswith(b'{"n":%d,' % self._segment):
            return descriptor, False
        # Rotated between the two: the next call finds it under its own name.
        disk.close(descriptor)
        return None

    def _durable(self, descriptor: int, mark: Mark | None) -> int:
        """How many bytes of the open segment are durable."""
        if mark is not None and mark.segment == self._segment:
            return mark.offset
        # Its first frame was synced before it got its name; nobody vouches for the rest yet.
        return max(0, open_frame(self._disk.pread(descriptor, _FIRST_FRAME_BYTES, 0), 0))

    def _tell(self, descriptor: int, limit: int) -> list[ToldLine]:
        assert self._at is not None
        told = self._told(descriptor, min(READ_BYTES, limit - self._at.offset))
        if not told.lines and told.fault == CUT_SHORT:
            # An entry longer than what is read at a time.
            told = self._told(descriptor, min(FRAME_LIMIT_BYTES, limit - self._at.offset))
        cut = told.fault == CUT_SHORT and told.lines
        if told.fault is not None and not cut:
            self.fault = _("segment {}, offset {}, LSN {}: {}").format(
                self._segment, told.at.offset, told.at.lsn, _(told.fault)
            )
        self._at, self._epoch = told.at, told.epoch
        return told.lines

    def _told(self, descriptor: int, size: int) -> Told:
        assert self._at is not None
        data = self._disk.pread(descriptor, size, self._at.offset)
        return tell(data, self._at, self._terminal, self._epoch)


def _oldest(disk: Disk, paths: TerminalPaths) -> tuple[int, Position] | None:
    """(the oldest segment there is, its begin); None without a log."""
    sealed = sealed_segments(disk, paths)
    path = paths.segment(sealed[0]) if sealed else paths.wal
    try:
        descriptor = disk.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        found = first_position(disk.pread(descriptor, _FIRST_FRAME_BYTES, 0))
    finally:
        disk.close(descriptor)
    return (found[0].lsn, found[0]) if found is not None else None
