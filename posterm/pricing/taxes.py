"""Taxes: rates in layers, what a tax code of the catalogue means, and the exact tax of an amount.

A layer is what a log line names, code and rate. One whose code ends in `+` is compound: due on the
price and on the taxes before it. So a posted line says by itself how it was taxed, and no table
that has changed since can say otherwise. This module must never round: that is done once, last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from kernel import BadInput, SaleRefused, TaxAmount
from kernel import gettext as _

__all__ = ["TaxGroup", "TaxLayer", "TaxMode", "TaxTable"]

_WHOLE_MILLI_PERCENT = 100_000
_LAYERS = 8
_GROUPS = 1024
_LAYER = re.compile(r"([A-Z0-9][A-Z0-9_-]{0,15}\+?) +([0-9]{1,3})(?:\.([0-9]{1,3}))?")


class TaxMode(StrEnum):
    """The setting `tax_mode`: whether prices hold their tax, or it comes on top at Total."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class TaxLayer(Struct, frozen=True):
    """One tax: 9.975 % is 9975."""

    code: str
    rate_milli_percent: int

    @property
    def compound(self) -> bool:
        """Due on the taxes before it as well."""
        return self.code.endswith("+")


class TaxGroup(Struct, frozen=True):
    """Taxes that are due together on an amount that holds them (`included`) or does not."""

    layers: tuple[TaxLayer, ...]
    included: bool

    @classmethod
    def of(cls, taxes: Iterable[TaxAmount]) -> TaxGroup:
        """That of a posted line."""
        posted = tuple(taxes)
        layers = tuple(TaxLayer(tax.code, tax.rate_milli_percent) for tax in posted)
        return cls(layers, any(tax.included for tax in posted))

    @property
    def parts(self) -> tuple[Fraction, ...]:
        """What part of an amount each layer's tax is, exactly."""
        return _parts(self)


class TaxTable(Struct, frozen=True):
    """What each tax code of the catalogue means."""

    layers: Mapping[str, tuple[TaxLayer, ...]]

    @classmethod
    def parse(cls, text_by_code: Mapping[str, str]) -> TaxTable:
        """From texts such as `VAT 19`, `GST 5, PST 7` or `GST 5, QST+ 9.975`. Raises `BadInput`."""
        return cls({code: _parsed(code, text) for code, text in text_by_code.items()})

    def group(self, tax_code: str, mode: TaxMode) -> TaxGroup:
        """How an item of that tax code is taxed. Raises `SaleRefused` for an unknown one."""
        if tax_code not in self.layers:
            raise SaleRefused(
                _("tax code {!r:.40} has no rate; set it, then sell the item").format(tax_code)
            )
        return TaxGroup(self.layers[tax_code], mode is TaxMode.INCLUSIVE)


@lru_cache(maxsize=_GROUPS)
def _parts(group: TaxGroup) -> tuple[Fraction, ...]:
    on_net: list[Fraction] = []
    for layer in group.layers:
        rate = Fraction(layer.rate_milli_percent, _WHOLE_MILLI_PERCENT)
        on_net.append(rate * (1 + sum(on_net)) if layer.compound else rate)
    gross = 1 + sum(on_net) if group.included else Fraction(1)
    return tuple(part / gross for part in on_net)


def _parsed(tax_code: str, text: str) -> tuple[TaxLayer, ...]:
    layers = tuple(_layer(tax_code, part.strip()) for part in text.split(","))
    codes = [layer.code for layer in layers]
    if len(set(codes)) < len(codes) or len(codes) > _LAYERS or layers[0].compound:
        raise BadInput(
            _(
                "tax code {}: {!r:.60} must name 1 to {} different taxes, and a compound one (+) "
                "only after another; correct it"
            ).format(tax_code, text, _LAYERS)
        )
    return layers


def _layer(tax_code: str, text: str) -> TaxLayer:
    match = _LAYER.fullmatch(text)
    rate = int(match[2] + (match[3] or "").ljust(3, "0")) if match else _WHOLE_MILLI_PERCENT + 1
    if match is None or rate > _WHOLE_MILLI_PERCENT:
        raise BadInput(
            _(
                "tax code {}: {!r:.40} is no tax; write a code of capital letters and percent up "
                "to 100 with at most three decimals, such as VAT 19 or QST+ 9.975"
            ).format(tax_code, text)
        )
    return TaxLayer(match[1], rate)
