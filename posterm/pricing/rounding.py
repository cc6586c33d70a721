"""The three ways in which pricing rounds: one amount, amounts that belong together, cash.

Every half rounds away from zero, so that a return rounds as its sale did. This module must never
see a float: exact values are fractions of ints, rounded once and last.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["half_away", "round_together", "to_step"]


def half_away(exact: Fraction) -> int:
    """The nearest int, a half away from zero."""
    numerator, denominator = exact.numerator, exact.denominator
    nearest = (2 * abs(numerator) + denominator) // (2 * denominator)
    return nearest if numerator >= 0 else -nearest


def round_together(exact: Sequence[Fraction], total: int) -> list[int]:
    """Ints that add up to `total`, by largest remainder; ties go to the earlier one.

    Each lies less than one unit from its exact value where `total` is a rounding of their sum;
    any other total is spread as evenly as it can be.
    """
    rounded = [value.numerator // value.denominator for value in exact]
    if not rounded:
        return rounded
    remainders = [value - whole for value, whole in zip(exact, rounded, strict=True)]
    for_all, left = divmod(total - sum(rounded), len(rounded))
    rounded = [whole + for_all for whole in rounded]
    largest_first = sorted(range(len(rounded)), key=lambda index: -remainders[index])
    for index in largest_first[:left]:
        rounded[index] += 1
    return rounded


def to_step(amount_minor: int, step_minor: int) -> int:
    """The nearest multiple of the smallest cash amount, a half away from zero."""
    return half_away(Fraction(amount_minor, step_minor)) * step_minor
