"""Names that people and scripts give: terminals, transactions, operators, stores, codes.

A terminal id becomes a directory, a file name and part of a printed receipt; texts end up on
terminals and in logs that are read line by line. So everything that could leave a directory,
break a line or steer a screen is refused here, at the door. This module must never repair a
name: two tills that differ only in what was repaired would share a log.
"""

from __future__ import annotations

import re

from msgspec import Struct

from kernel.errors import BadInput, SaleRefused
from kernel.words import gettext as _

__all__ = [
    "GROUP_SEPARATOR",
    "ITEM_CODE_LIMIT",
    "OPERATOR_LIMIT",
    "REFERENCE_LIMIT",
    "STORE_LIMIT",
    "TransactionId",
    "item_code",
    "optional_text",
    "short_text",
    "terminal_id",
]

OPERATOR_LIMIT = 32
STORE_LIMIT = 32
REFERENCE_LIMIT = 64
ITEM_CODE_LIMIT = 128

GROUP_SEPARATOR = "\x1d"
"""Ends a field of variable length in a GS1 barcode, and so may stand in an item's code."""

_TERMINAL_ID = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
_DEVICE = re.compile(r"CON|PRN|AUX|NUL|(?:COM|LPT)[0-9]")
_TRANSACTION_ID = re.compile(r"(?P<terminal>.+)-(?P<training>T?)(?P<number>[1-9][0-9]{0,14})")

# Control characters, halves of surrogate pairs, line and paragraph separators, and the marks
# that turn the direction of text round: on a receipt they could show another amount.
_REFUSED = "[\0-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]"
"""Compiled by the first text that is not plain: that takes longer than the rest of this module."""


# What nearly every text is, so that one match is all it costs.
_PLAIN = re.compile("[!-~][ -~]*")


def terminal_id(text: object) -> str:
    """`text` if it is a terminal id, the same on every file system; else `BadInput`."""
    if not isinstance(text, str) or not _TERMINAL_ID.fullmatch(text):
        raise BadInput(
            _(
                "terminal id {!r:.50} is not allowed; give 1 to 32 of A-Z, 0-9, _ and -, "
                "the first a letter or digit, such as REGISTER_01"
            ).format(text)
        )
    if _DEVICE.fullmatch(text):
        raise BadInput(
            _(
                "terminal id {} is the name of a device on Windows; choose another such as {}_01"
            ).format(text, text)
        )
    return text


class TransactionId(Struct, frozen=True):
    """`<terminal>-<number>`, in training `<terminal>-T<number>`. Numbers start at 1.

    A terminal id may hold dashes itself, so the last one separates.
    """

    terminal: str
    number: int
    training: bool = False

    def __str__(self) -> str:
        return f"{self.terminal}-{'T' if self.training else ''}{self.number}"

    @classmethod
    def parse(cls, text: str) -> TransactionId:
        """The only way to write it back is `text`; anything else is `BadInput`."""
        match = _TRANSACTION_ID.fullmatch(text) if type(text) is str else None
        if match is None:
            raise BadInput(
                _(
                    "transaction {!r:.60} is no transaction id; give one such as REGISTER_01-17"
                ).format(text)
            )
        return cls(
            terminal=terminal_id(match["terminal"]),
            number=int(match["number"]),
            training=match["training"] != "",
        )

    @property
    def logged(self) -> int:
        """The number as entries have it: of a training sale below zero."""
        return -self.number if self.training else self.number


def short_text(value: object, name: str, limit: int) -> str:
    """`value` if it is 1 to `limit` printable characters; `name` is what the error calls it."""
    if type(value) is str and len(value) <= limit and _PLAIN.fullmatch(value):
        return value
    text = _text(value, name)
    return _checked(text, text, name, limit)


def optional_text(value: str | None, name: str, limit: int) -> str | None:
    """`short_text`, or None."""
    return None if value is None else short_text(value, name, limit)


def item_code(value: object) -> str:
    """An item's code as keyed or scanned: `short_text` that may hold `GROUP_SEPARATOR`."""
    if type(value) is str and len(value) <= ITEM_CODE_LIMIT and _PLAIN.fullmatch(value):
        return value
    text = _text(value, "item code")
    return _checked(text, text.replace(GROUP_SEPARATOR, ""), "item code", ITEM_CODE_LIMIT)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise SaleRefused(_("{} is {}; give text").format(_(name), type(value).__name__))
    return value


def _checked(text: str, visible: str, name: str, limit: int) -> str:
    """`text` if `visible`, the part of it that must print, does so and it fits."""
    if not visible.strip():
        raise SaleRefused(_("{} is empty; give 1 to {} characters").format(_(name), limit))
    if len(text) > limit:
        raise SaleRefused(
            _("{} has {} characters; give at most {}").format(_(name), len(text), limit)
        )
    refused = re.search(_REFUSED, visible)
    if refused is not None:
        raise SaleRefused(
            _("{} {!a:.60} holds U+{:04X}, which can't be printed; remove that character").format(
                _(name), text, ord(refused[0])
            )
        )
    return text
