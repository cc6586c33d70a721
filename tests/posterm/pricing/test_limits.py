"""What asks first, and what does not: a limit itself is still within it."""

from __future__ import annotations

from posterm.pricing import (
    Amount,
    Ask,
    Percent,
    Question,
    ask_amount,
    ask_cash,
    ask_discount,
    ask_quantity,
)


def test_a_quantity_above_the_maximum_of_the_item_asks_a_return_too() -> None:
    assert ask_quantity(6000, 6000) is None
    assert ask_quantity(6001, 6000) == Ask(Question.QUANTITY, 6001, 6000)
    assert ask_quantity(-6001, 6000) == Ask(Question.QUANTITY, 6001, 6000)


def test_a_code_typed_as_a_quantity_asks_where_the_item_has_no_maximum() -> None:
    assert ask_quantity(999_000, None) is None
    assert ask_quantity(4011_000, None) is not None


def test_an_amount_of_more_than_eight_digits_asks() -> None:
    assert ask_amount(99_999_999) is None
    assert ask_amount(100_000_000) == Ask(Question.AMOUNT, 100_000_000, 99_999_999)
    assert ask_amount(-100_000_000) is not None


def test_cash_above_the_ceiling_asks_and_no_ceiling_never_does() -> None:
    assert ask_cash(50_000, 50_000) is None
    assert ask_cash(50_001, 50_000) == Ask(Question.CASH, 50_001, 50_000)
    assert ask_cash(10**9, None) is None


def test_a_discount_above_the_limit_asks_whether_typed_as_percentage_or_amount() -> None:
    assert ask_discount(Percent(10_000), 1000, 10_000) is None
    assert ask_discount(Percent(10_001), 1000, 10_000) is not None
    assert ask_discount(Amount(100), 1000, 10_000) is None
    assert ask_discount(Amount(101), 1000, 10_000) == Ask(Question.DISCOUNT, 10_100, 10_000)
    assert ask_discount(Amount(34), 339, 10_000) is not None
    assert ask_discount(Amount(1), 0, 10_000) is not None
