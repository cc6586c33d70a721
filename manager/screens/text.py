"""Rows of text on a screen of their own: help, an act's result, a report."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from textual.widget import Widget

from manager.actions import Verb
from manager.acts import printing
from manager.page import Page
from manager.widgets.panel import Listing, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console

__all__ = ["TextPage"]


class TextPage(Page):
    """`rows` is asked at each paint, so that what is still under way grows on the screen."""

    page_name = "text"

    def __init__(self, console: Console, heading: str, rows: Callable[[], Sequence[str]]) -> None:
        super().__init__(console)
        self._heading = heading
        self._rows = rows

    def content(self) -> Iterable[Widget]:
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        self.set_heading(self._heading)
        width = max(self.size.width - 3, 20)
        self.query_one(Listing).show_items(
            [Row(part) for row in self._rows() for part in _wrapped(row, width)]
        )

    def feed(self, key: str) -> bool:
        return self.query_one(Listing).feed(key)


class ReportPage(TextPage):
    """A report, which can be printed."""

    page_name = "report"

    def act(self, word: str, text: str) -> None:
        if word == Verb.PRINT:
            printing.ask(self.console, self._heading, self._rows(), text)


def _wrapped(row: str, width: int) -> list[str]:
    """A row that is too long goes on below, indented."""
    if len(row) <= width:
        return [row]
    return textwrap.wrap(row, width, subsequent_indent="    ", drop_whitespace=True)
