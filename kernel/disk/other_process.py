"""How the process that runs a terminal is doing, for whoever watches it from this machine.

A stopped process holds its lock and gives no sign: only the operating system can tell it from one
that is busy. This module must never be the proof of anything; a lock is held or free. Of another
machine, another boot or a namespace that hides it, nothing is known.
"""

from __future__ import annotations

import os
from functools import cache

from msgspec import Struct

from kernel.codec.documents import ProcessIdentity

__all__ = ["Health", "health_of"]

_STATE, _START_TICKS, _RESIDENT_PAGES = 0, 19, 21
"""Fields 3, 22 and 24 of `/proc/<pid>/stat`, counted from behind the name."""
_STOPPED = (b"T", b"t")


class Health(Struct, frozen=True):
    """`memory_bytes` is what it holds in memory, shared pages too."""

    stopped: bool
    memory_bytes: int


def health_of(identity: ProcessIdentity, boot_id: str) -> Health | None:
    """None where that process can't be seen from here."""
    if identity.boot_id != boot_id:
        return None
    try:
        descriptor = os.open(f"/proc/{identity.pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        try:
            fields = os.read(descriptor, 4096).rpartition(b")")[2].split()
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(fields) <= _RESIDENT_PAGES or int(fields[_START_TICKS]) != identity.start_ticks:
        return None  # the id is another process's by now
    return Health(fields[_STATE] in _STOPPED, int(fields[_RESIDENT_PAGES]) * _page_bytes())


@cache
def _page_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE")
