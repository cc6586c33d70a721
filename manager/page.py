"""The frame of every screen: who and what at the top, then the screen's own, then message and keys.

A page shows the board and takes the keys that are its own; whatever else a key means is said by
the table of actions. This module must never call the kernel: the console does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from kernel import gettext as _
from manager.fitting import fitted
from manager.widgets.panel import Panel, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console

__all__ = ["Page"]


class Page(Screen[None], inherit_bindings=False):
    """`page_name` is its word in the table of actions."""

    page_name: ClassVar[str] = ""
    ages: ClassVar[bool] = False
    """It shows times that run, and is painted once a second."""
    own_keys: ClassVar[tuple[tuple[str, str], ...]] = ()
    """(key, what it does) of the keys that `feed` takes, for its help."""
    filter_words: ClassVar[str] = ""
    """What may be typed to filter it, where that is more than a text."""
    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    def on_mount(self) -> None:
        """Before the first paint, so that a slow line carries no empty screen."""
        self.console.face.paint()

    def compose(self) -> ComposeResult:
        yield Panel(id="header")
        yield Panel(id="heading")
        yield from self.content()
        yield Panel(id="hint")
        yield Panel(id="message")
        yield Panel(id="keys")

    def content(self) -> Iterable[Widget]:
        """The screen's own widgets, between heading and message."""
        return ()

    def show(self, board: Board) -> None:
        """Paint the board, as far as it concerns this screen."""

    def feed(self, key: str) -> bool:
        """Take a key of the screen's own: arrows, Enter, letters. False leaves it to others."""
        return False

    def act(self, word: str, text: str) -> None:
        """Do an action of this screen that the table names and `acts` leaves to it."""

    def subject(self) -> str:
        """The terminal, ticket or sale that is marked here: what an act is most likely about."""
        return ""

    def value_of(self, key: str) -> str:
        """What a setting has now, where this screen shows settings."""
        return ""

    def news(self) -> bool:
        """A tick has come. True: what it brought is being read, and is painted once it is."""
        return False

    def look(self) -> None:
        """Read again what this screen shows and no tick brings."""

    @property
    def filter_text(self) -> str:
        """What this screen is filtered by."""
        return ""

    def filter(self, text: str) -> None:
        """Show only what matches `text`; all of it, where that is empty."""
        self.console.refuse(_("there is nothing to filter on this screen"))

    def clear(self) -> bool:
        """Undo one thing of this screen; False: there is nothing, so Esc leaves it."""
        return False

    def panel(self, name: str) -> Panel:
        return self.query_one(f"#{name}", Panel)

    def set_heading(self, text: str) -> None:
        """What this screen shows, in a row."""
        self.panel("heading").show([Row(fitted(text, self.app.size.width - 1), "strong")])
