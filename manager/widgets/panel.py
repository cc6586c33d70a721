"""Rows of text that repaint only the columns that changed, and a list of them with a mark.

A console may stand at the end of a line of 960 bytes a second, where a row repainted for one digit
is a tenth of a second lost. This module must never know what a row says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from msgspec import Struct
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from manager.fitting import fitted

__all__ = ["Allowance", "Listing", "Panel", "Row"]


_MARK = ">"
_MOVE_BYTES = 45
"""Of getting to a row and into its colours."""


class Row(Struct, frozen=True):
    """`role` is `strong`, `quiet`, `error` or empty; a theme says how it looks."""

    text: str
    role: str = ""


class Allowance:
    """What the line can carry now, in bytes; all panels of a screen spend the same one."""

    def __init__(self, left_bytes: int) -> None:
        self.left_bytes = left_bytes


class Panel(Widget, inherit_bindings=False):
    """As many rows as it is high; `show` gives them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "panel--plain",
        "panel--strong",
        "panel--quiet",
        "panel--error",
    }
    rows: tuple[Row, ...] = ()
    allowance: Allowance | None = None
    """What does not fit into it is left as it was, and `behind` says so: but a mark that moved
    is always painted, because a key has moved it."""
    behind = False

    def show(self, rows: Sequence[Row]) -> None:
        """Paint what differs from before."""
        regions: list[Region] = []
        width = self.size.width
        rows = [Row(fitted(one.text, width), one.role) for one in rows]
        self.behind = False
        painted = [_at(self.rows, y) for y in range(max(len(self.rows), len(rows)))]
        order: Iterable[int] = range(len(painted))
        if self.allowance is not None:
            order = sorted(order, key=lambda y: not _at(rows, y).text.startswith(_MARK))
        for y in order:
            old, new = painted[y], _at(rows, y)
            if old != new and self.allowance is not None:
                new = self._afforded(old, new)
            if old != new:
                regions.append(_changed(y, old, new, width))
                painted[y] = new
                if self.allowance is not None:
                    self.allowance.left_bytes -= regions[-1].width + _MOVE_BYTES
        self.rows = tuple(painted)
        if regions:
            self.refresh(*regions)

    def forget(self) -> None:
        """It shows nothing until it is told what."""
        self.rows = ()

    def _afforded(self, old: Row, new: Row) -> Row:
        """What of the new row the line can carry."""
        assert self.allowance is not None, "a fast line carries all"
        if self.allowance.left_bytes > 0:
            return new
        self.behind = True
        marked = old.text.startswith(_MARK), new.text.startswith(_MARK)
        if marked[0] == marked[1] or not old.text:
            return old
        return Row(new.text[:1] + old.text[1:], old.role)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Without the frame and the cache that Textual puts around each row: a panel has neither
        border nor padding, and what is painted has changed. It is a third of what a paint costs."""
        _, background = self.background_colors
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for one in self.get_line_filters():
                strip = strip.apply_filter(one, background)
            strips.append(strip.crop(crop.x, crop.right))
        return strips

    def render_line(self, y: int) -> Strip:
        row = _at(self.rows, y)
        # A component's style is kept; the widget's own is made anew for each row.
        style = self.get_component_rich_style(f"panel--{row.role or 'plain'}")
        width = self.size.width
        return Strip([Segment(row.text, style)]).adjust_cell_length(width, style)


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
        return Row((_MARK if number == self.marked else " ") + row.text, row.role)


def _at(rows: Sequence[Row], y: int) -> Row:
    return rows[y] if y < len(rows) else Row("")


def _changed(y: int, old: Row, new: Row, width: int) -> Region:
    if not (old.text.isascii() and new.text.isascii()):
        return Region(0, y, width, 1)
    if old.role != new.role:
        # Other colours for each character, but blanks have none.
        last = max(len(old.text.rstrip()), len(new.text.rstrip()), 1)
        return Region(0, y, min(last, width), 1)
    first, last = _difference(old.text.ljust(width)[:width], new.text.ljust(width)[:width])
    return Region(first, y, last - first, 1)


def _difference(old: str, new: str) -> tuple[int, int]:
    """The first column that differs, and the one after the last."""
    first = min(_agreeing(old, new), max(len(old) - 1, 0))
    return first, max(len(old) - _agreeing(old[::-1], new[::-1]), first + 1)


def _agreeing(one: str, other: str) -> int:
    """How many characters both begin with. By halves: a slice is compared in one step."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
