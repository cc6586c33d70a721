"""The fields for an operator's number and PIN and other numbers, wherever they are asked for.

A scanner types digits too. What it sends here is refused and counted as a scan; it is no attempt,
so that no scan uses up a person's tries. This module must never keep a PIN.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["is_number", "refuse_item_code", "refuse_no_number", "refuse_no_pin"]

_NUMBER = re.compile("[0-9]{1,8}")
_PIN_DIGITS = 12
_SCAN_DIGITS = (8, 12)
"""Codes that are no longer than a PIN."""


def refuse_item_code(session: Session, text: str) -> bool:
    """Whether it was refused: an item's code was scanned where something else is asked for."""
    scanned = session.counter.shelf.holds(text)
    if scanned:
        session.refuse_scan(_("that is an item's code; the scan was refused"))
    return scanned


def is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def refuse_no_number(session: Session, text: str) -> None:
    """Say why `text` is no operator's number."""
    if len(text) > _PIN_DIGITS:
        session.refuse_scan(_("a number is asked for; the scan was refused"))
        return
    raise SaleRefused(_("an operator's number has 1 to 8 digits"))


def refuse_no_pin(session: Session, text: str) -> bool:
    """Whether it was refused: a scan into this field is no attempt, nobody typed it."""
    scanned = len(text) in _SCAN_DIGITS and session.counter.shelf.holds(text)
    if len(text) <= _PIN_DIGITS and text.isdigit() and not scanned:
        return False
    session.refuse_scan(_("that is no PIN; it was not tried"))
    return True
