"""Rows of text that repaint only where they changed, by the Line API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["Panel", "Row"]


class Row(NamedTuple):
    """`role` is `strong`, `quiet`, `error` or empty; a theme says how it looks."""

    text: str
    role: str = ""


class Panel(Widget, inherit_bindings=False):
    """As many rows as it is high; `show` gives them."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"panel--strong", "panel--quiet", "panel--error"}
    rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Paint what differs from before."""
        before, self.rows = self.rows, tuple(rows)
        if len(before) != len(self.rows):
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before, self.rows, strict=True)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        row = self.rows[y] if y < len(self.rows) else Row("")
        style = self.get_component_rich_style(f"panel--{row.role}") if row.role else self.rich_style
        width = self.size.width
        return Strip([Segment(row.text, style)]).adjust_cell_length(width, style)
