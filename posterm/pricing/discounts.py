"""Discounts on a line and on the whole sale: how much, which lines bear it, which tax goes with it.

A sale discount is allocated by largest remainder over the lines that may be discounted, ties by
line order, and the shares are logged. It is posted as one line a tax group, because the turnover
that a line takes off belongs to one set of taxes. This module must never discount a return or
take more off than a line is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from kernel import Line, LineKind, SaleRefused, TaxAmount
from kernel import gettext as _
from posterm.pricing.off import Off, Percent
from posterm.pricing.rounding import round_together
from posterm.pricing.sale_taxes import SaleTaxes, TaxRounding
from posterm.pricing.standing import StandingLine, standing
from posterm.pricing.taxes import TaxGroup

__all__ = ["Discount", "discounts_again", "line_discount", "sale_discount"]


class Discount(Struct, frozen=True):
    """What to post with `Sale.discount`. `line` is None for one on the sale."""

    amount_minor: int
    taxes: tuple[TaxAmount, ...]
    line: int | None = None
    percent_milli: int | None = None
    shares: tuple[tuple[int, int], ...] = ()


def line_discount(
    lines: Sequence[Line],
    number: int,
    off: Off,
    *,
    rounding: TaxRounding,
    discountable: Callable[[Line], bool],
) -> Discount:
    """Take `off` off line `number` as it is charged now. Raises `SaleRefused`."""
    found = [one for one in standing(lines) if one.number == number]
    if not found or not _may_be(found[0], discountable):
        raise SaleRefused(
            _("line {} can't be discounted; choose an item that was sold").format(number)
        )
    (one,) = found
    amount = _amount(off, one.charged_minor, _("line {}").format(number))
    taxes = (
        SaleTaxes()
        .after(lines)
        .on(
            TaxGroup.of(one.line.taxes),
            rounding,
            [(one.charged_minor, one.charged_minor - amount)],
        )
    )
    return Discount(amount, taxes, line=number, percent_milli=_percent(off))


def sale_discount(
    lines: Sequence[Line],
    off: Off,
    *,
    rounding: TaxRounding,
    discountable: Callable[[Line], bool],
) -> tuple[Discount, ...]:
    """Take `off` off the sale: what to post, in this order. Raises `SaleRefused`."""
    bearing = [one for one in standing(lines) if _may_be(one, discountable)]
    value = sum(one.charged_minor for one in bearing)
    if not bearing:
        raise SaleRefused(_("no line of this sale can be discounted; sell something first"))
    amount = _amount(off, value, _("what can be discounted"))
    exact = [Fraction(amount * one.charged_minor, value) for one in bearing]
    allocated = round_together(exact, amount)
    shares = {one.number: share for one, share in zip(bearing, allocated, strict=True)}
    return _by_tax_group(lines, [_Part(_percent(off), shares)], rounding)


def discounts_again(
    lines: Sequence[Line], voided: Collection[int], *, rounding: TaxRounding
) -> tuple[Discount, ...]:
    """Sale discounts to post once the lines `voided` are void: what of them fell on other lines.

    Each of the other lines keeps the share that it was given.
    """
    gone = set(voided)
    parts = [
        _Part(
            lines[number - 1].percent_milli, {of: share for of, share in shares if of not in gone}
        )
        for number in sorted(gone)
        if (shares := lines[number - 1].shares)
    ]
    return _by_tax_group(lines, parts, rounding)


class _Part(Struct, frozen=True):
    """What one sale discount takes off which line."""

    percent_milli: int | None
    shares: Mapping[int, int]


def _by_tax_group(
    lines: Sequence[Line], parts: Sequence[_Part], rounding: TaxRounding
) -> tuple[Discount, ...]:
    charged = {one.number: one.charged_minor for one in standing(lines)}
    sums = SaleTaxes().after(lines)
    posted: list[Discount] = []
    for part in parts:
        groups: dict[TaxGroup, list[tuple[int, int]]] = {}
        for number, share in part.shares.items():
            if share:
                groups.setdefault(TaxGroup.of(lines[number - 1].taxes), []).append((number, share))
        for group, own in groups.items():
            changes = [(charged[number], charged[number] - share) for number, share in own]
            amount = sum(share for _, share in own)
            taxes = sums.on(group, rounding, changes)
            sums = sums.adding(-amount, taxes)
            charged |= {number: charged[number] - share for number, share in own}
            posted.append(
                Discount(amount, taxes, percent_milli=part.percent_milli, shares=tuple(own))
            )
    return tuple(posted)


def _may_be(one: StandingLine, discountable: Callable[[Line], bool]) -> bool:
    sold = one.line.kind is LineKind.ITEM and one.line.quantity > 0
    return sold and one.charged_minor > 0 and discountable(one.line)


def _amount(off: Off, value_minor: int, name: str) -> int:
    amount = off.of(value_minor)
    if amount == 0:
        raise SaleRefused(_("that is less than the smallest amount off {}; give more").format(name))
    if amount > value_minor:
        raise SaleRefused(_("{} is worth less than the discount").format(name))
    return amount


def _percent(off: Off) -> int | None:
    return off.milli if isinstance(off, Percent) else None
