"""Signing on at the register: number, then PIN where the shop has operators; locked and back.

A shop without operators asks for the number only. What a scanner sends into these fields is
refused and is no attempt. This module must never keep a PIN.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _
from posterm.keypad import Command
from posterm.register.counting import ask_float
from posterm.register.dialogs import Prompt
from posterm.register.ending import ask_open_card
from posterm.register.fields import is_number, refuse_no_number, refuse_no_pin

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["close", "lock", "sign_off", "sign_on", "sign_on_again"]


def sign_on(session: Session) -> None:
    session.page = (_("SIGN ON"), "", *session.hints)
    session.prompt(
        Prompt(_("operator number, Enter"), partial(_number, session), optional=False, ahead=True)
    )


def sign_on_again(session: Session) -> None:
    """Clear on the PIN: back to the number."""
    session.page = None
    sign_on(session)
    if session.locked:
        session.page = (_("LOCKED"),)


def _number(session: Session, number: str) -> None:
    if number == ":close" and not session.locked:
        session.ended = True
        return
    if not is_number(number):
        refuse_no_number(session, number)
        return
    there, known = session.till.signed_on, session.till.operators.find(number)
    if there is None and not session.till.operators.all():
        _signed_on(session, number)
        return
    # A number that nobody has may be somebody's PIN, so it is shown to no one and no one is asked.
    if there is None or there.operator == number or known is None:
        _ask_pin(session, number)
    else:
        session.attempt(partial(_take_over, session, number))


def _take_over(session: Session, number: str) -> None:
    """Another operator than the one who locked it: by a supervisor's word, then his own PIN."""
    named = _("taking over by {}").format(number)
    approval = session.counter.require("take_over", named, new=number, who=number)
    _ask_pin(session, number, approval)


def _ask_pin(session: Session, number: str, approval: str | None = None) -> None:
    session.prompt(
        Prompt(
            _("PIN of {}, Enter").format(number),
            partial(_pin, session, number, approval),
            secret=True,
            optional=False,
            ahead=approval is None,
        )
    )


def _pin(session: Session, number: str, approval: str | None, pin: str) -> None:
    if refuse_no_pin(session, pin):
        return
    try:
        _checked(session, number, pin, approval)
    except SaleRefused:
        sign_on_again(session)
        raise
    _signed_on(session, number)


def _checked(session: Session, number: str, pin: str, approval: str | None) -> None:
    there = session.till.signed_on
    if there is None:
        session.till.sign_on(number, pin)
    elif there.operator == number:
        session.till.unlock(number, pin)
    else:
        session.till.hand_over(number, pin, approval=approval)


def _signed_on(session: Session, number: str) -> None:
    session.counter.operator = number
    session.locked, session.page = False, None
    session.prompt(None)
    sale = session.counter.sale
    session.message = session.take_recovery()
    if sale is not None:
        found = _("; /41 says what the restart found") if session.message else ""
        goes_on = _("sale {} goes on at line {}").format(sale.id, len(sale.lines))
        session.message = goes_on + found
        ask_open_card(session)
    ask_float(session)


def lock(session: Session, command: Command) -> None:
    if session.till.signed_on is None:
        raise SaleRefused(_("this shop has no PINs, so a lock could not be opened"))
    session.till.lock()
    session.locked, session.message = True, ""
    sign_on_again(session)


def sign_off(session: Session, command: Command) -> None:
    session.counter.drop_empty()
    if session.counter.sale is not None:
        raise SaleRefused(_("a sale is open; finish, suspend or void it first"))
    session.approving.withdraw()
    if session.till.signed_on is not None:
        session.till.sign_off()
    session.till.end_training(session.counter.operator)
    session.counter.operator, session.counter.last = None, None
    session.totalled = False
    sign_on(session)


def close(session: Session, command: Command) -> None:
    if session.coach is not None:
        session.ended = True  # a lesson may be left at any time
        return
    raise SaleRefused(_("sign off first (/24), then :close"))
