"""Which file system a path lies on, and whether its locks can be trusted.

Network and user-space file systems bring locks of their own: some keep them to one machine,
some drop them after a lost connection, and none says so. Two processes would run one till. So
only file systems that leave `flock` to the Linux kernel are known to be sound. This module must
never try a lock out: on an unsound file system it seems to work.
"""

from __future__ import annotations

import os

from kernel.errors import BadConfiguration
from kernel.words import gettext as _

__all__ = ["SOUND", "file_system_of", "require_sound_locks"]

SOUND = frozenset(
    {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "overlay", "ramfs"}
    | {"reiserfs", "tmpfs", "ubifs", "xfs", "zfs"}
)

_MOUNT_POINT = 4  # fields of a line of mountinfo, counted from 0; see proc(5)


def require_sound_locks(path: str, *, allow_unsound: bool = False) -> None:
    """Raise `BadConfiguration` where two processes might both get a lock below `path`.

    `allow_unsound` is the word of somebody who knows that only one machine uses the directory.
    """
    if allow_unsound:
        return
    kind = file_system_of(path)
    if kind not in SOUND:
        raise BadConfiguration(
            _(
                "{} lies on {}, whose locks are not known to be sound: two processes could "
                "run one till; move the data directory to a local disk, or set "
                "POSTERM_UNSOUND_LOCKS=1 and see to it yourself"
            ).format(path, kind)
        )


def file_system_of(path: str, mountinfo: str | None = None) -> str:
    """The type of the file system of `path`, as `mountinfo` (else this process's own) says."""
    if mountinfo is None:
        mountinfo = _own_mountinfo()
    real = os.path.realpath(path)
    longest, kind = "", None
    for line in mountinfo.splitlines():
        mount, _dash, source = line.partition(" - ")
        point = _unescaped(mount.split()[_MOUNT_POINT])
        # A later mount at the same point covers the earlier one.
        if _is_below(real, point) and len(point) >= len(longest):
            longest, kind = point, source.split()[0]
    return kind or _("an unknown file system")


def _is_below(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip(os.sep) + os.sep)


def _unescaped(field: str) -> str:
    """Spaces, tabs, newlines and backslashes stand in mountinfo as `\\` and three octal digits."""
    first, *others = field.split("\\")
    return first + "".join(chr(int(part[:3], 8)) + part[3:] for part in others)


def _own_mountinfo() -> str:
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        # Not Linux: nothing is known of its locks, which refuses them.
        return ""
