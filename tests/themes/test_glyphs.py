"""Text for lines without Unicode: each character in as many columns as it had."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from themes.glyphs import ascii_text, has_unicode


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CAFÉ", "CAFE"),
        ("5 €", "5 E"),
        ("茶", "??"),
        ("Straße", "Strase"),
        ("\x1b[2JÉ\n", "\x1b[2JE\n"),
    ],
)
def test_a_line_without_unicode_gets_the_nearest_ascii(text: str, shown: str) -> None:
    assert ascii_text(text) == shown


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Mn", "Me", "Cf"])))
def test_no_character_takes_another_width(text: str) -> None:
    assert ascii_text(text).isascii()
    assert cell_len(ascii_text(text)) == cell_len(text)


@pytest.mark.parametrize(
    ("environment", "has"),
    [
        ({}, True),
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LC_ALL": "C.utf8", "LANG": "C"}, True),
        ({"LANG": "C"}, False),
        ({"LC_CTYPE": "de_DE.ISO-8859-1", "LANG": "de_DE.UTF-8"}, False),
        ({"TERM": "vt220", "LANG": "de_DE.UTF-8"}, False),
    ],
)
def test_the_locale_and_the_terminal_say_whether_there_is_unicode(
    environment: dict[str, str], has: bool
) -> None:
    assert has_unicode(environment) is has
