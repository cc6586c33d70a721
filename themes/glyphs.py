"""Text for lines that know ASCII only: every character in as many columns as it had.

This module must never look at the environment by itself: it is told what the line has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from rich.cells import cell_len

__all__ = ["ascii_text", "has_unicode"]

_CODESETS = ("utf-8", "utf8")
_LIKE = str.maketrans({"€": "E", "£": "L", "×": "x", "–": "-", "—": "-", "’": "'", "ß": "s"})


def has_unicode(environment: Mapping[str, str]) -> bool:
    """A VT has none; elsewhere the locale says it, and where it is silent there is."""
    if environment.get("TERM", "").startswith("vt"):
        return False
    named = (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next(filter(None, named), "")
    return not locale or locale.casefold().endswith(_CODESETS)


def ascii_text(text: str) -> str:
    """Without accents; a character that is nothing without them becomes `?`. Control sequences
    stay as they are."""
    return text if text.isascii() else "".join(map(_plain, text.translate(_LIKE)))


def _plain(character: str) -> str:
    if character.isascii():
        return character
    base = unicodedata.normalize("NFKD", character)[0]
    columns = cell_len(character)
    return base if base.isascii() and columns == 1 else "?" * columns
