"""Returns against a receipt: exactly the sale's money back, tax and deposits with it.

The money is what the receipt's own lines say, discounts and their logged shares taken off, tax on
top added; nothing is priced anew. A part of a line gives its part of the money, cut to whole minor
units, and the last part takes the remainder, so that all parts together are the line, however it
was split. This module must never be given a line count of its own: how much came back already is
what the shop's bookings say.

Money, the tax of each rate and its turnover are exact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from kernel import Line, LineKind, SaleRefused, TaxAmount, extend
from kernel import gettext as _
from posterm.pricing.rounding import round_together
from posterm.pricing.sale_taxes import TAX_ROUNDING, TaxKey
from posterm.pricing.standing import StandingLine, of_a_receipt, standing
from posterm.pricing.taxes import TaxGroup

__all__ = ["Refund", "refunds"]

_RETURNABLE = (LineKind.ITEM, LineKind.DEPOSIT)

_Pot = tuple[TaxGroup | None, TaxKey]
"""Tax that is shared out together: of one rate and, where prices hold it, of one tax group.

What tax leaves of a price is turnover of all rates of its group, so a unit that went from one
group to another would take turnover of other rates with it. Tax on top leaves the price whole.
"""


class Refund(Struct, frozen=True):
    """One line to post with a quantity below zero, and the adjustment that belongs to it.

    The line goes at the receipt's price, so that both receipts show the same; the adjustment
    (linked to it by `of`, none where both its amount and its taxes are nothing) is what discounts
    and tax on top make of it.
    """

    number: int
    """Of the line on the receipt; (transaction, number) is the origin."""
    line: Line
    """The receipt's line: code, description, department, kind, unit price."""
    thousandths: int
    """Quantity that comes back, above zero."""
    taxes: tuple[TaxAmount, ...]
    adjustment_minor: int
    adjustment_taxes: tuple[TaxAmount, ...]
    of: int | None = None
    """Number of the receipt's line that it hangs on: a deposit's item."""

    @property
    def quantity(self) -> Decimal:
        """What `Sale.add_line` takes: below zero."""
        return Decimal(-self.thousandths).scaleb(-3)

    @property
    def adjusted(self) -> bool:
        return self.adjustment_minor != 0 or any(tax.amount_minor for tax in self.adjustment_taxes)

    @property
    def money_minor(self) -> int:
        """What the customer gets."""
        return extend(self.line.unit_minor, self.thousandths) - self.adjustment_minor


def refunds(
    lines: Sequence[Line], number: int, thousandths: int, returned: Mapping[int, int]
) -> tuple[Refund, ...]:
    """Take `thousandths` of line `number` of a committed sale back: it first, then its deposits.

    `lines` are all of the receipt's; `returned` says how many thousandths of which line came back
    before. Raises `SaleRefused` for what was not sold or came back already.
    """
    stands = {one.number: one for one in standing(lines)}
    taxes = _taxes_by_line(lines, tuple(stands.values()))
    sold = stands.get(number)
    if sold is None or not _can_come_back(sold.line):
        raise SaleRefused(
            _("line {} of the receipt is no sold item; choose another line").format(number)
        )
    came = (returned.get(number, 0), thousandths)
    back = [_refund(sold, thousandths, came[0], taxes[number])]
    for one in stands.values():
        if one.line.of == number and one.line.kind is LineKind.DEPOSIT:
            before = returned.get(one.number, 0)
            share = min(
                one.line.quantity - before, _part(one.line.quantity, came, sold.line.quantity)
            )
            if share:
                back.append(_refund(one, share, before, taxes[one.number], number))
    return tuple(back)


def _refund(
    one: StandingLine,
    thousandths: int,
    before: int,
    taxes: tuple[TaxAmount, ...],
    of: int | None = None,
) -> Refund:
    sold = one.line.quantity
    if not 0 < thousandths <= sold - before:
        raise SaleRefused(
            _("line {} of the receipt: {} sold, {} taken back already; {} can't be").format(
                one.number, _plain(sold), _plain(before), _plain(thousandths)
            )
        )

    came = (before, thousandths)
    back = tuple((tax, _part(tax.amount_minor, came, sold)) for tax in taxes)
    on_top = sum(amount for tax, amount in back if not tax.included)
    money_minor = _part(one.charged_minor, came, sold) + on_top
    included = TaxGroup.of(taxes).included
    carried = tuple(_tax(tax, -amount) for tax, amount in back)
    named = tuple(TaxAmount(tax.code, tax.rate_milli_percent, 0, tax.included) for tax in taxes)
    return Refund(
        number=one.number,
        line=one.line,
        thousandths=thousandths,
        taxes=carried if included else named,
        adjustment_minor=extend(one.line.unit_minor, thousandths) - money_minor,
        adjustment_taxes=named if included else carried,
        of=of,
    )


def _taxes_by_line(
    lines: Sequence[Line], stands: Sequence[StandingLine]
) -> dict[int, tuple[TaxAmount, ...]]:
    """The receipt's tax, pot by pot, shared out to its lines: together exactly what it said."""
    exact: dict[_Pot, dict[int, Fraction]] = {}
    for one in stands:
        if one.line.code != TAX_ROUNDING and not of_a_receipt(lines, one.line):
            group = TaxGroup.of(one.line.taxes)
            for pot, part in zip(_pots(group), group.parts, strict=True):
                exact.setdefault(pot, {})[one.number] = one.charged_minor * part
    shared: dict[int, list[TaxAmount]] = {one.number: [] for one in stands}
    for pot, posted_minor in _posted(lines, exact).items():
        code, rate, included = pot[1]
        amounts = round_together(tuple(exact[pot].values()), posted_minor)
        for number, amount in zip(exact[pot], amounts, strict=True):
            shared[number].append(TaxAmount(code, rate, amount, int(included)))
    return {number: tuple(taxes) for number, taxes in shared.items()}


def _posted(lines: Sequence[Line], pots: Collection[_Pot]) -> dict[_Pot, int]:
    """What the receipt posted into each of `pots`."""
    posted = dict.fromkeys(pots, 0)
    for line in lines:
        if not of_a_receipt(lines, line):
            for pot, tax in zip(_pots(TaxGroup.of(line.taxes)), line.taxes, strict=True):
                # What is left in a pot that no line is taxed by any more goes to one of its rate.
                same_rate = [pot] if pot in posted else [at for at in posted if at[1] == pot[1]]
                if same_rate:
                    posted[same_rate[0]] += tax.amount_minor
    return posted


def _pots(group: TaxGroup) -> list[_Pot]:
    own = group if group.included else None
    return [(own, (tax.code, tax.rate_milli_percent, group.included)) for tax in group.layers]


def _can_come_back(line: Line) -> bool:
    return line.kind in _RETURNABLE and line.quantity > 0


def _part(whole: int, came: tuple[int, int], sold: int) -> int:
    """What is due of the whole for `came` (back before, back now) of `sold`: cut, the rest last."""
    before, now = came
    part = abs(whole) * (before + now) // sold - abs(whole) * before // sold
    return part if whole >= 0 else -part


def _tax(tax: TaxAmount, amount_minor: int) -> TaxAmount:
    """Inside the line that carries it, also where it came on top once."""
    return TaxAmount(tax.code, tax.rate_milli_percent, amount_minor, 1)


def _plain(thousandths: int) -> str:
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"
