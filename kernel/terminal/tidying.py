"""Clean-up: what crashed processes left in the shop and nobody will come back for.

Registry entries whose lock is free, messages whose time is over, scratch files of processes that
are gone. Nothing here is anybody's: whatever a log, a lock or a running process still speaks of
stays, and so does everything under `temp/cleanup`, which a person set aside to look at.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct

from kernel.codec.messages import MESSAGE_LIMIT_BYTES, FileName, decode_message
from kernel.coordination.letters import CLOCK_MARGIN_MS
from kernel.coordination.registry import Registry
from kernel.disk.layout import Layout
from kernel.disk.letter import read_letter
from kernel.disk.lock import probe
from kernel.errors import BadInput
from kernel.model.identity import terminal_id
from kernel.model.mail import LIFETIME_LIMIT_MS, created_ms_of
from kernel.model.operators import MANAGER_TERMINAL
from kernel.terminal.host import Host

__all__ = ["Cleaned", "clean_up"]

_STALE_MS = 3_600_000
_SCRATCH = re.compile(r"(?P<terminal>.+)\.message\.next")
_ACT = re.compile(r"act_.{26}\.json|\.(act|order)_.{26}\.next")


class Cleaned(Struct, frozen=True, kw_only=True):
    """What was taken away: entries of crashed terminals, messages, scratch files."""

    terminals: tuple[str, ...]
    messages: int
    files: int


def clean_up(layout: Layout, host: Host) -> Cleaned:
    """Take it away. Raises `Contention`, `DiskFull`, `BadConfiguration`."""
    crashed = Registry(host.disk, layout, clock=host.clock).forget_crashed()
    return Cleaned(
        terminals=tuple(sorted(one.terminal for one in crashed)),
        messages=_remove(host, _old_messages(layout, host)),
        files=_remove(host, [*_scratch(layout, host), *_old_acts(layout, host)]),
    )


def _remove(host: Host, paths: Iterator[str] | list[str]) -> int:
    removed = 0
    for path in paths:
        with suppress(OSError):  # gone meanwhile, or another user's
            host.disk.unlink(path)
            removed += 1
    return removed


def _old_messages(layout: Layout, host: Host) -> Iterator[str]:
    """Those that expired an hour ago, and those that are older than any message may be."""
    now_ms = host.clock.wall_ms()
    for path in _files(layout.terminal_inbox, host) + _files(layout.broadcast, host):
        name = FileName.parse(os.path.basename(path))
        if name is None:
            continue  # the till that it concerns sets it aside and says so
        if now_ms - created_ms_of(name.message) > LIFETIME_LIMIT_MS + CLOCK_MARGIN_MS:
            yield path
            continue
        with suppress(OSError, BadInput):
            data, _ = read_letter(host.disk, path, MESSAGE_LIMIT_BYTES)
            if decode_message(data).expires_ms + _STALE_MS < now_ms:
                yield path


def _scratch(layout: Layout, host: Host) -> Iterator[str]:
    """A message that was being written by a terminal that does not run."""
    for path in _files(layout.temp, host):
        found = _SCRATCH.fullmatch(os.path.basename(path))
        with suppress(BadInput):
            if found is not None and _stale(path, host):
                lock = layout.terminal(terminal_id(found["terminal"])).lock
                if probe(host.disk, lock) is None:
                    yield path


def _old_acts(layout: Layout, host: Host) -> Iterator[str]:
    """Answers that no command came back for."""
    for path in _files(layout.terminal(MANAGER_TERMINAL).directory, host):
        if _ACT.fullmatch(os.path.basename(path)) and _stale(path, host):
            yield path


def _stale(path: str, host: Host) -> bool:
    try:
        changed_ms = host.disk.stat(path).st_mtime_ns // 1_000_000
    except OSError:
        return False
    return changed_ms + _STALE_MS < host.clock.wall_ms()


def _files(directory: str, host: Host) -> list[str]:
    try:
        return [os.path.join(directory, name) for name in sorted(host.disk.listdir(directory))]
    except FileNotFoundError:
        return []
