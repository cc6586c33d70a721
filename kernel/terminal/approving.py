"""Approvals at a till: by a supervisor's PIN here, or by the manager's word from afar.

An approval is an entry first: a token, bound to one act on one sale (line, old value, new value)
with the names of who asked and who allowed it. The act is then done with that token, and the entry
that spends it stands before the act in the same write; so it is good once, also after a
crash, and only while what it was about still stands as it did. Waiting for an answer stops nothing
but the total of that sale. This module must never allow anything without a PIN, keyed here or at
the console whose key signed the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kernel.codec.messages import Message
from kernel.codec.operators import ApprovalAnswer, ApprovalRequest
from kernel.coordination.approvals import (
    ApprovalOutcome,
    Awaited,
    AwaitedApprovals,
    OpenRequest,
    OpenRequests,
    decide_answer,
    granted,
)
from kernel.disk.layout import Layout
from kernel.disk.lock import probe
from kernel.errors import KernelError, SaleRefused
from kernel.model.approvals import Asked, approved, asked_now
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.operators import MANAGER_TERMINAL, Operator, Role
from kernel.model.training import refuse_in_training
from kernel.model.transaction import Transaction
from kernel.terminal.delivery import Decided, Handler
from kernel.terminal.host import Host
from kernel.terminal.journal import Decide
from kernel.terminal.sale import Sale
from kernel.words import gettext as _
from kernel.words import in_our_language

if TYPE_CHECKING:
    from kernel.terminal.terminal import Terminal

__all__ = ["Approvals"]

_TOKEN_BYTES = 13
_WITHDRAWAL_S = 60.0


class ApprovedSale(Sale):
    """A sale whose next act, and no other, is done under an approval."""

    __slots__ = ("_token",)

    def __init__(self, till: Terminal, number: int, token: str) -> None:
        super().__init__(till, number)
        self._token = token

    def _record(self, decide: Decide) -> Transaction:
        return super()._record(lambda ledger: approved(ledger, self._token, decide(ledger)))


class Approvals:
    """`till.approvals`. `what` is one of `kernel.Approvable`; amounts are minor units.

    On every terminal: `by_pin`, `ask`, `withdraw`, `use`. On MANAGER's: `requests`, `answer`.
    """

    def __init__(self, till: Terminal, host: Host, layout: Layout) -> None:
        self._till = till
        self._host = host
        self._layout = layout
        self._awaited = AwaitedApprovals()
        self.requests = OpenRequests(host.clock)
        """What tills wait for; `requests.all()`."""

    @property
    def handlers(self) -> dict[str, Handler]:
        """What the postman hands to whom."""
        handlers: dict[str, Handler] = {"approval_answer": self._answered}
        if self._till.id == MANAGER_TERMINAL:
            handlers["approval_request"] = self._requested
        return handlers

    @property
    def lasting(self) -> set[str]:
        """What waits in the mailbox for as long as it is open: a console may die under it."""
        return {"approval_request"} & self.handlers.keys()

    def by_pin(
        self,
        what: str,
        number: str,
        pin: str,
        *,
        sale: Sale | None = None,
        line: int | None = None,
        new: int | str | None = None,
    ) -> str:
        """Allowed here and now by operator `number`; the token. Blocks for about 100 ms.

        `new` is what the line, the sale or the posted line will be worth. Raises `SaleRefused`
        where the PIN is wrong or the operator's role does not suffice.
        """
        asked = self._asked(what, sale, line, new)
        operator = self._till.checked(number, pin, self._role(asked))
        token, asker = self._token(), self._asker(sale)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            now = asked_now(ledger, what, tx=asked.tx, line=line, new=asked.new)
            return (granted(now, token, asker, operator.number),)

        self._till.journal.record(decide)
        return token

    def ask(
        self,
        what: str,
        *,
        sale: Sale | None = None,
        line: int | None = None,
        new: int | str | None = None,
        reason: str | None = None,
    ) -> Awaited:
        """Ask the manager; selling goes on meanwhile, but that sale can't be paid.

        Raises `SaleRefused` where no console runs, or what is asked for is not there.
        """
        console = self._layout.terminal(MANAGER_TERMINAL).lock
        if probe(self._host.disk, console) is None:
            raise SaleRefused(_("no manager's console is running; ask a supervisor for his PIN"))
        asked = self._asked(what, sale, line, new)
        request = ApprovalRequest(
            token=self._token(),
            what=asked.what,
            operator=self._asker(sale),
            transaction=sale.id if sale is not None else None,
            line=asked.line,
            old=asked.old,
            new=asked.new,
            reason=reason,
        )
        timeout_s = float(self._till.configuration.settings.approval_timeout_s)
        awaited = Awaited(request, asked, clock=self._host.clock, timeout_s=timeout_s)
        self._awaited.add(awaited)
        try:
            self._till.send(MANAGER_TERMINAL, "approval_request", request, timeout_s)
        except BaseException:
            awaited.settle(ApprovalOutcome.WITHDRAWN)
            raise
        return awaited

    def withdraw(self, awaited: Awaited) -> None:
        """Go on without it; an answer that is under way will be refused."""
        awaited.settle(ApprovalOutcome.WITHDRAWN)
        if awaited.outcome is ApprovalOutcome.WITHDRAWN:
            taken_back = replace(awaited.request, withdrawn=True)
            # For the console's list only: what counts has just happened here.
            with suppress(KernelError):
                self._till.send(MANAGER_TERMINAL, "approval_request", taken_back, _WITHDRAWAL_S)

    def use(self, sale: Sale, token: str) -> Sale:
        """The sale, for the one act that the token allows: `use(sale, token).void_line(3)`."""
        return ApprovedSale(self._till, sale.number, token)

    def refuse_total(self, number: int) -> None:
        """Raises `SaleRefused` while an approval for that sale is awaited."""
        self._awaited.refuse_total(number)

    def answer(
        self,
        token: str,
        *,
        allow: bool,
        number: str | None = None,
        pin: str | None = None,
        reason: str | None = None,
    ) -> None:
        """The manager's word on one of `requests`, signed: by whoever is signed on at this
        console, or by operator `number` with his PIN.

        Raises `SaleRefused` where the request is gone or the operator's role does not suffice.
        """
        found = next((one for one in self.requests.all() if one.request.token == token), None)
        if found is None:
            raise SaleRefused(_("this request is answered, withdrawn or timed out"))
        request = found.request
        role = self._role(Asked(what=request.what))
        if number is not None:
            operator = self._till.checked(number, pin or "", role)
        else:
            operator = self._at_the_console(role)
        said = ApprovalAnswer(
            token=token,
            granted=allow,
            approver=operator.number,
            what=request.what,
            transaction=request.transaction,
            line=request.line,
            old=request.old,
            new=request.new,
            reason=reason,
        )
        left_ms = self.requests.answered(token).expires_ms - self._host.clock.wall_ms()
        try:
            self._till.send(found.terminal, "approval_answer", said, max(left_ms, 1) / 1000)
        except KernelError:
            # Nothing was said, and the till goes on waiting: it can be answered again.
            self.requests.take(found)
            raise
        self._till.postman.let_go(found.message)

    # --- what the postman brings ---------------------------------------------------------

    def _requested(self, message: Message, ledger: Ledger) -> Decided:
        request = message.read(ApprovalRequest)
        if request.withdrawn:
            return Decided(follow_up=partial(self._taken_back, message, request.token))
        asked = OpenRequest(message.sender, request, message.expires_ms, message.id)
        return Decided(follow_up=partial(self.requests.take, asked))

    def _taken_back(self, message: Message, token: str) -> None:
        asked = self.requests.withdraw(message.sender, token)
        if asked is not None:
            self._till.postman.let_go(asked.message)

    def _answered(self, message: Message, ledger: Ledger) -> Decided:
        answer = message.read(ApprovalAnswer)
        awaited = self._awaited.get(answer.token)
        key = self._till.signatures.verified_by
        decide = partial(decide_answer, ledger, awaited, answer, by=message.sender, key=key)
        try:
            act = decide()
        except SaleRefused:
            if awaited is not None:
                # Else the sale could not be paid until the time has run out.
                awaited.settle(ApprovalOutcome.DECLINED, _why_not(decide))
            raise
        assert awaited is not None, "an answer that nobody awaits is refused"
        outcome = ApprovalOutcome.GRANTED if answer.granted else ApprovalOutcome.DECLINED
        return Decided((act,), follow_up=partial(awaited.settle, outcome, answer.reason))

    # --- how -----------------------------------------------------------------------------

    def _asked(
        self, what: str, sale: Sale | None, line: int | None, new: int | str | None
    ) -> Asked:
        tx = sale.number if sale is not None else None
        text = None if new is None else str(new)

        def look(ledger: Ledger) -> Asked:
            refuse_in_training(ledger, "an approval")
            return asked_now(ledger, what, tx=tx, line=line, new=text)

        return self._till.journal.read(look)

    def _role(self, asked: Asked) -> Role:
        settings = self._till.configuration.settings
        return Role(getattr(settings, f"role_{asked.what.value}"))

    def _asker(self, sale: Sale | None) -> str | None:
        there = self._till.signed_on
        if there is not None:
            return there.operator
        return sale.operator if sale is not None else None

    def _at_the_console(self, role: Role) -> Operator:
        there = self._till.signed_on
        operator = self._till.operators.find(there.operator) if there is not None else None
        if there is None or there.locked or operator is None or not operator.active:
            raise SaleRefused(_("nobody is signed on at this console; sign on, or give a PIN"))
        if not operator.role.covers(role):
            raise SaleRefused(
                _("operator {} is {}; this needs a {}").format(operator.number, operator.role, role)
            )
        return operator

    def _token(self) -> str:
        return self._host.random_bytes(_TOKEN_BYTES).hex()


def _why_not(decide: Callable[[], Act]) -> str:
    """What the cashier is told of a refusal that the log and the console hear in English."""
    with in_our_language():
        try:
            decide()
        except SaleRefused as refusal:
            return str(refusal)
    raise AssertionError("it was refused a moment ago")
