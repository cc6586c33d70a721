"""A data directory that can't be used: what its user is told, by what the file system said.

Whatever a terminal or a console does with files of the shop beside its own log goes through here
or says more itself. This module must never hide a fault: it only words it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.errors import BadConfiguration, DiskFull, KernelError

__all__ = ["unusable", "usable"]


@contextmanager
def usable(path: str) -> Iterator[None]:
    """An `OSError` of the data directory `path` leaves as what its user can do about it."""
    try:
        yield
    except OSError as fault:
        raise unusable(path, fault) from fault


def unusable(path: str, fault: OSError) -> KernelError:
    """What to tell whoever named the data directory `path`, which `fault` makes unusable."""
    what = fault.strerror or str(fault)
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"{path}: the disk is full; free space and start again")
    hints = {
        errno.EROFS: "make it writable, or name another with --data-dir",
        errno.EACCES: "make it writable for this user, or name another with --data-dir",
        errno.EPERM: "make it writable for this user, or name another with --data-dir",
        errno.ENOTDIR: "name a directory with --data-dir",
        errno.EEXIST: "a file stands where a directory should be; name another with --data-dir",
        errno.ENOENT: "make the directory above it first",
    }
    return BadConfiguration(
        f"data directory {path} can't be used: {what}; {hints.get(fault.errno or 0, 'check it')}"
    )
