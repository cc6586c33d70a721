"""Typed amounts: one meaning everywhere, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import SaleRefused, format_minor
from posterm.pricing import Amount, Percent, parse_amount, parse_off

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


@given(amount=st.integers(0, 10**10), currency=CURRENCIES, comma=st.booleans())
def test_an_amount_that_is_shown_is_understood_when_typed(
    amount: int, currency: str, comma: bool
) -> None:
    shown = format_minor(amount, currency)
    assert parse_amount(shown.replace(".", ",") if comma else shown, currency, comma=comma) == (
        amount
    )
    assert parse_amount(str(amount), currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("2000", "EUR", 2000),
        ("20.00", "EUR", 2000),
        ("20.5", "EUR", 2050),
        ("0.05", "EUR", 5),
        ("2000", "JPY", 2000),
        ("2.550", "KWD", 2550),
        ("007", "EUR", 7),
    ],
)
def test_no_point_is_minor_units_and_a_point_is_major(
    text: str, currency: str, amount: int
) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "20.", ".5", "-5", "+5", "1 0", "1e3", "1_0", "20.000", "20,00", "1.2.3"),
        *("٣", "²", "20.00€", "1" * 16, "\x1b", "20.5\n"),
    ],
)
def test_what_could_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(SaleRefused):
        parse_amount(text, "EUR")


@pytest.mark.parametrize(
    ("text", "currency"), [("20.0", "JPY"), ("20.000", "EUR"), ("1.2345", "KWD")]
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(SaleRefused, match="decimals"):
        parse_amount(text, currency)


def test_the_comma_is_a_point_where_the_locale_has_one() -> None:
    assert parse_amount("20,50", "EUR", comma=True) == 2050
    assert parse_amount("20.50", "EUR", comma=True) == 2050
    for text in ("1,000.50", "1.000,50", "20,"):
        with pytest.raises(SaleRefused):
            parse_amount(text, "EUR", comma=True)


def test_a_discount_is_a_percentage_or_an_amount() -> None:
    assert parse_off("10%", "EUR") == Percent(10_000)
    assert parse_off("12.5%", "EUR") == Percent(12_500)
    assert parse_off("12,125%", "EUR", comma=True) == Percent(12_125)
    assert parse_off("1.50", "EUR") == Amount(150)
    assert parse_off("150", "EUR") == Amount(150)
    for text in ("0%", "100.001%", "101%", "%", "1.2345%", "0", "0.00", "-1%", "10%%"):
        with pytest.raises(SaleRefused):
            parse_off(text, "EUR")


def test_a_card_number_is_no_amount() -> None:
    with pytest.raises(SaleRefused, match="looks like a card number"):
        parse_amount("378282246310005", "EUR")
