"""The doorbell: a FIFO beside a terminal's log; a byte in it says "look again" and nothing else.

Whoever puts a message out rings afterwards. A ring that is lost costs up to a second, because
the terminal looks by itself that often; one too many costs a look. So nothing here may ever be
relied on, and nothing here raises for a bell that is missing, full or not a bell.

Why no inotify in a till: all terminals share two directories, so that each message for one of a
hundred would wake them all; a watch costs three descriptors and three threads, and a user has
128 instances for all programs together.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from threading import Lock

__all__ = ["Doorbell", "ring"]

_MODE = 0o660
_DRAIN_BYTES = 4096
_RING_FLAGS = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_HEAR_FLAGS = os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class Doorbell:
    """The bell of the terminal that runs here. One thread waits; any may ring."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._reader = self._writer = _open(path)
        except OSError:
            # No FIFO on this file system, say: nobody else can ring, and the clock still does.
            self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._ringing = Lock()
        self._closed = False
        self._poll = select.poll()
        self._poll.register(self._reader, select.POLLIN)

    def wait(self, timeout_s: float) -> bool:
        """True when somebody has rung; False after `timeout_s`."""
        if not self._poll.poll(timeout_s * 1000):
            return False
        with suppress(BlockingIOError):
            os.read(self._reader, _DRAIN_BYTES)
        return True

    def ring(self) -> None:
        """Wake the thread that waits here."""
        # Under the lock: a descriptor that was closed may be another file's by now, the log's too.
        with self._ringing, suppress(OSError):
            if not self._closed:
                os.write(self._writer, b"\n")

    def close(self) -> None:
        """By the thread that waits here, when it waits no more. Closing again does nothing.

        The FIFO goes: a store that rests is nothing but plain files, for whoever copies it.
        """
        with self._ringing, suppress(OSError):
            if not self._closed:
                os.unlink(self._path)
        self._let_go()

    def disown(self) -> None:
        """In a forked child: let go of the parent's bell."""
        self._ringing = Lock()  # a thread that isn't here may hold the parent's
        self._let_go()

    def _let_go(self) -> None:
        with self._ringing:
            if self._closed:
                return
            self._closed = True
            os.close(self._reader)
            if self._writer != self._reader:
                os.close(self._writer)


def ring(path: str) -> None:
    """Wake the terminal whose bell is at `path`, if one listens there."""
    with suppress(OSError):
        descriptor = os.open(path, _RING_FLAGS)  # without a reader: ENXIO
        try:
            # In a plain file that somebody put there a byte would be written for good.
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"\n")
        finally:
            os.close(descriptor)


def _open(path: str) -> int:
    """The FIFO at `path`, open both ways: so it never reports that all writers have left."""
    with suppress(FileExistsError):
        os.mkfifo(path, _MODE)
    descriptor = os.open(path, _HEAR_FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISFIFO(status.st_mode):
        os.close(descriptor)
        os.unlink(path)  # in the terminal's own directory; nothing else of posterm has that name
        os.mkfifo(path, _MODE)
        descriptor = os.open(path, _HEAR_FLAGS)
    # The umask may have narrowed it; the shop's group must be able to ring.
    with suppress(OSError):
        os.fchmod(descriptor, _MODE)
    return descriptor
