"""What the register may be waiting for besides a code: an answer, a value, the end of a search.

One dialog at a time. Frozen values; who shows them and who answers is the session's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from posterm.catalog import Item

__all__ = ["Prompt", "Question", "Search"]


class Question(Struct, frozen=True):
    """`answers`: a letter, or the verb whose key asked, -> what it does. Clear does nothing
    where the question may be left (`optional`)."""

    words: str
    answers: Mapping[str, Callable[[], None]]
    optional: bool = True


class Prompt(Struct, frozen=True):
    """A value is asked for. `secret` is shown as stars. `ahead`: may be typed ahead."""

    words: str
    take: Callable[[str], None]
    secret: bool = False
    optional: bool = True
    ahead: bool = False


class Search(Struct, frozen=True):
    """What was found for `words`, and which row is marked."""

    words: str = ""
    found: tuple[Item, ...] = ()
    marked: int = 0
    moved: bool = False
