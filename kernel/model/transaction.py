"""One sale as a value, and the one table of what may happen to it in which state.

Each entry of a sale gives the next value; nothing here refuses for business reasons (that is
`decisions`) nor touches a disk. Applying an entry costs the same for the first line and the
thousandth: running sums are kept, never recomputed.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from kernel.model.entries import (
    CardOutcome,
    CardRequest,
    CardResult,
    Commit,
    Line,
    LineKind,
    SaleBegun,
    Stamp,
    TaxAmount,
    Tender,
    TenderKind,
)
from kernel.model.postings import Postings
from kernel.model.totals import TaxTotal
from kernel.words import marked as N_

__all__ = [
    "TRANSITIONS",
    "CardAsked",
    "State",
    "Step",
    "Sums",
    "TenderTaken",
    "Transaction",
    "begun",
    "with_abort",
    "with_card_outcome",
    "with_card_request",
    "with_line",
    "with_tender",
    "with_tender_voided",
]


class State(Enum):
    """Where a sale is."""

    # There is one of each, so identity is enough; the hash of Enum costs 4 % of an entry.
    __hash__ = object.__hash__

    OPEN = N_("open")
    TENDERED = N_("tendered")
    COMMITTED = N_("committed")
    ABORTED = N_("aborted")
    SUSPENDED = N_("suspended")


class Step(Enum):
    """What can happen to a sale; the value completes "can't ..."."""

    __hash__ = object.__hash__

    POST = N_("post a line")
    ASK_CARD = N_("ask the card terminal")
    ANSWER_CARD = N_("take a card's answer")
    TENDER = N_("take a tender")
    VOID_TENDER = N_("void a tender")
    VOID_LAST_TENDER = N_("void the last tender")
    COMMIT = N_("commit")
    ABORT = N_("abort")
    SUSPEND = N_("suspend")


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.OPEN, Step.POST): State.OPEN,
    (State.OPEN, Step.ASK_CARD): State.OPEN,
    (State.OPEN, Step.ANSWER_CARD): State.OPEN,
    (State.OPEN, Step.TENDER): State.TENDERED,
    (State.OPEN, Step.COMMIT): State.COMMITTED,
    (State.OPEN, Step.ABORT): State.ABORTED,
    (State.OPEN, Step.SUSPEND): State.SUSPENDED,
    (State.TENDERED, Step.POST): State.TENDERED,
    (State.TENDERED, Step.ASK_CARD): State.TENDERED,
    (State.TENDERED, Step.ANSWER_CARD): State.TENDERED,
    (State.TENDERED, Step.TENDER): State.TENDERED,
    (State.TENDERED, Step.VOID_TENDER): State.TENDERED,
    (State.TENDERED, Step.VOID_LAST_TENDER): State.OPEN,
    (State.TENDERED, Step.COMMIT): State.COMMITTED,
}
"""(state, step) -> next state. What isn't here can't happen."""


_AFTER_POST = {at: after for (at, step), after in TRANSITIONS.items() if step is Step.POST}
_ITEM = LineKind.ITEM
"""On the way of every scan: a name of an Enum costs ten times what one of a module does."""


class TenderTaken(Struct, frozen=True, gc=False, omit_defaults=True):
    """One tender of a sale. Its number is its place; a voided one stays, marked."""

    how: TenderKind
    amount_minor: int
    rounding_line: int | None = None
    """Number of the rounding line that came with it."""
    voided: bool = False
    card_request: int | None = None
    last_four: str | None = None
    authorisation: str | None = None
    voucher: str | None = None


class CardAsked(Struct, frozen=True, gc=False, omit_defaults=True):
    """One request to the card terminal; `result` is None until its outcome is logged."""

    amount_minor: int
    result: CardResult | None = None

    @property
    def open(self) -> bool:
        """True while money may have moved that nobody has accounted for."""
        return self.result is None or self.result is CardResult.UNKNOWN


class Sums(Struct, frozen=True, gc=False, omit_defaults=True):
    """Running sums of a sale's lines by what they are; reversals are taken off again."""

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
    taxes: tuple[TaxTotal, ...] = ()


class Transaction(Struct, frozen=True, omit_defaults=True):
    """A sale as its entries so far have made it. Amounts in minor units of `currency`."""

    number: int
    """Per terminal; below zero in training."""
    store: str
    currency: str
    operator: str
    begun_ms: int
    reference: str | None = None
    state: State = State.OPEN
    lines: Postings = field(default_factory=Postings)
    tenders: tuple[TenderTaken, ...] = ()
    cards: tuple[CardAsked, ...] = ()
    sums: Sums = Sums()
    total_minor: int = 0
    tendered_minor: int = 0
    change_minor: int = 0
    receipt_number: int | None = None
    business_date: int | None = None
    """Of the commit."""
    closed_ms: int | None = None
    reason: str | None = None
    configuration: int = 0
    catalogue: int = 0
    customer: str | None = None
    price_list: str | None = None
    tax_profile: str | None = None
    ticket: str | None = None
    """Under which it was suspended or recalled."""
    origin: str | None = None
    """Transaction that a recalled sale was suspended from."""

    @property
    def balance_minor(self) -> int:
        """What is still to be paid (> 0) or paid out (< 0)."""
        return self.total_minor - self.tendered_minor + self.change_minor

    @property
    def training(self) -> bool:
        return self.number < 0

    @property
    def open_cards(self) -> tuple[int, ...]:
        """Numbers of card requests whose outcome isn't known."""
        return tuple(number for number, card in enumerate(self.cards, 1) if card.open)


def begun(act: SaleBegun, stamp: Stamp) -> Transaction:
    assert act.tx is not None and act.operator is not None
    return Transaction(
        number=act.tx,
        store=act.store,
        currency=act.currency,
        operator=act.operator,
        begun_ms=stamp.wall_ms,
        reference=act.reference,
        configuration=act.configuration,
        catalogue=act.catalogue,
        customer=act.customer,
        price_list=act.price_list,
        tax_profile=act.tax_profile,
    )


def with_line(sale: Transaction, line: Line) -> Transaction:
    return replace(
        sale,
        state=_AFTER_POST[sale.state],
        lines=sale.lines.append(line),
        sums=_summed(sale, line),
        total_minor=sale.total_minor + line.total_minor,
    )


def with_tender(sale: Transaction, act: Tender, stamp: Stamp) -> Transaction:
    rounding_line = None
    if act.rounding_minor:
        rounding = Line(
            tx=act.tx,
            operator=act.operator,
            kind=LineKind.ROUNDING,
            unit_minor=act.rounding_minor,
            total_minor=act.rounding_minor,
        )
        sale = with_line(sale, rounding)
        rounding_line = len(sale.lines)
    taken = TenderTaken(act.how, act.amount_minor, rounding_line, voucher=act.voucher)
    return _taken(sale, taken, act.commit, stamp)


def with_tender_voided(sale: Transaction, number: int) -> Transaction:
    """The tender's money is given back; a rounding line that came with it is reversed."""
    voided = sale.tenders[number - 1]
    tenders = (
        *sale.tenders[: number - 1],
        replace(voided, voided=True),
        *sale.tenders[number:],
    )
    if voided.rounding_line is not None:
        sale = with_line(sale, reversal(sale, voided.rounding_line))
    last = all(tender.voided for tender in tenders)
    step = Step.VOID_LAST_TENDER if last else Step.VOID_TENDER
    return replace(
        sale,
        state=TRANSITIONS[sale.state, step],
        tenders=tenders,
        tendered_minor=sale.tendered_minor - voided.amount_minor,
    )


def with_card_request(sale: Transaction, act: CardRequest) -> Transaction:
    return replace(
        sale,
        state=TRANSITIONS[sale.state, Step.ASK_CARD],
        cards=(*sale.cards, CardAsked(act.amount_minor)),
    )


def with_card_outcome(sale: Transaction, act: CardOutcome, stamp: Stamp) -> Transaction:
    asked = sale.cards[act.of - 1]
    sale = replace(
        sale,
        state=TRANSITIONS[sale.state, Step.ANSWER_CARD],
        cards=(
            *sale.cards[: act.of - 1],
            CardAsked(asked.amount_minor, act.result),
            *sale.cards[act.of :],
        ),
    )
    if act.result is not CardResult.SETTLED:
        return sale
    taken = TenderTaken(
        TenderKind.CARD,
        asked.amount_minor,
        card_request=act.of,
        last_four=act.last_four,
        authorisation=act.authorisation,
    )
    return _taken(sale, taken, act.commit, stamp)


def with_abort(sale: Transaction, reason: str, stamp: Stamp) -> Transaction:
    state = TRANSITIONS[sale.state, Step.ABORT]
    return replace(sale, state=state, reason=reason, closed_ms=stamp.wall_ms)


def reversal(sale: Transaction, number: int) -> Line:
    """The line that takes line `number` back."""
    original = sale.lines.line(number)
    return Line(
        tx=sale.number,
        kind=LineKind.VOID,
        code=original.code,
        description=original.description,
        department=original.department,
        quantity=-original.quantity,
        unit_minor=original.unit_minor,
        list_minor=original.list_minor,
        total_minor=-original.total_minor,
        taxes=tuple(
            TaxAmount(tax.code, tax.rate_milli_percent, -tax.amount_minor, tax.included)
            for tax in original.taxes
        ),
        of=number,
        booking=original.booking,
    )


def _taken(
    sale: Transaction, taken: TenderTaken, commit: Commit | None, stamp: Stamp
) -> Transaction:
    step = Step.COMMIT if commit is not None else Step.TENDER
    state = TRANSITIONS[sale.state, step]
    tenders = (*sale.tenders, taken)
    tendered_minor = sale.tendered_minor + taken.amount_minor
    if commit is None:
        return replace(sale, state=state, tenders=tenders, tendered_minor=tendered_minor)
    return replace(
        sale,
        state=state,
        tenders=tenders,
        tendered_minor=tendered_minor,
        change_minor=commit.change_minor,
        receipt_number=commit.receipt,
        business_date=stamp.business_date,
        closed_ms=stamp.wall_ms,
    )


def _summed(sale: Transaction, line: Line) -> Sums:  # noqa: PLR0911  # one a kind
    """The sale's sums with `line` added; a reversal is counted as what it reverses, backwards."""
    sums, sign, posted = sale.sums, 1, line
    if line.kind is _ITEM and line.quantity > 0 and not line.taxes:
        # What nearly every line is, told first: it is on the way of every scan.
        return replace(sums, lines=sums.lines + 1, items_minor=sums.items_minor + line.total_minor)
    if line.kind is LineKind.VOID and line.of is not None:
        sign, posted = -1, sale.lines.line(line.of)
        sums = replace(
            sums, voids=sums.voids + 1, voids_minor=sums.voids_minor + posted.total_minor
        )
    taxes = _taxed(sums.taxes, line, posted.kind) if line.taxes else sums.taxes
    amount = line.total_minor
    match posted.kind:
        case LineKind.ITEM | LineKind.DEPOSIT if posted.quantity < 0:
            return replace(
                sums,
                lines=sums.lines + sign,
                returns=sums.returns + sign,
                returns_minor=sums.returns_minor + amount,
                taxes=taxes,
            )
        case LineKind.ITEM | LineKind.DEPOSIT:
            return replace(
                sums, lines=sums.lines + sign, items_minor=sums.items_minor + amount, taxes=taxes
            )
        case LineKind.DISCOUNT:
            return replace(
                sums,
                discounts=sums.discounts + sign,
                discounts_minor=sums.discounts_minor + amount,
                taxes=taxes,
            )
        case LineKind.ADJUSTMENT:
            return replace(sums, adjustments_minor=sums.adjustments_minor + amount, taxes=taxes)
        case LineKind.NON_REVENUE:
            return replace(sums, non_revenue_minor=sums.non_revenue_minor + amount, taxes=taxes)
        case LineKind.TAX:
            return replace(sums, tax_lines_minor=sums.tax_lines_minor + amount, taxes=taxes)
        case _:
            return replace(sums, rounding_minor=sums.rounding_minor + amount)


def _taxed(taxes: tuple[TaxTotal, ...], line: Line, kind: LineKind) -> tuple[TaxTotal, ...]:
    """Tax sums with those of `line`: its turnover is net of all its included taxes.

    `kind` is that of the line itself or, for a void, of the line that it takes back.
    """
    included = sum(tax.amount_minor for tax in line.taxes if tax.included)
    net_minor = 0 if kind is LineKind.TAX else line.total_minor - included
    sums = {(tax.code, tax.rate_milli_percent): tax for tax in taxes}
    for tax in line.taxes:
        key = (tax.code, tax.rate_milli_percent)
        before = sums.get(key, TaxTotal(*key, 0, 0))
        sums[key] = TaxTotal(
            *key, before.net_minor + net_minor, before.tax_minor + tax.amount_minor
        )
    return tuple(sums.values())
