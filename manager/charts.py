"""Charts of characters: bars and sparklines, in blocks or, where there are none, ASCII. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["ASCII", "BLOCKS", "Glyphs", "bar", "glyphs_for", "percent", "sparkline"]


class Glyphs(NamedTuple):
    """`levels` from nothing to full; `full` is what a bar is made of."""

    levels: str
    full: str


BLOCKS = Glyphs(" ▁▂▃▄▅▆▇█", "█")
ASCII = Glyphs(" .:-=+*#@", "#")


def glyphs_for(encoding: str | None) -> Glyphs:
    """Blocks for a line that says it has them all."""
    try:
        BLOCKS.levels.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def bar(value: int, largest: int, width: int, glyphs: Glyphs) -> str:
    """As long as `value` is of `largest`; what is more than nothing shows."""
    if value <= 0 or largest <= 0:
        return ""
    return glyphs.full * max(1, min(width, value * width // largest))


def sparkline(values: Sequence[int], glyphs: Glyphs) -> str:
    """One character a value; less than nothing is nothing, what is more shows."""
    largest = max(values, default=0)
    top = len(glyphs.levels) - 1
    return "".join(
        glyphs.levels[0 if value <= 0 else max(1, value * top // largest)] for value in values
    )


def percent(part: int, whole: int) -> int:
    """Rounded to whole percents; 0 of nothing."""
    return (200 * part + whole) // (2 * whole) if whole > 0 else 0
