"""An item of the catalogue, and what looking one up can end with: frozen values, no rules.

Quantities are thousandths (of a piece, or of a kilogram), amounts minor units of the catalogue's
currency. This module must never hold words for a person: a screen says them in its language.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

__all__ = ["Ambiguous", "Found", "Item", "Missing", "NotOnFile", "SellBy"]


class SellBy(Enum):
    """`EACH` by the piece, `WEIGHT` at a price a kilogram, `PRICE` at the amount on its label."""

    EACH = "each"
    WEIGHT = "weight"
    PRICE = "price"


class Item(Struct, frozen=True):
    """One row of the catalogue.

    `sku` is the first of `codes` and the item's name in the log. `price_minor` is that of a piece
    or a kilogram; None is an open price, which the cashier types. `tare` is taken off a weight.
    Above `max_quantity` the register asks first. `linked_sku` is a deposit sold along with it.
    An item that is not `active` can be taken back, not sold.
    """

    sku: str
    codes: tuple[str, ...]
    description: str
    department: str
    price_minor: int | None
    tax_code: str
    sell_by: SellBy = SellBy.EACH
    tare: int = 0
    min_age: int = 0
    linked_sku: str | None = None
    max_quantity: int | None = None
    discountable: bool = True
    returnable: bool = True
    active: bool = True


class Missing(Enum):
    """Why a code names no item."""

    UNKNOWN = "unknown"
    CHECK_DIGIT = "check digit"
    """It is as long as a GTIN, and mistyped or misread: the check digit is wrong."""
    MEASURE = "measure"
    """The weight or price in it can't be read: its own check digit is wrong, or it is foreign."""


class Found(Struct, frozen=True):
    """The item, and what its label says of this piece of it: a quantity, an amount, or nothing."""

    item: Item
    quantity: int | None = None
    amount_minor: int | None = None


class Ambiguous(Struct, frozen=True):
    """Only upper and lower case tell these items' codes apart, and the code given is neither's."""

    code: str
    items: tuple[Item, ...]


class NotOnFile(Struct, frozen=True):
    """No item has the code, read as `code` from what was given."""

    code: str
    reason: Missing
