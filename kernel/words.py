"""Words that a person reads, in the one language that this process speaks. English is the source.

`gettext` is what the code calls `_`; it translates when it is called, so a table that is made once
holds `marked` words and is translated where it is shown. This module must never look for a file or
at the environment: whoever starts the process says what it speaks.
"""

from __future__ import annotations

from gettext import NullTranslations

__all__ = ["gettext", "marked", "ngettext", "speak"]


class _Process:
    """A process speaks one language, as it has one terminal."""

    spoken = NullTranslations()


def gettext(words: str) -> str:
    """`words` in the language of this process. Fill a `{}` in afterwards, by `format`."""
    return _Process.spoken.gettext(words) if words else words


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many`, as the language counts."""
    return _Process.spoken.ngettext(one, many, count)


def marked(words: str) -> str:
    """`words` as they are, to be collected for translation and given to `gettext` later."""
    return words


def speak(translations: NullTranslations) -> None:
    """From now on every word comes from there."""
    _Process.spoken = translations
