"""What may be tendered: change only on cash, cash in coins that exist, never more than is due.

Amounts are signed as the kernel's: above zero is taken, below zero is paid out. Cash rounding falls
on the balance that is left when a cash tender closes the sale, and on nothing else. This module
must never decide whether the shop takes a kind of tender: that is configuration.
"""

from __future__ import annotations

from msgspec import Struct

from kernel import SaleRefused
from kernel import gettext as _
from posterm.pricing.rounding import to_step

__all__ = ["CashTender", "cash_tender", "other_tender"]


class CashTender(Struct, frozen=True):
    """What to give `Sale.tender_cash`. `left_minor` is still due after it; 0 closes the sale."""

    amount_minor: int
    rounding_minor: int
    change_minor: int
    left_minor: int


def cash_tender(balance_minor: int, given_minor: int | None, step_minor: int = 1) -> CashTender:
    """Cash against a balance; None gives exactly what is due. `step_minor`: the smallest coin.

    Raises `SaleRefused` for what can't be paid in coins of that size, and for paying out too much.
    """
    due_minor = to_step(balance_minor, step_minor)
    given = due_minor if given_minor is None else given_minor
    if given % step_minor:
        raise SaleRefused(
            _("no coins make that amount; give a multiple of the smallest coin of this shop")
        )
    _refuse_wrong_way(due_minor, given)
    if (due_minor >= 0 and given >= due_minor) or given == due_minor:
        return CashTender(given, due_minor - balance_minor, given - due_minor, 0)
    return CashTender(given, 0, 0, balance_minor - given)


def other_tender(balance_minor: int, given_minor: int | None) -> int:
    """What a card or a voucher takes, the balance if None; no change is given on either."""
    given = balance_minor if given_minor is None else given_minor
    _refuse_wrong_way(balance_minor, given)
    if abs(given) > abs(balance_minor):
        raise SaleRefused(
            _(
                "that is more than what is due; change is given on cash only, so give the balance "
                "or less"
            )
        )
    return given


def _refuse_wrong_way(due_minor: int, given: int) -> None:
    if due_minor == 0 and given != 0:
        raise SaleRefused(_("nothing is left to pay; close the sale with Cash alone"))
    if due_minor != 0 and given == 0:
        raise SaleRefused(_("there is something left to pay; give an amount, or Cash alone"))
    if due_minor > 0 > given:
        raise SaleRefused(_("the sale is to be paid, not paid out"))
    if due_minor < 0 and not due_minor <= given < 0:
        raise SaleRefused(_("the sale is to be paid out; give at most what is owed"))
