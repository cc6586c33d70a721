"""A file for outsiders, written piece by piece and whole before it has its name.

Exports are as long as a day of sales, so they are never in memory as one. This module must never
replace a file that is there: what somebody exported before may be in use.
"""

from __future__ import annotations

import os
from contextlib import suppress
from errno import EEXIST
from types import TracebackType

from kernel.disk.files import FILE_MODE, Disk, directory_of, write_all

__all__ = ["NewFile"]

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class NewFile:
    """Use it in a `with`; an exception inside leaves nothing. All calls raise `OSError`."""

    def __init__(self, disk: Disk, path: str) -> None:
        self._disk = disk
        self._path = path
        self._scratch = os.path.join(directory_of(path), f".{os.path.basename(path)}.next")
        self._size_bytes = 0

    def __enter__(self) -> NewFile:
        if os.path.basename(self._path) in self._disk.listdir(directory_of(self._path)):
            raise OSError(EEXIST, os.strerror(EEXIST), self._path)
        with suppress(FileNotFoundError):
            self._disk.unlink(self._scratch)  # of an export that was broken off
        self._descriptor = self._disk.open(self._scratch, _FLAGS, FILE_MODE)
        return self

    def write(self, data: bytes) -> None:
        """Append it."""
        write_all(self._disk, self._descriptor, data, self._size_bytes)
        self._size_bytes += len(data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._disk.fsync(self._descriptor)
        finally:
            self._disk.close(self._descriptor)
        if kind is not None:
            with suppress(OSError):
                self._disk.unlink(self._scratch)
            return
        self._disk.rename(self._scratch, self._path)
        self._disk.sync_directory(directory_of(self._path))
