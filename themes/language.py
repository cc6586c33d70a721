"""Which language and formats a process uses: the shop's setting, else the environment's.

`pseudo` is built in: English with every word longer by 40 % and every text in brackets. Whoever
looks at a screen of it sees what is not translated, and what a longer language would break. This
module must never refuse to start a register: what it does not know is English and plain figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from gettext import NullTranslations, translation
from pathlib import Path

from kernel import speak
from themes.formats import Formats, use_formats

__all__ = ["PSEUDO", "Pseudo", "language_of", "use_language"]

PSEUDO = "pseudo"
_DOMAIN = "posterm"
_CATALOGUES = Path(__file__).with_name("locale")
_VARIABLES = ("POSTERM_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG")
_PLAIN = frozenset({"", "C", "POSIX"})
_WORD_OR_FIELD = re.compile(r"\{[^}]*\}|[^\W\d_]+")
_ASCII = str.maketrans({"\u202f": " ", "\xa0": " ", "\u2019": "'"})
"""Old terminals have no such blanks and apostrophes, and a column must not depend on them."""


def language_of(environment: Mapping[str, str]) -> str:
    """`de_DE` of `de_DE.UTF-8`; empty where nobody asks for one."""
    asked = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    tag = re.split("[.@]", asked)[0]
    return "" if tag in _PLAIN else tag


def use_language(tag: str) -> None:
    """Speak that language and write its figures from now on."""
    if tag == PSEUDO:
        speak(Pseudo())
        use_formats(Formats(decimal=",", group=".", date="dd.MM.y"))
        return
    found = [tag] if tag else ["C"]
    speak(translation(_DOMAIN, str(_CATALOGUES), found, fallback=True))
    use_formats(_formats_of(tag) if tag else Formats())


class Pseudo(NullTranslations):
    """Words of 40 % more length, fields left alone: `Void {}` is `[Void~~ {}]`."""

    def gettext(self, message: str) -> str:
        return f"[{_WORD_OR_FIELD.sub(_longer, message)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def _longer(found: re.Match[str]) -> str:
    word = found[0]
    return word if word.startswith("{") else word + "~" * -(-len(word) * 4 // 10)


def _formats_of(tag: str) -> Formats:
    # 20 ms of a start, which English does without.
    from babel.core import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return Formats()
    symbols = locale.number_symbols["latn"]
    grouping = locale.decimal_formats[None].grouping
    return Formats(
        decimal=str(symbols["decimal"]),
        group=str(symbols["group"]).translate(_ASCII),
        groups=(int(grouping[0]), int(grouping[1])),
        date=re.sub("[^dMy./ -]", "", str(locale.date_formats["short"].pattern)),
    )
