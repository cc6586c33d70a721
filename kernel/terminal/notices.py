"""Notices: a line of text from one terminal to the people at others.

The text stands in the receiver's log, with who sent it, before anybody sees it. The latest are
kept for a screen; a restart forgets them, the log does not.
"""

from __future__ import annotations

from collections import deque
from functools import partial

from msgspec import Struct

from kernel.clock import Clock
from kernel.codec.messages import Message
from kernel.model.identity import short_text
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event
from kernel.terminal.delivery import Decided, Handler

__all__ = ["NOTICE", "Notice", "NoticeText", "Notices", "notice_text"]

NOTICE = "notice"
_TEXT_LIMIT = 500
_KEPT = 50


class NoticeText(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `notice`: 1 to 500 printable characters."""

    text: str


class Notice(Struct, frozen=True):
    """`came_ms` is wall time in UTC, when it was logged here."""

    sender: str
    text: str
    came_ms: int


def notice_text(text: str) -> NoticeText:
    """What can be sent. Raises `SaleRefused` for what no screen could show."""
    return NoticeText(short_text(text, "message", _TEXT_LIMIT))


class Notices:
    """The notices that came to this terminal lately, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest: deque[Notice] = deque(maxlen=_KEPT)

    @property
    def latest(self) -> tuple[Notice, ...]:
        return tuple(self._latest)

    @property
    def handlers(self) -> dict[str, Handler]:
        return {NOTICE: self._take}

    def _take(self, message: Message, ledger: Ledger) -> Decided:
        text = notice_text(message.read(NoticeText).text).text
        notice = Notice(message.sender, text, self._clock.wall_ms())
        logged = Event(what=NOTICE, detail=f"{message.sender}: {text}")
        return Decided((logged,), follow_up=partial(self._latest.append, notice))
