"""One file of the mail, read with suspicion: what it must be to be believed, and by whom.

Anybody of the shop's group can put a file of any kind, size and text where messages are read. So
nothing here waits for a pipe, follows a link or reads more than a message may have; the sender is
who owns the file, and some types need a signature. This module must never change a file.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EACCES, EPERM
from typing import Protocol

from kernel.clock import Clock
from kernel.codec.messages import (
    ACK,
    MESSAGE_LIMIT_BYTES,
    FileName,
    Message,
    decode_message,
    signed_bytes,
)
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.letter import read_letter

__all__ = ["CLOCK_MARGIN_MS", "Letters", "Over", "Signer", "Unusable"]

CLOCK_MARGIN_MS = 300_000


class Signer(Protocol):
    """Makes and checks signatures over a message's `signed_bytes`."""

    def sign(self, data: bytes) -> str: ...
    def verify(self, data: bytes, signature: str) -> bool: ...


class Unusable(Exception):
    """What is in a file can't be used; the text says why."""


class Over(Exception):
    """A message whose time is over and that nobody will miss."""


class Letters:
    """Reads single messages for one terminal."""

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        terminal: str,
        *,
        clock: Clock,
        applied: Callable[[str], bool],
    ) -> None:
        """`applied(id)`: whether that message had its effect here."""
        self._disk = disk
        self._layout = layout
        self._terminal = terminal
        self._clock = clock
        self._applied = applied
        self.signer: Signer | None = None
        self.signed_kinds: frozenset[str] = frozenset()
        """Types of messages that are believed with a signature only."""

    def read(self, path: str, name: FileName) -> Message:
        """The message in the file of that name.

        Raises `FileNotFoundError`, `Unusable`, `Over`, `BadInput`.
        """
        try:
            data, owner = read_letter(self._disk, path, MESSAGE_LIMIT_BYTES)
        except FileNotFoundError:
            raise
        except OSError as fault:
            raise Unusable(f"it can't be read: {fault.strerror}") from fault
        message = decode_message(data)
        if FileName.of(message) != name:
            raise Unusable("its name says something else than its text")
        self._check_sender(message, owner)
        self._check_time(message)
        self._check_signature(message)
        return message

    def _check_sender(self, message: Message, owner: int) -> None:
        """The owner of the file is that of the sender's directory, else it is forged."""
        try:
            sender = self._disk.stat(self._layout.terminal(message.sender).directory)
        except OSError as fault:
            if fault.errno in (EACCES, EPERM):
                raise
            raise Unusable(f"there is no terminal {message.sender}") from fault
        if sender.st_uid != owner:
            raise Unusable(f"forged: user {owner} is not the one of {message.sender}")

    def _check_time(self, message: Message) -> None:
        now_ms = self._clock.wall_ms()
        if message.created_ms > now_ms + CLOCK_MARGIN_MS:
            raise Unusable("it comes from the future; set the clock")
        if message.expires_ms > now_ms:
            return
        mine = message.kind == ACK or message.sender == self._terminal
        if mine or self._applied(message.id):
            raise Over
        raise Unusable(f"{message.kind} of {message.sender} has expired")

    def _check_signature(self, message: Message) -> None:
        if self.signer is None or message.kind not in self.signed_kinds:
            return
        signature = message.signature
        if signature is None or not self.signer.verify(signed_bytes(message), signature):
            raise Unusable(f"{message.kind} of {message.sender} is not signed by the manager")
