"""A disk in memory that behaves like the real one and writes down every change.

`MemoryDisk` answers every call of `kernel.disk.files.Disk` with the results and errnos of Linux;
its test compares the two call by call. What it has no model of (symbolic links, permission
checks, O_APPEND, relative paths) it refuses with an assertion, so that it can never lie.
`recording` holds where the disk began and all that changed since: `crash_images` cuts the power
at any point of it.

One `MemoryDisk` is one process: its descriptors and locks are its own and end with `kill`.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from errno import EBADF, EEXIST, EINVAL, EISDIR, ENOENT, ENOSPC, ENOTDIR
from itertools import count
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from kernel.disk.files import EXCLUSIVE, FILE_MODE, SHARED, UNLOCK
from tests.support.paths import directory_at, error, find, place, refuse_move
from tests.support.volume import (
    BLOCK_BYTES,
    Attributes,
    Mode,
    Names,
    Operation,
    Reserve,
    Resize,
    Sync,
    Volume,
    Write,
    reachable,
)

__all__ = ["FileStatus", "Machine", "MemoryDisk", "Recording"]

_MODELLED_FLAGS = (
    os.O_ACCMODE
    | os.O_CREAT
    | os.O_EXCL
    | os.O_TRUNC
    | os.O_CLOEXEC
    | os.O_NOFOLLOW  # there are no links to follow
    | os.O_DIRECTORY
    | os.O_NONBLOCK  # there are no pipes to wait for
)


class FileStatus(NamedTuple):
    """The fields of `os.stat_result` that tests and the kernel read."""

    st_mode: int
    st_ino: int
    st_dev: int
    st_uid: int
    st_size: int
    st_mtime: float

    @property
    def st_mtime_ns(self) -> int:
        return int(self.st_mtime * 1_000_000_000)


@dataclass(frozen=True, slots=True)
class Recording:
    """Where a disk began (never changed again) and everything that changed it since, in order."""

    start: Volume
    boots: int
    operations: list[Operation] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class _OpenFile:
    inode: int
    path: str
    readable: bool
    writable: bool
    lock: int = UNLOCK


@dataclass(eq=False, slots=True)
class Machine:
    """What all processes of one running machine share."""

    volume: Volume
    recording: Recording
    opened: dict[int, _OpenFile] = field(default_factory=dict)
    descriptors: Iterator[int] = field(default_factory=lambda: count(3))
    one_at_a_time: threading.RLock = field(default_factory=threading.RLock)


_P = ParamSpec("_P")
_R = TypeVar("_R")


def _call(
    does: Callable[Concatenate[MemoryDisk, _P], _R],
) -> Callable[Concatenate[MemoryDisk, _P], _R]:
    """A call to the system: whole before or whole after every other, as Linux has it."""

    def locked(disk: MemoryDisk, /, *arguments: _P.args, **named: _P.kwargs) -> _R:
        with disk._machine.one_at_a_time:
            return does(disk, *arguments, **named)

    return locked


class MemoryDisk:
    """One process's view of a disk in memory.

    A descriptor number is never used twice, so that a call on a closed one is always EBADF.
    `boots` counts machine starts: a power cut raises it, and `boot_id` with it.
    """

    def __init__(self, machine: Machine | None = None, *, uid: int = 0) -> None:
        if machine is None:
            machine = Machine(Volume(), Recording(Volume(), boots=1))
        self._machine = machine
        self._volume = machine.volume
        self._uid = uid
        self._mine: dict[int, _OpenFile] = {}

    @classmethod
    def started_from(cls, volume: Volume, boots: int) -> MemoryDisk:
        """A machine that has just started with this on its disk; `volume` itself stays as it is."""
        return cls(Machine(volume.copy(), Recording(volume, boots)))

    # --- what tests ask and arrange ---

    @property
    def recording(self) -> Recording:
        return self._machine.recording

    @property
    def operations(self) -> list[Operation]:
        """All changes since the disk began; its length names the point that has been reached."""
        return self._machine.recording.operations

    @property
    def volume(self) -> Volume:
        return self._volume

    @property
    def boot_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.recording.boots:012d}"

    @property
    def used_bytes(self) -> int:
        """In whole blocks, from the start of each file to its size or the end of what it holds
        in reserve; holes count, directories don't."""
        living = reachable(self._volume.nodes)
        living.update(opened.inode for opened in self._machine.opened.values())
        return sum(self._volume.allocated_bytes(inode) for inode in living)

    @property
    def free_bytes(self) -> int | None:
        """None when the disk is never full."""
        capacity = self._volume.capacity_bytes
        return None if capacity is None else max(0, capacity - self.used_bytes)

    def limit_capacity(self, capacity_bytes: int | None) -> None:
        """From now on this many bytes fit; what is there stays."""
        self._volume.capacity_bytes = capacity_bytes

    def process(self, uid: int | None = None) -> MemoryDisk:
        """Another process on the same machine, with descriptors and locks of its own."""
        return MemoryDisk(self._machine, uid=self._uid if uid is None else uid)

    def kill(self) -> None:
        """End this process: its descriptors are closed and its locks are free."""
        for descriptor in list(self._mine):
            self.close(descriptor)

    def settle(self) -> None:
        """Make everything durable and begin a new recording here: what was before is set-up."""
        self._volume.settle()
        self._machine.recording = Recording(self._volume.copy(), self.recording.boots)

    # --- descriptors ---

    @_call
    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        assert not flags & ~_MODELLED_FLAGS, f"open flags {flags:#o} are not modelled"
        directory, name, inode = place(self._volume, path)
        if not inode:
            if not flags & os.O_CREAT:
                raise error(ENOENT, path)
            inode = self._born(directory, name, stat.S_IFREG | mode, f"create {path}")
        else:
            self._refuse_flags(path, inode, flags)
            if flags & os.O_TRUNC and (self._volume.file(inode) or inode in self._volume.reserved):
                self._do(Resize(inode, 0, path))
            attributes = self._volume.attributes[inode]
            if (
                flags & os.O_CREAT
                and attributes.uid == self._uid
                and stat.S_IMODE(attributes.mode) != mode
            ):
                self._do(Mode(inode, mode, path))
        access = flags & os.O_ACCMODE
        opened = _OpenFile(inode, path, access != os.O_WRONLY, access != os.O_RDONLY)
        descriptor = next(self._machine.descriptors)
        self._mine[descriptor] = self._machine.opened[descriptor] = opened
        return descriptor

    @_call
    def close(self, descriptor: int) -> None:
        self._opened(descriptor)
        del self._mine[descriptor]
        del self._machine.opened[descriptor]

    @_call
    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        opened = self._opened(descriptor)
        if size < 0 or offset < 0:
            raise error(EINVAL, opened.path)
        if not opened.readable:
            raise error(EBADF, opened.path)
        content = self._volume.nodes[opened.inode]
        if isinstance(content, dict):
            raise error(EISDIR, opened.path)
        return content[offset : offset + size]

    @_call
    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        opened = self._opened(descriptor)
        if offset < 0:
            raise error(EINVAL, opened.path)
        if not opened.writable:
            raise error(EBADF, opened.path)
        room = self._room(opened.inode)
        if room is not None and data:
            if room <= offset:
                raise error(ENOSPC, opened.path)
            data = data[: room - offset]
        if data:
            self._do(Write(opened.inode, offset, bytes(data), opened.path))
        return len(data)

    @_call
    def ftruncate(self, descriptor: int, size: int) -> None:
        opened = self._opened(descriptor)
        if size < 0 or not opened.writable:
            raise error(EINVAL, opened.path)
        self._do(Resize(opened.inode, size, opened.path))

    @_call
    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        opened = self._opened(descriptor)
        if offset < 0 or size <= 0:
            raise error(EINVAL, opened.path)
        if not opened.writable:
            raise error(EBADF, opened.path)
        end = offset + size
        room = self._room(opened.inode)
        if room is not None and end > room:
            raise error(ENOSPC, opened.path)
        if end > self._volume.allocated_bytes(opened.inode):
            self._do(Reserve(opened.inode, end, opened.path))

    @_call
    def fdatasync(self, descriptor: int) -> None:
        opened = self._opened(descriptor)
        self._do(Sync(opened.inode, f"fdatasync {opened.path}"))

    @_call
    def fsync(self, descriptor: int) -> None:
        opened = self._opened(descriptor)
        self._do(Sync(opened.inode, f"fsync {opened.path}"))

    @_call
    def flock(self, descriptor: int, operation: int) -> bool:
        opened = self._opened(descriptor)
        assert operation in (SHARED, EXCLUSIVE, UNLOCK), f"flock {operation} is not modelled"
        if opened.lock == operation:
            return True
        opened.lock = UNLOCK  # Linux gives up the old lock first, even if the new one is refused
        for other in self._machine.opened.values():
            if other.inode != opened.inode or other.lock == UNLOCK or operation == UNLOCK:
                continue
            if EXCLUSIVE in (operation, other.lock):
                return False
        opened.lock = operation
        return True

    @_call
    def fstat(self, descriptor: int) -> FileStatus:
        return self._status(self._opened(descriptor).inode)

    # --- names ---

    @_call
    def stat(self, path: str) -> FileStatus:
        return self._status(find(self._volume, path)[2])

    @_call
    def rename(self, source: str, target: str) -> None:
        directory, name, inode = place(self._volume, source)
        new_directory, new_name, replaced = place(self._volume, target)
        refuse_move(self._volume, source, (directory, inode), (new_directory, replaced))
        if inode != replaced:
            changes = ((directory, name, 0), (new_directory, new_name, inode))
            self._do(Names(new_directory, changes, f"rename {source} to {target}"))

    @_call
    def unlink(self, path: str) -> None:
        directory, name, inode = find(self._volume, path)
        if isinstance(self._volume.nodes[inode], dict):
            raise error(EISDIR, path)
        self._do(Names(directory, ((directory, name, 0),), f"unlink {path}"))

    @_call
    def listdir(self, path: str) -> list[str]:
        """In an order that nobody would wish for: a real directory promises none."""
        return sorted(self._volume.directory(directory_at(self._volume, path)), reverse=True)

    @_call
    def make_directory(self, path: str, mode: int) -> None:
        directory, name, inode = place(self._volume, path)
        if not inode:
            self._born(directory, name, stat.S_IFDIR | mode, f"mkdir {path}")
        elif isinstance(self._volume.nodes[inode], bytes):
            raise error(EEXIST, path)

    @_call
    def sync_directory(self, path: str) -> None:
        self._do(Sync(directory_at(self._volume, path), f"sync_directory {path}"))

    # --- helpers ---

    def _do(self, operation: Operation) -> None:
        self._volume.apply(operation)
        self._machine.recording.operations.append(operation)

    def _opened(self, descriptor: int) -> _OpenFile:
        opened = self._mine.get(descriptor)
        if opened is None:
            raise OSError(EBADF, os.strerror(EBADF))
        return opened

    def _refuse_flags(self, path: str, inode: int, flags: int) -> None:
        """The errors of opening what is there."""
        if flags & os.O_CREAT and flags & os.O_EXCL:
            raise error(EEXIST, path)
        if isinstance(self._volume.nodes[inode], bytes):
            if flags & os.O_DIRECTORY:
                raise error(ENOTDIR, path)
        elif flags & (os.O_CREAT | os.O_TRUNC | os.O_ACCMODE):
            raise error(EISDIR, path)

    def _born(self, directory: int, name: str, mode: int, text: str) -> int:
        inode = self._volume.next_inode()
        born = Attributes(mode, self._uid)
        self._do(Names(directory, ((directory, name, inode),), text, born))
        return inode

    def _status(self, inode: int) -> FileStatus:
        volume = self._volume
        content = volume.nodes[inode]
        mode, uid = volume.attributes[inode]
        size = len(content) if isinstance(content, bytes) else BLOCK_BYTES
        return FileStatus(mode, inode, 1, uid, size, float(volume.mtimes[inode]))

    def _room(self, inode: int) -> int | None:
        """How long this file could be, in bytes; None without a limit."""
        free = self.free_bytes
        if free is None:
            return None
        return self._volume.allocated_bytes(inode) + free // BLOCK_BYTES * BLOCK_BYTES
