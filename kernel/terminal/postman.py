"""The postman of a terminal: sends its messages, and carries in those that wait for it.

`send` returns when the message stands in this terminal's log: from then on it will arrive, if not
at once then after the next start. A thread waits for the doorbell, a second at most, and lets
`Delivery` deal with what is there; a bell that nobody heard costs that second and nothing else.

On a disk that is not the machine's own (a test's) there is no thread and no bell: whoever runs
the terminal calls `deliver`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from msgspec import Struct

from kernel.codec.messages import FileName, Message
from kernel.coordination.letters import Letters, Signer
from kernel.coordination.mailbox import Mailbox
from kernel.coordination.outbox import Outbox
from kernel.coordination.registry import Registry, TerminalState
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.watch import Doorbell, ring
from kernel.errors import Damage, DiskFull, Stopped
from kernel.model.mail import EVERYBODY, Ack, Answer
from kernel.terminal.delivery import Decided, Delivery, Handler
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.notices import Notices
from kernel.terminal.sending import Sending, Sent

__all__ = ["Decided", "Handler", "Postman", "Sent"]

RESCAN_S = 1.0
_FULL_LOOK_EVERY = 30
"""Rests after which it looks whatever the times of the directories say. They are right on every
file system whose locks are sound; this is for one that a restored copy or a hand has set back."""
_STOP_S = 5.0
_ACKS_KEPT = 1024


class Postman:
    """The mail of the terminal that runs here. Safe from many threads.

    Fill `handlers` before `start`: a message of any other type is refused.
    """

    def __init__(self, terminal: str, *, host: Host, layout: Layout, journal: Journal) -> None:
        self.notices = Notices(host.clock)
        self.handlers: dict[str, Handler] = dict(self.notices.handlers)
        self.lasting: set[str] = set()
        """Types whose messages stay until their time is over or `let_go`: who runs this terminal
        next is told of them once more."""
        self.at_rest: Callable[[], None] = lambda: None
        """Called by the thread about once a second while no mail comes."""
        self._terminal = terminal
        self._host = host
        self._layout = layout
        self._journal = journal
        self._alone = alone = not isinstance(host.disk, RealDisk)
        self._bell = None if alone else Doorbell(layout.terminal(terminal).doorbell)
        self._outbox = Outbox(
            host.disk, layout, terminal, ring=(lambda path: None) if alone else ring
        )
        self._letters = Letters(
            host.disk,
            layout,
            terminal,
            clock=host.clock,
            applied=lambda message: journal.read(lambda ledger: message in ledger.mail.applied),
        )
        self._mailbox = Mailbox(
            host.disk, layout, terminal, clock=host.clock, letters=self._letters
        )
        self._delivery = Delivery(
            terminal,
            journal=journal,
            mailbox=self._mailbox,
            outbox=self._outbox,
            clock=host.clock,
            handlers=self.handlers,
            lasting=self.lasting,
            on_acks=self._remember,
        )
        self._sending = Sending(
            terminal,
            host=host,
            layout=layout,
            journal=journal,
            outbox=self._outbox,
            letters=self._letters,
        )
        self._answered = threading.Condition()
        self._acks: dict[str, dict[str, Ack]] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None

    # --- life ------------------------------------------------------------------------------

    def authenticate(self, signer: Signer, kinds: Collection[str]) -> None:
        """From now on messages of these types are believed with a signature only."""
        self._letters.signer = signer
        self._letters.signed_kinds = frozenset(kinds)

    def start(self) -> None:
        """Take up what the last process left, and carry mail until `stop`."""
        sent = self._journal.read(lambda ledger: dict(ledger.mail.sent))
        with self._answered:
            self._acks.update({name: dict(one.acks) for name, one in sent.items()})
        self._sending.resume()
        if self._bell is not None:
            self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Let the round that is under way end, and carry no more. Doing it again does nothing."""
        if self._stopping:
            return
        self._stopping = True
        with self._answered:
            self._answered.notify_all()
        thread, self._thread = self._thread, None
        if self._bell is None:
            return
        self._bell.ring()
        if thread is None:
            self._bell.close()
        elif thread is not threading.current_thread():
            thread.join(_STOP_S)

    def disown(self) -> None:
        """In a forked child, where the thread is not: the bell is the parent's."""
        self._stopping, self._thread = True, None
        self._sending.disown()
        if self._bell is not None:
            self._bell.disown()

    def deliver(self) -> bool:
        """One round by hand: what waits takes effect, what was not put out is. True: once more.

        Raises `DiskFull` and `OSError` (nothing is lost, try later), `Stopped`, `Poisoned`.
        """
        # First the round: what has been answered meanwhile need not be put out again.
        more = self._delivery.round()
        self._sending.post()
        return more

    # --- sending ---------------------------------------------------------------------------

    def send(
        self, to: str, kind: str, body: Mapping[str, object] | Struct, lifetime_s: float
    ) -> Sent:
        """Send to a terminal or to all others (`*`); see `Sending.send`."""
        return self._sending.send(to, kind, body, lifetime_s)

    def acknowledge(self, message: Message, answer: Answer) -> None:
        """The answer that a handler promised with `received`; also once the log is closed."""
        ack = self._delivery.ack(message.id, message.sender, message.expires_ms, answer)
        with suppress(OSError):
            self._outbox.post_unordered([ack])

    def let_go(self, message: str) -> None:
        """Nobody need be told of that lasting message once more."""
        name = FileName(self._terminal, message)
        with suppress(OSError):  # then its time takes it away
            self._mailbox.remove(f"{self._layout.terminal_inbox}/{name}")

    def acks(self, sent: Sent) -> tuple[Ack, ...]:
        """The answers so far, one a terminal."""
        with self._answered:
            return tuple(self._acks.get(sent.id, {}).values())

    def wait_acks(
        self, sent: Sent, timeout_s: float, expected: Collection[str] | None = None
    ) -> tuple[Ack, ...]:
        """The answers once all of `expected` applied or refused it, at the latest after
        `timeout_s`. Without `expected`: the addressee, or all others that run now."""
        names = set(self._addressees(sent) if expected is None else expected)
        if self._alone and not self._stopping:
            self.deliver()
            return self.acks(sent)

        def complete() -> bool:
            acks = self._acks.get(sent.id, {})
            return self._stopping or all(name in acks and acks[name].final for name in names)

        with self._answered:
            self._answered.wait_for(complete, timeout_s)
        return self.acks(sent)

    def _addressees(self, sent: Sent) -> Collection[str]:
        if sent.to != EVERYBODY:
            return (sent.to,)
        registry = Registry(self._host.disk, self._layout, clock=self._host.clock)
        return [
            status.terminal
            for status in registry.status()
            if status.state is TerminalState.RUNNING and status.terminal != self._terminal
        ]

    # --- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        bell = self._bell
        assert bell is not None
        try:
            while not self._stopping:
                more = False
                with suppress(DiskFull, OSError):  # the next look tries again
                    more = self.deliver()
                if not more:
                    self._rest(bell)
            with suppress(DiskFull):
                self._delivery.complain(at_last=True)
        except (Stopped, Damage):
            pass  # the terminal writes no more; who rings it up is told by its own calls
        finally:
            bell.close()

    def _rest(self, bell: Doorbell) -> None:
        """Until the bell rings or something may have come without it; but not for long."""
        for _ in range(_FULL_LOOK_EVERY):
            if self._stopping or bell.wait(RESCAN_S) or self._sending.behind:
                return
            self.at_rest()
            if self._mailbox.changed():
                return

    def _remember(self, acks: tuple[Ack, ...]) -> None:
        with self._answered:
            for ack in acks:
                known = self._acks.setdefault(ack.message, {})
                if ack.terminal not in known or not known[ack.terminal].final:
                    known[ack.terminal] = ack
            while len(self._acks) > _ACKS_KEPT:
                del self._acks[next(iter(self._acks))]
            self._answered.notify_all()
