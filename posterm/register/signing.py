"""Signing on at the register: number, then PIN where the shop has operators; locked and back.

A shop without operators asks for the number only. What a scanner sends into these fields is
refused and is no attempt. This module must never keep a PIN.
"""

from __future__ import annotations

import re
from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING

from kernel import SaleRefused
from posterm.keypad import Command
from posterm.register.dialogs import Prompt
from posterm.register.ending import ask_open_card

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["close", "lock", "sign_off", "sign_on", "sign_on_again"]

_NUMBER = re.compile("[0-9]{1,8}")
_PIN_DIGITS = 12


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
    if not _NUMBER.fullmatch(number):
        if len(number) > _PIN_DIGITS:
            session.refuse_scan(_("sign on first; the scan was refused"))
            return
        if number == ":close":
            session.ended = True
            return
        raise SaleRefused(_("an operator's number has 1 to 8 digits"))
    if not session.till.operators.all():
        _signed_on(session, number)
        return
    session.prompt(
        Prompt(
            _("PIN of {}, Enter").format(number),
            partial(_pin, session, number),
            secret=True,
            optional=False,
            ahead=True,
        )
    )


def _pin(session: Session, number: str, pin: str) -> None:
    if len(pin) > _PIN_DIGITS or not pin.isdigit():
        # A scan into this field is no attempt: nobody typed it.
        session.refuse_scan(_("that is no PIN; it was not tried"))
        return
    try:
        _checked(session, number, pin)
    except SaleRefused:
        sign_on_again(session)
        raise
    _signed_on(session, number)


def _checked(session: Session, number: str, pin: str) -> None:
    there = session.till.signed_on
    if there is None:
        session.till.sign_on(number, pin)
    elif there.operator == number:
        session.till.unlock(number, pin)
    else:
        session.till.hand_over(number, pin)


def _signed_on(session: Session, number: str) -> None:
    session.counter.operator = number
    session.locked, session.page = False, None
    session.prompt(None)
    sale = session.counter.sale
    session.message = session.take_recovery()
    if sale is not None:
        session.message = _("sale {} goes on at line {}").format(sale.id, len(sale.lines))
        ask_open_card(session)


def lock(session: Session, command: Command) -> None:
    if session.till.signed_on is None:
        raise SaleRefused(_("this shop has no PINs, so a lock could not be opened"))
    session.till.lock()
    session.locked = True
    sign_on_again(session)


def sign_off(session: Session, command: Command) -> None:
    if session.counter.sale is not None:
        raise SaleRefused(_("a sale is open; finish, suspend or void it first"))
    if session.till.signed_on is not None:
        session.till.sign_off()
    session.counter.operator, session.counter.last = None, None
    session.totalled = False
    sign_on(session)


def close(session: Session, command: Command) -> None:
    raise SaleRefused(_("sign off first (/24), then :close"))
