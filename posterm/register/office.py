"""What a till does besides selling: another price, goods taken back, cash in and out of the drawer.

Each needs the role that the shop gives it. This module must never change a posted line: another
price is a void and a new line.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kernel import LineKind, SaleRefused, extend
from kernel import gettext as _
from kernel import marked as N_
from posterm.keypad import Command
from posterm.pricing import ask_amount, standing
from posterm.register.counter import OVERRIDE
from posterm.register.dialogs import Question
from posterm.register.items import typed_price
from themes.formats import amount_text, quantity_text

if TYPE_CHECKING:
    from posterm.catalog import Found
    from posterm.register.session import Session

__all__ = ["move_cash", "no_sale", "override", "take_back"]

_NAMES = {
    "pay_in": N_("pay-in"),
    "pay_out": N_("pay-out"),
    "pickup": N_("pickup"),
    "no_sale": N_("no sale"),
}


def override(session: Session, command: Command) -> None:
    """The last item again at the typed price, its line void."""
    counter = session.counter
    live = [one for one in standing(counter.lines) if one.line.kind is LineKind.ITEM]
    if not live:
        raise SaleRefused(_("there is no item to price; sell it first"))
    if live[-1].line.origin is not None:
        # Taken back against its receipt it is worth what was paid.
        raise SaleRefused(_("line {} is no item that was sold").format(live[-1].number))
    if not command.text:
        raise SaleRefused(_("give the price: /26 1.50"))
    unit_minor, line = counter.amount(command.text), live[-1].line
    if line.quantity < 0 and not counter.may("return_without_receipt"):
        # The word that was given for it was for that much and no more.
        raise SaleRefused(_("line {} was taken back; void it first").format(live[-1].number))
    found = counter.find(line.code or "")

    def post() -> None:
        number = counter.standing_line(live[-1].number)
        named = _("another price of line {}").format(number)
        new = extend(unit_minor, line.quantity)
        approval = counter.require("price_override", named, line=number, new=new)
        counter.replace(
            number,
            found,
            line.quantity,
            unit_minor=unit_minor,
            price_origin=OVERRIDE,
            approval=approval,
        )
        session.totalled = False

    asked = ask_amount(unit_minor)
    if asked is None:
        session.attempt(post)
        return
    shown = amount_text(unit_minor, counter.currency)
    session.ask(Question(_("price {}?  Y yes   Clear no").format(shown), {"y": post}))


def take_back(session: Session, command: Command) -> None:
    """The item without its receipt, at today's price, or at the typed one where it has none."""
    counter = session.counter
    if not command.text:
        raise SaleRefused(_("give the code: /27 CODE"))
    found = counter.find(command.text)
    if not found.item.returnable:
        raise SaleRefused(_("{} is not taken back without a receipt").format(found.item.sku))
    thousandths = counter.thousandths(found, command.quantity)
    price = found.amount_minor if found.amount_minor is not None else found.item.price_minor
    if price is None:
        typed_price(session, found, partial(_ask_back, session, found, thousandths))
    else:
        _ask_back(session, found, thousandths, price)


def _ask_back(session: Session, found: Found, thousandths: int, unit_minor: int) -> None:
    """Goods for cash: what and how much is always asked first."""
    counter = session.counter

    def post() -> None:
        named, new = _("a return without its receipt"), extend(unit_minor, -thousandths)
        approval = counter.require("return_without_receipt", named, new=new)
        counter.sell(
            found,
            -thousandths,
            unit_minor=unit_minor,
            by="code",
            reason="return",
            approval=approval,
        )
        session.totalled = False

    shown = amount_text(unit_minor, counter.currency)
    words = _("take back {} x {} at {}?  Y yes   Clear no").format(
        quantity_text(thousandths), found.item.description, shown
    )
    session.ask(Question(words, {"y": post}))


def move_cash(how: str, session: Session, command: Command) -> None:
    """A pay-in, a pay-out or a pickup of the typed amount, confirmed."""
    counter = session.counter
    if not command.text:
        raise SaleRefused(_("give the amount after the function, such as /29 20.00"))
    amount = counter.amount(command.text)
    move = partial(_move, session, how, amount)
    shown = amount_text(amount, counter.currency)
    words = _("{} {}?  Y yes   Clear no").format(_(_NAMES[how]), shown)
    session.ask(Question(words, {"y": move}))


def no_sale(session: Session, command: Command) -> None:
    """Open the drawer, and say so in the log."""
    session.attempt(partial(_move, session, "no_sale", 0))


def _move(session: Session, how: str, amount_minor: int) -> None:
    counter = session.counter
    named = _("opening the drawer") if how == "no_sale" else _(_NAMES[how])
    approval = counter.require(how, named, new=f"{amount_minor} {counter.currency}")
    session.till.move_cash(
        how, amount_minor, counter.currency, counter.operator or "", approval=approval
    )
    session.page = None
    shown = amount_text(amount_minor, counter.currency) if amount_minor else ""
    session.message = f"{_(_NAMES[how])} {shown}".rstrip()
