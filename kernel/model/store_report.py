"""The store's Z: all tills' Z reports of one business date in one sum, and who has none yet.

Pure. A store's Z closes nothing: each till's own Z did, and stands in that till's log with a
number of its own. This module must never count a period twice: it is given each Z entry once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from msgspec import Struct, field

from kernel.model.totals import TaxTotal, Totals

__all__ = ["StoreReport", "TillZ", "Unclosed", "added", "store_report", "sum_of_totals"]


class TillZ(Struct, frozen=True, kw_only=True):
    """One Z of a till. `counted_minor`: what was counted in the drawer before it, by currency."""

    terminal: str
    z_number: int
    period: int
    closed_ms: int
    operator: str | None
    totals: dict[str, Totals]
    counted_minor: dict[str, int] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    """Sales that were open then."""

    @property
    def over_minor(self) -> dict[str, int]:
        """Counted less expected, by currency; below zero is short. Only what was counted."""
        return {
            currency: counted - self._expected(currency)
            for currency, counted in self.counted_minor.items()
        }

    def _expected(self, currency: str) -> int:
        totals = self.totals.get(currency)
        return totals.expected_drawer_minor if totals is not None else 0


class Unclosed(Struct, frozen=True, kw_only=True):
    """A till whose period is still open, and why."""

    terminal: str
    reason: str


class StoreReport(Struct, frozen=True, kw_only=True):
    """Amounts in minor units by currency. It is whole when nobody is `unclosed`."""

    business_date: int
    closed: tuple[TillZ, ...]
    unclosed: tuple[Unclosed, ...]
    totals: dict[str, Totals]


def store_report(
    business_date: int, closed: Iterable[TillZ], unclosed: Iterable[Unclosed]
) -> StoreReport:
    """All Z reports of that date in one sum."""
    closed = tuple(closed)
    totals: dict[str, Totals] = {}
    for one in closed:
        for currency, sums in one.totals.items():
            totals[currency] = added(totals.get(currency, Totals()), sums)
    return StoreReport(
        business_date=business_date, closed=closed, unclosed=tuple(unclosed), totals=totals
    )


def sum_of_totals(all_of: Iterable[Totals]) -> Totals:
    """All of them in one."""
    return reduce(added, all_of, Totals())


def added(one: Totals, other: Totals) -> Totals:
    """Every sum and count of both."""
    both = Totals(
        tenders=_merged(one.tenders, other.tenders),
        tender_counts=_merged(one.tender_counts, other.tender_counts),
        taxes={
            key: _tax(one.taxes.get(key), other.taxes.get(key))
            for key in {**one.taxes, **other.taxes}
        },
    )
    for name in _SUMS:
        setattr(both, name, getattr(one, name) + getattr(other, name))
    return both


_SUMS = tuple(
    name for name in Totals.__struct_fields__ if name not in ("tenders", "tender_counts", "taxes")
)


def _merged(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _tax(one: TaxTotal | None, other: TaxTotal | None) -> TaxTotal:
    if one is None or other is None:
        found = one or other
        assert found is not None
        return found
    return TaxTotal(
        one.code,
        one.rate_milli_percent,
        one.net_minor + other.net_minor,
        one.tax_minor + other.tax_minor,
    )
