"""What may be said of a line besides its code, quantity and price, and what each must be.

Most lines say nothing of it, so only what is said is looked at: checking costs a scan what it
says, and no more. Texts are frozen in the log as given; the kernel looks nothing up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, cast

from kernel.errors import SaleRefused
from kernel.model.cards import refuse_card_in
from kernel.model.entries import LineKind, TaxAmount
from kernel.model.identity import OPERATOR_LIMIT, short_text
from kernel.model.money import check_minor
from kernel.words import gettext as _

__all__ = ["TEXT_LIMIT", "LineFacts", "checked"]

TEXT_LIMIT = 256
"""Characters of a reason, a description and the like."""
_SOLD = (LineKind.ITEM, LineKind.DEPOSIT, LineKind.ADJUSTMENT, LineKind.NON_REVENUE)


class LineFacts(TypedDict, total=False):
    """Each may be left out, or None."""

    kind: LineKind
    description: str | None
    department: str | None
    list_minor: int | None
    """The catalogue's price; `unit_minor` is what was charged."""
    taxes: tuple[TaxAmount, ...]
    price_origin: str | None
    input_origin: str | None
    of: int | None
    """Number of the line that this one is linked to."""
    origin: tuple[str, int] | None
    """(transaction, line number) of the sale that a receipted return gives back."""
    reason: str | None
    rule: str | None
    operator: str | None
    """Who does it, if not the sale's operator."""
    approver: str | None


def checked(said: LineFacts) -> LineFacts:
    """What is said and not None. Raises `SaleRefused`, `TypeError` for what no line has."""
    facts = {name: _CHECKS[name](value, name) for name, value in said.items() if value is not None}
    return cast(LineFacts, facts)


def _kind(value: object, _name: str) -> object:
    if value not in _SOLD:
        raise SaleRefused(
            _("{!r:.20} is no kind of line to add; it has a call of its own").format(value)
        )
    return value


def _text(value: object, name: str) -> object:
    said = name.replace("_", " ")
    text = short_text(value, said, TEXT_LIMIT)
    refuse_card_in(text, said)
    return text


def _person(value: object, name: str) -> object:
    return short_text(value, name, OPERATOR_LIMIT)


def _list_price(value: object, _: str) -> object:
    return check_minor(cast(int, value), "list price")


def _origin(value: object, _name: str) -> object:
    match value:
        case (str(), int()):
            return value
    raise SaleRefused(
        _("{!r:.60} names no line of a receipt; give (transaction, line number)").format(value)
    )


def _as_given(value: object, _: str) -> object:
    # Its type is proved when the entry is read back before it is written.
    return value


_CHECKS: dict[str, Callable[[object, str], object]] = {
    "kind": _kind,
    "description": _text,
    "department": _text,
    "list_minor": _list_price,
    "taxes": _as_given,
    "price_origin": _text,
    "input_origin": _text,
    "of": _as_given,
    "origin": _origin,
    "reason": _text,
    "rule": _text,
    "operator": _person,
    "approver": _person,
}
