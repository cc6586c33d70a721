"""Text that is too long for its place. Pure."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

__all__ = ["fitted"]


def fitted(text: str, columns: int) -> str:
    """Its beginning, as far as there is room; `~` says that there is more."""
    if columns < 1 or (len(text) if text.isascii() else cell_len(text)) <= columns:
        return text
    return (text[: columns - 1] if text.isascii() else set_cell_size(text, columns - 1)) + "~"
