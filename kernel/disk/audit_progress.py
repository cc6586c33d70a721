"""How far the audit log has each terminal, asked again and again for what was appended since.

For who watches a shop all day: the whole of a file is looked at once, at most. Who asks once has
`last_seen`. This module must never believe a line that the collector would not.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from kernel.codec.audit import LINE, decode_seen
from kernel.disk.audit_reader import audit_lines, last_seen, open_newest
from kernel.disk.files import Disk
from kernel.disk.layout import Layout

__all__ = ["AuditProgress"]

_TAIL_BYTES = 1 << 20


class AuditProgress:
    """Used by one thread at a time."""

    def __init__(self, disk: Disk, layout: Layout) -> None:
        self._disk = disk
        self._layout = layout
        self._identity: tuple[int, int] | None = None
        self._offset = 0
        self._numbers: dict[str, int] = {}

    def read(self, durable: Mapping[str, int]) -> dict[str, int]:
        """Terminal -> the LSN of its last entry there. `durable` says how far each log is: what
        is known to be that far is not looked for. Raises `OSError`."""
        descriptor = open_newest(self._disk, self._layout, os.O_RDONLY)
        if descriptor is None:
            self._identity, self._numbers = None, {}
            return {}
        try:
            status = self._disk.fstat(descriptor)
            identity = status.st_dev, status.st_ino
            if identity != self._identity or status.st_size < self._offset:
                self._begin(descriptor, status.st_size, durable)
                self._identity = identity
            for offset, line in audit_lines(self._disk, descriptor, self._offset):
                self._take(line)
                self._offset = offset + len(line) + 1
        finally:
            self._disk.close(descriptor)
        return self._numbers

    def _begin(self, descriptor: int, size: int, durable: Mapping[str, int]) -> None:
        """What the file's first line says, and its end for those who are further."""
        self._numbers = {}
        for _, line in audit_lines(self._disk, descriptor):
            self._take(line)
            break
        begin = max(0, size - _TAIL_BYTES)
        tail = self._disk.pread(descriptor, size - begin, begin)
        self._offset = begin + tail.rfind(b"\n") + 1
        further = [one for one, lsn in durable.items() if lsn > self._numbers.get(one, 0)]
        for terminal, cursor in last_seen(self._disk, self._layout, further).items():
            self._numbers[terminal] = max(cursor.lsn, self._numbers.get(terminal, 0))

    def _take(self, line: bytes) -> None:
        match = LINE.fullmatch(line)
        if match is not None:
            self._numbers[match[1].decode()] = int(match[3])
            return
        seen = decode_seen(line)
        for terminal, cursor in seen.seen.items() if seen is not None else ():
            self._numbers[terminal] = max(cursor.lsn, self._numbers.get(terminal, 0))
