"""The shop's day till by till: a pure fold over audit lines.

Sums of money are those of the kernel's own rules (`RetoldTerminal`), and so equal to the tills' X
and Z to the minor unit once the day was told from its beginning; beside them stand what only a
manager asks: by minute, by operator, by input. It can begin anywhere and be thrown away. This
module must never read a file or a clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field

import kernel  # what tells a line is loaded with the first one: the screen stands before that
from kernel import BadInput, Line, LineKind, State, Transaction
from manager.alerts import Alert, Thresholds, passed
from manager.letters import Letters

if TYPE_CHECKING:
    from kernel import Retelling

__all__ = ["Day", "DayCounts", "OperatorDay", "TillDay"]

_MINUTE_MS = 60_000
_DATES_KEPT = 2
_ALERTS_KEPT = 1_000
_COUNTED = frozenset(("line_voided", "item_sold", "item_returned", "drawer_opened"))
"""Events by which a threshold may be passed."""


class OperatorDay(Struct):
    """What one operator did at one till on one date. Amounts by currency, in minor units."""

    sales: int = 0
    takings_minor: Counter[str] = field(default_factory=Counter)
    voids: int = 0
    discounts: int = 0
    returns: int = 0
    no_sales: int = 0


class DayCounts(Struct):
    """What stands in no X report of a till, on one business date."""

    minutes: dict[str, Counter[int]] = field(default_factory=dict)
    """Currency -> minute since 1970 -> takings of that minute in minor units."""
    operators: dict[str, OperatorDay] = field(default_factory=dict)
    inputs: Counter[str] = field(default_factory=Counter)
    """Items by how they came in: `scan`, `key` and so on."""
    items: int = 0
    """Items posted, voided ones too."""
    voids: int = 0
    overrides: int = 0
    no_sales: int = 0

    def operator(self, number: str | None) -> OperatorDay:
        found = self.operators.get(number or "-")
        if found is None:
            found = self.operators[number or "-"] = OperatorDay()
        return found


class TillDay:
    """One terminal on the newest dates. Changed by `take` alone."""

    def __init__(self, terminal: str, currency: str = "") -> None:
        self.terminal = terminal
        self.told = kernel.RetoldTerminal(terminal, currency)
        self.last_event = ""
        self.last_ms = 0
        self.last_sale: Transaction | None = None
        """The sale that was changed last, as it then stood."""
        self._counts: dict[int, DayCounts] = {}

    def take(self, what: Retelling) -> DayCounts:
        """Count what a line told; the counts of its date."""
        stamp = what.stamp
        self.last_event, self.last_ms = what.event, stamp.wall_ms
        counts = self._counts.get(stamp.business_date)
        if counts is None:
            counts = self._counts[stamp.business_date] = DayCounts()
            while len(self._counts) > _DATES_KEPT:
                del self._counts[min(self._counts)]
        if what.event == "drawer_opened":
            counts.no_sales += 1
            counts.operator(what.act.operator).no_sales += 1
        sale = what.sale
        if sale is not None:
            self.last_sale = sale
            if not sale.training:
                _count(counts, what, sale)
        return counts

    def counts(self, business_date: int) -> DayCounts:
        return self._counts.get(business_date) or DayCounts()


def _count(counts: DayCounts, what: Retelling, sale: Transaction) -> None:
    act = what.act
    if isinstance(act, Line):
        operator = counts.operator(act.operator)
        if act.kind is LineKind.VOID:
            counts.voids += 1
            operator.voids += 1
        elif act.kind is LineKind.DISCOUNT:
            operator.discounts += 1
        elif act.kind is LineKind.ITEM:
            counts.items += 1
            counts.inputs[act.input_origin or "-"] += 1
            counts.overrides += act.price_origin == "override"
            operator.returns += act.quantity < 0
    elif sale.state is State.COMMITTED:
        minutes = counts.minutes.setdefault(sale.currency, Counter())
        minutes[what.stamp.wall_ms // _MINUTE_MS] += sale.total_minor
        operator = counts.operator(sale.operator)
        operator.sales += 1
        operator.takings_minor[sale.currency] += sale.total_minor


class Day:
    """All terminals of a shop. `take` lines in any mixture of terminals."""

    def __init__(self, thresholds: Thresholds | None = None, currency: str = "") -> None:
        """`currency`: of sales whose beginning was not told."""
        self.tills: dict[str, TillDay] = {}
        self.business_date = 0
        self.lines = 0
        self.unreadable = 0
        self.thresholds = thresholds or Thresholds()
        self.alerts: dict[tuple[int, str, str], Alert] = {}
        """(business date, terminal, what) -> each once, the oldest first."""
        self.letters = Letters()
        self.currency = currency

    def take(self, line: str | bytes) -> TillDay | None:
        """Tell one audit line; the terminal that it changed, None where it changed none."""
        self.lines += 1
        try:
            told = kernel.told_act(line)
        except BadInput:
            self.unreadable += 1
            return None
        if told is None:
            self.letters.take(line)
            return None
        till = self.tills.get(told.terminal)
        if till is None:
            till = self.tills[told.terminal] = TillDay(told.terminal, self.currency)
        what = till.told.take_act(told)
        if what is None:
            return None
        date = what.stamp.business_date
        if date > self.business_date:
            self._turn_to(date)
        counts = till.take(what)
        if what.event in _COUNTED:
            counted = counts.voids, counts.items, counts.overrides, counts.no_sales
            for alert in passed(self.thresholds, told.terminal, what.stamp.wall_ms, counted):
                self.add_alert(date, alert)
        return till

    def _turn_to(self, date: int) -> None:
        if not self.business_date:
            # What was alerted before the first line belongs to the day that began with it.
            self.alerts = {(date, *key[1:]): alert for key, alert in self.alerts.items()}
        self.business_date = date

    def take_all(self, lines: Sequence[str | bytes]) -> None:
        for line in lines:
            self.take(line)

    def add_alert(self, date: int, alert: Alert) -> None:
        """Each is told once a date and terminal."""
        self.alerts.setdefault((date, alert.terminal, alert.what), alert)
        if len(self.alerts) > _ALERTS_KEPT:
            del self.alerts[next(iter(self.alerts))]
