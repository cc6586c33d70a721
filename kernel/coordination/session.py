"""`session_data.json`: what a running terminal does now, for whoever watches it.

Replaced whole, so that a reader never sees half of it, at most once a second, and never synced:
after a power cut the log says what happened. This module must never cost a sale anything.
"""

from __future__ import annotations

import os

from kernel.clock import Clock
from kernel.codec.documents import (
    SESSION_LIMIT_BYTES,
    SessionData,
    decode_session,
    encode_session,
)
from kernel.disk.files import Disk, read_file, replace_file
from kernel.errors import BadInput

__all__ = ["SessionFile", "read_session"]

_INTERVAL_S = 1.0
_BEAT_S = 15.0
"""So often an idle till says that it lives."""


class SessionFile:
    """The session file of the terminal that runs here. Used by one thread."""

    def __init__(self, disk: Disk, path: str, *, clock: Clock) -> None:
        self._disk = disk
        self._path = path
        directory, name = os.path.split(path)
        self._scratch = os.path.join(directory, f".{name}.next")
        self._clock = clock
        self._next_s = clock.monotonic_s()
        self._owed = True  # that this process runs, not the one before

    @property
    def due(self) -> bool:
        """Whether the last one is a second old."""
        return self._clock.monotonic_s() >= self._next_s

    @property
    def overdue(self) -> bool:
        """Whether watchers wait for something that was not written, or for a sign of life."""
        return self._clock.monotonic_s() >= self._next_s + (0.0 if self._owed else _BEAT_S)

    def owe(self) -> None:
        """Something has changed that can't be shown yet."""
        self._owed = True

    def write(self, session: SessionData, *, last: bool = False) -> bool:
        """Show `session`; False if the one before is less than a second old: give it again then.

        The `last` one of a process is always written.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._next_s and not last:
            return False
        self._next_s = now_s + _INTERVAL_S
        data = encode_session(session)
        try:
            replace_file(self._disk, self._path, data, scratch=self._scratch, durable=False)
        except OSError:
            # A full disk, say: the watcher sees an old heartbeat, and the till goes on selling.
            return False
        self._owed = False
        return True


def read_session(disk: Disk, path: str) -> SessionData | None:
    """What the terminal said last; None if there is nothing that can be used."""
    try:
        data = read_file(disk, path, SESSION_LIMIT_BYTES)
        return None if data is None else decode_session(data)
    except (OSError, BadInput):
        return None
