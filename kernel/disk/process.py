"""Who this process is, so that a lock and a registry can say it to people.

Read from `/proc`, because a process id alone is reused. Nothing here decides anything: a lock is
held or free, whatever its text says. This module must never look at another process.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache

from kernel.codec.documents import ProcessIdentity

__all__ = ["boot_id", "this_process"]

_UNKNOWN = "unknown"
_START_TICKS_AFTER_NAME = 19  # field 22 of `/proc/self/stat`; the name is field 2


def this_process(
    terminal: str, *, version: str, boot: str, incarnation: str, started_ms: int
) -> ProcessIdentity:
    """This process as the one that runs `terminal`, in the boot that `boot_id` named.

    `started_ms` is wall time in UTC.
    """
    return ProcessIdentity(
        terminal=terminal,
        pid=os.getpid(),
        start_ticks=_start_ticks(os.getpid()),
        boot_id=boot,
        host=_printable(os.uname().nodename),
        version=version,
        started_at=datetime.fromtimestamp(started_ms // 1000, UTC),
        incarnation=incarnation,
    )


def boot_id() -> str:
    """Another text after each start of the machine; `unknown` where the kernel has none."""
    return _read("/proc/sys/kernel/random/boot_id").strip() or _UNKNOWN


@cache
def _start_ticks(pid: int) -> int:
    """Clock ticks from the machine's start to that of this process, `pid`; 0 where unknown.

    Asked once a process: Linux adds up the times of all its threads for whoever reads that file.
    """
    _, _, after_name = _read("/proc/self/stat").rpartition(")")
    fields = after_name.split()
    return int(fields[_START_TICKS_AFTER_NAME]) if fields else 0


def _printable(text: str) -> str:
    shown = "".join(character if character.isprintable() else "?" for character in text[:64])
    return shown.strip() or _UNKNOWN


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read(4096)
    except OSError:
        # Not Linux, or a namespace that hides it: the identity says less, nothing else changes.
        return ""
