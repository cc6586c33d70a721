"""Labels of scales: each country's digits, the digits that check them, the item behind them."""

from __future__ import annotations

import pytest

from posterm.catalog.codes import check_digit, is_gtin
from posterm.catalog.embedded import (
    COUNTRIES,
    Embedded,
    Measure,
    Rule,
    element_measure,
    measure_check_digit,
    read_label,
    rules_of,
)


def label(rule: Rule, prefix: str, value: str) -> str:
    """A label as a scale prints it, of item 1 of the prefix."""
    reference = prefix + "1".zfill(rule.reference_digits - 2)
    payload = reference + (measure_check_digit(value) if rule.checked else "") + value
    return payload + check_digit(payload)


@pytest.mark.parametrize(
    ("value", "digit"),
    [("2875", "9"), ("14685", "6"), ("0000", "0"), ("00000", "0")],
)
def test_measure_check_digits_are_those_of_the_standard_s_examples(value: str, digit: str) -> None:
    assert measure_check_digit(value) == digit


@pytest.mark.parametrize("length", [4, 5])
def test_a_digit_misread_in_a_measure_is_seen(length: int) -> None:
    value = "27315"[:length]
    for place in range(length):
        others = {
            measure_check_digit(value[:place] + digit + value[place + 1 :])
            for digit in "0123456789"
        }
        assert len(others) == 10


@pytest.mark.parametrize(
    ("country", "gtin", "quantity", "amount_minor"),
    [
        ("SE", "2312345612348", 1234, None),
        ("SE", "2412345612345", 12340, None),
        ("SE", "2512345612342", 123400, None),
        ("SE", "2012345612347", None, 1234),
        ("NO", "2112345612344", None, 12340),
        ("NO", "2212345612341", None, 123400),
        ("FI", "2312345612348", 1234, None),
        ("EE", "2412345612345", 12340, None),
        ("DK", "2112340012345", None, 1234),
        ("DK", "2612340012340", 1234, None),
        ("DK", "2712345012346", 1234, None),
    ],
)
def test_a_country_s_digits_mean_what_its_gs1_member_says(
    country: str, gtin: str, quantity: int | None, amount_minor: int | None
) -> None:
    gtin = gtin[:12] + check_digit(gtin[:12])
    read = read_label(gtin, COUNTRIES[country][gtin[:2]], "EUR")
    assert (read.quantity, read.amount_minor) == (quantity, amount_minor)


@pytest.mark.parametrize(
    ("country", "prefix", "value", "quantity", "amount_minor"),
    [
        ("DE", "22", "01234", None, 1234),
        ("DE", "25", "00012", 12_000, None),
        ("DE", "28", "01234", 1234, None),
        ("GB", "20", "2875", None, 2875),
        ("US", "02", "2875", None, 2875),
    ],
)
def test_a_checked_label_is_read_and_a_misread_one_is_not(
    country: str, prefix: str, value: str, quantity: int | None, amount_minor: int | None
) -> None:
    rule = COUNTRIES[country][prefix]
    good = label(rule, prefix, value)
    read = read_label(good, rule, "EUR")
    assert (read.quantity, read.amount_minor) == (quantity, amount_minor)
    digits = rule.reference_digits
    for wrong in set("0123456789") - {good[digits]}:
        assert not read_label(good[:digits] + wrong + good[digits + 1 :], rule, "EUR").readable


@pytest.mark.parametrize("country", COUNTRIES)
def test_each_label_leads_to_a_number_on_file_that_a_scale_could_print(country: str) -> None:
    for prefix, rule in COUNTRIES[country].items():
        value = "1".zfill(rule.digits)
        codes = read_label(label(rule, prefix, value), rule, "EUR").codes
        assert codes[0] == label(rule, prefix, "0" * rule.digits)
        assert is_gtin(codes[0])
        assert codes[-1] == "1"


def test_a_price_that_the_currency_can_t_have_is_not_read() -> None:
    rule = COUNTRIES["SE"]["20"]
    assert read_label(label(rule, "20", "1200"), rule, "JPY").amount_minor == 12
    assert not read_label(label(rule, "20", "1234"), rule, "JPY").readable
    assert read_label(label(rule, "20", "1234"), rule, "KWD").amount_minor == 12340


def test_a_shop_s_own_prefixes_come_before_its_country_s() -> None:
    rules = rules_of("SE", "JPY", weight_prefixes=("20",), price_prefixes=("29",))
    assert rules["20"] == Rule(Measure.WEIGHT, 5, 3)
    assert rules["29"] == Rule(Measure.PRICE, 5, 0)
    assert rules["21"] == COUNTRIES["SE"]["21"]
    assert rules_of(None, "EUR") == {}


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("3103001250", Embedded((), quantity=1250)),
        ("3100000002", Embedded((), quantity=2000)),
        ("3106001250", Embedded(())),
        ("3106001000", Embedded((), quantity=1)),
        ("3012", Embedded((), quantity=12_000)),
        ("30x", Embedded(())),
        ("39221250", Embedded((), amount_minor=1250)),
        ("39329780001250", Embedded(())),
        ("17261231", None),
    ],
)
def test_gs1_elements_give_weight_count_and_amount(element: str, said: Embedded | None) -> None:
    assert element_measure([element], "EUR") == said
