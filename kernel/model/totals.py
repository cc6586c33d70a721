"""Sums of committed sales and cash movements in one currency: what X and Z are made of.

Mutable on purpose: one `Totals` a currency and period is added to at each commit, at a cost
that depends on the tax rates of the sale and on nothing else.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

from msgspec import Struct, field

__all__ = ["TaxTotal", "Totals"]


class TaxTotal(Struct, frozen=True, gc=False, array_like=True):
    """Tax of one code and rate: `net_minor` is the turnover without it."""

    code: str
    rate_milli_percent: int
    net_minor: int
    tax_minor: int


class Totals(Struct, omit_defaults=True):
    """All amounts in minor units of one currency. Counts count committed sales only."""

    sales: int = 0
    lines: int = 0
    items_minor: int = 0
    returns: int = 0
    returns_minor: int = 0
    discounts: int = 0
    discounts_minor: int = 0
    adjustments_minor: int = 0
    non_revenue_minor: int = 0
    tax_lines_minor: int = 0
    rounding_minor: int = 0
    voids: int = 0
    voids_minor: int = 0
    total_minor: int = 0
    """Sum of the sales' totals: every line, tax, discount and rounding included."""
    change_minor: int = 0
    tenders: dict[str, int] = field(default_factory=dict)
    """Kind of tender -> amount; cash paid out is negative cash."""
    tender_counts: dict[str, int] = field(default_factory=dict)
    taxes: dict[str, TaxTotal] = field(default_factory=dict)
    """`code@rate` -> its sums."""
    aborted: int = 0
    aborted_minor: int = 0
    float_minor: int = 0
    pay_ins: int = 0
    pay_ins_minor: int = 0
    pay_outs: int = 0
    pay_outs_minor: int = 0
    pickups: int = 0
    pickups_minor: int = 0

    @property
    def expected_drawer_minor(self) -> int:
        """Float + cash - change + pay-ins - pay-outs - pickups."""
        return (
            self.float_minor
            + self.tenders.get("cash", 0)
            - self.change_minor
            + self.pay_ins_minor
            - self.pay_outs_minor
            - self.pickups_minor
        )
