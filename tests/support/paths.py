"""Where a path leads on a volume, and the errors of Linux when it leads nowhere or may not move.

Only looks; never changes a volume. The order of the checks is Linux's, because the errno of a
call with two faults depends on it.
"""

from __future__ import annotations

import os
from errno import EBUSY, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY
from functools import lru_cache

from tests.support.volume import ROOT, Volume, reachable

__all__ = ["directory_at", "error", "find", "place", "refuse_move"]


def error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)


def place(volume: Volume, path: str) -> tuple[int, str, int]:
    """(inode of its directory, last name, inode or 0); for `/` itself the first is 0."""
    if not path:
        raise error(ENOENT, path)
    nodes = volume.nodes
    directory, last, inode = 0, "", ROOT
    for name in _names(path):
        entries = nodes.get(inode)
        if not isinstance(entries, dict):
            raise error(ENOENT if entries is None else ENOTDIR, path)
        directory, last, inode = inode, name, entries.get(name, 0)
    return directory, last, inode


@lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, ...]:
    """A shop has a few dozen paths, and a crash test asks for them a million times."""
    assert path.startswith("/"), f"{path!r}: only absolute paths are modelled"
    names = tuple(name for name in path.split("/") if name)
    assert not {".", ".."}.intersection(names), f"{path!r}: dots are not modelled"
    return names


def find(volume: Volume, path: str) -> tuple[int, str, int]:
    """The same for a path that must be there."""
    found = place(volume, path)
    if not found[2]:
        raise error(ENOENT, path)
    return found


def directory_at(volume: Volume, path: str) -> int:
    inode = find(volume, path)[2]
    if isinstance(volume.nodes[inode], bytes):
        raise error(ENOTDIR, path)
    return inode


def refuse_move(
    volume: Volume, path: str, source: tuple[int, int], target: tuple[int, int]
) -> None:
    """Raise what `rename` would: `source` and `target` are (directory, inode or 0)."""
    (directory, inode), (new_directory, replaced) = source, target
    if not directory or not new_directory:
        raise error(EBUSY, path)
    if not inode:
        raise error(ENOENT, path)
    nodes = volume.nodes
    moved, old = nodes[inode], nodes.get(replaced)
    if isinstance(moved, dict) and new_directory in reachable(nodes, inode):
        raise error(EINVAL, path)
    if isinstance(old, dict) and directory in reachable(nodes, replaced):
        raise error(ENOTEMPTY, path)
    if inode == replaced or old is None:
        return
    if isinstance(moved, dict) and isinstance(old, bytes):
        raise error(ENOTDIR, path)
    if isinstance(moved, bytes) and isinstance(old, dict):
        raise error(EISDIR, path)
    if isinstance(old, dict) and old:
        raise error(ENOTEMPTY, path)
