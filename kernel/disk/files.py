"""The disk as an argument: the few calls through which the kernel touches files.

`RealDisk` is the operating system; tests pass a recording disk in memory that can be cut at
any call. Calls keep the names, arguments and errors (`OSError`) of the `os` module, so that
the real one costs nothing. Nothing else in the kernel may open, rename or sync a file.
"""

from __future__ import annotations

import fcntl
import os
from typing import Protocol

from kernel.words import gettext as _

__all__ = [
    "EXCLUSIVE",
    "FILE_MODE",
    "SHARED",
    "SHARED_FILE_MODE",
    "UNLOCK",
    "Disk",
    "RealDisk",
    "Status",
    "create_file",
    "directory_of",
    "read_descriptor",
    "read_file",
    "replace_file",
    "write_all",
]

SHARED = fcntl.LOCK_SH
EXCLUSIVE = fcntl.LOCK_EX
UNLOCK = fcntl.LOCK_UN

FILE_MODE = 0o640
"""Files of a terminal: its own user writes, the shop's group reads, nobody else does."""
SHARED_FILE_MODE = 0o660
"""Files that every terminal of the shop's group may replace."""

_FALLOC_FL_KEEP_SIZE = 1
_READ_BYTES = 1 << 20


class Status(Protocol):
    """What the kernel reads of a file's status; `os.stat_result` is one."""

    @property
    def st_dev(self) -> int: ...
    @property
    def st_ino(self) -> int: ...
    @property
    def st_size(self) -> int: ...
    @property
    def st_mode(self) -> int: ...
    @property
    def st_uid(self) -> int: ...
    @property
    def st_mtime_ns(self) -> int: ...


class Disk(Protocol):
    """Descriptors, names and syncs. All errors are `OSError` with an errno."""

    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        """A descriptor; `O_CLOEXEC` is always added. A created file gets exactly `mode`."""
        ...

    def close(self, descriptor: int) -> None: ...
    def pread(self, descriptor: int, size: int, offset: int) -> bytes: ...
    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        """How many bytes were written: may be fewer than given."""
        ...

    def fdatasync(self, descriptor: int) -> None: ...
    def fsync(self, descriptor: int) -> None: ...
    def ftruncate(self, descriptor: int, size: int) -> None: ...
    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        """Allocate blocks for that range, keeping the file's size; `EOPNOTSUPP` if it can't."""
        ...

    def flock(self, descriptor: int, operation: int) -> bool:
        """Take `SHARED` or `EXCLUSIVE`, or `UNLOCK`, without waiting; False when held elsewhere."""
        ...

    def fstat(self, descriptor: int) -> Status: ...
    def stat(self, path: str) -> Status: ...
    def rename(self, source: str, target: str) -> None: ...
    def unlink(self, path: str) -> None: ...
    def listdir(self, path: str) -> list[str]: ...
    def make_directory(self, path: str, mode: int) -> None:
        """Create it (parents must be there) with exactly `mode`; an existing one is left alone."""
        ...

    def sync_directory(self, path: str) -> None:
        """Make the names in this directory durable."""
        ...


class RealDisk:
    """The operating system's files."""

    close = staticmethod(os.close)
    pread = staticmethod(os.pread)
    pwrite = staticmethod(os.pwrite)
    fdatasync = staticmethod(os.fdatasync)
    fsync = staticmethod(os.fsync)
    ftruncate = staticmethod(os.ftruncate)
    fstat = staticmethod(os.fstat)
    stat = staticmethod(os.stat)
    rename = staticmethod(os.rename)
    unlink = staticmethod(os.unlink)
    listdir = staticmethod(os.listdir)

    def open(self, path: str, flags: int, mode: int = FILE_MODE) -> int:
        descriptor = os.open(path, flags | os.O_CLOEXEC, mode)
        if flags & os.O_CREAT:
            # The umask may have narrowed it; a file of another user stays as that user made it.
            status = os.fstat(descriptor)
            if status.st_mode & 0o7777 != mode and status.st_uid == os.geteuid():
                os.fchmod(descriptor, mode)
        return descriptor

    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        import ctypes  # 3 ms, and only a terminal that writes needs it

        libc = ctypes.CDLL(None, use_errno=True)
        done = libc.fallocate(
            descriptor, _FALLOC_FL_KEEP_SIZE, ctypes.c_int64(offset), ctypes.c_int64(size)
        )
        if done != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def flock(self, descriptor: int, operation: int) -> bool:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def make_directory(self, path: str, mode: int) -> None:
        try:
            os.mkdir(path)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
            return
        os.chmod(path, mode)

    def sync_directory(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def directory_of(path: str) -> str:
    return os.path.dirname(path)


def read_file(disk: Disk, path: str, limit_bytes: int) -> bytes | None:
    """The whole file, None if there is none; `OSError` EFBIG beyond `limit_bytes`."""
    try:
        descriptor = disk.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return read_descriptor(disk, descriptor, limit_bytes, path)
    finally:
        disk.close(descriptor)


def read_descriptor(disk: Disk, descriptor: int, limit_bytes: int, path: str) -> bytes:
    """All of an open file; `OSError` EFBIG, which names `path`, beyond `limit_bytes`."""
    parts: list[bytes] = []
    offset = 0
    while part := disk.pread(descriptor, _READ_BYTES, offset):
        offset += len(part)
        if offset > limit_bytes:
            raise OSError(27, _("larger than {} bytes").format(limit_bytes), path)
        parts.append(part)
    return b"".join(parts)


def replace_file(
    disk: Disk, path: str, data: bytes, *, scratch: str, mode: int = FILE_MODE, durable: bool = True
) -> None:
    """Put `data` at `path` atomically by way of `scratch`, a name on the same file system.

    A reader sees the old bytes or the new ones. With `durable` they are synced before they get
    the name (else a crash could leave the name on an empty file), and the name itself after.
    """
    descriptor = disk.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        write_all(disk, descriptor, data, 0)
        if durable:
            disk.fsync(descriptor)
    finally:
        disk.close(descriptor)
    disk.rename(scratch, path)
    if durable:
        disk.sync_directory(directory_of(path))


def create_file(disk: Disk, path: str, data: bytes = b"") -> None:
    """A new file that every terminal may rename, durable with its name.

    Raises `FileExistsError` where there is one. After any other `OSError` it may be there.
    """
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SHARED_FILE_MODE)
    try:
        if data:
            write_all(disk, descriptor, data, 0)
            disk.fsync(descriptor)
    finally:
        disk.close(descriptor)
    disk.sync_directory(directory_of(path))


def write_all(disk: Disk, descriptor: int, data: bytes, offset: int) -> None:
    """`pwrite` until all of `data` is written: the kernel may take fewer bytes at a time."""
    written = disk.pwrite(descriptor, data, offset)
    while written < len(data):
        written += disk.pwrite(descriptor, data[written:], offset + written)
