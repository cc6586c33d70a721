"""The one parser of typed amounts: `2000` is minor units, `20.00` is major, for every field.

A cashier types hundreds of amounts a day without looking, so a text has one meaning everywhere or
is refused: no sign, no grouping, no blanks, no guess. The locale's comma counts as a point only
where the locale has one.
"""

from __future__ import annotations

from kernel import SaleRefused, format_minor, parse_major, refuse_card_number
from kernel import gettext as _
from posterm.pricing.off import Amount, Off, Percent

__all__ = ["parse_amount", "parse_off"]

_DIGITS = 15
"""Of an amount: within what the kernel can hold; more than 8 are asked about anyway."""
_PERCENT_DECIMALS = 3


def parse_amount(text: str, currency: str, *, comma: bool = False) -> int:
    """Minor units. `comma`: the locale's decimal comma is taken, too. Raises `SaleRefused`."""
    whole, point, fraction = _split(text, comma)
    refuse_card_number(whole, _("amount"))
    decimals = len(format_minor(0, currency).partition(".")[2])
    if not point:
        return int(whole)
    if len(fraction) > decimals:
        raise SaleRefused(
            _("{} has {} decimals, {} has {}; type it again").format(
                text, len(fraction), currency, decimals
            )
        )
    return parse_major(f"{whole}.{fraction}", currency)


def parse_off(text: str, currency: str, *, comma: bool = False) -> Off:
    """A discount: `10%`, `12.5%`, or an amount. Raises `SaleRefused`."""
    if not text.endswith("%"):
        return Amount(parse_amount(text, currency, comma=comma))
    whole, _point, fraction = _split(text[:-1], comma)
    if len(fraction) > _PERCENT_DECIMALS:
        raise SaleRefused(
            _("{} has more than {} decimals; type it again").format(text, _PERCENT_DECIMALS)
        )
    return Percent(int(whole + fraction.ljust(_PERCENT_DECIMALS, "0")))


def _split(text: str, comma: bool) -> tuple[str, str, str]:
    plain = text.replace(",", ".") if comma else text
    whole, point, fraction = plain.partition(".")
    digits = whole + fraction
    ascii_digits = digits.isascii() and digits.isdigit()
    if not ascii_digits or not whole or len(digits) > _DIGITS or bool(point) != bool(fraction):
        raise SaleRefused(_("{!r:.40} is no amount; type one such as 2000 or 20.00").format(text))
    return whole, point, fraction
