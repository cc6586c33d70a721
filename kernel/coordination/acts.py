"""Acts handed from a command to the console that runs as MANAGER: the files of both ways.

An order is a message from MANAGER to MANAGER: written by a second process of the manager's, which
proves itself as every sender does, by owning the file. Only its group may read it, nobody else
may write it, and it is made in the manager's own directory, where tills can't. The answer is a
file in that same directory, so that no till can answer in the console's place.

Nothing here is logged but by the console. An order is done at most once: its id stands in the
console's log before the act begins, and a person is waiting who will see that no answer came.
This module must never do an act.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from kernel.clock import Clock
from kernel.codec.acts import (
    ANSWER_LIMIT_BYTES,
    ActAnswer,
    Order,
    decode_act_answer,
    encode_act_answer,
)
from kernel.codec.messages import FORMAT, FileName, Message, encode_body, encode_message
from kernel.disk.files import FILE_MODE, Disk, read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.owned import replace_owned
from kernel.errors import BadConfiguration, BadInput
from kernel.model.mail import RANDOM_BYTES, created_ms_of, message_id
from kernel.model.operators import MANAGER_TERMINAL
from kernel.words import gettext as _

__all__ = ["ACT", "ActFiles"]

ACT = "act"
"""The type of the message that carries an order."""
_LIFETIME_MS = 60_000
"""A console takes an order within a second, or it hangs; then nobody wants it done later."""


class ActFiles:
    """Orders and answers of one shop. Every call touches the files anew."""

    def __init__(
        self, disk: Disk, layout: Layout, *, clock: Clock, ring: Callable[[str], None]
    ) -> None:
        """`ring(path)` wakes the terminal whose doorbell is at `path`."""
        self._disk = disk
        self._layout = layout
        self._manager = layout.terminal(MANAGER_TERMINAL)
        self._clock = clock
        self._ring = ring

    # --- the command's side --------------------------------------------------------------

    def new_message(self, chance: bytes) -> str:
        """The id of an order that is about to be handed in; `chance` are 10 bytes."""
        assert len(chance) == RANDOM_BYTES
        return message_id(self._clock.wall_ms(), chance)

    def hand_in(self, message: str, order: Order) -> None:
        """Put the order into MANAGER's inbox. Handing it in again under its id changes nothing.

        Raises `BadConfiguration` for any user but the manager's.
        """
        now_ms = self._clock.wall_ms()
        letter = Message(
            format=FORMAT,
            id=message,
            sender=MANAGER_TERMINAL,
            to=MANAGER_TERMINAL,
            order=0,
            kind=ACT,
            created_ms=created_ms_of(message),
            expires_ms=now_ms + _LIFETIME_MS,
            body=encode_body(order),
        )
        path = self._letter(message)
        try:
            replace_owned(
                self._disk,
                self._layout,
                path,
                encode_message(letter),
                scratch=self._manager.next_order(message),
                mode=FILE_MODE,
            )
        except (OSError, BadConfiguration) as fault:
            why = fault.strerror if isinstance(fault, OSError) else _("it belongs to another user")
            raise BadConfiguration(
                _(
                    "the act can't be handed to the manager's console: {}; do it as the "
                    "user who owns {}"
                ).format(why, self._layout.root)
            ) from fault
        self._ring(self._manager.doorbell)

    def waits(self, message: str) -> bool:
        """Whether the order still lies in the inbox."""
        try:
            self._disk.stat(self._letter(message))
        except FileNotFoundError:
            return False
        return True

    def withdraw(self, message: str) -> bool:
        """Take the order back; False where it was taken, or nobody may."""
        try:
            self._disk.unlink(self._letter(message))
        except OSError:
            return False
        return True

    def answer(self, message: str) -> ActAnswer | None:
        """The last that the console said of it. Raises `BadInput`."""
        try:
            data = read_file(self._disk, self._manager.answer(message), ANSWER_LIMIT_BYTES)
        except OSError as fault:
            raise BadInput(
                _("the console's answer can't be read: {}").format(fault.strerror)
            ) from fault
        return None if data is None else decode_act_answer(data)

    def forget(self, message: str) -> None:
        """The answer has been read."""
        with suppress(OSError):
            self._disk.unlink(self._manager.answer(message))

    # --- the console's side --------------------------------------------------------------

    def say(self, answer: ActAnswer) -> None:
        """Let the command see it. On a full disk it does not, and says so to its person."""
        with suppress(OSError):
            replace_file(
                self._disk,
                self._manager.answer(answer.message),
                encode_act_answer(answer),
                scratch=self._manager.next_answer(answer.message),
                durable=False,
            )

    def _letter(self, message: str) -> str:
        return os.path.join(self._layout.terminal_inbox, str(FileName(MANAGER_TERMINAL, message)))
