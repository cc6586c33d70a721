"""Signing on and off at a till: PINs checked, wrong ones counted, the operator's changes logged.

The part of a `Terminal` that knows people. Nobody has to sign on in order to sell: a shop without
`operators.json` sells through the front door as ever, and a register asks for a PIN because its
screens do. A wrong PIN is an entry before it is an answer, so that restarting a till forgets no
attempt; after three of them each further one waits, and whatever is keyed while it waits is not
looked at, only counted into the next entry. This module must never log a PIN, nor a number that
no operator has: people key one in place of the other.
"""

from __future__ import annotations

from functools import cached_property
from threading import Lock

from kernel.coordination.operators import Operators, PinHashes
from kernel.coordination.signatures import Signatures
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.layout import Layout
from kernel.errors import SaleRefused
from kernel.model.approvals import approved
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.operators import (
    Operator,
    Role,
    decide_hand_over,
    decide_lock,
    decide_sign_off,
    decide_sign_on,
    decide_unlock,
    wait_s,
)
from kernel.model.staff import PIN_FAILED, FailedPins, SignedOn
from kernel.model.till_entries import Event
from kernel.model.training import decide_training_end
from kernel.terminal.host import Host
from kernel.terminal.journal import Decide, Journal
from kernel.words import gettext as _

__all__ = ["SignOn"]


class PinAttempts:
    """Which numbers have to wait at this till. Times are monotonic: turning the wall clock back
    or on makes nobody wait longer or shorter."""

    def __init__(self, host: Host) -> None:
        self._clock = host.clock
        self._failures: dict[str, int] = {}
        self._free_at_s: dict[str, float] = {}
        self._refused: dict[str, int] = {}

    def refuse_early(self, key: str, ledger: Ledger) -> None:
        """Refuse an attempt that comes before its time, and count it."""
        left_s = self._left_s(key, ledger.staff.failed_pins.get(key))
        if left_s > 0:
            self._refused[key] = self._refused.get(key, 0) + 1
            raise SaleRefused(
                _("too many wrong PINs; wait {} s, then try again").format(max(1, round(left_s)))
            )

    def wrong(self, key: str, ledger: Ledger) -> int:
        """Count one in memory; how many were refused unseen since the last that was looked at."""
        logged = ledger.staff.failed_pins.get(key)
        known = max(self._failures.get(key, 0), logged.count if logged is not None else 0)
        self._failures[key] = known + 1
        self._free_at_s[key] = self._clock.monotonic_s() + wait_s(known + 1)
        return self._refused.pop(key, 0)

    def right(self, key: str) -> None:
        for memory in (self._failures, self._free_at_s, self._refused):
            memory.pop(key, None)

    def _left_s(self, key: str, logged: FailedPins | None) -> float:
        now_s = self._clock.monotonic_s()
        if key not in self._free_at_s and logged is not None:
            # Before this process: by the wall clock, never longer than the wait itself.
            wait = wait_s(logged.count)
            left_s = wait - (self._clock.wall_ms() - logged.last_ms) / 1000
            self._free_at_s[key] = now_s + min(max(left_s, 0.0), wait)
        return self._free_at_s.get(key, now_s) - now_s


class SignOn:
    """What a terminal knows of its operators. All calls are safe from many threads; those that
    take a PIN block for about 100 ms, so that screens call them in a thread."""

    id: str
    journal: Journal
    _configuration: TillConfiguration
    _host: Host
    _layout: Layout

    @cached_property
    def operators(self) -> Operators:
        """The shop's operators; changes are for MANAGER, and noted in this terminal's log."""
        host = self._host
        hashes = PinHashes(
            host.disk, self._layout, clock=host.clock, random_bytes=host.random_bytes
        )
        return Operators(
            host.disk, self._layout, hashes, clock=host.clock, note=self._note_operator
        )

    @cached_property
    def signatures(self) -> Signatures:
        """Sign as MANAGER, or check that MANAGER signed."""
        host = self._host
        return Signatures(
            host.disk,
            self._layout,
            clock=host.clock,
            terminal=self.id,
            random_bytes=host.random_bytes,
        )

    @property
    def signed_on(self) -> SignedOn | None:
        """Who is at this till, and whether it is locked."""
        return self.journal.read(lambda ledger: ledger.staff.signed_on)

    def sign_on(self, number: str, pin: str) -> Operator:
        """Raises `SaleRefused` where number and PIN are wrong or somebody is signed on."""
        self.journal.read(lambda ledger: decide_sign_on(ledger, number))
        operator = self.checked(number, pin)
        self._record(lambda ledger: (decide_sign_on(ledger, number),))
        return operator

    def sign_off(self) -> None:
        """Training ends with it. Raises `SaleRefused` while a sale is open."""

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            change = decide_sign_off(ledger)
            return (*decide_training_end(ledger, change.operator), change)

        self._record(decide)

    def lock(self) -> None:
        """Hide the sale, which stays open. Raises `SaleRefused` while a card is asked."""
        self._record(lambda ledger: (decide_lock(ledger),))

    def unlock(self, number: str, pin: str) -> Operator:
        """For the operator who locked it; anybody else takes over by `hand_over`."""
        self.journal.read(lambda ledger: decide_unlock(ledger, number))
        operator = self.checked(number, pin)
        self._record(lambda ledger: (decide_unlock(ledger, number),))
        return operator

    def hand_over(self, number: str, pin: str, *, approval: str | None = None) -> Operator:
        """The till and its open sales to another operator, by his own PIN.

        A locked till goes only to whom the shop's `role_take_over` covers, or with the token of
        an `approval` that says `take_over` from the one operator to the other.
        """
        operator = self.checked(number, pin)
        least = self._configuration.now.settings.role_take_over

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            change = decide_hand_over(
                ledger, number, role=operator.role, approved=approval is not None, least=least
            )
            return approved(ledger, approval, (change,))

        self._record(decide)
        return operator

    def checked(self, number: str, pin: str, least: Role = Role.CASHIER) -> Operator:
        """The operator, once his PIN was right. One at a time: parallel guesses count too."""
        with self._pin_turn:
            everybody = {one.number: one for one in self.operators.all()}
            if not everybody:
                raise SaleRefused(
                    _("this shop has no operators yet; add one with `posterm operator add`")
                )
            key = number if number in everybody else ""
            self.journal.read(lambda ledger: self._attempts.refuse_early(key, ledger))
            operator, proved = self.operators.check(number, pin)
            if operator is None or not proved:
                self._failed(key)
                raise SaleRefused(_("number and PIN do not belong together; try again"))
            self._attempts.right(key)
        if not operator.role.covers(least):
            raise SaleRefused(
                _("operator {} is {}; this needs a {}").format(number, operator.role, least)
            )
        return operator

    def approved(self, ledger: Ledger, token: str | None, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """`acts` under that approval, as `kernel.model.approvals.decide_approved` has it."""
        raise NotImplementedError

    def show_staff(self) -> None:
        """Let watchers see who is at the till."""
        raise NotImplementedError

    def _record(self, decide: Decide) -> None:
        self.journal.record(decide)
        self.show_staff()

    @cached_property
    def _attempts(self) -> PinAttempts:
        return PinAttempts(self._host)

    @cached_property
    def _pin_turn(self) -> Lock:
        return Lock()

    def _failed(self, key: str) -> None:
        # First in memory: on a full disk the entry is refused, and guessing must not be free.
        refused = self.journal.read(lambda ledger: self._attempts.wrong(key, ledger))
        event = Event(what=PIN_FAILED, operator=key or None, count=1 + refused)
        self.journal.record(lambda ledger: (event,))

    def _note_operator(self, what: str, who: str) -> None:
        signed_on = self.signed_on
        event = Event(
            what=what, detail=who, operator=signed_on.operator if signed_on is not None else None
        )
        self.journal.record(lambda ledger: (event,))
