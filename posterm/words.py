"""Words of the command line. They are the kernel's (`kernel.words`), asked for only where somebody
wants another language than English: `posterm --help` answers without loading a kernel.

Figures stay the kernel's own, and with `--json` the words do, too, because scripts read them. This
module must never be used by a screen: a screen speaks the shop's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from themes.words import has_words, language_of, use_words

__all__ = ["gettext", "marked", "ngettext", "speak_as", "speak_plainly"]


class _Process:
    """A process speaks to one person."""

    translates = False


def speak_as(environment: Mapping[str, str]) -> None:
    """Speak the language that the environment names."""
    tag = language_of(environment)
    if has_words(tag):
        _Process.translates = True
        use_words(tag)


def speak_plainly() -> None:
    """Speak English after all."""
    if _Process.translates:
        _Process.translates = False
        use_words("")


def gettext(words: str) -> str:
    """`words` in the language of this process. Fill a `{}` in afterwards, by `format`."""
    if not _Process.translates:
        return words
    from kernel import gettext as translated

    return translated(words)


def ngettext(one: str, many: str, count: int) -> str:
    """`one` or `many`, as the language counts."""
    if not _Process.translates:
        return one if count == 1 else many
    from kernel import ngettext as translated

    return translated(one, many, count)


def marked(words: str) -> str:
    """`words` as they are, to be collected for translation and given to `gettext` later."""
    return words
