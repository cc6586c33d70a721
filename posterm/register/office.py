"""What a till does besides selling: another price, goods taken back, cash in and out of the drawer.

Each needs the role that the shop gives it. This module must never change a posted line: another
price is a void and a new line.
"""

from __future__ import annotations

from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING

from kernel import LineKind, SaleRefused, format_minor
from posterm.keypad import Command
from posterm.pricing import ask_amount, standing
from posterm.register.dialogs import Question

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["move_cash", "no_sale", "override", "take_back"]


def override(session: Session, command: Command) -> None:
    """The last item again at the typed price, its line void."""
    counter = session.counter
    counter.require("price_override", _("another price"))
    live = [one for one in standing(counter.lines) if one.line.kind is LineKind.ITEM]
    if not live:
        raise SaleRefused(_("there is no item to price; sell it first"))
    if not command.text:
        raise SaleRefused(_("give the price: /26 1.50"))
    unit_minor, line = counter.amount(command.text), live[-1].line
    found = counter.find(line.code or "")

    def post() -> None:
        counter.void(live[-1].number)
        counter.sell(
            found,
            line.quantity,
            unit_minor=unit_minor,
            by="override",
            reason=line.reason or "",
            price_origin="override",
        )
        session.totalled = False

    asked = ask_amount(unit_minor)
    if asked is None:
        post()
        return
    shown = format_minor(unit_minor, counter.currency)
    session.ask(Question(_("price {}?  Y yes   Clear no").format(shown), {"y": post}))


def take_back(session: Session, command: Command) -> None:
    """One of the item, without its receipt, at today's price."""
    counter = session.counter
    counter.require("return_without_receipt", _("a return without its receipt"))
    if not command.text:
        raise SaleRefused(_("give the code: /27 CODE"))
    found = counter.find(command.text)
    price = found.amount_minor if found.amount_minor is not None else found.item.price_minor
    if price is None or not found.item.returnable:
        raise SaleRefused(_("{} is not taken back without a receipt").format(found.item.sku))
    quantity = counter.thousandths(found, command.quantity)

    def post() -> None:
        counter.sell(found, -quantity, unit_minor=price, by="code", reason="return")
        session.totalled = False

    words = _("take back {}?  Y yes   Clear no").format(found.item.description)
    session.ask(Question(words, {"y": post}))


def move_cash(how: str, session: Session, command: Command) -> None:
    """A pay-in, a pay-out or a pickup of the typed amount, confirmed."""
    counter = session.counter
    counter.require(how, _("moving cash"))
    if not command.text:
        raise SaleRefused(_("give the amount after the function, such as /29 20.00"))
    amount = counter.amount(command.text)
    move = partial(_move, session, how, amount)
    shown = format_minor(amount, counter.currency)
    words = _("{} {}?  Y yes   Clear no").format(how.replace("_", "-"), shown)
    session.ask(Question(words, {"y": move}))


def no_sale(session: Session, command: Command) -> None:
    """Open the drawer, and say so in the log."""
    session.counter.require("no_sale", _("opening the drawer"))
    _move(session, "no_sale", 0)


def _move(session: Session, how: str, amount_minor: int) -> None:
    counter = session.counter
    session.till.move_cash(how, amount_minor, counter.currency, counter.operator or "")
    session.page = None
    shown = format_minor(amount_minor, counter.currency) if amount_minor else ""
    session.message = f"{how.replace('_', '-')} {shown}".rstrip()
