"""Who works at a till: roles, who is signed on, how long after a wrong PIN.

Pure: no PIN comes in here, only the fact that one was right or wrong. What a shop allows whom is
a table of roles; that an operator is who he says is found out in `kernel.coordination.operators`.
This module must never name an unknown number in an entry: people type PINs into the wrong field.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from kernel.errors import BadInput, SaleRefused
from kernel.model.staff import SignedOn
from kernel.model.till_entries import OperatorChange
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.model.ledger import Ledger

__all__ = [
    "MANAGER_TERMINAL",
    "Operator",
    "Role",
    "decide_hand_over",
    "decide_lock",
    "decide_sign_off",
    "decide_sign_on",
    "decide_unlock",
    "operator_number",
    "pin_digits",
    "refuse_locked",
    "wait_s",
]

MANAGER_TERMINAL = "MANAGER"
"""The terminal of the manager's console; its directory holds what only the manager may read."""
_FREE_ATTEMPTS = 3
_FIRST_WAIT_S = 5
_LONGEST_WAIT_S = 300
_NUMBER = re.compile("[0-9]{1,8}")
_PIN = re.compile("[0-9]{4,12}")


class Role(StrEnum):
    """Each may do what those before it may."""

    CASHIER = "cashier"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"

    def covers(self, needed: Role) -> bool:
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(needed)


class Operator(Struct, frozen=True):
    """An operator as anybody of the shop may see one."""

    number: str
    name: str
    role: Role
    active: bool


def operator_number(value: object) -> str:
    """`value` if it is an operator's number: 1 to 8 digits, so that no card number is one."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise BadInput(_("an operator's number is 1 to 8 digits, such as 0001; give one"))
    return value


def pin_digits(value: object) -> str:
    """`value` if it can be a PIN. The error never repeats it."""
    if not isinstance(value, str) or not _PIN.fullmatch(value):
        raise BadInput(_("a PIN is 4 to 12 digits; choose another"))
    return value


def wait_s(failures: int) -> int:
    """How long after that many wrong PINs in a row no further one is looked at.

    Three are free, then it doubles from 5 s to 5 minutes: a PIN of four digits is tried through
    in a month, and a cashier with a cold hand waits seconds. NIST SP 800-63B asks for such a limit.
    """
    if failures < _FREE_ATTEMPTS:
        return 0
    doublings = min(failures - _FREE_ATTEMPTS, 10)
    return int(min(_FIRST_WAIT_S << doublings, _LONGEST_WAIT_S))


def refuse_locked(ledger: Ledger) -> None:
    """A locked till begins no sale."""
    there = ledger.staff.signed_on
    if there is not None and there.locked:
        raise SaleRefused(
            _("this till is locked by operator {}; unlock it or hand over").format(there.operator)
        )


def decide_sign_on(ledger: Ledger, number: str) -> OperatorChange:
    there = ledger.staff.signed_on
    if there is not None:
        raise SaleRefused(
            _("operator {} is signed on at this till; sign off or hand over").format(there.operator)
        )
    return OperatorChange(how="sign_on", operator=number)


def decide_sign_off(ledger: Ledger) -> OperatorChange:
    """Refused with an open sale: else the next operator would have it without a hand-over."""
    at_the_till = _signed_on(ledger)
    if ledger.sales:
        raise SaleRefused(
            _("{} sales are open; finish or suspend them, or hand over").format(len(ledger.sales))
        )
    return OperatorChange(how="sign_off", operator=at_the_till.operator)


def decide_lock(ledger: Ledger) -> OperatorChange:
    at_the_till = _signed_on(ledger)
    if at_the_till.locked:
        raise SaleRefused(_("this till is locked already"))
    if any(sale.open_cards for sale in ledger.sales.values()):
        raise SaleRefused(_("a card request has no answer yet; answer it, then lock"))
    return OperatorChange(how="lock", operator=at_the_till.operator)


def decide_unlock(ledger: Ledger, number: str) -> OperatorChange:
    at_the_till = _signed_on(ledger)
    if not at_the_till.locked:
        raise SaleRefused(_("this till is not locked"))
    if at_the_till.operator != number:
        raise SaleRefused(
            _(
                "this till was locked by operator {}, who alone unlocks it; anybody else "
                "takes it over by a hand-over"
            ).format(at_the_till.operator)
        )
    return OperatorChange(how="unlock", operator=number)


def decide_hand_over(
    ledger: Ledger, to: str, *, role: Role, approved: bool, least: Role = Role.SUPERVISOR
) -> OperatorChange:
    """To another operator, with the sales that are open. A locked till needs one who is `least`,
    or an approval."""
    at_the_till = _signed_on(ledger)
    if at_the_till.operator == to:
        raise SaleRefused(_("operator {} is at this till already").format(to))
    if at_the_till.locked and not approved and not role.covers(least):
        raise SaleRefused(
            _(
                "this till was locked by operator {}; a {} must approve that another takes it over"
            ).format(at_the_till.operator, least)
        )
    return OperatorChange(how="hand_over", operator=at_the_till.operator, to=to)


def _signed_on(ledger: Ledger) -> SignedOn:
    if ledger.staff.signed_on is None:
        raise SaleRefused(_("nobody is signed on at this till; sign on first"))
    return ledger.staff.signed_on
