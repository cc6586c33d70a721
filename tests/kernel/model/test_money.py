"""Money and quantities: exact or refused, never rounded in silence."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernel.errors import SaleRefused
from kernel.model.money import (
    LIMIT,
    check_minor,
    exponent,
    extend,
    format_minor,
    parse_major,
    parse_quantity,
)

CURRENCIES = st.sampled_from(["JPY", "EUR", "USD", "KWD", "CLF", "UYW"])
AMOUNTS = st.integers(-LIMIT, LIMIT)
THOUSANDTHS = AMOUNTS.filter(bool)


def test_every_exponent_is_that_of_the_iso_4217_list() -> None:
    iso4217 = pytest.importorskip("iso4217")
    listed = {
        code: entry["CcyMnrUnts"] for code, entry in iso4217.raw_table.items() if code is not None
    }
    assert len(listed) > 170
    for code, digits in listed.items():
        if digits == "N.A.":
            with pytest.raises(SaleRefused, match=f"{code} has no minor unit"):
                exponent(code)
        else:
            assert exponent(code) == int(digits), code


@pytest.mark.parametrize(
    ("currency", "digits"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("UYW", 4)]
)
def test_exponent_of_a_currency(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("code", ["", "eur", "EURO", "EUR ", "ABC", "DEM", "€", None, 978])
def test_unknown_currency_is_refused_with_an_example(code: str) -> None:
    with pytest.raises(SaleRefused, match=r"not in ISO 4217; .* such as EUR"):
        exponent(code)


@pytest.mark.parametrize("currency", ["XAU", "XXX", "XTS", "XDR"])
def test_currency_without_minor_unit_is_refused(currency: str) -> None:
    with pytest.raises(SaleRefused, match="no minor unit"):
        parse_major("1", currency)


@pytest.mark.parametrize("value", [0, 1, -1, LIMIT, -LIMIT])
def test_amount_within_the_limit_passes(value: int) -> None:
    assert check_minor(value, "price") == value


@pytest.mark.parametrize("value", [LIMIT + 1, -LIMIT - 1, 10**400])
def test_amount_beyond_the_limit_is_refused_by_its_name(value: int) -> None:
    with pytest.raises(SaleRefused, match="price is out of range"):
        check_minor(value, "price")


@pytest.mark.parametrize("value", [True, False, 1.0, float("nan"), "1", None, Decimal(1)])
def test_amount_that_is_no_int_is_refused(value: int) -> None:
    with pytest.raises(SaleRefused, match=f"price is {type(value).__name__}; give an int"):
        check_minor(value, "price")


@pytest.mark.parametrize(
    ("text", "currency", "amount_minor"),
    [
        ("20.00", "EUR", 2000),
        ("20", "EUR", 2000),
        ("6.0", "USD", 600),
        ("0.85", "GBP", 85),
        (".5", "EUR", 50),
        ("-11062.06", "GBP", -1106206),
        ("2.550", "EUR", 255),
        ("2.550", "KWD", 2550),
        ("2.5", "KWD", 2500),
        ("1.0000", "UYW", 10000),
        ("500", "JPY", 500),
        ("500.000", "JPY", 500),
        (".0", "JPY", 0),
        ("-0", "EUR", 0),
        ("007", "EUR", 700),
        ("90071992547409.92", "EUR", LIMIT),
    ],
)
def test_decimal_text_becomes_minor_units(text: str, currency: str, amount_minor: int) -> None:
    assert parse_major(text, currency) == amount_minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [("2.555", "EUR"), ("0.001", "GBP"), ("1.5", "JPY"), ("1.0001", "KWD"), ("1.00001", "CLF")],
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(SaleRefused, match=f"too many decimals: {currency} has"):
        parse_major(text, currency)


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", ".", "-", "-.", "5.", "+5", " 5", "5\n", "--5", "5-", "1.2.3", "1,5", "1 000"],
        *["NaN", "inf", "-Infinity", "1e400", "1E2", "0x10", "1_000", "٣", "²", "５", "1.٣"],
        *["9" * 41, "0." + "0" * 5000, "9" * 5000],
    ],
)
def test_text_that_is_no_plain_decimal_number_is_refused(text: str) -> None:
    with pytest.raises(SaleRefused, match="no decimal number"):
        parse_major(text, "EUR")
    with pytest.raises(SaleRefused, match="no decimal number"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["90071992547409.93", "-90071992547409.93", "9" * 39])
def test_amount_text_beyond_the_limit_is_refused(text: str) -> None:
    with pytest.raises(SaleRefused, match="amount is out of range"):
        parse_major(text, "EUR")


@given(AMOUNTS, CURRENCIES)
def test_formatted_amount_reads_back_as_itself(amount_minor: int, currency: str) -> None:
    text = format_minor(amount_minor, currency)
    assert parse_major(text, currency) == amount_minor
    assert Decimal(text) == Decimal(amount_minor).scaleb(-exponent(currency))


@given(st.text(alphabet="0123456789.-+eE_ ٣", max_size=12), CURRENCIES)
@example("-.", "JPY")
def test_text_is_read_as_decimal_reads_it_or_refused(text: str, currency: str) -> None:
    try:
        amount_minor = parse_major(text, currency)
    except SaleRefused:
        return
    assert amount_minor == Decimal(text).scaleb(exponent(currency))


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (2000, "EUR", "20.00"),
        (-5, "EUR", "-0.05"),
        (0, "EUR", "0.00"),
        (-500, "JPY", "-500"),
        (1, "KWD", "0.001"),
        (-12345, "CLF", "-1.2345"),
    ],
)
def test_amount_is_formatted_plainly(amount_minor: int, currency: str, text: str) -> None:
    assert format_minor(amount_minor, currency) == text


@pytest.mark.parametrize(
    ("quantity", "thousandths"),
    [
        (1, 1000),
        (-2, -2000),
        ("3", 3000),
        ("1.250", 1250),
        ("-0.001", -1),
        (".25", 250),
        ("1.2500000", 1250),
        (Decimal("1.250"), 1250),
        (Decimal("-3"), -3000),
        (Decimal("1E+2"), 100_000),
        (Decimal("5E-3"), 5),
        (LIMIT // 1000, LIMIT // 1000 * 1000),
        (Decimal(LIMIT).scaleb(-3), LIMIT),
    ],
)
def test_quantity_becomes_thousandths(quantity: int | Decimal | str, thousandths: int) -> None:
    assert parse_quantity(quantity) == thousandths


@pytest.mark.parametrize(
    ("quantity", "reason"),
    [
        *[(zero, "quantity is 0") for zero in (0, "0", "-0.000", Decimal(0), Decimal("-0.0"))],
        *[(fine, "too many decimals") for fine in ("0.0001", "1.2505", Decimal("0.0005"))],
        *[(wrong, f"quantity is {type(wrong).__name__}") for wrong in (True, 1.5, 1.0, None, b"1")],
        *[(vast, "out of range") for vast in (LIMIT // 1000 + 1, -(10**400), "9007199254740.993")],
        *[(Decimal(odd), "no number within range") for odd in ("NaN", "sNaN", "-Inf", "1E+400")],
        *[(Decimal(odd), "no number within range") for odd in ("1E-999999", "1E+999999")],
        (Decimal("1" * 5000 + "E-4999"), "no decimal number"),
    ],
)
def test_quantity_that_is_no_exact_number_of_thousandths_is_refused(
    quantity: int | Decimal | str, reason: str
) -> None:
    with pytest.raises(SaleRefused, match=reason):
        parse_quantity(quantity)


@given(THOUSANDTHS)
def test_quantity_is_the_same_as_decimal_and_as_text(thousandths: int) -> None:
    quantity = Decimal(thousandths).scaleb(-3)
    assert parse_quantity(quantity) == parse_quantity(f"{quantity:f}") == thousandths


@pytest.mark.parametrize(
    ("unit_minor", "quantity_thousandths", "amount_minor"),
    [
        (399, 1000, 399),
        (399, -2000, -798),
        (399, 1250, 499),  # 498.75
        (1, 500, 1),  # half, away from zero
        (1, -500, -1),
        (-1, 500, -1),
        (3, 500, 2),
        (1, 499, 0),
        (1, -499, 0),
        (0, 1234, 0),
    ],
)
def test_line_amount_rounds_half_away_from_zero(
    unit_minor: int, quantity_thousandths: int, amount_minor: int
) -> None:
    assert extend(unit_minor, quantity_thousandths) == amount_minor


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9))
def test_line_amount_is_the_rounded_exact_product(unit_minor: int, thousandths: int) -> None:
    exact = Decimal(unit_minor * thousandths).scaleb(-3)
    assert extend(unit_minor, thousandths) == exact.quantize(Decimal(1), ROUND_HALF_UP)


def test_line_amount_beyond_the_limit_is_refused() -> None:
    assert extend(LIMIT, 1000) == LIMIT
    with pytest.raises(SaleRefused, match="line amount is out of range"):
        extend(LIMIT, 1001)
