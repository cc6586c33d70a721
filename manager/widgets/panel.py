"""Rows of text that repaint only the columns that changed, and a list of them with a mark.

A console may stand at the end of a line of 960 bytes a second, where a row repainted for one digit
is a tenth of a second lost. This module must never know what a row says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Listing", "Panel", "Row"]


_MOVE_BYTES = 45
"""Of getting to a row and into its colours."""


class Row(NamedTuple):
    """`role` is `strong`, `quiet`, `error` or empty; a theme says how it looks."""

    text: str
    role: str = ""


class Panel(Widget, inherit_bindings=False):
    """As many rows as it is high; `show` gives them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "panel--plain",
        "panel--strong",
        "panel--quiet",
        "panel--error",
    }
    rows: tuple[Row, ...] = ()
    allowance_bytes: int | None = None
    """What the line can carry now; what does not fit is left as it was, and `behind` says so."""
    behind = False

    def show(self, rows: Sequence[Row]) -> None:
        """Paint what differs from before."""
        painted, spent_bytes = [], 0
        self.behind = False
        for y in range(max(len(self.rows), len(rows))):
            old, new = _at(self.rows, y), _at(rows, y)
            if old != new and self.allowance_bytes is not None:
                self.behind = self.behind or spent_bytes >= self.allowance_bytes
                new = old if self.behind else new
            if old != new:
                region = self._changed(y, old, new)
                spent_bytes += region.width + _MOVE_BYTES
                self.refresh(region)
            painted.append(new)
        self.rows = tuple(painted)

    def render_line(self, y: int) -> Strip:
        row = _at(self.rows, y)
        # A component's style is kept; the widget's own is made anew for each row.
        style = self.get_component_rich_style(f"panel--{row.role or 'plain'}")
        width = self.size.width
        return Strip([Segment(row.text, style)]).adjust_cell_length(width, style)

    def _changed(self, y: int, old: Row, new: Row) -> Region:
        width = self.size.width
        if not (old.text.isascii() and new.text.isascii()):
            return Region(0, y, width, 1)
        if old.role != new.role:
            # Other colours for each character, but blanks have none.
            last = max(len(old.text.rstrip()), len(new.text.rstrip()), 1)
            return Region(0, y, min(last, width), 1)
        first, last = _difference(old.text.ljust(width), new.text.ljust(width))
        return Region(first, y, last - first, 1)


class Listing(Panel):
    """A list that may be longer than its panel: one row is marked by `>`, and stays in sight."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # Textual's own name
        super().__init__(id=id)
        self.marked = 0
        self._count = 0
        self._item: Callable[[int], Row]
        self._first = 0

    def show_items(self, items: Sequence[Row]) -> None:
        """The mark stays at its place in the list, as far as there is one."""
        self.show_some(len(items), tuple(items).__getitem__)

    def show_some(self, count: int, item: Callable[[int], Row]) -> None:
        """The same of a list whose rows cost something: `item` is asked for those in sight."""
        self._count, self._item = count, item
        self.mark(self.marked)

    def mark(self, place: int) -> None:
        """Mark that item, or the nearest there is."""
        self.marked = max(0, min(place, self._count - 1))
        height = max(self.size.height, 1)
        lowest = max(0, self.marked - height + 1)
        # As much as fits, with the mark in sight.
        fullest = max(0, self._count - height)
        self._first = max(lowest, min(self._first, self.marked, fullest))
        shown = range(self._first, min(self._first + height, self._count))
        self.show([self._row(self._item(number), number) for number in shown])

    def feed(self, key: str) -> bool:
        """Move the mark by that key; False if it is no such key."""
        page = max(self.size.height - 1, 1)
        steps = {"up": -1, "down": 1, "pageup": -page, "pagedown": page}
        ends = {"home": 0, "end": self._count - 1}
        if key not in steps and key not in ends:
            return False
        self.mark(ends[key] if key in ends else self.marked + steps[key])
        return True

    def _row(self, row: Row, number: int) -> Row:
        return Row((">" if number == self.marked else " ") + row.text, row.role)


def _at(rows: Sequence[Row], y: int) -> Row:
    return rows[y] if y < len(rows) else Row("")


def _difference(old: str, new: str) -> tuple[int, int]:
    """The first column that differs, and the one after the last."""
    width = min(len(old), len(new))
    first = next((x for x in range(width) if old[x] != new[x]), width)
    last = next((x for x in range(width, first, -1) if old[x - 1] != new[x - 1]), first)
    return first, max(last, first + 1)
