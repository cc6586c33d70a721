"""Sending: a message into the log, then out, in order, and out again until it is answered.

From the moment it stands in the log it will arrive: what can't be put out now, for lack of space
or of life, is put out later, before anything that was sent after it. This module must never give
a message a second id: by its id a receiver knows what it has had.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from kernel.codec.messages import (
    ACK,
    FORMAT,
    MESSAGE_KIND,
    Message,
    encode_body,
    signed_bytes,
)
from kernel.coordination.letters import Letters, Signer
from kernel.coordination.outbox import Outbox
from kernel.disk.layout import Layout
from kernel.errors import BadInput, KernelError, SaleRefused
from kernel.model.entries import Act
from kernel.model.identity import terminal_id
from kernel.model.ledger import Ledger
from kernel.model.mail import (
    EVERYBODY,
    LIFETIME_LIMIT_MS,
    RANDOM_BYTES,
    SentMessage,
    created_ms_of,
    message_id,
)
from kernel.model.till_entries import MessageSent
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.usable import unusable
from kernel.words import gettext as _

__all__ = ["Sending", "Sent"]


class Sent(Struct, frozen=True):
    """A message that is on its way: `to` is a terminal or `*`."""

    id: str
    to: str
    kind: str
    expires_ms: int


class Sending:
    """The messages of one terminal on their way out. Safe from many threads."""

    def __init__(
        self,
        terminal: str,
        *,
        host: Host,
        layout: Layout,
        journal: Journal,
        outbox: Outbox,
        letters: Letters,
    ) -> None:
        """`letters` knows who signs what."""
        self._terminal = terminal
        self._host = host
        self._layout = layout
        self._journal = journal
        self._outbox = outbox
        self._letters = letters
        self._lock = threading.Lock()
        self._unposted: dict[str, SentMessage] = {}
        """Logged messages whose files are still to be put out, in order."""
        self._reposts = True

    def resume(self) -> None:
        """Take up what an earlier process logged and may not have put out."""
        sent = self._journal.read(lambda ledger: dict(ledger.mail.sent))
        with self._lock:
            self._unposted = sent

    def disown(self) -> None:
        """In a forked child: a thread that isn't here may hold the parent's lock."""
        self._lock = threading.Lock()

    @property
    def behind(self) -> bool:
        """Whether anything waits to be put out."""
        return bool(self._unposted)

    def post(self) -> None:
        """Put out what waits, as far as that can be done now."""
        with self._lock:
            self._post()

    def send(
        self, to: str, kind: str, body: Mapping[str, object] | Struct, lifetime_s: float
    ) -> Sent:
        """Send to a terminal or to all others (`*`). It stands in the log when this returns.

        `kind` is the message's type, `body` becomes a JSON object. After `lifetime_s` nobody takes
        it any more. Raises `SaleRefused`, `BadInput`, and what `Journal.record` raises.
        """
        raw = encode_body(body)
        self._check(to, kind, lifetime_s)
        signer = self._signer_of(kind)
        if signer is not None:
            signer.sign(bytes(raw))  # raises where this user can't: before it is promised
        now_ms = self._host.clock.wall_ms()
        message = message_id(now_ms, self._host.random_bytes(RANDOM_BYTES))
        sent = Sent(message, to, kind, now_ms + int(lifetime_s * 1000))

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            if not ledger.mail.room(raw, now_ms):
                raise SaleRefused(
                    _(
                        "too many messages of {} wait for their answers; try again when "
                        "the other terminals have taken them"
                    ).format(self._terminal)
                )
            there = ledger.staff.signed_on
            return (
                MessageSent(
                    operator=there.operator if there is not None else None,
                    order=ledger.mail.next_order,
                    message=message,
                    to=to,
                    what=kind,
                    expires_ms=sent.expires_ms,
                    body=raw,
                ),
            )

        with self._lock:
            try:
                self._journal.record(decide)
            finally:
                # Also after Ctrl+C in there: what is logged must go out before what follows it.
                logged = self._journal.read(lambda ledger: ledger.mail.sent.get(message))
                if logged is not None:
                    self._unposted[message] = logged
            self._post()
        return sent

    def _check(self, to: str, kind: str, lifetime_s: float) -> None:
        if not MESSAGE_KIND.fullmatch(kind) or kind == ACK:
            raise BadInput(
                _("message type {!r:.40} is not allowed; give one such as notice").format(kind)
            )
        if not 0 < lifetime_s * 1000 <= LIFETIME_LIMIT_MS:
            raise BadInput(_("a message can't live for {} s; give up to 7 days").format(lifetime_s))
        if to == EVERYBODY:
            return
        try:
            self._host.disk.stat(self._layout.terminal(terminal_id(to)).directory)
        except FileNotFoundError:
            raise SaleRefused(
                _("there is no terminal {}; `posterm status` names those of this shop").format(to)
            ) from None
        except OSError as fault:
            raise unusable(self._layout.root, fault) from fault

    def _post(self) -> None:
        """Put out, in order, what is logged and not yet answered; what can't be, later."""
        now_ms = self._host.clock.wall_ms()
        with suppress(OSError, KernelError):
            if self._unposted and self._reposts:
                known = self._journal.read(lambda ledger: frozenset(ledger.mail.sent))
                for name in [name for name in self._unposted if name not in known]:
                    del self._unposted[name]
                self._outbox.settle()
            for name, one in list(self._unposted.items()):
                if one.expires_ms > now_ms:
                    message = self._message(name, one)
                    if not (self._reposts and self._outbox.stands(message)):
                        self._outbox.post(message)
                del self._unposted[name]
            self._reposts = False

    def _message(self, name: str, sent: SentMessage) -> Message:
        message = Message(
            format=FORMAT,
            id=name,
            sender=self._terminal,
            to=sent.to,
            order=sent.order,
            kind=sent.kind,
            created_ms=created_ms_of(name),
            expires_ms=sent.expires_ms,
            body=sent.body,
        )
        signer = self._signer_of(sent.kind)
        if signer is None:
            return message
        return replace(message, signature=signer.sign(signed_bytes(message)))

    def _signer_of(self, kind: str) -> Signer | None:
        return self._letters.signer if kind in self._letters.signed_kinds else None
