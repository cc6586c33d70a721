"""Delivery: one round of the mail that waits for a terminal, each message to its effect, once.

Look → count the attempt, durable → decide → the effect with the message's id in it, durable →
acknowledge → take the file away. A crash between any two of these is answered by the next round:
an id that the ledger knows as applied is acknowledged again and not handled again.

A message whose handler fails, or takes the process with it, is begun three times and then refused.
Until then the messages that its sender sent after it wait: order is kept. This module must never
decide what a message does; the handlers do, and they must not touch a file. What is refused is
refused in English: the log keeps it, and the sender may speak another language.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import TracebackType

from msgspec import Struct
from msgspec.structs import replace

from kernel.clock import Clock
from kernel.codec.messages import REASON_LIMIT, Message, ack_message, decode_ack
from kernel.coordination.mailbox import Complaint, Mailbox, Waiting
from kernel.coordination.outbox import Outbox
from kernel.errors import BadInput, Damage, DiskFull, KernelError, SaleRefused, Stopped
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.mail import APPLIED, REFUSED, Ack, Answer
from kernel.model.till_entries import Acknowledged, Applied, Attempted, Event
from kernel.terminal.journal import Journal
from kernel.words import in_english

__all__ = ["Decided", "Delivery", "Handler"]

ATTEMPTS_LIMIT = 3
ROUND_LIMIT = 64
"""Messages of one round: no answer waits for more than these."""
ACKS_LIMIT = 512
"""Acknowledgements of one entry, which has to fit into a frame."""
_ACK_LIFETIME_MS = 3_600_000
_COMPLAIN_EVERY_S = 60.0
_NAMES_TOLD = 3


class Decided(Struct, frozen=True):
    """What a message does: entries for the log, and what this process does once they are durable.

    The last entry gets the message's id. If there are several, deciding again after a crash that
    kept only the first ones must be right. Without any, an `applied` entry takes note of it.
    `result` other than `applied` is what the sender is told first: `received` promises another
    answer. `follow_up` is lost in a crash: it may only change what a start makes anew.
    """

    acts: tuple[Act, ...] = ()
    result: str = APPLIED
    follow_up: Callable[[], None] | None = None


Handler = Callable[[Message, Ledger], Decided]
"""Pure: reads the ledger as staged. `SaleRefused` and `BadInput` refuse the message for good."""


class _Tried(Struct, frozen=True):
    """What became of a message in this round. `spoilt`: its file is kept for a person to see;
    `lasts`: for whoever runs this terminal next."""

    answer: Answer
    spoilt: bool = False
    lasts: bool = False


class _HandlerFailed(KernelError):
    """A handler has a mistake: its message is tried again, and refused after the third time."""


class _Foreign:
    """Around what a handler does, which any program that starts a terminal may bring along.

    Whatever it raises leaves as `_HandlerFailed`: it costs its own message, not everybody's mail.
    A log that takes nothing now, or never again, is no fault of the handler's and passes.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(fault, Exception) and not isinstance(fault, DiskFull | Stopped | Damage):
            raise _HandlerFailed(repr(fault)) from fault


class Delivery:
    """Used by one thread."""

    def __init__(
        self,
        terminal: str,
        *,
        journal: Journal,
        mailbox: Mailbox,
        outbox: Outbox,
        clock: Clock,
        handlers: Mapping[str, Handler],
        lasting: Collection[str] = (),
        on_acks: Callable[[tuple[Ack, ...]], None],
    ) -> None:
        """Messages of the types in `lasting` stay where they are until their time is over or
        somebody takes them away; a process that finds them handled already does only their
        `follow_up`. `on_acks` is told of every acknowledgement that is new, when it is durable.
        """
        self._terminal = terminal
        self._journal = journal
        self._mailbox = mailbox
        self._outbox = outbox
        self._clock = clock
        self._handlers = handlers
        self._lasting = lasting
        self._on_acks = on_acks
        self._complaints: list[Complaint] = []
        self._complained = 0
        self._complain_at_s = 0.0

    def round(self) -> bool:
        """Deal with what waits; True if more waits already.

        Raises `DiskFull` and `OSError` (try again later), `Stopped`, `Poisoned`.
        """
        with in_english():
            found = self._mailbox.look()
        self._note(found.complaints)
        for first in range(0, len(found.acks), ACKS_LIMIT):
            self._settle(found.acks[first : first + ACKS_LIMIT])
        waiting = found.messages[:ROUND_LIMIT]
        progress = bool(waiting) and self._deliver(waiting)
        self.complain()
        return progress and (found.more or len(waiting) < len(found.messages))

    # --- acknowledgements of what was sent from here -------------------------------------------

    def _settle(self, found: list[tuple[str, Message]]) -> None:
        acks: list[Ack] = []
        for path, message in found:
            try:
                with in_english():
                    acks.append(decode_ack(message))
            except BadInput as fault:
                if self._mailbox.set_aside(path):
                    self._note([Complaint(f"ack {message.id}", str(fault))])
        new: tuple[Ack, ...] = ()

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            nonlocal new
            new = tuple(dict.fromkeys(ack for ack in acks if ledger.mail.awaits(ack)))
            return (Acknowledged(acks=new),) if new else ()

        if acks:
            self._journal.record(decide)
            self._on_acks(new)
        for path, _ in found:
            self._mailbox.remove(path)

    # --- messages ------------------------------------------------------------------------------

    def _deliver(self, waiting: list[Waiting]) -> bool:
        """Whether any was dealt with."""
        now_ms = self._clock.wall_ms()
        if self._journal.read(lambda ledger: ledger.mail.full(now_ms)):
            self._note([Complaint(f"{len(waiting)} messages", "they wait: too many this week")])
            return False
        known = self._journal.read(
            lambda ledger: {
                each.id: (ledger.mail.applied.get(each.id), ledger.mail.attempts.get(each.id, 0))
                for each in waiting
            }
        )
        # One sync for all that were never begun. What was begun before is begun alone, so that
        # one that kills the process costs the others one attempt and no more.
        fresh = tuple(each.id for each in waiting if known[each.id] == (None, 0))
        if fresh:
            self._journal.record(lambda ledger: (Attempted(messages=fresh),))
        held_back: set[str] = set()
        done: list[tuple[Waiting, _Tried]] = []
        for each in waiting:
            applied, attempts = known[each.id]
            if each.sender in held_back:
                continue
            tried = self._again(each, applied) if applied is not None else self._try(each, attempts)
            if tried is None:
                held_back.add(each.sender)
            else:
                done.append((each, tried))
        self._acknowledge(done)
        return bool(done)

    def _try(self, waiting: Waiting, attempts: int) -> _Tried | None:
        """None: later."""
        message = self._mailbox.fetch(waiting)
        if message is None:
            return None
        handler = self._handlers.get(message.kind)
        if handler is None:
            said = Answer(REFUSED, f"{self._terminal} knows no message {message.kind}")
            return self._refuse(message, said)
        if attempts >= ATTEMPTS_LIMIT:
            return self._refuse(message, Answer(REFUSED, f"it failed {attempts} times"))
        if attempts:
            self._journal.record(lambda ledger: (Attempted(messages=(message.id,)),))
        return self._handle(message, handler)

    def _handle(self, message: Message, handler: Handler) -> _Tried | None:
        decided = Decided()
        answer = Answer(APPLIED)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            nonlocal decided, answer
            with _Foreign(), in_english():
                try:
                    decided = handler(message, ledger)
                    answer = Answer(decided.result)
                except (SaleRefused, BadInput) as refusal:
                    decided, answer = Decided(), Answer(REFUSED, str(refusal)[:REASON_LIMIT])
                if not decided.acts or answer.result != APPLIED:
                    return (*decided.acts, _applied(message, answer))
                return (*decided.acts[:-1], replace(decided.acts[-1], applied=message.id))

        try:
            self._journal.record(decide)
            if decided.follow_up is not None:
                with _Foreign():
                    decided.follow_up()
        except (DiskFull, Stopped):
            raise  # not of this message: the log takes nothing now, or never again
        except (_HandlerFailed, SaleRefused) as fault:  # or made what can't be kept in the log
            self._note([Complaint(f"{message.kind} {message.id}", f"its handler failed: {fault}")])
            return None
        return _Tried(answer, lasts=answer.result == APPLIED and message.kind in self._lasting)

    def _again(self, waiting: Waiting, answer: Answer) -> _Tried:
        """Handled before, here or by an earlier process, which may not have got to tell so."""
        message = self._mailbox.fetch(waiting) if self._lasting else None
        if message is None or message.kind not in self._lasting or answer.result != APPLIED:
            return _Tried(answer)
        handler = self._handlers[message.kind]
        try:
            decided = self._journal.read(lambda ledger: handler(message, ledger))
        except (SaleRefused, BadInput):
            return _Tried(answer)  # it would be refused by now
        if decided.follow_up is not None:
            decided.follow_up()
        return _Tried(answer, lasts=True)

    def _refuse(self, message: Message, answer: Answer) -> _Tried:
        """For good, without asking a handler; said in the log."""
        self._journal.record(lambda ledger: (_applied(message, answer),))
        self._note([Complaint(f"{message.kind} {message.id} of {message.sender}", answer.reason)])
        return _Tried(answer, spoilt=True)

    def _acknowledge(self, done: list[tuple[Waiting, _Tried]]) -> None:
        """Only what is durable here is acknowledged, and only then its file goes."""
        self._outbox.post_unordered(
            [
                self.ack(waiting.id, waiting.sender, waiting.expires_ms, tried.answer)
                for waiting, tried in done
            ]
        )
        for waiting, tried in done:
            if tried.spoilt:
                self._mailbox.spoil(waiting)
            else:
                self._mailbox.finish(waiting, lasts=tried.lasts)

    def ack(self, message: str, sender: str, expires_ms: int, answer: Answer) -> Message:
        """What tells the sender. It outlives the message for a while."""
        alive_ms = max(expires_ms, self._clock.wall_ms() + _ACK_LIFETIME_MS)
        return ack_message(
            Ack(message, self._terminal, answer.result, answer.reason), sender, alive_ms
        )

    # --- what could not be used ------------------------------------------------------------------

    def _note(self, complaints: list[Complaint]) -> None:
        self._complained += len(complaints)
        self._complaints += complaints[: _NAMES_TOLD - len(self._complaints)]

    def complain(self, *, at_last: bool = False) -> None:
        """Say so in the log, at most once a minute, whatever is thrown at this terminal."""
        now_s = self._clock.monotonic_s()
        if not self._complaints or (now_s < self._complain_at_s and not at_last):
            return
        told = "; ".join(
            f"{ascii(one.name)[1:-1]:.80}: {one.reason:.160}" for one in self._complaints
        )
        event = Event(what="message_set_aside", detail=told, count=self._complained)
        self._journal.record(lambda ledger: (event,))
        self._complaints, self._complained = [], 0
        self._complain_at_s = now_s + _COMPLAIN_EVERY_S


def _applied(message: Message, answer: Answer) -> Applied:
    return Applied(
        applied=message.id, sender=message.sender, result=answer.result, reason=answer.reason
    )
