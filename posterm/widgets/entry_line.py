"""The entry line: what is typed, and the cursor after it."""

from __future__ import annotations

from textual.geometry import Offset

from posterm.widgets.panel import Panel, Row

__all__ = ["EntryLine"]

_PROMPT = "> "


class EntryLine(Panel):
    """Shows what the keypad holds; the app has the keys."""

    def show_entry(self, text: str, row: int) -> None:
        """Its end is shown where it is longer than the line; the cursor stands after it.

        `row` of the screen is where the entry line stands once all panels have their height.
        """
        room = max(self.size.width - len(_PROMPT) - 1, 1)
        shown = "".join(one if one.isprintable() else "." for one in text)[-room:]
        self.show([Row(_PROMPT + shown, "strong")])
        self.app.cursor_position = Offset(len(_PROMPT) + len(shown), row)
