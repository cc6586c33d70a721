"""What is asked before it is done: unlikely quantities and amounts, much cash, large discounts.

A slip of the finger at a till is a code typed as a quantity or an amount. Each rule answers with
what to ask, or None. This module must never refuse, and holds no words: a screen asks in its
language, and `Y` answers.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from posterm.pricing.off import Amount, Off

__all__ = ["Ask", "Question", "ask_amount", "ask_cash", "ask_discount", "ask_quantity"]

_AMOUNT_LIMIT = 99_999_999
"""Eight digits; a GTIN-8 typed as a price has as many, longer codes have more."""
_QUANTITY_LIMIT = 999_000
"""Where the item has no maximum: a PLU typed as a quantity has four digits."""
_WHOLE_MILLI = 100_000


class Question(Enum):
    QUANTITY = "quantity"
    AMOUNT = "amount"
    CASH = "cash"
    DISCOUNT = "discount"
    """Beyond what the shop lets a cashier give alone: it needs approval."""


class Ask(Struct, frozen=True):
    """`given` is above `limit`: thousandths, minor units or thousandths of a percent."""

    question: Question
    given: int
    limit: int


def ask_quantity(thousandths: int, maximum: int | None) -> Ask | None:
    """`maximum` is the item's, in thousandths. A return is asked about like a sale."""
    limit = _QUANTITY_LIMIT if maximum is None else maximum
    return _above(Question.QUANTITY, abs(thousandths), limit)


def ask_amount(amount_minor: int) -> Ask | None:
    """A price, a tender or a line of more than eight digits."""
    return _above(Question.AMOUNT, abs(amount_minor), _AMOUNT_LIMIT)


def ask_cash(amount_minor: int, ceiling_minor: int | None) -> Ask | None:
    """`ceiling_minor` is the setting `cash_ceiling_minor`; None never asks."""
    if ceiling_minor is None:
        return None
    return _above(Question.CASH, abs(amount_minor), ceiling_minor)


def ask_discount(off: Off, value_minor: int, limit_milli_percent: int) -> Ask | None:
    """`value_minor` is what it is taken off; `limit` is `discount_limit_milli_percent`."""
    if isinstance(off, Amount):
        # Rounded up: an amount that is a hair above the limit is above it.
        given = -(-off.minor * _WHOLE_MILLI // value_minor) if value_minor > 0 else _WHOLE_MILLI
    else:
        given = off.milli
    return _above(Question.DISCOUNT, given, limit_milli_percent)


def _above(question: Question, given: int, limit: int) -> Ask | None:
    return Ask(question, given, limit) if given > limit else None
