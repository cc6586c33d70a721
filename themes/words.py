"""Which language a process speaks: the shop's setting, else the environment's.

Only words: the command line speaks them and writes the kernel's own figures, because scripts read
it. `pseudo` is built in: English with every word longer by 40 % and every text in brackets.
Whoever looks at a screen of it sees what is not translated, and what a longer language would
break. This module must stay cheap to load, because `posterm --help` does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from gettext import NullTranslations, find, translation

__all__ = ["PSEUDO", "Pseudo", "has_words", "language_of", "use_words"]

PSEUDO = "pseudo"
_DOMAIN = "posterm"
_CATALOGUES = os.path.join(os.path.dirname(__file__), "locale")
_VARIABLES = ("POSTERM_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG")
_PLAIN = frozenset({"", "C", "POSIX"})
_WORD_OR_FIELD = re.compile(r"\{[^}]*\}|[^\W\d_]+")


def language_of(environment: Mapping[str, str]) -> str:
    """`de_DE` of `de_DE.UTF-8`; empty where nobody asks for one."""
    asked = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    tag = re.split("[.@]", asked)[0]
    return "" if tag in _PLAIN else tag


def has_words(tag: str) -> bool:
    """Whether there are others than English ones in that language."""
    return tag == PSEUDO or (bool(tag) and find(_DOMAIN, _CATALOGUES, [tag]) is not None)


def use_words(tag: str) -> None:
    """Speak that language from now on; English where it is unknown, or empty."""
    from kernel import speak

    if tag == PSEUDO:
        speak(Pseudo())
    else:
        found = [tag] if tag else ["C"]
        speak(translation(_DOMAIN, _CATALOGUES, found, fallback=True))


class Pseudo(NullTranslations):
    """Words of 40 % more length, fields left alone: `Void {}` is `[Void~~ {}]`."""

    def gettext(self, message: str) -> str:
        return f"[{_WORD_OR_FIELD.sub(_longer, message)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def _longer(found: re.Match[str]) -> str:
    word = found[0]
    return word if word.startswith("{") else word + "~" * -(-len(word) * 4 // 10)
