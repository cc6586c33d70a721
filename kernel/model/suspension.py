"""A sale leaves a till by a ticket and comes back on another: values and rules of both entries.

The sale is closed where it was suspended and is a new one, with a number of its own, where it is
recalled: its lines, prices and discounts as they were posted. A parked sale may come from a file
that anybody of the shop's group could write, so it is checked here as if it had been typed;
nothing that passes can make `recalled` fail. Pure; where the file is, `coordination` knows.
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.entries import (
    Line,
    LineKind,
    ParkedSale,
    SaleRecalled,
    SaleSuspended,
    Stamp,
)
from kernel.model.identity import (
    OPERATOR_LIMIT,
    REFERENCE_LIMIT,
    STORE_LIMIT,
    TransactionId,
    item_code,
    short_text,
)
from kernel.model.money import LIMIT, check_minor, exponent, no_minor
from kernel.model.transaction import (
    TRANSITIONS,
    State,
    Step,
    Transaction,
    with_line,
)
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = [
    "BOOKING",
    "LINES_LIMIT",
    "LastTicket",
    "check_parked",
    "check_suspendable",
    "parked",
    "recalled",
    "with_suspension",
]

LINES_LIMIT = 9_999
"""A sale with more lines is rung as two: everything has a bound."""
BOOKING = re.compile(r"[0-9a-f]{16}")
_TEXT_LIMIT = 256


class LastTicket(Struct, frozen=True):
    """The newest entry of a log about a suspended sale.

    It tells which step a crash interrupted: a till finishes one such step, its file included,
    before it begins the next, so no older file can be in doubt.
    """

    ticket: str
    origin: str | None = None
    """None: suspended. Else recalled, and this is the transaction that it came from."""


def check_suspendable(sale: Transaction, name: str) -> None:
    """Refuse a sale that has to stay on its till."""
    if sale.training:
        raise SaleRefused(_("sale {} is training; abort it, it is not suspended").format(name))
    if sale.state is State.TENDERED:
        raise SaleRefused(
            _("sale {} holds a tender; void the tender first, then suspend").format(name)
        )
    if sale.open_cards:
        raise SaleRefused(
            _(
                "card request {} of sale {} has no known outcome; answer it first, then suspend"
            ).format(sale.open_cards[0], name)
        )
    if (sale.state, Step.SUSPEND) not in TRANSITIONS:
        raise SaleRefused(
            _("sale {} is {}; it can't {}").format(name, _(sale.state.value), _(Step.SUSPEND.value))
        )
    if not sale.lines:
        raise SaleRefused(_("sale {} has no lines; abort it").format(name))


def parked(sale: Transaction) -> ParkedSale:
    """What of the sale goes to the next till. Tenders were voided and cards declined: they are
    this till's history and stay in its log."""
    return ParkedSale(
        store=sale.store,
        currency=sale.currency,
        operator=sale.operator,
        begun_ms=sale.begun_ms,
        total_minor=sale.total_minor,
        reference=sale.reference,
        configuration=sale.configuration,
        catalogue=sale.catalogue,
        customer=sale.customer,
        price_list=sale.price_list,
        tax_profile=sale.tax_profile,
        lines=tuple(replace(line, tx=None) for line in sale.lines),
    )


def with_suspension(sale: Transaction, act: SaleSuspended, stamp: Stamp) -> Transaction:
    return replace(
        sale,
        state=TRANSITIONS[sale.state, Step.SUSPEND],
        ticket=act.ticket,
        reason=act.reason,
        closed_ms=stamp.wall_ms,
    )


def recalled(act: SaleRecalled) -> Transaction:
    """The new sale, with every line as it was posted.

    A line that named no configuration or catalogue went by its sale's, and still does.
    """
    assert act.tx is not None and act.operator is not None
    left = act.sale
    sale = Transaction(
        number=act.tx,
        store=left.store,
        currency=left.currency,
        operator=act.operator,
        begun_ms=left.begun_ms,
        reference=left.reference,
        configuration=act.configuration,
        catalogue=act.catalogue,
        customer=left.customer,
        price_list=left.price_list,
        tax_profile=left.tax_profile,
        reason=act.reason,
        ticket=act.ticket,
        origin=act.origin,
    )
    for line in left.lines:
        sale = with_line(sale, _as_posted(line, act))
    assert sale.total_minor == left.total_minor, "the lines do not come to the total"
    return sale


def _as_posted(line: Line, act: SaleRecalled) -> Line:
    configuration, catalogue = line.configuration, line.catalogue
    if configuration is None and act.sale.configuration != act.configuration:
        configuration = act.sale.configuration
    if catalogue is None and act.sale.catalogue != act.catalogue:
        catalogue = act.sale.catalogue
    return replace(line, tx=act.tx, configuration=configuration, catalogue=catalogue)


def check_parked(sale: ParkedSale) -> None:
    """Raises `KernelError` for what no till of ours can have parked."""
    exponent(sale.currency)
    short_text(sale.store, "store", STORE_LIMIT)
    short_text(sale.operator, "operator", OPERATOR_LIMIT)
    for value, name, limit in (
        (sale.reference, N_("reference"), REFERENCE_LIMIT),
        (sale.customer, N_("customer"), REFERENCE_LIMIT),
        (sale.price_list, N_("price list"), STORE_LIMIT),
        (sale.tax_profile, N_("tax profile"), STORE_LIMIT),
    ):
        _check_text(value, name, limit)
    if not 1 <= len(sale.lines) <= LINES_LIMIT:
        raise SaleRefused(
            _("a parked sale has {} lines; give 1 to {}").format(len(sale.lines), LINES_LIMIT)
        )
    total_minor, reversed_lines = 0, set[int]()
    for place, line in enumerate(sale.lines, 1):
        _check_line(line, place)
        total_minor = check_minor(total_minor + line.total_minor, "total")
        if line.kind is LineKind.VOID:
            _check_void(line, sale.lines, reversed_lines)
    if total_minor != sale.total_minor:
        raise SaleRefused(
            _("the lines come to {}, not to {}").format(total_minor, sale.total_minor)
        )


def _check_line(line: Line, place: int) -> None:
    if line.code is not None:
        item_code(line.code)
    for value, name in (
        (line.description, N_("description")),
        (line.department, N_("department")),
        (line.price_origin, N_("price origin")),
        (line.input_origin, N_("input origin")),
        (line.reason, N_("reason")),
        (line.rule, N_("rule")),
    ):
        _check_text(value, name, _TEXT_LIMIT)
    _check_text(line.operator, "operator", OPERATOR_LIMIT)
    _check_text(line.approver, "approver", OPERATOR_LIMIT)
    for amount in (line.unit_minor, line.total_minor, line.list_minor or 0, line.quantity):
        if type(amount) is not int or not -LIMIT <= amount <= LIMIT:
            raise no_minor(amount, _("amount of line {}").format(place))
    if line.of is not None and not 1 <= line.of < place:
        raise SaleRefused(
            _("line {} is of line {}, which does not come before it").format(place, line.of)
        )
    for tax in line.taxes:
        short_text(tax.code, "tax code", _TEXT_LIMIT)
        check_minor(tax.amount_minor, "tax")
        if not 0 <= tax.rate_milli_percent <= LIMIT:
            raise SaleRefused(_("the tax rate of line {} is out of range").format(place))
    if line.origin is not None:
        TransactionId.parse(line.origin[0])
    if line.booking is not None and not BOOKING.fullmatch(line.booking):
        raise SaleRefused(_("line {} names the booking {!a:.40}").format(place, line.booking))


def _check_void(line: Line, lines: tuple[Line, ...], reversed_lines: set[int]) -> None:
    original = lines[line.of - 1] if line.of is not None else None
    if (
        line.of is None
        or original is None
        or original.kind is LineKind.VOID
        or original.total_minor != -line.total_minor
        or line.of in reversed_lines
    ):
        raise SaleRefused(_("a void of line {} reverses no line").format(line.of))
    reversed_lines.add(line.of)


def _check_text(value: str | None, name: str, limit: int) -> None:
    if value is not None:
        short_text(value, name, limit)
