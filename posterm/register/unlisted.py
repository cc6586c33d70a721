"""An item that is not on file: sold to a department at a typed price, by role.

Its line says so (`not_on_file` as the origin of its price), so that the manager finds in the audit
what the catalogue lacks. This module must never sell what is on file under another price.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel import SaleRefused, refuse_card_number
from kernel import gettext as _
from posterm.catalog import Found, Item
from posterm.keymap import Verb
from posterm.keypad import Command
from posterm.register.choices import choose
from posterm.register.items import NOT_ON_FILE, ask_price

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["sell_unlisted"]

_NO_CODE = "NOT-ON-FILE"


def sell_unlisted(session: Session, command: Command) -> None:
    """The function: the typed code, else what was refused last."""
    counter = session.counter
    asked = command if command.text else session.unlisted
    code, quantity = asked.text or _NO_CODE, command.quantity or asked.quantity
    refuse_card_number(code, _("item code"))
    if counter.shelf.holds(code):
        raise SaleRefused(_("{} is on file; sell it by its code").format(code))
    departments = counter.shelf.departments()
    rows = [f"{name:<24.24} {_tax(session, tax)}" for name, tax in departments]
    title = _("{} IS NOT ON FILE   which department?").format(code)

    def sell(index: int) -> None:
        department, tax_code = departments[index]
        found = Found(Item(code, (code,), department, department, None, tax_code))
        thousandths = counter.thousandths(found, quantity)
        session.unlisted = Command(Verb.ITEM)
        ask_price(session, found, thousandths, price_origin=NOT_ON_FILE)

    choose(session, title, rows, sell)


def _tax(session: Session, tax_code: str) -> str:
    return session.counter.shelf.tax_name(tax_code, session.till.configuration)
