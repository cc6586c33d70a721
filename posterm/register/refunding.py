"""Goods taken back against their receipt, of any till of the shop: exactly what was paid for them.

The receipt is looked up in the logs, its lines are shown, and what is chosen is booked for the
whole shop in the write that posts it. This module must never say what a line is worth: the
receipt's own lines do, by `pricing.refunds`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from kernel import Line, LineKind, SaleRefused, Transaction
from kernel import gettext as _
from posterm.pricing import StandingLine, refunds, standing
from posterm.register.dialogs import Prompt
from themes.formats import amount_text, quantity_text, takes_comma

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["refund"]

_ALL = "*"
_ASKED = re.compile(r"(?:([0-9]{1,7}(?:[.,][0-9]{1,3})?)\*)?([0-9]{1,5})")
_ONE = 1000


class _Receipt(Struct, frozen=True):
    """`came` says how many thousandths of which line are back already."""

    transaction: str
    sale: Transaction
    came: dict[int, int]

    @property
    def items(self) -> tuple[StandingLine, ...]:
        """What can come back, and hangs on nothing else."""
        return tuple(
            one
            for one in standing(tuple(self.sale.lines))
            if one.line.kind in (LineKind.ITEM, LineKind.DEPOSIT)
            and one.line.quantity > 0
            and one.line.of is None
        )

    def left(self, one: StandingLine) -> int:
        return one.line.quantity - self.came.get(one.number, 0)


def refund(session: Session, command: Command) -> None:
    """The function: of the receipt that was typed, else of the one that is asked for now."""
    if session.till.training:
        raise SaleRefused(_("a receipt is real and this is training; sign off to end it"))
    if command.text:
        _show(session, command.text)
        return
    session.message = ""
    words = _("receipt: its transaction, or till and number; Enter")
    session.prompt(Prompt(words, partial(_show, session)))


def _show(session: Session, named: str) -> None:
    """Its lines, and which of them comes back asked for."""
    receipt = _looked_up(session, named)
    if not any(receipt.left(one) for one in receipt.items):
        raise SaleRefused(_("all of {} came back already").format(receipt.transaction))
    session.message = ""
    session.page = (
        _("RECEIPT {}   number {}   {} {}").format(
            receipt.transaction,
            receipt.sale.receipt_number,
            amount_text(receipt.sale.total_minor, receipt.sale.currency),
            receipt.sale.currency,
        ),
        "",
        *(_row(receipt, one) for one in receipt.items),
    )
    words = _("line, or 2*line, or * for all that is left; Enter")
    session.prompt(Prompt(words, partial(_choose, session, receipt.transaction)))


def _looked_up(session: Session, named: str) -> _Receipt:
    transaction, sale = session.till.receipt(named)
    return _Receipt(transaction, sale, session.till.returned(transaction))


def _row(receipt: _Receipt, one: StandingLine) -> str:
    line, came = one.line, receipt.came.get(one.number, 0)
    amount = amount_text(one.charged_minor, receipt.sale.currency)
    back = _("{} back").format(quantity_text(came)) if came else ""
    named, sold = line.description or line.code or "", quantity_text(line.quantity)
    return f"{one.number:>4}  {named:<32.32} {sold:>8} {back:<12.12} {amount:>12}"


def _choose(session: Session, transaction: str, text: str) -> None:
    asked = _ASKED.fullmatch(text)
    if text != _ALL and asked is None:
        raise SaleRefused(_("type a line of the receipt, such as 2 or 3*2; * takes all"))
    receipt = _looked_up(session, transaction)
    if asked is None:
        session.attempt(partial(_take_all_back, session, transaction))
        return
    many, number = asked.groups()
    much = _quantity(many) if many is not None else _one_of(receipt, int(number))
    session.attempt(partial(_take_back, session, transaction, int(number), much))


def _take_all_back(session: Session, transaction: str) -> None:
    """All that is left. Done again under an approval, it goes on where it was stopped."""
    receipt = _looked_up(session, transaction)
    for one in receipt.items:
        if receipt.left(one) and session.counter.shelf.returnable(one.line):
            _take_back(session, transaction, one.number, receipt.left(one))


def _take_back(session: Session, transaction: str, number: int, thousandths: int) -> None:
    counter, receipt = session.counter, _looked_up(session, transaction)
    for one in receipt.items:
        if one.number == number and not counter.shelf.returnable(one.line):
            raise SaleRefused(_("{} is not taken back").format(one.line.code))
    back = refunds(tuple(receipt.sale.lines), number, thousandths, receipt.came)
    money_minor = sum(one.money_minor for one in back)
    approval = counter.require("return", _("a return against a receipt"), new=-money_minor)
    counter.give_back(transaction, back, approval)
    session.prompt(None)
    session.page, session.totalled = None, False
    given = amount_text(_given_back(counter.lines, transaction), receipt.sale.currency)
    session.message = _("taken back for {}; Total, then Cash or Card pays it out").format(given)


def _given_back(lines: Sequence[Line], transaction: str) -> int:
    """What all that this sale takes back of that receipt is worth, with what hangs on it."""
    live = standing(lines)
    own = {one.number for one in live if one.line.origin and one.line.origin[0] == transaction}
    return -sum(one.charged_minor for one in live if one.number in own or one.line.of in own)


def _one_of(receipt: _Receipt, number: int) -> int:
    """One piece; all that is left of what was weighed, and of less than a piece."""
    left = {one.number: receipt.left(one) for one in receipt.items}.get(number, 0)
    return left if 0 < left < _ONE or left % _ONE else _ONE


def _quantity(text: str) -> int:
    if "," in text and not takes_comma():
        raise SaleRefused(_("{} has a comma; type a point, such as 0.250*").format(text))
    thousandths = int(Decimal(text.replace(",", ".")) * _ONE)
    if thousandths == 0:
        raise SaleRefused(_("a quantity of 0 takes nothing back"))
    return thousandths
