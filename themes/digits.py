"""Large digits in three rows of plain ASCII, to be read from where the customer stands."""

from __future__ import annotations

__all__ = ["large"]

_ROWS = (
    " _     _  _     _  _  _  _  _ ",
    "| |  | _| _||_||_ |_   ||_||_|",
    "|_|  ||_  _|  | _||_|  ||_| _|",
)
_PLACE = {character: place * 3 for place, character in enumerate("0123456789")}


def large(text: str) -> tuple[str, str, str]:
    """`text` (digits, point, comma, minus) as three rows of the same width."""
    rows = ["", "", ""]
    for character in text:
        for number in range(3):
            rows[number] += _cell(character, number)
    return rows[0], rows[1], rows[2]


def _cell(character: str, row: int) -> str:
    if character in _PLACE:
        place = _PLACE[character]
        return _ROWS[row][place : place + 3] + " "
    match character:
        case "." | ",":
            return f"{character if row == 2 else ' '} "
        case "-":
            return " _  " if row == 1 else "    "
        case _:
            return "    "
