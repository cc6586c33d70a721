"""Weights, prices and counts inside a barcode: which digits mean what, country by country.

GS1 leaves the numbers 02 and 20 to 29 to its member in each country, so the same label means
another thing across a border: a shop names its country, or sets the prefixes of its own scale.
Pure; it must never guess a rule for a prefix that neither the country nor the shop has given.

Sources: GS1 General Specifications 2.1.11 and 7.9.2 to 7.9.5, and what the members publish: GS1
Denmark, Finland, Germany, Sweden, UK, US and Latvia (for the three Baltic states). Norway has
published nothing that we found; labels seen there follow Sweden's rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType

from msgspec import Struct

from kernel import SaleRefused, format_minor, parse_major
from posterm.catalog.codes import check_digit

__all__ = [
    "COUNTRIES",
    "Embedded",
    "Measure",
    "Rule",
    "Rules",
    "element_measure",
    "measure_check_digit",
    "read_label",
    "rules_of",
]

_PAYLOAD_DIGITS = 12
_SCALE_VALUE_DIGITS = 5
_QUANTITY_DECIMALS = 3


class Measure(Enum):
    """What the digits of a label count."""

    WEIGHT = "weight"
    PRICE = "price"
    COUNT = "count"


class Rule(Struct, frozen=True):
    """Of the 12 digits before the check digit the last `digits` are the measure.

    `decimals` of them stand behind the point. Where `checked`, the digit before them checks them.
    """

    measure: Measure
    digits: int
    decimals: int
    checked: bool = False

    @property
    def reference_digits(self) -> int:
        """How many digits, the prefix among them, name the item."""
        return _PAYLOAD_DIGITS - self.digits - self.checked


Rules = Mapping[str, Rule]
"""First two digits of a GTIN-13 -> the rule of such numbers."""


class Embedded(Struct, frozen=True):
    """A label read by its rule: the codes its item may have on file, best first, and the measure.

    Both measures are None where the label was misread, by its own check, or can't be read here.
    """

    codes: tuple[str, ...]
    quantity: int | None = None
    amount_minor: int | None = None

    @property
    def readable(self) -> bool:
        """A label of nothing at all is no label."""
        return bool(self.quantity or self.amount_minor)


def _steps(measure: Measure, prefixes: str, digits: int) -> dict[str, Rule]:
    """Three prefixes in a row, each with a decimal less than the one before."""
    first = 3 if measure is Measure.WEIGHT else 2
    return {
        prefix: Rule(measure, digits, first - place)
        for place, prefix in enumerate(prefixes.split())
    }


def _same(rule: Rule, prefixes: str) -> dict[str, Rule]:
    return dict.fromkeys(prefixes.split(), rule)


_NORDIC_WEIGHT = _steps(Measure.WEIGHT, "23 24 25", 4)
_NORDIC = _steps(Measure.PRICE, "20 21 22", 4) | _NORDIC_WEIGHT
_NORTH_AMERICA = {"02": Rule(Measure.PRICE, 4, 2, checked=True)}

COUNTRIES: Mapping[str, Rules] = MappingProxyType(
    {
        "CA": _NORTH_AMERICA,
        "DE": _same(Rule(Measure.PRICE, 5, 2, checked=True), "22 23")
        | _same(Rule(Measure.COUNT, 5, 0, checked=True), "25 26")
        | _same(Rule(Measure.WEIGHT, 5, 3, checked=True), "28 29"),
        "DK": _same(Rule(Measure.PRICE, 6, 2), "21 22 23 24")
        | _same(Rule(Measure.WEIGHT, 6, 3), "26 28")
        | {"27": Rule(Measure.WEIGHT, 5, 3)},
        "EE": _NORDIC_WEIGHT,
        "FI": _NORDIC_WEIGHT,
        "GB": {"20": Rule(Measure.PRICE, 4, 2, checked=True)},
        "LT": _NORDIC_WEIGHT,
        "LV": _NORDIC_WEIGHT,
        "NO": _NORDIC,
        "SE": _NORDIC,
        "US": _NORTH_AMERICA,
    }
)
"""ISO 3166 code -> its rules."""


def rules_of(
    country: str | None,
    currency: str,
    *,
    weight_prefixes: Iterable[str] = (),
    price_prefixes: Iterable[str] = (),
) -> Rules:
    """The country's rules, and over them the shop's own prefixes.

    Numbers of those hold five digits of the item and five of the measure: grams, or minor units.
    """
    decimals = len(format_minor(0, currency).partition(".")[2])
    rules = dict(COUNTRIES[country]) if country is not None else {}
    weight = Rule(Measure.WEIGHT, _SCALE_VALUE_DIGITS, _QUANTITY_DECIMALS)
    rules |= dict.fromkeys(weight_prefixes, weight)
    price = Rule(Measure.PRICE, _SCALE_VALUE_DIGITS, decimals)
    return rules | dict.fromkeys(price_prefixes, price)


def read_label(gtin: str, rule: Rule, currency: str) -> Embedded:
    """The label `gtin`, 13 digits whose check digit is right, by its rule."""
    value = gtin[_PAYLOAD_DIGITS - rule.digits : _PAYLOAD_DIGITS]
    codes = _codes_on_file(gtin, rule)
    if rule.checked and gtin[rule.reference_digits] != measure_check_digit(value):
        return Embedded(codes)
    return _measured(codes, rule.measure, value, rule.decimals, currency)


def element_measure(elements: Iterable[str], currency: str) -> Embedded | None:
    """What a GS1 element string says besides the item: net weight, count or amount; or nothing.

    An amount in a currency that it names itself (393n) is refused: it may be another than ours.
    """
    for element in elements:
        if element[:3] == "310" and len(element) == 10:
            return _measured((), Measure.WEIGHT, element[4:], int(element[3]), currency)
        if element[:2] == "30":
            return _measured((), Measure.COUNT, element[2:], 0, currency)
        if element[:3] == "392" and element[3:4].isdecimal():
            return _measured((), Measure.PRICE, element[4:], int(element[3]), currency)
        if element[:3] == "393":
            return Embedded(())
    return None


def measure_check_digit(value: str) -> str:
    """The check digit over the 4 or 5 digits of a price or weight (GS1 General Specs 7.9.2-4)."""
    # The standard's weights "2-" and "5-": the units of the product less its tens.
    doubled = [(2 * digit - 2 * digit // 10) % 10 for digit in range(10)]
    fivefold_less = [(5 * digit - 5 * digit // 10) % 10 for digit in range(10)]
    digits = [int(digit) for digit in value]
    if len(digits) == 4:
        first, second, third, fourth = digits
        total = doubled[first] + doubled[second] + 3 * third + fivefold_less[fourth]
        return str(total * 3 % 10)
    first, second, third, fourth, fifth = digits
    fivefold_more = [5 * digit + 5 * digit // 10 for digit in (first, fourth)]
    total = sum(fivefold_more) + doubled[second] + fivefold_less[third] + doubled[fifth]
    return str(fivefold_less.index(-total % 10))


def _codes_on_file(gtin: str, rule: Rule) -> tuple[str, ...]:
    """The number with a measure of 0, or the PLU in it, as whoever filled the catalogue chose."""
    reference = gtin[: rule.reference_digits]
    zeros = "0" * rule.digits
    payload = reference + (measure_check_digit(zeros) if rule.checked else "") + zeros
    plu = reference[2:]
    return tuple(dict.fromkeys((payload + check_digit(payload), plu, plu.lstrip("0") or plu)))


def _measured(
    codes: tuple[str, ...], measure: Measure, value: str, decimals: int, currency: str
) -> Embedded:
    if not (value.isascii() and value.isdigit()):
        return Embedded(codes)
    padded = value.zfill(decimals + 1)
    point = len(padded) - decimals
    whole, part = padded[:point], padded[point:]
    if measure is Measure.PRICE:
        try:
            text = f"{whole}.{part}" if part else whole
            return Embedded(codes, amount_minor=parse_major(text, currency))
        except SaleRefused:
            return Embedded(codes)
    if part[_QUANTITY_DECIMALS:].strip("0"):
        return Embedded(codes)
    return Embedded(codes, quantity=int(whole + part[:_QUANTITY_DECIMALS].ljust(3, "0")))
