"""Card numbers must never reach the log: what looks like one is refused and masked."""

from __future__ import annotations

import re

from kernel.errors import SaleRefused
from kernel.words import gettext as _

__all__ = ["looks_like_card", "masked", "refuse_card_in", "refuse_card_number"]

_SHORTEST, _LONGEST = 13, 19
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
"""Luhn's sum of the digits of twice a digit."""
_RUN = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_APART = re.compile("[ -]")


def looks_like_card(text: str) -> bool:
    """13 to 19 digits that pass Luhn's check and are no GTIN (ISO/IEC 7812; GS1 7.9)."""
    if not (_SHORTEST <= len(text) <= _LONGEST and text.isascii() and text.isdigit()):
        return False
    return _luhn_valid(text) and not _gtin_valid(text)


def refuse_card_number(text: str, name: str) -> None:
    """Raises `SaleRefused` with the number masked."""
    if looks_like_card(text):
        raise SaleRefused(
            _(
                "{} {} looks like a card number; cards are taken at the card terminal, "
                "never typed here"
            ).format(_(name), masked(text))
        )


def refuse_card_in(text: str, name: str) -> None:
    """The same for a card number anywhere in words, in groups or not."""
    for match in _RUN.finditer(text):
        refuse_card_number(_APART.sub("", match[0]), name)


def masked(number: str) -> str:
    """All but the last four digits hidden."""
    return "*" * (len(number) - 4) + number[-4:]


def _luhn_valid(digits: str) -> bool:
    # Each scanned barcode comes by here, so the loops are those of bytes.
    plain, doubled = digits[::-2].encode(), digits[-2::-2].encode()
    return (sum(plain) + sum(doubled.translate(_DOUBLED)) - 48 * len(plain)) % 10 == 0


def _gtin_valid(digits: str) -> bool:
    if len(digits) not in (13, 14):
        return False
    total = sum(int(digit) * (3 - 2 * (place % 2)) for place, digit in enumerate(digits[-2::-1]))
    return (total + int(digits[-1])) % 10 == 0
