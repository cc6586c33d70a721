"""The entry line: the one widget that has the focus, and takes every key itself."""

from __future__ import annotations

from textual import events
from textual.geometry import Offset
from textual.message import Message

from posterm.widgets.panel import Panel, Row

__all__ = ["EntryLine"]

_PROMPT = "> "
_GROUP_SEPARATOR = "\x1d"


class EntryLine(Panel, can_focus=True, inherit_bindings=False):
    """Posts each key as a token: one character, or the name of a key."""

    class Typed(Message, bubble=True):
        """A key, in the order of the line."""

        def __init__(self, token: str) -> None:
            self.token = token
            super().__init__()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(self.Typed(_token(event)))

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        for character in event.text:
            self.post_message(self.Typed("enter" if character in "\r\n" else character))

    def show_entry(self, text: str) -> None:
        """Its end is shown where it is longer than the line; the cursor stands after it."""
        room = max(self.size.width - len(_PROMPT) - 1, 1)
        shown = "".join(one if one.isprintable() else "." for one in text)[-room:]
        self.show([Row(_PROMPT + shown, "strong")])
        self.app.cursor_position = Offset(len(_PROMPT) + len(shown), self.region.y)


def _token(event: events.Key) -> str:
    character = event.character
    if character is not None and (character.isprintable() or character == _GROUP_SEPARATOR):
        return character
    return event.key
