"""What the console may be waiting for: a yes to a question, or a line of text.

One at a time. Frozen values that say what the answer does; `console` shows them and reads the
keys. A question is answered by Y, by the key of its own act, or left by Esc, and never by Enter
or a digit: whoever types ahead must not shut a shop down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct, field

__all__ = ["Prompt", "Question"]


def _nothing(text: str) -> Sequence[str]:
    return ()


class Question(Struct, frozen=True):
    """`key`: the one that asked, which answers as well as Y does."""

    words: str
    yes: Callable[[], None]
    key: str = "y"


class Prompt(Struct, frozen=True):
    """`text` can be edited, `default` is taken for an empty line. `secret` is stars. `ahead`: may
    be typed before it was painted. `complete` gives what the text so far may become, for Tab and
    for the row above. `must`: Esc only empties it, and is an empty line then."""

    words: str
    take: Callable[[str], None]
    text: str = ""
    default: str = ""
    secret: bool = False
    ahead: bool = False
    must: bool = False
    complete: Callable[[str], Sequence[str]] = field(default=_nothing)

    @property
    def completes(self) -> bool:
        """Whether Tab may bring anything."""
        return self.complete is not _nothing
