"""Money as whole minor units of one ISO 4217 currency, quantities as whole thousandths.

No float ever touches an amount and nothing is rounded silently: text with more decimals than
its currency has is refused, and a product is rounded half away from zero, once. Every value is
checked against `LIMIT`, so that it survives any JSON reader and nothing wraps.

This module must never guess an exponent: an unknown code is refused, because 500 minor units
are 5.00 in one currency and 500 or 0.500 in others.
"""

from __future__ import annotations

from decimal import Decimal

from kernel.errors import SaleRefused
from kernel.words import gettext as _

__all__ = [
    "LIMIT",
    "QUANTITY_DECIMALS",
    "ROUNDING_STEP_LIMIT_MINOR",
    "check_minor",
    "exponent",
    "extend",
    "format_minor",
    "no_minor",
    "parse_major",
    "parse_quantity",
]

LIMIT = 2**53
"""Amounts and quantities lie in -LIMIT..LIMIT: what every JSON reader keeps exactly."""

ROUNDING_STEP_LIMIT_MINOR = 1000
"""The largest coin that a shop can round its cash to: a rounding is smaller."""

QUANTITY_DECIMALS = 3
_THOUSAND = 1000
_HALF = _THOUSAND // 2
_TEXT_LIMIT = 40

# ISO 4217 list one of 2026-01-01; a test holds it against the iso4217 package.
_CODES_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN "
        "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
        "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW "
        "KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
        "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG "
        "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD "
        "USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ).split(),
    3: "BHD IQD JOD KWD LYD OMR TND".split(),
    4: "CLF UYW".split(),
}
_WITHOUT_MINOR_UNIT = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX".split()

_EXPONENTS: dict[str, int | None] = {
    code: digits for digits, codes in _CODES_BY_EXPONENT.items() for code in codes
}
_EXPONENTS |= dict.fromkeys(_WITHOUT_MINOR_UNIT)


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for EUR, 0 for JPY, 3 for KWD.

    Raises `SaleRefused` for a code that ISO 4217 does not list, and for one that has no minor
    unit (gold, test codes): nothing can be sold in it.
    """
    if type(currency) is not str or currency not in _EXPONENTS:
        raise SaleRefused(
            _(
                "currency {!r:.40} is not in ISO 4217; give a code of three capital "
                "letters such as EUR"
            ).format(currency)
        )
    digits = _EXPONENTS[currency]
    if digits is None:
        raise SaleRefused(
            _("currency {} has no minor unit; sell in another currency").format(currency)
        )
    return digits


def check_minor(value: int, name: str) -> int:
    """`value` if it is an `int` within `LIMIT`; `name` is what the error calls it."""
    if type(value) is int and -LIMIT <= value <= LIMIT:
        return value
    raise no_minor(value, _(name))


def no_minor(value: int, name: str) -> SaleRefused:
    """Why `value` is no amount; `name` is what it is called, in the reader's language."""
    if type(value) is not int:
        return SaleRefused(
            _("{} is {}; give an int of minor units").format(name, type(value).__name__)
        )
    return SaleRefused(_("{} is out of range; give at most {} minor units").format(name, LIMIT))


def parse_major(text: str, currency: str) -> int:
    """Minor units of decimal text in major units: `"20.00"` EUR is 2000, `"2.550"` KWD 2550.

    Zeros beyond the currency's decimals are allowed, other digits there are refused.
    """
    digits = exponent(currency)
    return check_minor(_scaled(text, digits, "amount", currency), "amount")


def format_minor(amount_minor: int, currency: str) -> str:
    """Plain text in major units, the same in every locale: 2000 EUR is `20.00`."""
    digits = exponent(currency)
    if digits == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**digits)
    return f"{sign}{whole}.{fraction:0{digits}}"


def parse_quantity(quantity: int | Decimal | str) -> int:
    """Thousandths of a quantity of pieces or of a unit: 3 is 3000, `"1.250"` is 1250.

    Negative quantities are returns; zero, more than three decimals and floats are refused.
    """
    if type(quantity) is int:
        thousandths = quantity * _THOUSAND
    elif isinstance(quantity, Decimal):
        thousandths = _quantity_of_text(_plain_text(quantity))
    elif isinstance(quantity, str):
        thousandths = _quantity_of_text(quantity)
    else:
        raise SaleRefused(
            _("quantity is {}; give an int, a Decimal or decimal text").format(
                type(quantity).__name__
            )
        )
    if thousandths == 0:
        raise SaleRefused(_("quantity is 0; give at least 0.001, or less than 0 for a return"))
    if not -LIMIT <= thousandths <= LIMIT:
        raise SaleRefused(_("quantity is out of range; give at most {}").format(LIMIT // _THOUSAND))
    return thousandths


def extend(unit_minor: int, quantity_thousandths: int) -> int:
    """Unit price times quantity in minor units, half rounded away from zero."""
    product = unit_minor * quantity_thousandths
    if product >= 0:
        amount_minor = (product + _HALF) // _THOUSAND
    else:
        amount_minor = -((_HALF - product) // _THOUSAND)
    if -LIMIT <= amount_minor <= LIMIT:
        return amount_minor
    return check_minor(amount_minor, "line amount")


def _quantity_of_text(text: str) -> int:
    return _scaled(text, QUANTITY_DECIMALS, "quantity")


def _plain_text(number: Decimal) -> str:
    """Without an exponent; refused where that could be text without end."""
    if not number.is_finite() or abs(number.adjusted()) > _TEXT_LIMIT:
        raise SaleRefused(_("quantity is no number within range; give one such as 1.250"))
    return format(number, "f")


def _scaled(text: str, decimals: int, name: str, currency: str | None = None) -> int:
    """Decimal text times `10 ** decimals`, exactly: so many has the `currency`, if it is money."""
    sign = "-" if text.startswith("-") else ""
    whole, point, fraction = text[len(sign) :].partition(".")
    if len(text) > _TEXT_LIMIT or not _all_digits(whole + fraction) or (point and not fraction):
        raise SaleRefused(
            _("{} {!r:.40} is no decimal number; give one such as 20.00").format(_(name), text)
        )
    if fraction[decimals:].strip("0"):
        has = _("{} has {}") if currency is not None else _("it may have {1}")
        raise SaleRefused(
            _("{} {} has too many decimals: {}; round it first").format(
                _(name), text, has.format(currency, decimals)
            )
        )
    return int(sign + (whole or "0") + fraction[:decimals].ljust(decimals, "0"))


def _all_digits(text: str) -> bool:
    """ASCII digits and at least one: `str.isdigit` alone lets `²` and `٣` through."""
    return text.isascii() and text.isdigit()
