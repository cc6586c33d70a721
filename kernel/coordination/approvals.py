"""Approvals from afar: what this till has asked for, what this console has been asked.

Both are kept in memory: a till that dies asks again, and the console that comes after one that died
finds what is still open in its mailbox, where a request stays until it is answered, taken back or
over. What was answered is an entry in the till's log, and only that counts. An answer must
come back with all that was asked, because the manager's signature covers only what is in it;
it is refused where nobody waits for it any more or what it was about has changed. This module
must never apply an approved act: the till does that with the token, once.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from threading import Event as Signal
from threading import Lock

from msgspec import Struct

from kernel.clock import Clock
from kernel.codec.operators import ApprovalAnswer, ApprovalRequest
from kernel.errors import SaleRefused
from kernel.model.approvals import Asked, asked_now
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Approval, Event
from kernel.words import gettext as _
from kernel.words import in_english
from kernel.words import marked as N_

__all__ = [
    "DECLINED",
    "Awaited",
    "AwaitedApprovals",
    "OpenRequest",
    "OpenRequests",
    "ApprovalOutcome",
    "decide_answer",
    "granted",
]

DECLINED = "approval_declined"
"""`what` of the event that a declined approval leaves."""
_AWAITED_LIMIT = 32
_OPEN_LIMIT = 256


class ApprovalOutcome(Enum):
    """Where a request stands."""

    AWAITED = N_("awaited")
    GRANTED = N_("granted")
    DECLINED = N_("declined")
    WITHDRAWN = N_("withdrawn")
    TIMED_OUT = N_("timed out")


class Awaited:
    """One approval that this till has asked for. Safe from many threads."""

    def __init__(
        self, request: ApprovalRequest, asked: Asked, *, clock: Clock, timeout_s: float
    ) -> None:
        self.request = request
        self.asked = asked
        self.reason: str | None = None
        """What the manager said to it."""
        self._clock = clock
        self._until_s = clock.monotonic_s() + timeout_s
        self._outcome = ApprovalOutcome.AWAITED
        self._settled = Signal()

    @property
    def token(self) -> str:
        """What the act is done with, once it is granted."""
        return self.request.token

    @property
    def outcome(self) -> ApprovalOutcome:
        waits = self._outcome is ApprovalOutcome.AWAITED
        return ApprovalOutcome.TIMED_OUT if waits and self.left_s <= 0 else self._outcome

    @property
    def left_s(self) -> float:
        """How long an answer would still be taken."""
        return self._until_s - self._clock.monotonic_s()

    def settle(self, outcome: ApprovalOutcome, reason: str | None = None) -> None:
        """The first outcome stays."""
        if self.outcome is ApprovalOutcome.AWAITED:
            self._outcome, self.reason = outcome, reason
        self._settled.set()

    def wait(self, timeout_s: float | None = None) -> ApprovalOutcome:
        """Until it is answered, withdrawn or timed out, or for `timeout_s`."""
        left_s = max(self.left_s, 0.0)
        self._settled.wait(left_s if timeout_s is None else min(timeout_s, left_s))
        return self.outcome


class AwaitedApprovals:
    """All that this till waits for, a few at a time."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._awaited: dict[str, Awaited] = {}

    def add(self, awaited: Awaited) -> None:
        """Raises `SaleRefused` while too many wait."""
        with self._lock:
            self._awaited = {
                token: one
                for token, one in self._awaited.items()
                if one.outcome is ApprovalOutcome.AWAITED
            }
            if len(self._awaited) >= _AWAITED_LIMIT:
                raise SaleRefused(
                    _("{} approvals are awaited already; withdraw one or wait").format(
                        _AWAITED_LIMIT
                    )
                )
            self._awaited[awaited.token] = awaited

    def get(self, token: str) -> Awaited | None:
        with self._lock:
            return self._awaited.get(token)

    def refuse_total(self, number: int) -> None:
        """A sale is not paid while somebody is asked about it: the total may change."""
        if not self._awaited:
            return
        with self._lock:
            waiting = [one for one in self._awaited.values() if one.asked.tx == number]
        for one in waiting:
            if one.outcome is ApprovalOutcome.AWAITED:
                raise SaleRefused(
                    _("an approval is awaited for {}; wait for the answer or withdraw it").format(
                        one.asked
                    )
                )


def decide_answer(
    ledger: Ledger, awaited: Awaited | None, answer: ApprovalAnswer, *, by: str, key: str | None
) -> Act:
    """The entry that an answer becomes; refused where it comes too late or says another thing."""
    if awaited is None or awaited.outcome is not ApprovalOutcome.AWAITED:
        why = _(awaited.outcome.value) if awaited is not None else _("unknown here")
        raise SaleRefused(_("the request is {}; nothing was approved").format(why))
    request, asked = awaited.request, awaited.asked
    said = (answer.what, answer.transaction, answer.line, answer.old, answer.new)
    if said != (request.what, request.transaction, request.line, request.old, request.new):
        raise SaleRefused(_("the answer is about something else than was asked; ask again"))
    if not answer.granted:
        with in_english():
            detail = str(asked)
        return Event(
            what=DECLINED,
            tx=asked.tx,
            operator=request.operator,
            approver=answer.approver,
            detail=detail,
        )
    if asked_now(ledger, asked.what, tx=asked.tx, line=asked.line, new=asked.new) != asked:
        raise SaleRefused(_("this has changed since it was asked: {}; ask again").format(asked))
    return granted(asked, answer.token, request.operator, answer.approver, by=by, key=key)


def granted(
    asked: Asked,
    token: str,
    operator: str | None,
    approver: str,
    *,
    by: str | None = None,
    key: str | None = None,
) -> Approval:
    """The entry that allows what was asked, once."""
    return Approval(
        tx=asked.tx,
        operator=operator,
        approver=approver,
        token=token,
        what=asked.what.value,
        line=asked.line,
        old=asked.old,
        new=asked.new,
        by=by,
        key=key,
    )


class OpenRequest(Struct, frozen=True):
    """What a till asks of this console."""

    terminal: str
    request: ApprovalRequest
    expires_ms: int
    message: str
    """The message that it came in, and is open as long as."""


class OpenRequests:
    """What waits for the manager's word. Safe from many threads."""

    def __init__(self, clock: Clock, heard: Callable[[], None] = lambda: None) -> None:
        """`heard` is called when something has changed."""
        self._clock = clock
        self.heard = heard
        self._lock = Lock()
        self._open: dict[str, OpenRequest] = {}

    def take(self, asked: OpenRequest) -> None:
        """A request."""
        with self._lock:
            self._open.setdefault(asked.request.token, asked)
            if len(self._open) > _OPEN_LIMIT:
                del self._open[next(iter(self._open))]
        self.heard()

    def withdraw(self, terminal: str, token: str) -> OpenRequest | None:
        """What that till takes back; None if it is not open here."""
        with self._lock:
            asked = self._open.get(token)
            if asked is None or asked.terminal != terminal:
                return None
            del self._open[token]
        self.heard()
        return asked

    def all(self) -> tuple[OpenRequest, ...]:
        """Those that can still be answered, the oldest first."""
        now_ms = self._clock.wall_ms()
        with self._lock:
            self._open = {
                token: one for token, one in self._open.items() if one.expires_ms > now_ms
            }
            return tuple(self._open.values())

    def answered(self, token: str) -> OpenRequest:
        """Take it out to answer it. Raises `SaleRefused` where it is gone."""
        self.all()
        with self._lock:
            found = self._open.pop(token, None)
        if found is None:
            raise SaleRefused(_("this request is answered, withdrawn or timed out"))
        return found
