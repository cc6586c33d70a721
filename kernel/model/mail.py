"""A terminal's mail as its log tells it: sent and not yet answered, taken effect, tried.

A message is sent by an entry in the sender's log, and takes effect by an entry in the receiver's
that bears its id. So both sides know after any crash what is still to be done: the sender puts
its message out again under the same id, and the receiver knows the ids that have had their
effect until no such message can be alive any more. This module must never look at a file or a
clock: the time is that of the entry.
"""

from __future__ import annotations

import re

from msgspec import Raw, Struct, field
from msgspec.structs import replace

__all__ = [
    "APPLIED",
    "APPLIED_KEPT",
    "BYTES_KEPT",
    "EVERYBODY",
    "LIFETIME_LIMIT_MS",
    "MESSAGE_ID",
    "RECEIVED",
    "RANDOM_BYTES",
    "REFUSED",
    "SENT_KEPT",
    "Ack",
    "Answer",
    "Mail",
    "SentMessage",
    "created_ms_of",
    "message_id",
]

EVERYBODY = "*"
LIFETIME_LIMIT_MS = 7 * 86_400_000
"""No message lives longer, so no id has to be known for longer."""
MESSAGE_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
"""26 characters of Crockford's base 32: 48 bits of milliseconds, 80 of chance (a ULID)."""
RANDOM_BYTES = 10
SENT_KEPT = 1024
"""So many messages of a terminal wait for their answers, with bodies of `BYTES_KEPT` in all."""
BYTES_KEPT = 4 << 20
APPLIED_KEPT = 65_536
"""With so many ids to remember, a terminal takes no more messages until the oldest expire."""

RECEIVED, APPLIED, REFUSED = "received", "applied", "refused"

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AS_PYTHON = str.maketrans(_CROCKFORD, "0123456789abcdefghijklmnopqrstuv")
_TIME_CHARACTERS = 10
_PRUNE_SENT_EVERY = 64
_PRUNE_APPLIED_EVERY = 1024


def message_id(created_ms: int, chance: bytes) -> str:
    """The id of a message made at that time; `chance` are `RANDOM_BYTES` bytes."""
    assert 0 <= created_ms < 1 << 48 and len(chance) == RANDOM_BYTES
    number = created_ms << 80 | int.from_bytes(chance)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def created_ms_of(message: str) -> int:
    """The time in an id that `MESSAGE_ID` matches."""
    return int(message[:_TIME_CHARACTERS].translate(_AS_PYTHON), 32)


class Answer(Struct, frozen=True, array_like=True):
    """What became of a message at one terminal: `received`, `applied` or `refused`, and why."""

    result: str
    reason: str = ""


class Ack(Struct, frozen=True, array_like=True):
    """The answer of `terminal` to `message`."""

    message: str
    terminal: str
    result: str
    reason: str = ""

    @property
    def final(self) -> bool:
        """Nothing more is to come from there: the message was applied or refused."""
        return self.result != RECEIVED


class SentMessage(Struct, frozen=True, omit_defaults=True):
    """A message of this terminal that may still have to be put out again."""

    order: int
    to: str
    kind: str
    body: Raw
    expires_ms: int
    acks: dict[str, Ack] = field(default_factory=dict)


class Mail(Struct, omit_defaults=True):
    """The part of a ledger that is mail. All of it is bounded by lifetimes and by what is sent."""

    next_order: int = 1
    sent: dict[str, SentMessage] = field(default_factory=dict)
    """By id, oldest first; one for a single terminal goes when that terminal has answered."""
    applied: dict[str, Answer] = field(default_factory=dict)
    """Ids of messages that had their effect here, for as long as one of that id may come again."""
    attempts: dict[str, int] = field(default_factory=dict)
    """How often a message that has had no effect yet was begun."""

    def send(self, message: str, sent: SentMessage, now_ms: int) -> None:
        if len(self.sent) % _PRUNE_SENT_EVERY == 0:
            self.sent = {name: one for name, one in self.sent.items() if one.expires_ms > now_ms}
        self.sent[message] = sent
        self.next_order = sent.order + 1

    def apply(self, message: str, answer: Answer, now_ms: int) -> None:
        self.applied[message] = answer
        self.attempts.pop(message, None)
        if len(self.applied) % _PRUNE_APPLIED_EVERY == 0:
            self.applied = {name: one for name, one in self.applied.items() if _alive(name, now_ms)}

    def attempt(self, messages: tuple[str, ...], now_ms: int) -> None:
        self.attempts = {name: n for name, n in self.attempts.items() if _alive(name, now_ms)}
        for message in messages:
            self.attempts[message] = self.attempts.get(message, 0) + 1

    def acknowledge(self, acks: tuple[Ack, ...]) -> None:
        for ack in acks:
            if self.awaits(ack):
                sent = self.sent[ack.message]
                if sent.to == ack.terminal and ack.final:
                    del self.sent[ack.message]
                else:
                    acked = {**sent.acks, ack.terminal: ack}
                    self.sent[ack.message] = replace(sent, acks=acked)

    def awaits(self, ack: Ack) -> bool:
        """Whether `ack` says something new of a message that was sent from here to there."""
        sent = self.sent.get(ack.message)
        if sent is None or sent.to not in (EVERYBODY, ack.terminal):
            return False
        known = sent.acks.get(ack.terminal)
        return known is None or (ack.final and not known.final)

    def room(self, body: Raw, now_ms: int) -> bool:
        """Whether one more message may be sent: what waits for answers is kept in memory."""
        waiting = [one for one in self.sent.values() if one.expires_ms > now_ms]
        size_bytes = len(bytes(body)) + sum(memoryview(one.body).nbytes for one in waiting)
        return len(waiting) < SENT_KEPT and size_bytes <= BYTES_KEPT

    def full(self, now_ms: int) -> bool:
        """Whether no more messages may be taken."""
        if len(self.applied) < APPLIED_KEPT:
            return False
        return sum(_alive(message, now_ms) for message in self.applied) >= APPLIED_KEPT

    def fork(self) -> Mail:
        """One of its own in the same state."""
        return Mail(self.next_order, dict(self.sent), dict(self.applied), dict(self.attempts))


def _alive(message: str, now_ms: int) -> bool:
    return created_ms_of(message) + LIFETIME_LIMIT_MS > now_ms
