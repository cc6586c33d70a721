"""Words that a person reads, in the one language that this process speaks. English is the source.

`gettext` is what the code calls `_`; it translates when it is called, so a table that is made once
holds `marked` words and is translated where it is shown. What a log keeps or another process reads
is said `in_english`: who reads it may speak another language. This module must never look for a
file or at the environment: whoever starts the process says what it speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import NullTranslations

__all__ = ["gettext", "in_english", "in_our_language", "marked", "ngettext", "speak"]

_english: ContextVar[bool] = ContextVar("english", default=False)


class _Process:
    """A process speaks one language, as it has one terminal."""

    spoken = NullTranslations()


def gettext(words: str) -> str:
    """`words` in the language of this process. Fill a `{}` in afterwards, by `format`."""
    return _Process.spoken.gettext(words) if words and not _english.get() else words


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many`, as the language counts."""
    if _english.get():
        return one if count == 1 else many
    return _Process.spoken.ngettext(one, many, count)


def marked(words: str) -> str:
    """`words` as they are, to be collected for translation and given to `gettext` later."""
    return words


def speak(translations: NullTranslations) -> None:
    """From now on every word comes from there."""
    _Process.spoken = translations


@contextmanager
def in_english() -> Iterator[None]:
    """What is said in here goes into a log, or to another process."""
    before = _english.set(True)
    try:
        yield
    finally:
        _english.reset(before)


@contextmanager
def in_our_language() -> Iterator[None]:
    """What is said in here is for whoever is at this terminal, though a log is being written."""
    before = _english.set(False)
    try:
        yield
    finally:
        _english.reset(before)
