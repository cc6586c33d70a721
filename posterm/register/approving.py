"""Approvals at the register: an act that needs somebody else's word is offered, then done again.

Every act runs through `attempt`. Where it raises `NeedsApproval`, the cashier is offered a
supervisor's PIN on this till or the manager's answer from afar; with the grant in hand the same
act runs once more, finds it where it asked for it, and posts under it. Waiting for the manager
stops nothing but the total of that sale. This module must never keep a PIN, and knows no act.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from kernel import ApprovalOutcome, Awaited, SaleRefused
from kernel import gettext as _
from posterm.register.dialogs import Prompt, Question
from posterm.register.fields import is_number, refuse_no_number, refuse_no_pin
from posterm.register.needs import Grant, Need, NeedsApproval
from posterm.register.refusals import REFUSALS, said

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["Approving", "withdraw"]

_TAKE_OVER = "take_over"


class _Pending(Struct, frozen=True):
    """What the manager is asked, and what is done when he says yes."""

    awaited: Awaited
    need: Need
    act: Callable[[], None]


class Approving:
    """The approvals of one session. Its thread alone touches it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._pending: list[_Pending] = []

    def attempt(self, act: Callable[[], None]) -> None:
        """Do it; where it needs somebody's word, offer to ask for that."""
        try:
            act()
        except NeedsApproval as refused:
            self._offer(refused.need, act)

    # --- what is awaited -----------------------------------------------------------------

    @property
    def lines(self) -> frozenset[int]:
        """Lines of the sale in hand that the manager is asked about."""
        sale = self._session.counter.sale
        here = [one.need for one in self._pending if one.need.sale is sale]
        return frozenset(need.line for need in here if need.line is not None)

    @property
    def stirred(self) -> bool:
        """Whether `look` may find something. Any thread may ask: it only reads."""
        return bool(self._pending)

    @property
    def word(self) -> str:
        return _("AWAITING {} /40").format(len(self._pending)) if self._pending else ""

    def refuse_total(self) -> None:
        """Raises `SaleRefused` while the manager is asked about the sale in hand."""
        sale = self._session.counter.sale
        for one in self._pending:
            if sale is not None and one.need.sale is sale:
                raise SaleRefused(
                    _("{} awaits the manager; wait, or /40 withdraws it").format(one.need.named)
                )

    def withdraw(self) -> int:
        """Go on without the answers; how many were awaited."""
        pending, self._pending = self._pending, []
        for one in pending:
            self._session.till.approvals.withdraw(one.awaited)
        return len(pending)

    def look(self) -> bool:
        """Do what has been answered; whether anything was. Waits for nothing."""
        answered = [one for one in self._pending if self._is_due(one)]
        for one in answered:
            self._pending.remove(one)
            if self._is_gone(one.need):
                self._session.till.approvals.withdraw(one.awaited)
            else:
                self._answered(one)
        return bool(answered)

    def _is_due(self, one: _Pending) -> bool:
        outcome = one.awaited.outcome
        if self._is_gone(one.need):
            return True
        if outcome is ApprovalOutcome.GRANTED:
            # Behind a lock nothing is done but its opening: the rest waits for who unlocks it.
            opens = one.need.what == _TAKE_OVER
            return self._session.at_rest and opens is self._session.locked
        return outcome is not ApprovalOutcome.AWAITED

    def _is_gone(self, need: Need) -> bool:
        """Whether what it was about has ended meanwhile."""
        session = self._session
        if need.what == _TAKE_OVER:
            return not session.locked
        return need.sale is not None and need.sale is not session.counter.sale

    def _answered(self, one: _Pending) -> None:
        tell, named = self._session.tell, one.need.named
        match one.awaited.outcome:
            case ApprovalOutcome.GRANTED:
                try:
                    self._use(Grant(one.need, one.awaited.token), one.act)
                except REFUSALS as refused:
                    tell(_("{} was approved, but {}").format(named, said(refused)))
                else:
                    tell(_("approved: {}").format(named))
            case ApprovalOutcome.DECLINED:
                why = f" ({one.awaited.reason})" if one.awaited.reason else ""
                tell(_("DECLINED: {}").format(named) + why)
            case _:
                tell(_("no answer: {} was not approved").format(named))

    # --- asking --------------------------------------------------------------------------

    def _offer(self, need: Need, act: Callable[[], None]) -> None:
        words = _("{} needs a {}:  P PIN   M ask manager   Clear no").format(need.named, need.role)
        ways = {"p": partial(self._number, need, act), "m": partial(self._ask, need, act)}
        self._session.ask(Question(words, ways))

    def _ask(self, need: Need, act: Callable[[], None]) -> None:
        session = self._session
        try:
            awaited = session.till.approvals.ask(
                need.what, sale=need.sale, line=need.line, new=need.new
            )
        except SaleRefused:
            self._offer(need, act)
            raise
        self._pending.append(_Pending(awaited, need, act))
        session.totalled = session.totalled and need.sale is None
        if not session.locked:
            session.prompt(None)
            session.page = None
        session.message = _("{} awaits the manager; sell on, /40 withdraws it").format(need.named)

    def _number(self, need: Need, act: Callable[[], None]) -> None:
        self._prompt(
            _("{}: number of the {}, Enter").format(need.named, need.role),
            partial(self._take_number, need, act),
        )

    def _take_number(self, need: Need, act: Callable[[], None], number: str) -> None:
        if not is_number(number):
            refuse_no_number(self._session, number)
            return
        words = _("{}: PIN of {}, Enter").format(need.named, number)
        self._prompt(words, partial(self._take_pin, need, act, number), secret=True)

    def _take_pin(self, need: Need, act: Callable[[], None], number: str, pin: str) -> None:
        session = self._session
        if refuse_no_pin(session, pin):
            return
        try:
            token = session.till.approvals.by_pin(
                need.what, number, pin, sale=need.sale, line=need.line, new=need.new
            )
        except SaleRefused:
            self._number(need, act)
            raise
        session.prompt(None)
        self._use(Grant(need, token), act)

    def _prompt(self, words: str, take: Callable[[str], None], *, secret: bool = False) -> None:
        # On a locked till Clear goes back to the sign-on, never to the sale.
        optional = not self._session.locked
        self._session.prompt(Prompt(words, take, secret=secret, optional=optional))

    def _use(self, grant: Grant, act: Callable[[], None]) -> None:
        """Do it again with the grant in hand, which is gone after that whatever came of it."""
        counter = self._session.counter
        counter.grant = grant
        try:
            act()
        except NeedsApproval as refused:
            if counter.holds_grant():
                named = refused.need.named
                raise SaleRefused(_("{} has changed meanwhile; ask again").format(named)) from None
            self._offer(refused.need, act)  # an act of several steps goes on with the next
        finally:
            counter.grant = None


def withdraw(session: Session, command: Command) -> None:
    """The function: take back what the manager was asked."""
    if not session.approving.withdraw():
        raise SaleRefused(_("nothing awaits the manager's answer"))
    session.message = _("withdrawn; nothing awaits the manager any more")
