"""What a till's log says about the people at it: who is signed on, wrong PINs, open approvals.

A part of the ledger, folded from the log like the rest of it: so a wrong PIN counts on after the
till was restarted, and an approval is spent once whatever happens in between. This module must
never refuse: what may be done is decided in `operators` and `approvals`.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

from kernel.model.entries import Act, Stamp
from kernel.model.till_entries import Approval, ApprovalUsed, Event, OperatorChange, Started

__all__ = ["APPROVALS_KEPT", "FAILED_KEPT", "PIN_FAILED", "FailedPins", "SignedOn", "Staff"]

PIN_FAILED = "pin_failed"
"""`what` of the event that a wrong PIN leaves; it names no operator where the number is unknown."""
FAILED_KEPT = 256
"""Operators whose wrong PINs are counted at one till; the one that failed longest ago goes."""
APPROVALS_KEPT = 64
"""Approvals given and not used yet; the oldest goes."""


class SignedOn(Struct, frozen=True, omit_defaults=True):
    """The operator at the till. `locked`: the screen hides the sale, which stays open."""

    operator: str
    since_ms: int
    locked: bool = False


class FailedPins(Struct, frozen=True):
    """Wrong PINs in a row of one operator at this till."""

    count: int
    last_ms: int


class Staff(Struct, omit_defaults=True):
    """Changed by `apply` alone."""

    signed_on: SignedOn | None = None
    failed_pins: dict[str, FailedPins] = field(default_factory=dict)
    """By operator; all unknown numbers together under the empty one."""
    approvals: dict[str, Approval] = field(default_factory=dict)
    """By token: given, and not used yet."""

    def fork(self) -> Staff:
        return replace(self, failed_pins=dict(self.failed_pins), approvals=dict(self.approvals))

    def apply(self, act: Act, stamp: Stamp) -> None:
        match act:
            case OperatorChange():
                self._change(act, stamp)
            case Event(what="pin_failed"):
                self._count(act.operator or "", stamp)
            case Approval():
                self._keep(act)
            case ApprovalUsed():
                self.approvals.pop(act.token, None)
            case Started():
                # Whoever was there signs on again: the screen was gone, perhaps he was as well.
                self.signed_on = None
                self.approvals.clear()
            case _:
                pass

    def _change(self, act: OperatorChange, stamp: Stamp) -> None:
        now = self.signed_on
        if act.how == "lock" and now is not None:
            self.signed_on = replace(now, locked=True)
            return
        who = act.to if act.how == "hand_over" else act.operator
        assert who is not None, "the entry names no operator"
        if act.how == "unlock" and now is not None:
            self.signed_on = replace(now, locked=False)
        else:
            self.signed_on = None if act.how == "sign_off" else SignedOn(who, stamp.wall_ms)
            self.approvals.clear()
        if act.how != "sign_off":
            # Whoever signs off keyed no PIN.
            self.failed_pins.pop(who, None)

    def _count(self, operator: str, stamp: Stamp) -> None:
        before = self.failed_pins.pop(operator, None)
        count = before.count + 1 if before is not None else 1
        self.failed_pins[operator] = FailedPins(count, stamp.wall_ms)
        if len(self.failed_pins) > FAILED_KEPT:
            del self.failed_pins[next(iter(self.failed_pins))]

    def _keep(self, approval: Approval) -> None:
        self.approvals[approval.token] = approval
        if len(self.approvals) > APPROVALS_KEPT:
            del self.approvals[next(iter(self.approvals))]
        if approval.by is None and approval.approver is not None:
            self.failed_pins.pop(approval.approver, None)
