"""A terminal as its audit lines tell it: the ledger's own rules over what the log said.

For who watches: it can begin anywhere, in the middle of a day or of a sale, and never refuses a
line. What it then can't know it does not make up: `whole` is False until the lines of a period
were told from its opening, and `partial` names the sales whose beginning was not. Lines are told
in the order of their LSNs; one that was told already changes nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from kernel.codec.audit_acts import ToldAct, told_act
from kernel.model.decisions import name_of
from kernel.model.entries import (
    Act,
    CardOutcome,
    Commit,
    SaleBegun,
    SaleRecalled,
    Stamp,
    Tender,
)
from kernel.model.ledger import Ledger, Period
from kernel.model.reports import Report, x_report
from kernel.model.staff import SignedOn
from kernel.model.store_report import sum_of_totals
from kernel.model.till_entries import Approval, CashMovement, Event, PeriodClosed, PeriodOpened
from kernel.model.totals import Totals
from kernel.model.transaction import State, Transaction, begun

if TYPE_CHECKING:
    from kernel.terminal.shop import LoggedSale

__all__ = ["Retelling", "RetoldTerminal", "SaleStep", "sale_steps"]


_OPENS_NOTHING = (Approval, Event, SaleBegun, SaleRecalled)
"""They name a sale, and need none that is open: an answer may come when it is closed."""


class Retelling(NamedTuple):
    """What one line told: the act, and the sale that it changed, as it then stood."""

    event: str
    act: Act
    stamp: Stamp
    sale: Transaction | None


class SaleStep(NamedTuple):
    """One entry of a sale, and the sale as it was then."""

    act: Act
    stamp: Stamp
    sale: Transaction


def sale_steps(logged: LoggedSale) -> Iterator[SaleStep]:
    """The sale after each of its entries, as it was rung."""
    told = RetoldTerminal(logged.terminal, logged.sale.currency)
    for entry in logged.entries:
        what = told.take_act(ToldAct(logged.terminal, 0, "", entry.act, entry.stamp))
        if what is not None and what.sale is not None:
            yield SaleStep(entry.act, entry.stamp, what.sale)


class RetoldTerminal:
    """One terminal; `take` is the only way it changes."""

    def __init__(self, terminal: str, currency: str = "") -> None:
        """`currency` is that of a sale whose beginning was not told."""
        self.terminal = terminal
        self.last_lsn = 0
        self.whole = True
        """Whether the period's figures are all that the till's own are."""
        self.partial: set[int] = set()
        self._closed: dict[int, list[dict[str, Totals]]] = {}
        self._currency = currency
        self._ledger = Ledger()

    def take(self, line: str | bytes) -> Retelling | None:
        """Tell one line; what it said, None where that is nothing for sums and sales.

        Raises `BadInput` for what is no line of an audit log.
        """
        told = told_act(line)
        return None if told is None else self.take_act(told)

    def take_act(self, told: ToldAct) -> Retelling | None:
        """`take`, for who has read the line already."""
        act, stamp = told.act, told.stamp
        if stamp.lsn <= self.last_lsn:
            return None
        if not self.last_lsn and stamp.lsn > _FIRST_LSN:
            self.whole = False
        self.last_lsn = stamp.lsn
        self._make_ready(act, stamp)
        try:
            sale = self._ledger.apply(act, stamp)
        except (KeyError, IndexError, AssertionError):
            sale = self._closed_unseen(act, stamp)
        if sale is not None and sale.state not in _GOES_ON:
            # The period has its end among its figures, and never was told its beginning.
            self.whole = self.whole and sale.number not in self.partial
            self.partial.discard(sale.number)
        return Retelling(told.event, act, stamp, sale)

    @property
    def sales(self) -> dict[int, Transaction]:
        """The open sales by number, the one begun last at the end."""
        return self._ledger.sales

    @property
    def signed_on(self) -> SignedOn | None:
        return self._ledger.staff.signed_on

    @property
    def configuration(self) -> int:
        return self._ledger.configuration

    def x_report(self) -> Report:
        """The open period so far, as the till's own X has it while `whole`."""
        return x_report(self._ledger, self.terminal)

    def name_of(self, sale: Transaction) -> str:
        return name_of(self.terminal, sale.number)

    def totals(self, business_date: int) -> dict[str, Totals]:
        """By currency, all periods of that date: those that are closed, and the open one."""
        sums: dict[str, list[Totals]] = {}
        for totals in self._periods(business_date):
            for currency, one in totals.items():
                sums.setdefault(currency, []).append(one)
        return {currency: sum_of_totals(all_of) for currency, all_of in sums.items()}

    def takings(self, business_date: int) -> dict[str, tuple[int, int]]:
        """By currency, sales and their total on that date: what `totals` has, for less."""
        found: dict[str, tuple[int, int]] = {}
        for totals in self._periods(business_date):
            for currency, one in totals.items():
                sales, minor = found.get(currency, (0, 0))
                found[currency] = sales + one.sales, minor + one.total_minor
        return found

    def _periods(self, business_date: int) -> list[dict[str, Totals]]:
        period = self._ledger.period
        now = [period.totals] if period is not None and period.date == business_date else []
        return [*self._closed.get(business_date, ()), *now]

    def _make_ready(self, act: Act, stamp: Stamp) -> None:
        """Stand in for what was not told, so that the ledger's rules hold."""
        ledger = self._ledger
        match act:
            case PeriodOpened(training=True):
                ledger.training = None
            case PeriodOpened():
                ledger.period = None
                self.whole = not self.partial
            case PeriodClosed():
                self._close(act, stamp)
            case Tender() | CardOutcome() if act.commit is None or _trains(act):
                pass
            case CashMovement() | Tender() | CardOutcome() if ledger.period is None:
                ledger.period = Period(0, stamp.business_date, "", stamp.wall_ms)
                self.whole = False
            case _:
                pass
        if act.tx is None or act.tx in ledger.sales or isinstance(act, _OPENS_NOTHING):
            return
        self.partial.add(act.tx)
        # It was open before anything was told: what it had then, the period's sums lack too.
        self.whole = self.whole and act.tx < 0
        operator = act.operator or ""
        unseen = SaleBegun(tx=act.tx, operator=operator, store="", currency=self._currency)
        ledger.sales[act.tx] = begun(unseen, stamp)

    def _close(self, act: PeriodClosed, stamp: Stamp) -> None:
        """The Z says the period's totals, however much of it was told here."""
        self._closed.setdefault(stamp.business_date, []).append(act.totals)
        ledger = self._ledger
        ledger.period = Period(act.period, stamp.business_date, "", stamp.wall_ms)
        ledger.perpetual = dict(act.perpetual)
        self.whole = not self.partial

    def _closed_unseen(self, act: Act, stamp: Stamp) -> Transaction | None:
        """The entry speaks of what was not told: of its sale no more is known than it says."""
        self.whole = False
        sale = self._ledger.sales.get(act.tx or 0)
        if sale is None or not isinstance(act, Tender | CardOutcome) or act.commit is None:
            return sale
        del self._ledger.sales[sale.number]
        return _closed_by(sale, act.commit, stamp)


_FIRST_LSN = 2
"""A log's first entry opens a segment, which is not told."""
_GOES_ON = (State.OPEN, State.TENDERED)


def _trains(act: Act) -> bool:
    return act.tx is not None and act.tx < 0


def _closed_by(sale: Transaction, commit: Commit, stamp: Stamp) -> Transaction:
    return replace(
        sale,
        state=State.COMMITTED,
        total_minor=commit.total_minor,
        change_minor=commit.change_minor,
        receipt_number=commit.receipt,
        business_date=stamp.business_date,
        closed_ms=stamp.wall_ms,
    )
