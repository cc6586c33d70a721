"""Today as one frozen value: what the day's figures are, ready to be shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from kernel import Totals, sum_of_totals
from manager.alerts import Alert
from manager.day import Day, DayCounts, TillDay

__all__ = ["NOTHING", "OperatorFigures", "TillFigures", "Today", "today_of"]

_MINUTES_PER_QUARTER = 15


class TillFigures(Struct, frozen=True):
    """One till's day in one currency. Amounts in minor units."""

    terminal: str
    currency: str
    totals: Totals
    """As all X and Z reports of the date have them, in sum. Not to be changed."""
    minutes: Mapping[int, int]
    """Minute since 1970 -> takings of that minute."""
    voids: int
    """Lines voided, of sales that are still open or were aborted too."""
    overrides: int
    no_sales: int
    inputs: Mapping[str, int]
    whole: bool
    """False while the day's beginning was not told."""

    @property
    def average_minor(self) -> int:
        return _average(self.totals)


class OperatorFigures(Struct, frozen=True):
    """One operator's day at all tills, in one currency."""

    operator: str
    currency: str
    sales: int
    takings_minor: int
    voids: int
    discounts: int
    returns: int
    no_sales: int


class Today(Struct, frozen=True):
    """The newest business date. `totals` sums all tills by currency."""

    business_date: int
    whole: bool
    totals: Mapping[str, Totals]
    tills: tuple[TillFigures, ...]
    operators: tuple[OperatorFigures, ...]
    quarters: Mapping[str, Mapping[int, int]]
    """Currency -> quarter of an hour since 1970 -> takings: an hour begins at a quarter in every
    zone of the world, but not at the same one."""
    inputs: Mapping[str, int]
    voids: int
    overrides: int
    no_sales: int
    alerts: tuple[Alert, ...]

    @property
    def currency(self) -> str:
        """The one most sales are in; empty before the first."""
        return max(self.totals, key=lambda one: self.totals[one].sales, default="")

    def average_minor(self, currency: str) -> int:
        return _average(self.totals.get(currency, Totals()))


NOTHING = Today(0, False, {}, (), (), {}, {}, 0, 0, 0, ())


def today_of(day: Day, business_date: int | None = None) -> Today:
    """The figures of a date, the newest by default."""
    date = day.business_date if business_date is None else business_date
    sums: dict[str, list[Totals]] = {}
    tills: list[TillFigures] = []
    quarters: dict[str, Counter[int]] = {}
    counted = [(till, till.counts(date)) for _, till in sorted(day.tills.items())]
    for till, counts in counted:
        totals = till.told.totals(date)
        for currency, one in totals.items():
            sums.setdefault(currency, []).append(one)
            tills.append(_till_figures(till, counts, currency, one))
        for currency, minutes in counts.minutes.items():
            by_quarter = quarters.setdefault(currency, Counter())
            for minute, minor in minutes.items():
                by_quarter[minute // _MINUTES_PER_QUARTER] += minor
    inputs: Counter[str] = Counter()
    for _, counts in counted:
        inputs.update(counts.inputs)
    return Today(
        business_date=date,
        whole=all(till.told.whole for till, _ in counted),
        totals={currency: sum_of_totals(all_of) for currency, all_of in sums.items()},
        tills=tuple(tills),
        operators=_operators([counts for _, counts in counted]),
        quarters=quarters,
        inputs=inputs,
        voids=sum(counts.voids for _, counts in counted),
        overrides=sum(counts.overrides for _, counts in counted),
        no_sales=sum(counts.no_sales for _, counts in counted),
        alerts=tuple(alert for key, alert in day.alerts.items() if key[0] == date),
    )


def _till_figures(till: TillDay, counts: DayCounts, currency: str, totals: Totals) -> TillFigures:
    return TillFigures(
        terminal=till.terminal,
        currency=currency,
        totals=totals,
        minutes=dict(counts.minutes.get(currency, {})),
        voids=counts.voids,
        overrides=counts.overrides,
        no_sales=counts.no_sales,
        inputs=dict(counts.inputs),
        whole=till.told.whole,
    )


def _operators(counted: list[DayCounts]) -> tuple[OperatorFigures, ...]:
    found: dict[tuple[str, str], Counter[str]] = {}
    for counts in counted:
        for number, did in counts.operators.items():
            for currency in did.takings_minor or ("",):
                sums = found.setdefault((number, currency), Counter())
                sums["takings"] += did.takings_minor[currency]
                sums.update(
                    sales=did.sales,
                    voids=did.voids,
                    discounts=did.discounts,
                    returns=did.returns,
                    no_sales=did.no_sales,
                )
    return tuple(
        OperatorFigures(
            operator=number,
            currency=currency,
            sales=sums["sales"],
            takings_minor=sums["takings"],
            voids=sums["voids"],
            discounts=sums["discounts"],
            returns=sums["returns"],
            no_sales=sums["no_sales"],
        )
        for (number, currency), sums in sorted(found.items())
    )


def _average(totals: Totals) -> int:
    """Takings a sale, rounded half away from zero."""
    if not totals.sales:
        return 0
    sign = -1 if totals.total_minor < 0 else 1
    return sign * ((2 * abs(totals.total_minor) + totals.sales) // (2 * totals.sales))
