"""What MANAGER does when it is told to: each order, from its first entry to its last answer.

The same for the console's own keys, for a command that is MANAGER for a moment and for one that
handed its order in: so a script and a screen can't differ. Whatever takes time tells how far it
has come, and stops waiting when whoever asked no longer wants to; what was begun goes on by
itself. This module must never look at who asked: a console takes orders only from its own user.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from threading import Event as Signal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kernel.codec.acts import (
    AnyOrder,
    CancelShutdown,
    ChangeOperator,
    CleanUp,
    CloseDay,
    Order,
    Publish,
    Release,
    SendNotice,
    Settle,
    ShutDown,
)
from kernel.coordination.registry import Registry, TerminalState
from kernel.disk.layout import Layout
from kernel.errors import BadInput, TerminalInUse
from kernel.model.identity import OPERATOR_LIMIT, short_text, terminal_id
from kernel.model.mail import EVERYBODY, Ack
from kernel.model.operators import Operator
from kernel.model.store_report import StoreReport, Unclosed, store_report
from kernel.model.till_entries import Event
from kernel.terminal.act_results import (
    Delivered,
    PublishedTo,
    Released,
    Settled,
    ShutdownState,
)
from kernel.terminal.day import CLOSE_DAY, DayRequest
from kernel.terminal.host import Host
from kernel.terminal.notices import NOTICE, notice_text
from kernel.terminal.postman import Sent
from kernel.terminal.shop_configuration import ShopConfiguration
from kernel.terminal.store_day import DAY_CLOSED, StoreDay, day_note
from kernel.terminal.terminal import Terminal
from kernel.terminal.tidying import Cleaned, clean_up
from kernel.terminal.usable import usable
from kernel.words import gettext as _

__all__ = ["Acting", "GoOn", "answers_of"]

GoOn = Callable[[Struct], bool]
"""Told what is known so far, now and then; False ends the waiting."""
_Act = Callable[[Order, GoOn], Struct]
_O = TypeVar("_O", bound=Order)
_LOOK_EVERY_S = 0.2
_AFTER_DEADLINE_S = 2.0
_DAY_LIFETIME_S = 2 * 3_600.0
_NAMED = 8
_NOTICE_LIFETIME_S = 12 * 3_600.0
"""A notice is of its day; who is off for longer need not read it."""


class Acting:
    """The acts of the started terminal `manager`. Safe from many threads."""

    def __init__(self, manager: Terminal, layout: Layout, host: Host, operator: str) -> None:
        """`operator` acts while nobody is signed on at the console."""
        self._manager = manager
        self._host = host
        self._layout = layout
        self._operator = short_text(operator, "operator", OPERATOR_LIMIT)
        self._registry = Registry(host.disk, layout, clock=host.clock)
        self._configuration = ShopConfiguration(layout.root, host)
        self._acts = dict(
            (
                _by(SendNotice, self._notify),
                _by(Publish, self._publish),
                _by(ShutDown, self._shut_down),
                _by(CancelShutdown, self._cancel_shutdown),
                _by(ChangeOperator, self._change_operator),
                _by(Release, self._release),
                _by(Settle, self._settle),
                _by(CleanUp, self._clean_up),
                _by(CloseDay, self._close_day),
            )
        )

    def do(self, order: AnyOrder, go_on: GoOn) -> Struct:
        """Do it; what came of it. Raises `KernelError`."""
        with usable(self._layout.root):
            return self._acts[type(order)](order, go_on)

    @property
    def operator(self) -> str:
        """Who acts now."""
        there = self._manager.signed_on
        return there.operator if there is not None else self._operator

    def note(self, what: str, detail: str) -> None:
        """An act that leaves no other entry, in MANAGER's log."""
        event = Event(what=what, detail=detail, operator=self.operator)
        self._manager.journal.record(lambda ledger: (event,))

    def running(self) -> set[str]:
        """All other terminals whose process lives."""
        status = self._registry.status()
        names = {one.terminal for one in status if one.state is TerminalState.RUNNING}
        return names - {self._manager.id}

    def _notify(self, order: SendNotice, go_on: GoOn) -> Delivered:
        body = notice_text(order.text)
        expected = sorted(self.running()) if order.to == EVERYBODY else [order.to]
        sent = self._manager.send(order.to, NOTICE, body, _NOTICE_LIFETIME_S)

        def told(acks: tuple[Ack, ...]) -> Delivered:
            return Delivered(message=sent.id, to=sent.to, expected=tuple(expected), answers=acks)

        for acks in self._answers(sent, expected, order.wait_s):
            if not go_on(told(acks)):
                break
        return told(answers_of(self._manager, sent))

    def _publish(self, order: Publish, go_on: GoOn) -> PublishedTo:
        document = None if order.document is None else order.document.encode()
        publication = self._configuration.publish(
            self._manager, document, effective_ms=order.effective_ms
        )
        published, sent = publication.published, publication.sent

        def told(acks: tuple[Ack, ...]) -> PublishedTo:
            return PublishedTo(
                version=published.version,
                sha256=published.sha256,
                effective_ms=published.effective_ms,
                running=publication.running,
                off=publication.off,
                answers=acks,
            )

        for acks in self._answers(sent, publication.running, order.wait_s):
            if not go_on(told(acks)):
                break
        return told(answers_of(self._manager, sent))

    def _answers(
        self, sent: Sent, expected: Collection[str], wait_s: float
    ) -> Iterator[tuple[Ack, ...]]:
        """The final answers so far, again and again until all who still run have answered."""
        clock = self._host.clock
        deadline_s = clock.monotonic_s() + wait_s
        left_s, missing = wait_s, set(expected)
        while left_s > 0 and missing and missing & self.running():
            self._manager.wait_acks(sent, min(_LOOK_EVERY_S, left_s), missing)
            acks = answers_of(self._manager, sent)
            yield acks
            missing -= {ack.terminal for ack in acks}
            left_s = deadline_s - clock.monotonic_s()

    def _shut_down(self, order: ShutDown, go_on: GoOn) -> ShutdownState:
        shutdown, clock = self._manager.shutdown, self._host.clock
        begun = shutdown.begin(order.grace_s, order.reason)
        deadline_s = clock.monotonic_s() + order.grace_s + _AFTER_DEADLINE_S
        state = ShutdownState(order=begun, terminals=shutdown.look())
        if not order.wait:
            return state
        while state.open and go_on(state) and clock.monotonic_s() < deadline_s:
            Signal().wait(_LOOK_EVERY_S)
            state = ShutdownState(order=begun, terminals=shutdown.look())
            if state.open and shutdown.cancelled():
                return replace(state, cancelled=True)
        shutdown.finish()
        return state

    def _cancel_shutdown(self, order: CancelShutdown, go_on: GoOn) -> ShutdownState:
        taken_back = self._manager.shutdown.cancel()
        return ShutdownState(order=taken_back, cancelled=taken_back is not None)

    def _release(self, order: Release, go_on: GoOn) -> Released:
        ticket = self._manager.release(order.transaction, operator=self.operator)
        return Released(ticket=ticket)

    def _settle(self, order: Settle, go_on: GoOn) -> Settled:
        terminal = terminal_id(order.terminal)
        before = {sale.ticket for sale in self._manager.suspended() if sale.till == terminal}
        if not self._manager.parking.settle_for(terminal):
            raise TerminalInUse(_("{} is running; what it is at is its own").format(terminal))
        # What its log shows as done there was on its way to no floor.
        there = {sale.ticket for sale in self._manager.suspended() if sale.till is None}
        tickets = tuple(sorted(before & there))
        self.note("settled", f"{terminal}: {len(tickets)} suspended sales")
        return Settled(tickets=tickets)

    def _clean_up(self, order: CleanUp, go_on: GoOn) -> Cleaned:
        cleaned = clean_up(self._layout, self._host)
        gone = ", ".join(cleaned.terminals[:_NAMED])
        self.note(
            "cleaned_up",
            f"{gone or 'no terminals'}; {cleaned.messages} messages, {cleaned.files} scratch files",
        )
        return cleaned

    def day_due(self) -> int:
        """The business date that a `CloseDay` without one closes."""
        with usable(self._layout.root):
            today = self._host.clock.business_date()
            return StoreDay(self._layout, self._host).due(today, self.running())

    def _close_day(self, order: CloseDay, go_on: GoOn) -> StoreReport:
        date = order.business_date or self.day_due()
        if date > self._host.clock.business_date():
            raise BadInput(
                _("business date {} is yet to come; close one that has begun").format(date)
            )
        running = self.running()
        sent = self._manager.send(EVERYBODY, CLOSE_DAY, DayRequest(date), _DAY_LIFETIME_S)
        for acks in self._answers(sent, running, order.wait_s):
            waiting = sorted(running - {ack.terminal for ack in acks})
            asked = [Unclosed(terminal=name, reason="asked") for name in waiting]
            if not go_on(store_report(date, (), asked)):
                break
        report = StoreDay(self._layout, self._host).report(
            date, running, answers_of(self._manager, sent)
        )
        self.note(DAY_CLOSED, day_note(report))
        return report

    def _change_operator(self, order: ChangeOperator, go_on: GoOn) -> Operator:
        operators = self._manager.operators
        match order.what:
            case "add":
                return operators.enter(
                    order.number, name=order.name, role=order.role, kept=order.pin_hash
                )
            case "pin":
                return operators.keep_pin(order.number, order.pin_hash)
            case "role":
                return operators.set_role(order.number, order.role)
            case "activity":
                return operators.set_active(order.number, order.active)


def _by(kind: type[_O], act: Callable[[_O, GoOn], Struct]) -> tuple[type[Order], _Act]:
    """For the table of acts: the act of one type of order, which is given no other."""

    def do(order: Order, go_on: GoOn) -> Struct:
        assert isinstance(order, kind), "the table goes by the type"
        return act(order, go_on)

    return kind, do


def answers_of(manager: Terminal, sent: Sent) -> tuple[Ack, ...]:
    """Who applied or refused that message so far, by terminal."""
    final = [ack for ack in manager.postman.acks(sent) if ack.final]
    return tuple(sorted(final, key=lambda ack: ack.terminal))
