"""Text that is too long for its place. Pure."""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

__all__ = ["fitted", "fitted_before_amount"]

_AMOUNT = re.compile(r"-?\d+(\.\d+)?")


def fitted(text: str, columns: int) -> str:
    """Its beginning, as far as there is room; `~` says that there is more."""
    if columns < 1 or (len(text) if text.isascii() else cell_len(text)) <= columns:
        return text
    return (text[: columns - 1] if text.isascii() else set_cell_size(text, columns - 1)) + "~"


def fitted_before_amount(text: str, columns: int) -> str:
    """`fitted`, but of a name with its amount the end of the name goes, and not the amount."""
    name, space, amount = text.rpartition(" ")
    whole = cell_len(text) <= columns or ";" in name or not name
    if whole or not _AMOUNT.fullmatch(amount):
        return fitted(text, columns)
    return fitted(name, max(columns - len(amount) - 1, 1)) + space + amount
