"""One message's file: written so that nobody sees half of it, read so that nobody can fool us.

The directories are everybody's of the shop's group, so what stands at a path may be a pipe, a
link or of any size. Its owner is taken for its sender, so nobody else may be able to write it: any
till could rename a file of the manager's to there and write what it likes. This module must never
wait for a pipe, follow a link, or sync a directory: who writes several files says when.
"""

from __future__ import annotations

import os
import stat
from errno import EFBIG, EINVAL, EPERM

from kernel.disk.files import FILE_MODE, Disk, write_all
from kernel.words import gettext as _

__all__ = ["read_letter", "write_letter"]

_OTHERS_WRITE = 0o022
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK


def write_letter(disk: Disk, path: str, data: bytes, *, scratch: str) -> None:
    """Put `data` at `path` by way of `scratch`. Raises `OSError`."""
    descriptor = disk.open(scratch, _WRITE_FLAGS, FILE_MODE)
    try:
        write_all(disk, descriptor, data, 0)
        # Before it gets its name: else a power cut could leave the name on an empty file.
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)
    disk.rename(scratch, path)


def read_letter(disk: Disk, path: str, limit_bytes: int) -> tuple[bytes, int]:
    """The whole file and the user who owns it.

    Raises `OSError`: EFBIG beyond `limit_bytes`, EINVAL where it is no plain file, EPERM where
    others than its owner may have written it.
    """
    descriptor = disk.open(path, _READ_FLAGS)
    try:
        status = disk.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(EINVAL, _("not a plain file"), path)
        if status.st_mode & _OTHERS_WRITE:
            raise OSError(EPERM, _("others than its owner may write it"), path)
        if status.st_size > limit_bytes:
            raise OSError(EFBIG, _("larger than {} bytes").format(limit_bytes), path)
        return disk.pread(descriptor, limit_bytes, 0), status.st_uid
    finally:
        disk.close(descriptor)
