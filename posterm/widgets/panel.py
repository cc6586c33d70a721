"""Rows of text that repaint only where they changed, by the Line API.

A panel has no border, padding or opacity, and its theme never changes. So it keeps its own strips:
what Textual keeps for any widget costs a key a quarter of its time, because every panel is asked
for all its rows whenever one row of the screen is painted.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["STYLES", "Panel", "Row"]

STYLES = frozenset({"panel--strong", "panel--quiet", "panel--error"})
"""Component classes of the screen: one set for all its panels, because each costs a start 1 ms."""
_STRIPS_LIMIT = 256


class Row(Struct, frozen=True):
    """`role` is `strong`, `quiet`, `error` or empty; a theme says how it looks."""

    text: str
    role: str = ""


_BLANK = Row("")


class Panel(Widget, inherit_bindings=False):
    """As many rows as it is high; `show` gives them. Its screen has the styles (`STYLES`)."""

    rows: tuple[Row, ...] = ()

    def __init__(self, *, id: str) -> None:  # noqa: A002  # Textual's own word
        super().__init__(id=id)
        self._strips: dict[tuple[Row, int], Strip] = {}
        """Row and width -> as it was painted."""

    def show(self, rows: Sequence[Row]) -> None:
        """Paint what differs from before."""
        before, self.rows = self.rows, tuple(rows)
        if len(before) != len(self.rows):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self.rows, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_lines(self, crop: Region) -> list[Strip]:
        if len(self._strips) > _STRIPS_LIMIT:
            self._strips.clear()
        # Nothing scrolls, so a crop is as wide as the panel, and says so at once.
        return [self._kept(y, crop.width) for y in crop.line_range]

    def _kept(self, y: int, width: int) -> Strip:
        row = self.rows[y] if y < len(self.rows) else _BLANK
        strip = self._strips.get((row, width))
        if strip is None:
            strip = self.render_line(y)
            for one in self.get_line_filters():
                strip = strip.apply_filter(one, self.background_colors[1])
            self._strips[row, width] = strip
        return strip

    def render_line(self, y: int) -> Strip:
        row = self.rows[y] if y < len(self.rows) else _BLANK
        screen = self.screen
        style = (
            screen.get_component_rich_style(f"panel--{row.role}") if row.role else screen.rich_style
        )
        width = self.size.width
        return Strip([Segment(row.text, style)]).adjust_cell_length(width, style)
