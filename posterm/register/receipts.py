"""Receipts at the register: shown on the screen, and printed again as copies; and its drawer.

The original is printed by itself, once, when its sale is closed. This module must never print
one a second time without the word COPY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel import LogDamaged, SaleRefused, Transaction, note
from kernel import gettext as _
from posterm.keypad import Command
from posterm.spool.outbox import open_due, print_due, start_drawer, start_printing

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["hand_over", "reprint", "show", "start"]


def start(session: Session) -> None:
    """What an earlier process still owed is printed as a copy; its drawer is only spoken of."""
    opened = start_drawer(session.till)
    if opened:
        session.tell(opened)
    words = start_printing(session.till)
    if words:
        session.warn(words)
    hand_over(session)


def hand_over(session: Session) -> None:
    """After each act: the drawer and the receipts that it made due."""
    for words in (open_due(session.till), print_due(session.till)):
        if words:
            session.warn(words)


def show(session: Session, command: Command) -> None:
    """The receipt of the last sale, or that of a number, on the screen alone."""
    from posterm.spool.receipts import receipt  # a start need not wait for it

    sale, resumed = _found(session, command.text)
    configuration = session.till.configuration
    rows = receipt(sale, session.till.id, configuration, copy=True, resumed=resumed)
    session.page = tuple(rows)


def reprint(session: Session, command: Command) -> None:
    """A copy of that receipt, logged with who asked for it."""
    approval = session.counter.require("reprint", _("a copy of a receipt"))
    sale, _resumed = _found(session, command.text)
    if session.till.configuration.settings.receipt_spool_limit == 0:
        raise SaleRefused(_("this till has no printer; /70 shows the receipt"))
    if approval is not None:
        note(session.till, "reprint", operator=session.counter.operator, approval=approval)
    session.till.printer.ask_copy(sale.number, session.counter.operator)
    session.message = _("copy of receipt {} goes to the printer").format(sale.receipt_number)


def _found(session: Session, text: str) -> tuple[Transaction, bool]:
    """By receipt number or transaction; without either, the last."""
    last = session.counter.last
    try:
        if not text and last is not None and last.receipt_number is not None:
            return last, session.till.printer.resumed(last.number)
        found = session.till.printer.find(text)
    except LogDamaged as fault:
        raise SaleRefused(_("that receipt can't be read: {}").format(fault)) from fault
    if found is None or found.sale.receipt_number is None:
        raise SaleRefused(
            _("there is no receipt {}; give its number: /70 17").format(text)
            if text
            else _("no receipt was given here yet")
        )
    return found.sale, found.resumed
