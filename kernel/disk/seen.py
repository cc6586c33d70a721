"""Files that are looked at again and again: what one said, for as long as it is the same file.

For who watches a shop once a second: of a hundred terminals most have changed nothing since. A
file is the same while inode, size and time are, and a time counts only once it lies so far back
that another change can't have left the same one. A lock is asked for each time, and only the text
in it is remembered. This module must never answer from memory alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import TypeVar, cast

from kernel.clock import Clock
from kernel.disk.files import SHARED, Disk, Status
from kernel.disk.lock import Holder, cannot_lock, holder_in
from kernel.disk.locked_file import open_to_probe

__all__ = ["SETTLED_NS", "Seen"]

SETTLED_NS = 2_000_000_000
"""Within this time of a change another one may leave the same time on a file or a directory."""

_Version = tuple[int, int, int]
T = TypeVar("T")


class Seen:
    """Used by one thread at a time."""

    def __init__(self, disk: Disk, clock: Clock) -> None:
        self._disk = disk
        self._clock = clock
        self._made: dict[str, tuple[_Version, object]] = {}
        self._holders: dict[str, tuple[_Version, Holder]] = {}

    def read(self, path: str, make: Callable[[], T]) -> T:
        """What `make` makes of the file at `path`, which it reads itself. Raises `OSError`."""
        try:
            # Before it is read: what changes meanwhile has another version next time.
            version = _version(status := self._disk.stat(path))
        except FileNotFoundError:
            self._made.pop(path, None)
            return make()
        known = self._made.get(path)
        if known is not None and known[0] == version:
            return cast(T, known[1])
        made = make()
        if self._clock.wall_ms() * 1_000_000 - status.st_mtime_ns > SETTLED_NS:
            self._made[path] = version, made
        return made

    def holder(self, path: str) -> Holder | None:
        """As `kernel.disk.lock.probe`: who holds the process lock at `path` now."""
        try:
            with closing(open_to_probe(self._disk, path)) as probed:
                if self._disk.flock(probed.descriptor, SHARED):
                    return None
                version = _version(self._disk.fstat(probed.descriptor))
                known = self._holders.get(path)
                if known is None or known[0] != version:
                    known = version, holder_in(probed.text())
                    self._holders[path] = known
                return known[1]
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise cannot_lock(path, fault) from fault


def _version(status: Status) -> _Version:
    return status.st_ino, status.st_size, status.st_mtime_ns
