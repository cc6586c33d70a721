"""The columns of a catalogue's CSV: what each may hold, and the item that a row makes.

An empty field has the column's default; `NEEDED` are columns that must be there, and of them
only a price may be empty: it is an open one. Pure. Nothing is repaired but space around a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from kernel import (
    SaleRefused,
    item_code,
    parse_major,
    parse_quantity,
    refuse_card_number,
    short_text,
)
from kernel import gettext as _
from kernel import marked as N_
from posterm.catalog.codes import check_digit, is_gtin, looks_like_gtin
from posterm.catalog.items import Item, SellBy

__all__ = ["CODE_SEPARATOR", "FIELDS", "NEEDED", "Row", "checked_code", "item_of"]

NEEDED = ("code", "description", "department", "price", "tax_code")
FIELDS = (
    *NEEDED,
    *("sell_by", "tare", "min_age", "linked_sku", "max_quantity"),
    *("discountable", "returnable", "active"),
)
CODE_SEPARATOR = "|"
CODES_LIMIT = 50
DESCRIPTION_LIMIT = 256
DEPARTMENT_LIMIT = 64
TAX_CODE_LIMIT = 16
AGE_LIMIT = 99

Row = Mapping[str, str]
_Value = TypeVar("_Value")

_NO_CODES: tuple[str, ...] = ()
_TRUTHS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def item_of(row: Row, currency: str, fault: Callable[[str, str], None]) -> Item | None:
    """The row's item; None after `fault` was called with a column and a reason, maybe often."""
    faults = 0

    def read(column: str, parse: Callable[[str], _Value], default: _Value) -> _Value:
        nonlocal faults
        text = row.get(column, "").strip()
        if not text and (column == "price" or column not in NEEDED):
            return default
        try:
            return parse(text)
        except SaleRefused as refusal:
            faults += 1
            fault(column, str(refusal))
            return default

    codes = read("code", _codes, _NO_CODES)
    sell_by = read("sell_by", _sell_by, SellBy.EACH)
    tare = read("tare", _tare, 0)
    item = Item(
        sku=codes[0] if codes else "",
        codes=codes,
        description=read("description", lambda text: _text(text, "description"), ""),
        department=read("department", lambda text: _text(text, "department"), ""),
        price_minor=read("price", lambda text: _price(text, currency), None),
        tax_code=read("tax_code", lambda text: _text(text, "tax code"), ""),
        sell_by=sell_by,
        tare=tare,
        min_age=read("min_age", _age, 0),
        linked_sku=read("linked_sku", checked_code, None),
        max_quantity=read("max_quantity", _most, None),
        discountable=read("discountable", _truth, True),
        returnable=read("returnable", _truth, True),
        active=read("active", _truth, True),
    )
    if tare and sell_by is not SellBy.WEIGHT:
        faults += 1
        fault("tare", _("only an item sold by weight has a tare; leave it empty"))
    return None if faults else item


def checked_code(text: str) -> str:
    """`text` if it can be an item's code: no card number, and no GTIN that was mistyped."""
    refuse_card_number(item_code(text), "code")
    if looks_like_gtin(text) and not is_gtin(text):
        raise SaleRefused(
            _(
                "{} has {} digits as a GTIN has, and its check digit would be {}; correct "
                "it, or add a letter to a number of your own"
            ).format(text, len(text), check_digit(text[:-1]))
        )
    return text


def _codes(text: str) -> tuple[str, ...]:
    parts = [part.strip() for part in text.split(CODE_SEPARATOR)]
    if len(parts) > CODES_LIMIT:
        raise SaleRefused(
            _("an item has at most {} codes, this one {}").format(CODES_LIMIT, len(parts))
        )
    return tuple(checked_code(part) for part in parts)


_LIMITS = {
    "description": DESCRIPTION_LIMIT,
    "department": DEPARTMENT_LIMIT,
    N_("tax code"): TAX_CODE_LIMIT,
}


def _text(text: str, name: str) -> str:
    return short_text(text, name, _LIMITS[name])


def _price(text: str, currency: str) -> int:
    price_minor = parse_major(text, currency)
    if price_minor < 0:
        raise SaleRefused(_("price {} is below zero; give 0 or more").format(text))
    return price_minor


def _sell_by(text: str) -> SellBy:
    try:
        return SellBy(text.casefold())
    except ValueError:
        raise SaleRefused(
            _("{!r:.40} is no way to sell; give each, weight or price").format(text)
        ) from None


def _tare(text: str) -> int:
    return 0 if not text.strip("0.") else _above_zero(text, "tare")


def _most(text: str) -> int:
    return _above_zero(text, "max_quantity")


def _above_zero(text: str, name: str) -> int:
    thousandths = parse_quantity(text)
    if thousandths < 0:
        raise SaleRefused(_("{} {} is below zero; give one such as 0.250").format(name, text))
    return thousandths


def _age(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= AGE_LIMIT):
        raise SaleRefused(_("{!r:.40} is no age; give 0 to {}").format(text, AGE_LIMIT))
    return int(text)


def _truth(text: str) -> bool:
    if text.casefold() not in _TRUTHS:
        raise SaleRefused(_("{!r:.40} is neither yes nor no").format(text))
    return _TRUTHS[text.casefold()]
