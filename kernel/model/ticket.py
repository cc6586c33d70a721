"""The ticket of a suspended sale: nine digits that a cashier types and a scanner reads.

Eight random digits and one that checks them, so that no till needs another to make one and
nobody guesses somebody else's. The check is Damm's, which finds every wrong digit and every two
neighbours that were swapped. This module must never repair a ticket: a sale is worth money.
"""

from __future__ import annotations

import re

from kernel.errors import SaleRefused
from kernel.words import gettext as _

__all__ = ["TICKET_DIGITS", "parse_ticket", "shown_ticket", "ticket_of"]

TICKET_DIGITS = 9

# H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004: row of the digit so far,
# column of the next one.
_DAMM = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_BETWEEN = re.compile(r"[ -]+")
_TICKET = re.compile(r"[1-9][0-9]{8}")


def ticket_of(chance: bytes) -> str:
    """A ticket from at least eight random bytes. It never begins with 0: people leave that out."""
    digits = str(int.from_bytes(chance, "big") % 90_000_000 + 10_000_000)
    return digits + _check(digits)


def parse_ticket(text: object) -> str:
    """The ticket that was typed or scanned, spaces and dashes left out; else `SaleRefused`."""
    digits = _BETWEEN.sub("", text) if isinstance(text, str) and len(text) <= 32 else ""
    if not _TICKET.fullmatch(digits):
        raise SaleRefused(
            _("{!a:.40} is no ticket of a suspended sale; it has {} digits").format(
                text, TICKET_DIGITS
            )
        )
    if _check(digits) != "0":
        raise SaleRefused(
            _("ticket {} is mistyped; compare it and type again").format(shown_ticket(digits))
        )
    return digits


def shown_ticket(ticket: str) -> str:
    """In groups of three, as people read it."""
    return " ".join(ticket[place : place + 3] for place in range(0, len(ticket), 3))


def _check(digits: str) -> str:
    """The digit that checks `digits`; `0` for digits that end in theirs."""
    so_far = "0"
    for digit in digits:
        so_far = _DAMM[int(so_far)][int(digit)]
    return so_far
