"""A data directory that can't be used: what its user is told, by what the file system said.

Whatever a terminal or a console does with files of the shop beside its own log goes through here
or says more itself. This module must never hide a fault: it only words it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.errors import BadConfiguration, DiskFull, KernelError
from kernel.words import gettext as _

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
        return DiskFull(_("{}: the disk is full; free space and start again").format(path))
    hints = {
        errno.EROFS: _("make it writable, or name another with --data-dir"),
        errno.EACCES: _("make it writable for this user, or name another with --data-dir"),
        errno.EPERM: _("make it writable for this user, or name another with --data-dir"),
        errno.ENOTDIR: _("name a directory with --data-dir"),
        errno.EEXIST: _("a file stands where a directory should be; name another with --data-dir"),
        errno.ENOENT: _("make the directory above it first"),
    }
    return BadConfiguration(
        _("data directory {} can't be used: {}; {}").format(
            path, what, hints.get(fault.errno or 0, _("check it"))
        )
    )
