"""What the ledger allows of training: a period of its own, in which nothing is money.

Its sales have numbers below zero and receipts of their own series. The till's real period rests
meanwhile, open or not, and nothing that is trained is booked there. Pure: the ledger is read,
never changed.
"""

from __future__ import annotations

from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.ledger import Ledger
from kernel.model.operators import refuse_locked
from kernel.model.till_entries import PeriodOpened, TrainingEnded
from kernel.words import gettext as _

__all__ = ["decide_training", "decide_training_end", "refuse_in_training"]


def decide_training(ledger: Ledger, opening: PeriodOpened, *, allowed: bool) -> PeriodOpened:
    """The start of a training period on the day and drawer of `opening`."""
    refuse_locked(ledger)
    if not allowed:
        raise SaleRefused(_("training is not allowed on this till; train on another"))
    if ledger.training is not None:
        raise SaleRefused(_("the till is in training already; sign off to end it"))
    if ledger.sales:
        raise SaleRefused(_("a sale is open; finish it, then begin to train"))
    return replace(opening, number=ledger.next_training_period, training=True)


def decide_training_end(ledger: Ledger, operator: str | None) -> tuple[TrainingEnded, ...]:
    """Its end, where there is one. Raises `SaleRefused` while a sale of it is open."""
    if ledger.training is None:
        return ()
    if ledger.sales:
        raise SaleRefused(_("a training sale is open; finish or void it, then sign off"))
    return (TrainingEnded(operator=operator, number=ledger.training.number),)


def refuse_in_training(ledger: Ledger, what: str) -> None:
    """Raises `SaleRefused` where `what`, an act's English name, would touch what is real."""
    if ledger.training is not None:
        raise SaleRefused(
            _("this is training: {} is not trained; sign off to end it").format(_(what))
        )
