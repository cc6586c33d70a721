"""Rounding: halves away from zero, and amounts that belong together add up."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from posterm.pricing.rounding import half_away, round_together

EXACT = st.fractions(-1000, 1000, max_denominator=50)


@given(exact=EXACT)
def test_a_half_rounds_away_from_zero_and_a_return_as_its_sale(exact: Fraction) -> None:
    assert abs(half_away(exact) - exact) <= Fraction(1, 2)
    assert half_away(-exact) == -half_away(exact)
    assert half_away(exact + Fraction(0)) == round(exact) or exact.denominator == 2


def test_halves() -> None:
    halves = [Fraction(n, 2) for n in (1, 3, 5, -1, -3)]
    assert [half_away(exact) for exact in halves] == [1, 2, 3, -1, -2]


@settings(max_examples=30)
@given(exact=st.lists(EXACT, min_size=1, max_size=10))
def test_amounts_rounded_together_add_up_and_lie_within_one_unit(exact: list[Fraction]) -> None:
    total = half_away(sum(exact, Fraction(0)))
    rounded = round_together(exact, total)
    assert sum(rounded) == total
    assert all(abs(r - e) < 1 for r, e in zip(rounded, exact, strict=True))


@settings(max_examples=30)
@given(exact=st.lists(EXACT, min_size=1, max_size=10), total=st.integers(-5000, 5000))
def test_any_total_is_met_even_one_that_is_no_rounding_of_the_sum(
    exact: list[Fraction], total: int
) -> None:
    assert sum(round_together(exact, total)) == total


def test_ties_go_to_the_earlier_one() -> None:
    assert round_together([Fraction(1, 3)] * 3, 1) == [1, 0, 0]
    assert round_together([Fraction(1, 2), Fraction(2, 3)], 1) == [0, 1]
