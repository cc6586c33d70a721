"""What a console knows of its screens: all that it asks of whatever shows it.

The app is one, and a test's page of text another. This module must never say how anything looks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kernel import Floor
from manager.page import Page

__all__ = ["Face"]


class Face(Protocol):
    """What shows a console."""

    @property
    def page(self) -> Page:
        """The one in front."""

    def post(self, call: Callable[[], object]) -> None:
        """From any thread: do that on the one that paints."""

    def show_page(self, name: str) -> None:
        """The screen of that name, in place of all others."""

    def push(self, page: Page) -> None:
        """One level deeper."""

    def back(self) -> bool:
        """One level back; False at the first."""

    def paint(self) -> None:
        """What stands here, where it differs from the screen."""

    def repaint(self) -> None:
        """Everything, anew."""

    def beep(self) -> None:
        """Something was refused."""

    def leave(self) -> None:
        """End this console."""

    def page_about(self, name: str, subject: str) -> Page:
        """A screen about one terminal or sale."""

    def veil(self) -> None:
        """Hide everything until somebody has signed on."""

    def unveil(self) -> None:
        """Show again what was hidden."""

    def take_over(self, floor: Floor) -> None:
        """From now on this console acts, on that floor."""

    def show_text(self, caption: str, rows: Sequence[str]) -> None:
        """Rows of text on a screen of their own."""

    def show_help(self) -> None:
        """The keys of the page in front."""

    def show_palette(self) -> None:
        """All actions, to choose from."""
