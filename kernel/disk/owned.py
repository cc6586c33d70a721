"""Files that only the manager may write, in directories where every till may.

Tills of their own Unix users share `shared/coordination`, because each of them replaces the
registry there; so any of them could also rename a file of its own over the manager's. What it
can't do is make a file that the manager owns. Hence each of these is trusted by the owner of the
open file, never by its name: the owner must be the user whom the data directory belongs to, or
root. With one user for all this holds always and proves nothing; `posterm doctor` says so.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from kernel.disk.files import Disk, directory_of, write_all
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration
from kernel.words import gettext as _

__all__ = ["PRIVATE_MODE", "read_owned", "replace_owned"]

PRIVATE_MODE = 0o600
"""For the one file that the shop's group must not read: the manager's private key."""

_ROOT_UID = 0
# Without O_NONBLOCK a pipe put at that path would hold the till for ever.
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def read_owned(disk: Disk, layout: Layout, path: str, limit_bytes: int) -> bytes | None:
    """The whole file, None if there is none.

    Raises `BadConfiguration` where it can't be read, is too large, or is not the manager's.
    """
    try:
        descriptor = disk.open(path, _READ_FLAGS)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise _unusable(path, fault) from fault
    try:
        status = disk.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise BadConfiguration(_("{} is no file; take it away").format(path))
        _require_manager(disk, layout, status.st_uid, path)
        data = disk.pread(descriptor, limit_bytes + 1, 0)
    except OSError as fault:
        raise _unusable(path, fault) from fault
    finally:
        disk.close(descriptor)
    if len(data) > limit_bytes:
        raise BadConfiguration(
            _("{} is larger than {} bytes; restore it").format(path, limit_bytes)
        )
    return data


def replace_owned(
    disk: Disk, layout: Layout, path: str, data: bytes, *, scratch: str, mode: int
) -> None:
    """Put `data` at `path`, atomically and durably, as a file of the manager.

    `scratch` should lie where only the manager writes. Raises `BadConfiguration` for any other
    user, before anything is changed; `OSError`.
    """
    with suppress(FileNotFoundError):
        disk.unlink(scratch)
    try:
        # Exclusively: what somebody else has open or linked must not become the manager's file.
        descriptor = disk.open(scratch, _WRITE_FLAGS, mode)
    except PermissionError as fault:
        raise _unusable(path, fault) from fault
    try:
        _require_manager(disk, layout, disk.fstat(descriptor).st_uid, path)
        write_all(disk, descriptor, data, 0)
        disk.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            disk.unlink(scratch)
        raise
    finally:
        disk.close(descriptor)
    disk.rename(scratch, path)
    disk.sync_directory(directory_of(path))


def _require_manager(disk: Disk, layout: Layout, uid: int, path: str) -> None:
    manager = disk.stat(layout.root).st_uid
    if uid not in (manager, _ROOT_UID):
        raise BadConfiguration(
            _(
                "{} is for the user of the manager, {}, who owns the data directory, to "
                "write; this one is of user {}. Do it as that user, and take away what is "
                "not his"
            ).format(path, manager, uid)
        )


def _unusable(path: str, fault: OSError) -> BadConfiguration:
    return BadConfiguration(
        _(
            "{} can't be used: {}; see that it is a file of the manager's user and that "
            "the shop's group may read it"
        ).format(path, fault.strerror)
    )
