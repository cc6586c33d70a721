"""A frame for a slow line: rows that stand there already are left out, and blanks at an end.

Textual paints a new screen several times over, each row in full. On a line of 960 bytes a second
that is nine seconds for one that needs one. Pure: text in, text out. This module must never leave
out what could be anywhere else on the screen than it was.
"""

from __future__ import annotations

import re

__all__ = ["Thinner"]

_PLACED = re.compile(r"(?=\x1b\[\d+;\d+H)")
_PLACE = re.compile(r"\x1b\[(\d+);(\d+)H")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_BLANKS = re.compile(r" {4,}(\x1b\[0m)?\Z")
_TO_THE_END = "\x1b[K"


class Thinner:
    """Knows what was last written into each row."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._rows: dict[str, str] = {}

    def forget(self) -> None:
        """The screen is not what it was."""
        self._rows.clear()

    def thin(self, data: str) -> str:
        """The same frame in fewer bytes."""
        return "".join(map(self._thin, _PLACED.split(data)))

    def _thin(self, piece: str) -> str:
        place = _PLACE.match(piece)
        text = piece.rstrip("\r\n")  # what comes next has a place of its own
        if place is not None and text == place[0]:
            return text  # the cursor, and nothing else
        plain = _COLOURS.sub("", text[place.end() :] if place is not None else text)
        if place is None or not plain.isprintable():
            # Something that is no row: who knows what it does to the screen.
            if piece:
                self.forget()
            return piece
        row, column = place.groups()
        # Only the last thing that was written into a row is known to stand there.
        if self._rows.get(row) == text:
            return ""
        self._rows[row] = text
        if column == "1" and plain.isascii() and len(plain) == self._columns:
            return _BLANKS.sub(_blanks, text)
        return text


def _blanks(found: re.Match[str]) -> str:
    """In the colours of the blanks that they stand for."""
    return _TO_THE_END + (found[1] or "")
