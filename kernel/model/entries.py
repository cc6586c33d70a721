"""What a log entry can say: one frozen struct an act, short names on disk, none reused.

The schema of format 1. A field that is left out has its default, so an entry costs only what
it says. Amounts are minor units, quantities thousandths, rates thousandths of a percent,
times milliseconds. Kinds and fields that later parts of posterm fill stand here from the
first day, because an entry is never rewritten. Codes only: no word here is ever translated.

This module must never compute: rules are in `transaction` and `ledger`.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType, field

__all__ = [
    "ONE",
    "Act",
    "CardOutcome",
    "CardRequest",
    "CardResult",
    "Commit",
    "Line",
    "LineKind",
    "ParkedSale",
    "SaleAborted",
    "SaleBegun",
    "SaleRecalled",
    "SaleSuspended",
    "Stamp",
    "TaxAmount",
    "Tender",
    "TenderKind",
    "TenderVoided",
]

ONE = 1000
"""Quantity one, in thousandths."""


class Stamp(Struct, frozen=True, gc=False):
    """Where and when of an entry; the frame's first keys."""

    lsn: int = field(name="n", default=0)
    end: int | UnsetType = field(name="e", default=UNSET)
    """What was durable when the frame was written; unset where that is all that is before it."""
    wall_ms: int = field(name="t", default=0)
    uptime_ms: int = field(name="m", default=0)
    business_date: int = field(name="d", default=0)


class Act(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="k"):
    """What every entry may name besides its stamp."""

    tx: int | None = field(name="x", default=None)
    operator: str | None = field(name="o", default=None)
    approver: str | None = field(name="a", default=None)
    applied: str | None = field(name="i", default=None)
    """Id of the message whose effect this entry is."""


class LineKind(StrEnum):
    """What a posted line of a sale is."""

    ITEM = "item"
    VOID = "void"
    DISCOUNT = "discount"
    TAX = "tax"
    ROUNDING = "rounding"
    DEPOSIT = "deposit"
    ADJUSTMENT = "adjustment"
    NON_REVENUE = "non_revenue"


class TenderKind(StrEnum):
    CASH = "cash"
    CARD = "card"
    VOUCHER = "voucher"


class CardResult(StrEnum):
    SETTLED = "settled"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class TaxAmount(Struct, frozen=True, gc=False, array_like=True):
    """Tax of one rate within (`included`) or on top of a line: `[code, rate, amount, incl]`."""

    code: str
    rate_milli_percent: int
    amount_minor: int
    included: int = 1


class SaleBegun(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="begin"):
    store: str
    currency: str = field(name="cur")
    reference: str | None = field(name="ref", default=None)
    training: bool = False
    configuration: int = field(name="cfg", default=0)
    catalogue: int = field(name="cat", default=0)
    customer: str | None = None
    price_list: str | None = None
    tax_profile: str | None = None


class Line(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="line"):
    """One posted line: all that receipt, return and tax report need, frozen."""

    kind: LineKind = field(name="y", default=LineKind.ITEM)
    code: str | None = field(name="c", default=None)
    description: str | None = field(name="name", default=None)
    department: str | None = field(name="dp", default=None)
    quantity: int = field(name="qty", default=ONE)
    unit_minor: int = field(name="u", default=0)
    list_minor: int | None = field(name="lp", default=None)
    total_minor: int = field(name="tot")
    taxes: tuple[TaxAmount, ...] = field(name="tax", default=())
    price_origin: str | None = field(name="by", default=None)
    input_origin: str | None = field(name="in", default=None)
    of: int | None = None
    """Number of the line that this one reverses, discounts or is linked to."""
    reason: str | None = None
    percent_milli: int | None = field(name="pct", default=None)
    shares: tuple[tuple[int, int], ...] = ()
    """(line number, minor units) of a sale discount's allocation."""
    rule: str | None = None
    """The promotion behind an adjustment."""
    origin: tuple[str, int] | None = field(name="from", default=None)
    """(transaction, line number) of the sale that a receipted return gives back."""
    booking: str | None = field(name="bk", default=None)
    """Names the booking in `shared/returns` of a receipted return, and of its reversal."""
    configuration: int | None = field(name="cfg", default=None)
    catalogue: int | None = field(name="cat", default=None)


class Commit(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """The close of a sale, inside the entry of the tender that covers it."""

    receipt: int = field(name="no")
    total_minor: int = field(name="tot")
    change_minor: int = field(name="chg", default=0)
    fiscal: dict[str, str] | None = None


class Tender(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="tender"):
    """Money taken (> 0) or paid out (< 0)."""

    how: TenderKind = TenderKind.CASH
    amount_minor: int = field(name="amt")
    voucher: str | None = None
    rounding_minor: int = field(name="round", default=0)
    """Cash rounding that this tender brings, booked as a line of its own."""
    commit: Commit | None = None
    foreign_currency: str | None = field(name="fcur", default=None)
    foreign_minor: int | None = field(name="famount", default=None)
    rate_micro: int | None = field(name="frate", default=None)


class TenderVoided(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="tender_void"):
    of: int
    """Number of the tender that is reversed."""
    reason: str | None = None


class CardRequest(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="card_request"):
    """Durable before the card terminal is asked. Its number is its place in the sale."""

    amount_minor: int = field(name="amt")


class CardOutcome(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="card_outcome"):
    of: int
    """Number of the request that this answers."""
    result: CardResult
    token: str | None = None
    last_four: str | None = field(name="last4", default=None)
    authorisation: str | None = field(name="auth", default=None)
    reason: str | None = None
    commit: Commit | None = None


class SaleAborted(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="abort"):
    reason: str


class ParkedSale(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A whole sale on its way from one till to another: all that recalling it needs.

    Its lines are as they were posted, in order, without the number of the sale they were in.
    """

    store: str
    currency: str = field(name="cur")
    operator: str = field(name="o")
    """Who began it."""
    begun_ms: int
    total_minor: int = field(name="tot")
    reference: str | None = field(name="ref", default=None)
    configuration: int = field(name="cfg", default=0)
    catalogue: int = field(name="cat", default=0)
    customer: str | None = None
    price_list: str | None = None
    tax_profile: str | None = None
    lines: tuple[Line, ...] = ()


class SaleSuspended(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="suspend"):
    ticket: str
    """The id that the recalling till types or scans."""
    expires_ms: int
    sale: ParkedSale
    """The whole sale as it leaves this till."""
    reason: str | None = None


class SaleRecalled(Act, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag="recall"):
    ticket: str
    origin: str
    """Transaction that the sale was suspended from."""
    sale: ParkedSale
    configuration: int = field(name="cfg", default=0)
    """What new lines go by; the lines that come with the sale keep theirs."""
    catalogue: int = field(name="cat", default=0)
    reason: str | None = None
    """Why, where it was taken off the floor to be voided and not to be sold."""
