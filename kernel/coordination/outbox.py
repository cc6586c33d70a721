"""Putting messages where their receivers look: written and synced aside, then renamed into place.

A reader never sees half a message. Between two messages of a sender stands a directory sync: on
a file system that does not order its renames, a power cut could keep the second name without the
first, and the second message would overtake. A message that is lost with its name is put out
again by its sender's next start. This module must never decide what is sent: the sender's log has
done that already.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Lock

from kernel.codec.messages import FileName, Message, encode_message
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.letter import write_letter
from kernel.errors import BadInput
from kernel.model.identity import terminal_id
from kernel.model.mail import EVERYBODY

__all__ = ["Outbox"]


class Outbox:
    """The sending side of one terminal. Safe from many threads."""

    def __init__(
        self, disk: Disk, layout: Layout, terminal: str, *, ring: Callable[[str], None]
    ) -> None:
        """`ring(path)` wakes the terminal whose doorbell is at `path`."""
        self._disk = disk
        self._layout = layout
        self._scratch = layout.next_message(terminal)
        self._ring = ring
        self._lock = Lock()

    def post(self, message: Message) -> None:
        """Put it out; durable when this returns. Posting it again replaces it. Raises `OSError`."""
        with self._lock:
            directory = self._place(message)
            # The next message of this sender must not become durable without this one.
            self._disk.sync_directory(directory)
        self._wake(message.to)

    def post_unordered(self, messages: Sequence[Message]) -> None:
        """Put them all out, in no order: acknowledgements. Raises `OSError`."""
        with self._lock:
            for directory in dict.fromkeys([self._place(message) for message in messages]):
                self._disk.sync_directory(directory)
        for to in dict.fromkeys(message.to for message in messages):
            self._wake(to)

    def settle(self) -> None:
        """Make durable what an earlier process may have put out and not synced, before anything
        is put behind it. Raises `OSError`."""
        self._disk.sync_directory(self._layout.terminal_inbox)
        self._disk.sync_directory(self._layout.broadcast)

    def stands(self, message: Message) -> bool:
        """Whether it is where it will be read."""
        path = os.path.join(self._directory(message), str(FileName.of(message)))
        try:
            self._disk.stat(path)
        except FileNotFoundError:
            return False
        return True

    def _place(self, message: Message) -> str:
        """Write it under its name; the directory that has to be synced."""
        directory = self._directory(message)
        path = os.path.join(directory, str(FileName.of(message)))
        write_letter(self._disk, path, encode_message(message), scratch=self._scratch)
        return directory

    def _directory(self, message: Message) -> str:
        everybody = message.to == EVERYBODY
        return self._layout.broadcast if everybody else self._layout.terminal_inbox

    def _wake(self, to: str) -> None:
        names = [to]
        if to == EVERYBODY:
            names = []
            with suppress(OSError):
                names = self._disk.listdir(self._layout.terminals)
        for name in names:
            with suppress(BadInput):
                self._ring(self._layout.terminal(terminal_id(name)).doorbell)
