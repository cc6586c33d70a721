"""Vouchers, and tenders that are given back before the sale is closed.

A sale may be split over any tenders in any order; change is given on cash alone. This module must
never touch a tender of a closed sale: that is a return.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kernel import SaleRefused, TenderKind, TenderTaken
from kernel import gettext as _
from posterm.register import ending, paying
from posterm.register.dialogs import Prompt, Question
from posterm.register.fields import refuse_item_code
from themes.formats import amount_text

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["void_tender", "voucher"]

_DIGITS = 3


def voucher(session: Session, command: Command) -> None:
    """The function: `/50 5.00 NUMBER`, or the number is asked for; no amount is all that is due."""
    ending.require_total(session)
    typed, _blank, number = command.text.partition(" ")
    amount_minor = paying.voucher_amount(session.counter, typed)
    take = partial(_take, session, amount_minor)
    if number.strip():
        take(number.strip())
        return
    shown = amount_text(amount_minor, session.counter.currency)
    session.message = ""

    def number_typed(text: str) -> None:
        if not refuse_item_code(session, text):
            take(text)

    words = _("number of the voucher over {}, Enter").format(shown)
    session.prompt(Prompt(words, number_typed))


def _take(session: Session, amount_minor: int, number: str) -> None:
    session.totalled = not paying.take_voucher(session.counter, amount_minor, number)
    session.prompt(None)
    session.page = None


def void_tender(session: Session, command: Command) -> None:
    """The function: that tender of the sale in hand, else the last."""
    sale = session.counter.in_hand
    standing = {n: one for n, one in enumerate(sale.tenders, 1) if not one.voided}
    if not standing:
        raise SaleRefused(_("nothing was paid on this sale yet; there is no tender to void"))
    text = command.text or str(max(standing))
    number = int(text) if text.isdecimal() and len(text) <= _DIGITS else 0
    if number not in standing:
        numbers = ", ".join(str(one) for one in standing)
        raise SaleRefused(_("there is no tender {}; there is {}").format(text[:20], numbers))

    def give_back() -> None:
        named = _("void of a tender")
        approval = session.counter.require("void_tender", named, line=number)
        paying.void_tender(session.counter, number, approval)
        session.page = None
        session.message = _("given back: {}").format(shown)

    shown = _shown(standing[number], session.counter.currency)
    words = _("Give {} back?  Y yes   Clear no")
    if standing[number].how is TenderKind.CARD:
        words = _("Give {} back at the card terminal, then Y   Clear no")
    session.ask(Question(words.format(shown), {"y": give_back}))


def _shown(tender: TenderTaken, currency: str) -> str:
    names = {
        TenderKind.CASH: _("cash"),
        TenderKind.CARD: _("card"),
        TenderKind.VOUCHER: _("voucher {}").format(tender.voucher or ""),
    }
    return f"{names[tender.how]} {amount_text(tender.amount_minor, currency)}"
