"""Words and figures of a process: the shop's language, else the environment's.

A screen speaks a language and writes its figures; words alone are `themes.words`. This module must
never refuse to start a register: what it does not know is English and plain figures.
"""

from __future__ import annotations

import re

from themes.formats import Formats, use_formats
from themes.words import PSEUDO, Pseudo, language_of, use_words

__all__ = ["PSEUDO", "Pseudo", "formats_of", "language_of", "use_language"]

_ASCII = str.maketrans({"\u202f": " ", "\xa0": " ", "\u2019": "'"})
"""Old terminals have no such blanks and apostrophes, and a column must not depend on them."""


def use_language(tag: str) -> None:
    """Speak that language and write its figures from now on."""
    use_words(tag)
    use_formats(formats_of(tag))


def formats_of(tag: str) -> Formats:
    """How that language writes figures; plain ones without a language."""
    if not tag:
        return Formats()
    if tag == PSEUDO:
        return Formats(decimal=",", group=".", date="dd.MM.y")
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
