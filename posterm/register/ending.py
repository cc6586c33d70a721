"""The end of a sale: Total, then cash or card; or suspended, recalled, void.

This module must never let money be taken before Total has posted the tax.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _
from posterm.keypad import Command
from posterm.pricing import ask_amount, ask_cash
from posterm.register import paying
from posterm.register.card_details import ask_details
from posterm.register.choices import with_reason
from posterm.register.dialogs import Question
from posterm.register.rows import ticket_text
from themes.formats import amount_text

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = [
    "ask_open_card",
    "card",
    "cash",
    "discount",
    "recall",
    "require_total",
    "suspend",
    "total",
    "void_sale",
]

_NO_DETAILS: Mapping[str, str] = {}


def total(session: Session, command: Command) -> None:
    session.approving.refuse_total()
    session.counter.total()
    session.totalled, session.page, session.message = True, None, ""


def require_total(session: Session) -> None:
    session.counter.refuse_without_sale()
    if not session.totalled:
        raise SaleRefused(_("press Total first"))


def cash(session: Session, command: Command) -> None:
    require_total(session)
    cash = paying.cash_for(session.counter, command.text)

    def take() -> None:
        session.totalled = not paying.take_cash(session.counter, cash)
        session.page = None

    ceiling = session.till.configuration.settings.cash_ceiling_minor
    asked = ask_cash(cash.amount_minor, ceiling) or ask_amount(cash.amount_minor)
    if asked is None:
        take()
        return
    shown = amount_text(cash.amount_minor, session.counter.currency)
    words = _("{} in cash?  Y yes   Clear no").format(shown)
    session.ask(Question(words, {"y": take}))


def card(session: Session, command: Command) -> None:
    require_total(session)
    if paying.open_card(session.counter.in_hand) is None:
        paying.request_card(session.counter, command.text)
    ask_open_card(session)


def ask_open_card(session: Session) -> None:
    """What the card terminal said; asked again after a power cut."""
    sale = session.counter.sale
    asked = paying.open_card(sale) if sale is not None else None
    if asked is None:
        return

    def answer(said: str, details: Mapping[str, str] = _NO_DETAILS) -> None:
        session.totalled = not paying.answer_card(session.counter, said, details)
        session.page = None

    shown = amount_text(abs(asked[1]), session.counter.currency)
    words = _("CARD {}: did it pay?  Y paid   N declined   U not known").format(shown)
    if asked[1] < 0:
        words = _("CARD pays out {}: did it?  Y yes   N declined   U not known").format(shown)
    answers = {letter: partial(answer, letter) for letter in "nu"}
    answers["y"] = partial(ask_details, session, partial(answer, "y"))
    session.ask(Question(words, answers, optional=False))


def discount(session: Session, command: Command) -> None:
    off, _blank, typed = command.text.partition(" ")
    if not off:
        raise SaleRefused(_("type 10% or 1.50, then Discount"))
    line = None if session.totalled else session.counter.discountable_line()

    def take_off(reason: str | None) -> None:
        session.attempt(partial(_discount, session, off, line, reason))

    with_reason(session, typed.strip(), take_off)


def _discount(session: Session, off: str, line: int | None, reason: str | None) -> None:
    session.counter.discount(off, line=line, reason=reason)
    if session.totalled:
        session.counter.total()


def suspend(session: Session, command: Command) -> None:
    ticket = paying.suspend(session.counter)
    session.totalled = False
    shown = ticket_text(ticket)
    session.message = _("suspended: ticket {}").format(shown)


def recall(session: Session, command: Command) -> None:
    if not command.text:
        session.page = (_("SUSPENDED SALES   type the ticket, then Recall"), "") + (
            paying.waiting(session.counter) or (_("none"),)
        )
        return
    paying.recall(session.counter, command.text)
    session.page, session.totalled = None, False
    session.message = _("recalled")


def void_sale(session: Session, command: Command) -> None:
    session.counter.refuse_without_sale()

    def void() -> None:
        counter = session.counter
        paying.void_sale(counter, counter.require("void_sale", _("void sale")))
        session.totalled, session.page = False, None

    session.ask(Question(_("VOID the whole sale?  Y yes   Clear no"), {"y": void}))
