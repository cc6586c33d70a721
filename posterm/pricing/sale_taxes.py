"""The taxes that each posting of a sale carries, so that their sum is rounded as the shop says.

Once a rate and receipt: a posting carries the difference that it makes to the rounded tax of the
whole sale, so the sum over the log is that tax, whatever the order. A void takes back exactly what
its line carried, which may leave a sum one unit off: the next posting sets it right, at the latest
`taxes_due` at Total. Tax on top of prices is posted then, too, as lines of its own.

Lines that take an earlier receipt back carry that receipt's tax. This module must never count
them: they would be rounded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct, field

from kernel import Line, LineKind, TaxAmount
from posterm.pricing.rounding import half_away
from posterm.pricing.standing import of_a_receipt, posted_kind, standing
from posterm.pricing.taxes import TaxGroup, TaxLayer

__all__ = ["TAX_ROUNDING", "SaleTaxes", "TaxKey", "TaxRounding", "taxes_due"]

TAX_ROUNDING = "TAX_ROUNDING"
"""Code of the adjustment, priced 0, that carries a correction of included tax."""

TaxKey = tuple[str, int, bool]
"""Code, rate and whether the price holds it: what is rounded together."""


class TaxRounding(StrEnum):
    """The setting `tax_rounding`."""

    RECEIPT = "receipt"
    LINE = "line"


class SaleTaxes(Struct, frozen=True):
    """The taxable amounts of a sale's first `count` lines, and the taxes that they carry."""

    count: int = 0
    bases: Mapping[TaxGroup, int] = field(default_factory=dict)
    posted: Mapping[TaxKey, int] = field(default_factory=dict)

    def after(self, lines: Sequence[Line]) -> SaleTaxes:
        """With the lines that were posted since; `lines` are all of the sale's."""
        bases, posted = dict(self.bases), dict(self.posted)
        for line in lines[self.count :]:
            if line.taxes and not of_a_receipt(lines, line):
                is_tax = posted_kind(lines, line) is LineKind.TAX
                _add(bases, posted, 0 if is_tax else line.total_minor, line.taxes)
        return SaleTaxes(len(lines), bases, posted)

    def adding(self, amount_minor: int, taxes: tuple[TaxAmount, ...]) -> SaleTaxes:
        """With a posting that is decided and not posted yet."""
        bases, posted = dict(self.bases), dict(self.posted)
        _add(bases, posted, amount_minor, taxes)
        return SaleTaxes(self.count, bases, posted)

    def on(
        self, group: TaxGroup, rounding: TaxRounding, changes: Iterable[tuple[int, int]]
    ) -> tuple[TaxAmount, ...]:
        """The taxes that a posting must carry, by the lines that it changes.

        `changes` are what each line costs before and after it: `(0, total_minor)` for an item.
        Tax that comes on top is only named here: its line follows at Total.
        """
        if not group.included:
            return tuple(TaxAmount(tax.code, tax.rate_milli_percent, 0, 0) for tax in group.layers)
        if rounding is TaxRounding.LINE:
            amounts = _changes_by_line(group, changes)
        else:
            amounts = self._change_of_receipt(group, sum(after - was for was, after in changes))
        return tuple(
            TaxAmount(tax.code, tax.rate_milli_percent, amount, 1)
            for tax, amount in zip(group.layers, amounts, strict=True)
        )

    def _change_of_receipt(self, group: TaxGroup, amount_minor: int) -> list[int]:
        exact = _exact({**self.bases, group: self.bases.get(group, 0) + amount_minor}.items())
        keys = [(tax.code, tax.rate_milli_percent, True) for tax in group.layers]
        return [half_away(exact[key]) - self.posted.get(key, 0) for key in keys]


def taxes_due(lines: Sequence[Line], rounding: TaxRounding) -> tuple[tuple[TaxAmount, ...], ...]:
    """What is still to be posted before the sale can be paid; nothing where nothing is missing.

    Each is one posting: one tax with `included` 0 is a tax line (`Sale.add_tax`), included taxes
    are those of a `TAX_ROUNDING` adjustment at price 0. They are a whole group, as some line of
    the sale has it: what is corrected is taken off the turnover of all rates of that line, and a
    return gives it back to the same.
    """
    sums = SaleTaxes().after(lines)
    required: dict[TaxKey, int] = dict.fromkeys(sums.posted, 0)
    if rounding is TaxRounding.RECEIPT:
        required |= {key: half_away(tax) for key, tax in _exact(sums.bases.items()).items()}
    else:
        for one in standing(lines):
            if one.line.taxes and not of_a_receipt(lines, one.line):
                exact = _exact([(TaxGroup.of(one.line.taxes), one.charged_minor)])
                for key, tax in exact.items():
                    required[key] = required.get(key, 0) + half_away(tax)
    due = {key: amount - sums.posted.get(key, 0) for key, amount in required.items()}
    return tuple(_postings({key: amount for key, amount in due.items() if amount}, sums.bases))


def _postings(
    due: Mapping[TaxKey, int], bases: Mapping[TaxGroup, int]
) -> Iterator[tuple[TaxAmount, ...]]:
    """Each amount in the smallest group that names its rate and stands for something, those of one
    group together."""
    known = sorted(bases, key=lambda group: (bases[group] == 0, len(group.layers)))
    corrected: dict[TaxGroup, dict[TaxKey, int]] = {}
    for (code, rate, included), amount in due.items():
        if not included:
            yield (TaxAmount(code, rate, amount, 0),)
            continue
        layer = TaxLayer(code, rate)
        group = next(one for one in known if one.included and layer in one.layers)
        corrected.setdefault(group, {})[code, rate, included] = amount
    for group, amounts in corrected.items():
        yield tuple(
            TaxAmount(
                layer.code,
                layer.rate_milli_percent,
                amounts.get((layer.code, layer.rate_milli_percent, True), 0),
                1,
            )
            for layer in group.layers
        )


def _exact(amounts: Iterable[tuple[TaxGroup, int]]) -> dict[TaxKey, Fraction]:
    """The exact tax of each rate on those amounts."""
    exact: dict[TaxKey, Fraction] = {}
    for group, amount_minor in amounts:
        for layer, part in zip(group.layers, group.parts, strict=True):
            key = (layer.code, layer.rate_milli_percent, group.included)
            exact[key] = exact.get(key, Fraction(0)) + amount_minor * part
    return exact


def _changes_by_line(group: TaxGroup, changes: Iterable[tuple[int, int]]) -> list[int]:
    pairs = tuple(changes)
    return [
        sum(half_away(after * part) - half_away(before * part) for before, after in pairs)
        for part in group.parts
    ]


def _add(
    bases: dict[TaxGroup, int],
    posted: dict[TaxKey, int],
    amount_minor: int,
    taxes: tuple[TaxAmount, ...],
) -> None:
    group = TaxGroup.of(taxes)
    bases[group] = bases.get(group, 0) + amount_minor
    for tax in taxes:
        key = (tax.code, tax.rate_milli_percent, group.included)
        posted[key] = posted.get(key, 0) + tax.amount_minor
