"""One open file with a `flock` on it: the ground that both kinds of lock stand on.

A name and a lock are two things: whoever waits may get the lock of a file that has just been
unlinked, while another locks the new file of that name. Hence `take` compares inodes after
locking, and whoever unlinks does so while holding. This module must never decide by what a file
says.
"""

from __future__ import annotations

import os
import weakref
from contextlib import suppress

from kernel.codec.documents import IDENTITY_LIMIT_BYTES
from kernel.disk.files import EXCLUSIVE, UNLOCK, Disk

__all__ = ["LockedFile", "open_to_probe", "open_to_take", "take"]

_TAKE_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
_PROBE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW
_REPLACED_TRIES = 10


class LockedFile:
    """An open lock file that no forked child keeps: there it would stay locked with its parent
    dead. Closing a child's copy of the descriptor leaves the parent's lock alone."""

    def __init__(self, disk: Disk, path: str, descriptor: int) -> None:
        self.disk = disk
        self.path = path
        self.descriptor = descriptor
        _OPEN.add(self)

    def stands_at_its_path(self) -> bool:
        """Whether the path names this very file; False too where that can't be seen."""
        if self not in _OPEN:
            return False
        try:
            ours, named = self.disk.fstat(self.descriptor), self.disk.stat(self.path)
        except OSError:
            return False
        return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)

    def lock(self) -> bool:
        """Lock it exclusively, at once; False while another has it. Raises `OSError`."""
        return self.disk.flock(self.descriptor, EXCLUSIVE)

    def text(self) -> bytes:
        return self.disk.pread(self.descriptor, IDENTITY_LIMIT_BYTES, 0)

    def unlock(self) -> None:
        """Close it, and free the lock even if a child forked this instant has a copy open."""
        if self in _OPEN:
            # Where it can't be freed by itself, closing frees it: what was done under it is done,
            # and must not be told as failed.
            with suppress(OSError):
                self.disk.flock(self.descriptor, UNLOCK)
            self.close()

    def close(self) -> None:
        """Closing again does nothing."""
        if self in _OPEN:
            _OPEN.discard(self)
            self.disk.close(self.descriptor)


# The only global of the kernel: a fork copies every descriptor, whoever forks, and only a hook
# for the whole process can close them.
_OPEN: weakref.WeakSet[LockedFile] = weakref.WeakSet()


def _close_in_child() -> None:
    for locked in list(_OPEN):
        locked.close()


os.register_at_fork(after_in_child=_close_in_child)


def open_to_probe(disk: Disk, path: str) -> LockedFile:
    """The file at `path`, open for reading and not locked. Raises `OSError`."""
    return LockedFile(disk, path, disk.open(path, _PROBE_FLAGS))


def open_to_take(disk: Disk, path: str, mode: int) -> LockedFile:
    """The same for who will lock it, made with `mode` if it is missing: who is locked out asks it
    again and again, and then whether it stands at its path. Raises `OSError`."""
    return LockedFile(disk, path, disk.open(path, _TAKE_FLAGS, mode))


def take(disk: Disk, path: str, mode: int) -> LockedFile | None:
    """The file at `path`, made with `mode` if it is missing, locked exclusively.

    None, at once, while another has it. Raises `OSError`.
    """
    for _ in range(_REPLACED_TRIES):
        locked = open_to_take(disk, path, mode)
        free = ours = False
        try:
            free = locked.lock()
            # The race of the module's docstring: locked, but no longer what the path names.
            ours = free and locked.stands_at_its_path()
        finally:
            if not ours:
                locked.close()
        if ours:
            return locked
        if not free:
            return None
    return None
