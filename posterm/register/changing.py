"""Another quantity of a posted line, and empties: deposits paid back without a receipt.

A posted line is never changed: another quantity is its void and a new line, in one write.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kernel import LineKind, SaleRefused, extend
from kernel import gettext as _
from posterm.pricing import ask_quantity, standing
from posterm.register.counter import OVERRIDE
from posterm.register.dialogs import Question

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["change_quantity", "take_empties"]

_ASKED = re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,3})?)(?: +([0-9]{1,5}))?")


def change_quantity(session: Session, command: Command) -> None:
    """The function: `/43 3` makes the last item three, `/43 3 2` line 2."""
    asked = _ASKED.fullmatch(command.text)
    if asked is None:
        raise SaleRefused(_("give the quantity, and the line if not the last: /43 3 or /43 3 2"))
    counter = session.counter
    number = counter.standing_line(int(asked[2]) if asked[2] else None)
    line = counter.lines[number - 1]
    if line.kind is not LineKind.ITEM or line.quantity < 0 or line.code is None:
        raise SaleRefused(_("line {} is no item that was sold").format(number))
    here = next(one for one in standing(counter.lines) if one.number == number)
    if here.charged_minor != line.total_minor:
        raise SaleRefused(_("line {} has a discount; void it, then sell it anew").format(number))
    found = counter.find(line.code)
    thousandths = counter.thousandths(found, asked[1])

    def post() -> None:
        named = _("changing line {}").format(number)
        # More at a price that was allowed for less: that needs a word of its own.
        act = "price_override" if line.price_origin == OVERRIDE else "void_line"
        new = extend(line.unit_minor, thousandths)
        approval = counter.require(act, named, line=number, new=new)
        counter.change_quantity(number, found, thousandths, approval)
        session.totalled = False

    if ask_quantity(thousandths, found.item.max_quantity) is None:
        session.attempt(post)
        return
    words = _("{} x {}?  Y yes   Clear no").format(asked[1], found.item.description)
    session.ask(Question(words, {"y": post}))


def take_empties(session: Session, command: Command) -> None:
    """The function: the deposit of that code, or of the code that comes next, is paid back."""
    counter = session.counter
    if not command.text:
        session.instead = take_empties
        session.message = _("EMPTIES  scan or type what comes back, 6* before it for six")
        return
    found = counter.find(command.text)
    thousandths = counter.thousandths(found, command.quantity)
    counter.take_empties(found.item, thousandths)
    session.totalled = False
