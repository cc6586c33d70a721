"""Where the versions of a catalogue are, which one is current, and which may go.

    shared/catalog.7.sqlite                      version 7, never changed again
    shared/catalog.sqlite -> catalog.7.sqlite    the current one
    temp/catalog-<random>.next                   one that is being made

A version appears whole or not at all: it is made under another name, synced, and linked to its
number, which the file system gives to one importer only. `catalog.sqlite` follows by a rename.
Nothing here may change a published file: tills read them without a lock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from kernel import BadInput, Host, Shop
from kernel import gettext as _

__all__ = [
    "KEPT_VERSIONS",
    "Advance",
    "CatalogPaths",
    "current_version",
    "publish",
    "remove_old_versions",
    "remove_strays",
    "versions",
]

Advance = Callable[[int], None]
"""Called with how much more was done, for a progress bar."""

KEPT_VERSIONS = 3
"""The newest are kept even if unused: a till may begin a sale while an import looks for users."""

_SCRATCH_AGE_S = 3600
_PUBLISH_ATTEMPTS = 100
_FILE_MODE = 0o440


class CatalogPaths:
    """The catalogue's files under the data directory `root`."""

    def __init__(self, data_dir: str | os.PathLike[str]) -> None:
        root = os.path.abspath(data_dir)
        self.shared = os.path.join(root, "shared")
        self.temp = os.path.join(root, "temp")
        self.current = os.path.join(self.shared, "catalog.sqlite")

    def version(self, number: int) -> str:
        return os.path.join(self.shared, _name(number))

    def scratch(self, random: bytes) -> str:
        return os.path.join(self.temp, f"catalog-{random.hex()}.next")


def versions(data_dir: str | os.PathLike[str]) -> list[int]:
    """The versions that are there, oldest first."""
    try:
        names = os.listdir(CatalogPaths(data_dir).shared)
    except FileNotFoundError:
        return []
    return sorted(number for name in names if (number := _number(name)))


def current_version(data_dir: str | os.PathLike[str]) -> int:
    """The version that new sales begin with; 0 where there is no catalogue. Costs one call.

    A store that was copied without its links goes on with the newest.
    """
    try:
        return _number(os.readlink(CatalogPaths(data_dir).current))
    except OSError:
        return max(versions(data_dir), default=0)


def publish(data_dir: str | os.PathLike[str], scratch: str, host: Host) -> int:
    """Give the finished, synced file `scratch` the next number and make it current; the number.

    Raises `BadInput` where the file system has no links.
    """
    paths = CatalogPaths(data_dir)
    os.chmod(scratch, _FILE_MODE)
    try:
        number = _linked(paths, data_dir, scratch)
        # Durable before it is current: a sale may name the number as soon as a till can see it.
        host.disk.sync_directory(paths.shared)
        _make_current(paths, number, host)
        # Two imports may end at once: whoever switches last looks after, so the newer one stays.
        while (newest := max(versions(data_dir))) > current_version(data_dir):
            _make_current(paths, newest, host)
    except OSError as fault:
        raise BadInput(
            _(
                "{}: the catalogue can't be put there: {}; `posterm doctor` says what is "
                "wrong, the catalogue before it is still in use"
            ).format(paths.shared, fault.strerror)
        ) from fault
    return number


def remove_old_versions(data_dir: str | os.PathLike[str]) -> list[int]:
    """Remove what is neither new nor used by an open sale; the versions that went.

    Raises what reading a log raises.
    """
    old = versions(data_dir)[:-KEPT_VERSIONS]
    if not old:
        return []
    used = _used(Shop(data_dir)) | {current_version(data_dir)}
    paths = CatalogPaths(data_dir)
    gone = [number for number in old if number not in used]
    for number in gone:
        os.unlink(paths.version(number))
    return gone


def remove_strays(data_dir: str | os.PathLike[str], now_s: float) -> None:
    """Remove what imports left that were killed an hour ago or longer."""
    temp = CatalogPaths(data_dir).temp
    for name in os.listdir(temp):
        path = os.path.join(temp, name)
        with suppress(FileNotFoundError):  # the import that made it has ended just now
            if name.startswith("catalog-") and now_s - os.lstat(path).st_mtime > _SCRATCH_AGE_S:
                os.unlink(path)


def _linked(paths: CatalogPaths, data_dir: str | os.PathLike[str], scratch: str) -> int:
    """The number that was ours to take: a link is made only where there is none yet."""
    for _attempt in range(_PUBLISH_ATTEMPTS):
        number = max([*versions(data_dir), current_version(data_dir)], default=0) + 1
        try:
            os.link(scratch, paths.version(number))
        except FileExistsError:
            continue
        return number
    raise BadInput(_("{}: other imports took every number; import again").format(paths.shared))


def _make_current(paths: CatalogPaths, number: int, host: Host) -> None:
    pointer = paths.scratch(host.random_bytes(8))
    os.symlink(_name(number), pointer)
    os.rename(pointer, paths.current)
    host.disk.sync_directory(paths.shared)


def _used(shop: Shop) -> set[int]:
    """The versions that the open sales of all terminals began with."""
    return {
        shop.sale(f"{terminal}-{_sale_number(sale.tx)}").sale.catalogue
        for terminal in shop.terminals()
        for sale in shop.x_report(terminal).open
    }


def _sale_number(number: int) -> str:
    """As a transaction id has it: those of training count below zero."""
    return f"T{-number}" if number < 0 else str(number)


def _name(number: int) -> str:
    return f"catalog.{number}.sqlite"


def _number(name: str) -> int:
    """The version in a file's name; 0 for any other file."""
    digits = name.removeprefix("catalog.").removesuffix(".sqlite")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        return 0
    return int(digits) if name == _name(int(digits)) else 0
