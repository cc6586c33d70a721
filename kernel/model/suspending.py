"""What the ledger allows of suspending and recalling: entries from requests, or a refusal.

The counterpart of `decisions` for sales that go from till to till. Pure: the ledger is read,
never changed.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.decisions import open_sale
from kernel.model.entries import Act, ParkedSale, SaleRecalled, SaleSuspended
from kernel.model.ledger import Ledger
from kernel.model.operators import refuse_locked
from kernel.model.suspension import check_parked, check_suspendable, parked
from kernel.model.training import refuse_in_training
from kernel.words import gettext as _

__all__ = ["Changed", "Opening", "decide_recall", "decide_suspend", "suspendable"]

Opening = Callable[[Ledger], Act]
"""Makes the opening of a till period for a ledger that has none open."""


class Changed(SaleRefused):
    """The sale is no longer as it was written into its file."""


def suspendable(ledger: Ledger, number: int, name: str) -> ParkedSale:
    """The open sale as it may leave its till, in the form that any till takes."""
    sale = open_sale(ledger, number, name)
    check_suspendable(sale, name)
    left = parked(sale)
    try:
        check_parked(left)
    except SaleRefused as refusal:
        raise SaleRefused(_("sale {} can't be suspended: {}").format(name, refusal)) from refusal
    return left


def decide_suspend(ledger: Ledger, act: SaleSuspended, name: str) -> tuple[Act, ...]:
    """`act`, if the sale is still what `act` says. Raises `Changed`."""
    assert act.tx is not None
    if suspendable(ledger, act.tx, name) != act.sale:
        raise Changed(_("sale {} was changed meanwhile").format(name))
    return (act,)


def decide_recall(ledger: Ledger, act: SaleRecalled, opening: Opening | None) -> tuple[Act, ...]:
    """`act` with its number; without an `opening` it is recalled to be voided at once."""
    numbered = replace(act, tx=ledger.next_transaction)
    if opening is None:
        return (numbered,)
    refuse_locked(ledger)
    refuse_in_training(ledger, "recalling a sale")
    return (numbered,) if ledger.period is not None else (opening(ledger), numbered)
