"""X and Z: what a till period holds, as one value that screens, paper and scripts show.

Both are folds of the log. A Z also closes the period and gets a number of its own.
"""

from __future__ import annotations

from msgspec import Struct, field

from kernel.model.ledger import Ledger
from kernel.model.till_entries import PeriodClosed, Unsettled
from kernel.model.totals import Totals
from kernel.model.transaction import Transaction

__all__ = ["Report", "close_of", "x_report", "z_report"]


class Report(Struct, frozen=True, omit_defaults=False):
    """Amounts in minor units by currency. `period` is None while no till period is open."""

    kind: str
    """`X` or `Z`."""
    terminal: str
    z_number: int | None
    period: int | None
    business_date: int | None
    drawer: str | None
    opened_ms: int | None
    totals: dict[str, Totals]
    expected_drawer_minor: dict[str, int]
    perpetual_minor: dict[str, int]
    first_receipt: int | None
    last_receipt: int | None
    no_sales: int
    open: tuple[Unsettled, ...]
    """Sales that are neither closed nor aborted, and what they are worth."""
    suspended: dict[str, int]
    """Ticket -> transaction: put on the floor here in this period and not taken up here again."""
    counted_minor: dict[str, int] = field(default_factory=dict)
    """By currency, what was counted in the drawer last; nothing where nobody counted."""
    training: bool = False

    @property
    def over_minor(self) -> dict[str, int]:
        """Counted less expected, by currency; below zero is short. Only what was counted."""
        return {
            currency: counted - self.expected_drawer_minor.get(currency, 0)
            for currency, counted in self.counted_minor.items()
        }


def x_report(ledger: Ledger, terminal: str, *, training: bool = False) -> Report:
    """The open period so far, or the one of `training`. A copy: later sales don't change it."""
    forked = ledger.fork()
    period = forked.training if training else forked.period
    totals = period.totals if period is not None else {}
    return Report(
        kind="X",
        terminal=terminal,
        z_number=None,
        period=period.number if period else None,
        business_date=period.date if period else None,
        drawer=period.drawer if period else None,
        opened_ms=period.opened_ms if period else None,
        totals=totals,
        expected_drawer_minor=_drawers(totals),
        perpetual_minor=dict(ledger.perpetual),
        first_receipt=period.first_receipt if period else None,
        last_receipt=period.last_receipt if period else None,
        no_sales=period.no_sales if period else 0,
        open=_open(ledger),
        suspended=period.suspended if period else {},
        counted_minor=period.counted if period else {},
        training=training,
    )


def close_of(ledger: Ledger, operator: str) -> PeriodClosed:
    """The Z entry that closes the open period."""
    period = ledger.fork().period
    assert period is not None, "the caller has seen to that"
    return PeriodClosed(
        operator=operator,
        number=ledger.next_z,
        period=period.number,
        totals=period.totals,
        perpetual=dict(ledger.perpetual),
        first_receipt=period.first_receipt,
        last_receipt=period.last_receipt,
        no_sales=period.no_sales,
        open=_open(ledger),
        suspended=period.suspended,
    )


def z_report(closed: PeriodClosed, x: Report) -> Report:
    """The report of a Z entry; `x` is that of the same period just before it."""
    return Report(
        kind="Z",
        terminal=x.terminal,
        z_number=closed.number,
        period=closed.period,
        business_date=x.business_date,
        drawer=x.drawer,
        opened_ms=x.opened_ms,
        totals=closed.totals,
        expected_drawer_minor=_drawers(closed.totals),
        perpetual_minor=closed.perpetual,
        first_receipt=closed.first_receipt,
        last_receipt=closed.last_receipt,
        no_sales=closed.no_sales,
        open=closed.open,
        suspended=closed.suspended,
        counted_minor=x.counted_minor,
    )


def _drawers(totals: dict[str, Totals]) -> dict[str, int]:
    return {currency: sums.expected_drawer_minor for currency, sums in totals.items()}


def _open(ledger: Ledger) -> tuple[Unsettled, ...]:
    return tuple(_unsettled(sale) for sale in ledger.sales.values() if not sale.training)


def _unsettled(sale: Transaction) -> Unsettled:
    return Unsettled(sale.number, sale.balance_minor, len(sale.open_cards))
