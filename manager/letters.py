"""The day's notices, folded from the audit trail: who sent what to whom, and who has taken it.

From the trail and not from this process, so that a console that was killed shows the same when it
comes back, and one that watches sees what the acting one sent. Pure. This module must never keep
more than a screenful of days' worth: the oldest notice goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import takewhile
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from kernel import MANAGER_TERMINAL, Ack

__all__ = ["Letter", "Letters"]

_KEPT = 500
_TEXT_LIMIT = 500


class _Text(Struct):
    text: Annotated[str, Meta(max_length=_TEXT_LIMIT)]


class _Sent(Struct, tag_field="event", tag="message_sent"):
    terminal: str
    at: str
    message: str
    to: str
    what: str
    body: _Text


class _Acks(Struct, tag_field="event", tag="acks"):
    acks: tuple[Ack, ...]


_read = msgspec.json.Decoder(_Sent | _Acks).decode


class Letter(Struct, frozen=True):
    """A notice; `at` is UTC as in the trail. `acks` are by terminal."""

    message: str
    sender: str
    to: str
    text: str
    at: str
    acks: dict[str, Ack] = field(default_factory=dict)

    @property
    def came(self) -> bool:
        """Whether it was for the manager."""
        return self.to == MANAGER_TERMINAL or (self.to == "*" and self.sender != MANAGER_TERMINAL)

    @property
    def taken(self) -> int:
        return sum(one.result == "applied" for one in self.acks.values())

    @property
    def refused(self) -> tuple[Ack, ...]:
        return tuple(one for one in self.acks.values() if one.result == "refused")


class Letters:
    """Owned by the thread that paints; `take` each line once, in their order."""

    def __init__(self) -> None:
        self._letters: dict[str, Letter] = {}

    @property
    def all(self) -> tuple[Letter, ...]:
        """The newest first."""
        return tuple(reversed(self._letters.values()))

    def get(self, message: str) -> Letter | None:
        return self._letters.get(message)

    def came_since(self, at: str) -> int:
        """How many have come for the manager after that time (UTC, as in the trail)."""
        recent = takewhile(lambda one: one.at > at, reversed(self._letters.values()))
        return sum(one.came for one in recent)

    def take(self, line: str | bytes) -> None:
        """One line of the trail, whatever it is about."""
        # A message of another type has another body.
        with suppress(msgspec.DecodeError):
            match _read(line):
                case _Sent(what="notice") as sent:
                    self._sent(sent)
                case _Acks(acks=acks):
                    self._acked(acks)
                case _:
                    pass

    def _sent(self, sent: _Sent) -> None:
        self._letters[sent.message] = Letter(
            sent.message, sent.terminal, sent.to, sent.body.text, sent.at
        )
        if len(self._letters) > _KEPT:
            del self._letters[next(iter(self._letters))]

    def _acked(self, acks: Iterable[Ack]) -> None:
        for ack in acks:
            letter = self._letters.get(ack.message)
            if letter is not None:
                acks_now = {**letter.acks, ack.terminal: ack}
                self._letters[ack.message] = replace(letter, acks=acks_now)
