"""Amounts, quantities and dates as people write them; a locale never changes a digit."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import format_minor, gettext, ngettext, speak
from themes.formats import (
    Formats,
    amount_text,
    date_text,
    plain_number,
    quantity_text,
    takes_comma,
    use_formats,
)
from themes.language import PSEUDO, Pseudo, language_of, use_language

DAY = datetime.date(2026, 1, 9)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_formats(Formats())
    use_language("")


def test_without_a_language_figures_are_those_of_the_log() -> None:
    use_language("")
    assert amount_text(-123456789, "EUR") == format_minor(-123456789, "EUR") == "-1234567.89"
    assert (quantity_text(-1250), quantity_text(3000)) == ("-1.250", "3")
    assert (plain_number(1250), plain_number(19000), plain_number(-500)) == ("1.25", "19", "-0.5")
    assert date_text(DAY) == "2026-01-09" and not takes_comma()


@pytest.mark.parametrize(
    ("tag", "euros", "yen", "day", "comma"),
    [
        ("de_DE", "-1.234.567,89", "1.234.567", "09.01.2026", True),
        ("en_US", "-1,234,567.89", "1,234,567", "1/9/2026", False),
        ("en_IN", "-12,34,567.89", "12,34,567", "09/01/2026", False),
        ("de_CH", "-1'234'567.89", "1'234'567", "09.01.2026", False),
        ("fr_FR", "-1 234 567,89", "1 234 567", "09/01/2026", True),
        ("xx_YY", "-1234567.89", "1234567", "2026-01-09", False),
    ],
)
def test_a_locale_says_what_stands_between_the_digits(
    tag: str, euros: str, yen: str, day: str, comma: bool
) -> None:
    use_language(tag)
    assert (amount_text(-123456789, "EUR"), amount_text(1234567, "JPY")) == (euros, yen)
    assert (date_text(DAY), takes_comma()) == (day, comma)
    assert euros.isascii(), "an old terminal shows it"


@pytest.mark.parametrize("tag", ["", "de_DE", "en_IN", "fr_FR", PSEUDO])
@given(amount_minor=st.integers(-(10**14), 10**14), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_no_locale_loses_or_adds_a_digit(tag: str, amount_minor: int, currency: str) -> None:
    use_language(tag)
    shown = amount_text(amount_minor, currency)
    plain = format_minor(amount_minor, currency)
    assert [one for one in shown if one.isdigit()] == [one for one in plain if one.isdigit()]
    assert shown.startswith("-") == plain.startswith("-")


def test_the_environment_names_the_language_and_the_first_that_speaks_wins() -> None:
    assert language_of({"LANG": "de_DE.UTF-8"}) == "de_DE"
    assert language_of({"LC_ALL": "fr_FR@euro", "LANG": "de_DE"}) == "fr_FR"
    assert language_of({"POSTERM_LOCALE": "C", "LANG": "de_DE"}) == ""
    assert language_of({"LC_ALL": "", "LANG": "C.UTF-8"}) == language_of({}) == ""


def test_words_change_with_the_language_and_back() -> None:
    assert gettext("Void") == "Void" and ngettext("{} line", "{} lines", 1) == "{} line"
    use_language(PSEUDO)
    assert gettext("Void") == "[Void~~]" and ngettext("{} line", "{} lines", 2) == "[{} lines~~]"
    speak(Pseudo())
    use_language("")
    assert gettext("Void") == "Void"


def test_pseudo_is_40_percent_longer_and_leaves_fields_alone() -> None:
    shown = Pseudo().gettext("price of {!r:.40}, Enter")
    assert shown == "[price~~ of~ {!r:.40}, Enter~~]"
    assert Pseudo().gettext("") == "[]" and gettext("") == ""
