"""The mailbox of one terminal: what waits for it, in an order that no crash and no race can turn.

Messages are files that others rename into two directories which all terminals share. Reading a
directory takes a while, and a message that arrives meanwhile may be seen although the one before
it, which arrived meanwhile too, was not. So each look lists twice, and takes of the second list
only what is not newer than the newest of that sender in the first: whatever stands before one
that was in the first list was in place before the second was begun.

Whatever can't be a message for this terminal is set aside, unread as far as possible, and
reported; it must never stop the mail. This module must never decide what a message does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256

from msgspec import Struct, field

from kernel.clock import Clock
from kernel.codec.messages import ACK, FileName, Message
from kernel.coordination.letters import CLOCK_MARGIN_MS, Letters, Over, Unusable
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.seen import SETTLED_NS
from kernel.errors import BadInput
from kernel.model.mail import EVERYBODY, LIFETIME_LIMIT_MS, created_ms_of

__all__ = ["Complaint", "Found", "Mailbox", "Waiting"]

NAMES_LIMIT = 20_000
"""So many files of a directory are looked at, the oldest first; the others wait."""
_TIDY_EVERY_S = 3_600.0


class Waiting(Struct, frozen=True):
    """A message that has not been dealt with; its body is read when its turn comes."""

    path: str
    id: str
    sender: str
    order: int
    to: str
    expires_ms: int


class Complaint(Struct, frozen=True):
    """A file that was no message for anybody here, and why; for the log and the audit."""

    name: str
    reason: str


class Found(Struct):
    """What one look brought. `more`: look again at once."""

    messages: list[Waiting] = field(default_factory=list)
    """In the order in which they must take effect."""
    acks: list[tuple[str, Message]] = field(default_factory=list)
    """(path, acknowledgement), in no order."""
    complaints: list[Complaint] = field(default_factory=list)
    more: bool = False


class Mailbox:
    """The receiving side of one terminal. Used by one thread."""

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        terminal: str,
        *,
        clock: Clock,
        letters: Letters,
    ) -> None:
        """`letters` reads them, for the same terminal."""
        self._disk = disk
        self._layout = layout
        self._terminal = terminal
        self._clock = clock
        self._inbox, self._broadcast = layout.terminal_inbox, layout.broadcast
        self._letters = letters
        self._waiting: dict[str, Waiting] = {}
        self._finished: dict[str, int] = {}
        """Path of a message that stays although it has been dealt with -> when it expires."""
        self._stuck: set[str] = set()
        """Paths that could not even be set aside: complained of once."""
        self._tidy_at_s = 0.0
        self._stamps: tuple[int, ...] | None = None
        """The directories' times when they were listed last; None: list them again."""

    def changed(self) -> bool:
        """Whether a look might bring more than the last one: a tenth of the cost of looking.

        True in doubt. It must not be all that ever leads to a look.
        """
        if self._waiting or self._stamps is None:
            return True
        try:
            return self._stamps != self._times()
        except OSError:
            return True

    def look(self) -> Found:
        """What waits now. Raises `OSError` where the directories can't be read."""
        found = Found()
        times, now_ns = self._times(), self._clock.wall_ms() * 1_000_000
        self._stamps = times if now_ns - max(times) > SETTLED_NS else None
        first = self._names()
        self._forget(first)
        self._expire_finished()
        if not any(path not in self._finished and path not in self._stuck for path in first):
            return found
        heads: dict[str, int] = {}
        for path in first:
            waiting = self._waiting.get(path) or self._read(path, first[path], found)
            if waiting is not None:
                heads[waiting.sender] = max(waiting.order, heads.get(waiting.sender, -1))
        second = self._names()
        for path in second:
            if path not in first:
                self._read(path, second[path], found)
        # An acknowledgement is a fact that needs no order; only messages are held back.
        for path, waiting in self._waiting.items():
            if path in second and waiting.order <= heads.get(waiting.sender, -1):
                found.messages.append(waiting)
        found.messages.sort(key=lambda waiting: (waiting.order, waiting.sender))
        found.more = len(found.messages) < len(self._waiting)
        return found

    def fetch(self, waiting: Waiting) -> Message | None:
        """The message; None if it is gone or is another one by now. Raises `OSError`."""
        name = FileName.parse(os.path.basename(waiting.path))
        assert name is not None, "it was parsed when it was found"
        try:
            message = self._letters.read(waiting.path, name)
        except (Unusable, Over, BadInput, FileNotFoundError):
            message = None
        awaited = (waiting.id, waiting.sender, waiting.order)
        if message is None or (message.id, message.sender, message.order) != awaited:
            self._waiting.pop(waiting.path, None)
            return None
        return message

    def finish(self, waiting: Waiting, *, lasts: bool = False) -> None:
        """It has been dealt with, durably; what `lasts` stays until its time is over, for the
        process that comes next. Raises `OSError`."""
        self._waiting.pop(waiting.path, None)
        if waiting.to == EVERYBODY or lasts:
            self._finished[waiting.path] = waiting.expires_ms  # it stays for the others
        else:
            self.remove(waiting.path)

    def spoil(self, waiting: Waiting) -> None:
        """As `finish`, but a person may want to look at it. Raises `OSError`."""
        if waiting.to == EVERYBODY:
            self.finish(waiting)
        else:
            self.set_aside(waiting.path)

    def remove(self, path: str) -> None:
        """Delete a file that nobody needs any more. Raises `OSError`."""
        # Gone already: another was quicker, or a crash let it come back and go again.
        with suppress(FileNotFoundError):
            self._disk.unlink(path)

    def set_aside(self, path: str) -> bool:
        """Keep the file where a person can look at it; False if another did, or none can."""
        self._waiting.pop(path, None)
        digest = sha256(os.fsencode(os.path.basename(path))).hexdigest()[:12]
        target = os.path.join(self._layout.cleanup, f"{digest}.{self._clock.wall_ms()}.message")
        try:
            self._disk.rename(path, target)
        except FileNotFoundError:
            return False
        except OSError:
            self._stuck.add(path)
        return True

    # --- looking ---------------------------------------------------------------------------

    def _times(self) -> tuple[int, ...]:
        # Of all that an idle till does in a second, these two calls are the most.
        stat = self._disk.stat
        return stat(self._inbox).st_mtime_ns, stat(self._broadcast).st_mtime_ns

    def _names(self) -> dict[str, FileName | None]:
        """Path -> name of every file that is of this terminal's concern; None: of nobody's."""
        now_s = self._clock.monotonic_s()
        tidy, self._tidy_at_s = now_s >= self._tidy_at_s, max(now_s, self._tidy_at_s)
        if tidy:
            self._tidy_at_s = now_s + _TIDY_EVERY_S
        found: dict[str, FileName | None] = {}
        for directory in (self._inbox, self._broadcast):
            mine = self._terminal if directory == self._inbox else None
            for name in sorted(self._disk.listdir(directory))[:NAMES_LIMIT]:
                parsed = FileName.parse(name)
                path = f"{directory}/{name}"
                if parsed is None or mine is None or parsed.label == mine:
                    found[path] = parsed
                elif tidy and self._long_dead(parsed):
                    self.remove(path)  # for a terminal that never came back
        return found

    def _long_dead(self, name: FileName) -> bool:
        lived_ms = self._clock.wall_ms() - created_ms_of(name.message)
        return lived_ms > LIFETIME_LIMIT_MS + CLOCK_MARGIN_MS

    def _forget(self, names: Mapping[str, FileName | None]) -> None:
        """What is no longer there is no longer of interest."""
        for path in [path for path in self._finished if path not in names]:
            del self._finished[path]
        for path in [path for path in self._waiting if path not in names]:
            del self._waiting[path]
        self._stuck &= names.keys()

    def _expire_finished(self) -> None:
        now_ms = self._clock.wall_ms()
        for path in [path for path, expires_ms in self._finished.items() if expires_ms <= now_ms]:
            self.remove(path)

    def _read(self, path: str, name: FileName | None, found: Found) -> Waiting | None:
        """The message at a path that is new, noted as waiting; None for anything else."""
        if path in self._finished or path in self._stuck:
            return None
        try:
            if name is None:
                raise Unusable("its name is not one of a message")
            message = self._letters.read(path, name)
            if message.kind != ACK:
                return self._accept(path, message)
            found.acks.append((path, message))
        except FileNotFoundError:
            pass  # taken away meanwhile
        except Over:
            self.remove(path)
        except (Unusable, BadInput) as fault:
            if self.set_aside(path):
                found.complaints.append(Complaint(os.path.basename(path), str(fault)))
        return None

    def _accept(self, path: str, message: Message) -> Waiting | None:
        waiting = Waiting(
            path, message.id, message.sender, message.order, message.to, message.expires_ms
        )
        if message.to == EVERYBODY and message.sender == self._terminal:
            self.finish(waiting)  # who says it to everybody knows it
            return None
        self._waiting[path] = waiting
        return waiting
