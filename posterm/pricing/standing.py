"""What a sale's posted lines amount to: the lines that stand, each with its discounts taken off.

A log is never rewritten, so what stands is read from all that was posted: voids take lines away,
discounts take amounts off. This module must never change what a discount gave a line: the
allocation that was logged is the one that counts, for tax and for returns alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct

from kernel import Line, LineKind
from posterm.pricing.rounding import round_together

__all__ = [
    "StandingLine",
    "of_a_receipt",
    "posted_kind",
    "reversed_lines",
    "standing",
    "voids_with",
]

_OWN = (LineKind.ITEM, LineKind.DEPOSIT, LineKind.ADJUSTMENT, LineKind.NON_REVENUE)
_ON_ANOTHER = (LineKind.DISCOUNT, LineKind.ADJUSTMENT)


class StandingLine(Struct, frozen=True):
    """A line that is not void. `charged_minor` is what it costs after its discounts."""

    number: int
    line: Line
    charged_minor: int


def standing(lines: Sequence[Line]) -> tuple[StandingLine, ...]:
    """All lines of `lines` (a sale's, from the first) that stand for something of their own."""
    void = reversed_lines(lines)
    live = {number: line for number, line in enumerate(lines, 1) if number not in void}
    own = {number: line for number, line in live.items() if _is_own(line)}
    charged = {number: line.total_minor for number, line in own.items()}
    for number, line in live.items():
        if number not in own and line.kind in _ON_ANOTHER:
            for of, amount_minor in _taken_off(line, charged):
                if of in charged:
                    charged[of] -= amount_minor
    return tuple(StandingLine(number, line, charged[number]) for number, line in own.items())


def voids_with(lines: Sequence[Line], number: int) -> tuple[int, ...]:
    """All lines to void for line `number` to go, in the order to void them; it comes last.

    What hangs on it goes with it: its discounts, its deposits, and each sale discount that has a
    share in it (`discounts_again` gives the other lines their shares back).
    """
    void = reversed_lines(lines)
    going = {number}
    for other, line in enumerate(lines, 1):
        # Whatever hangs on a line was posted after it, so one pass finds all of it.
        hangs = line.of in going or any(of in going for of, _ in line.shares)
        if other not in void and hangs and line.kind is not LineKind.VOID:
            going.add(other)
    return tuple(sorted(going, reverse=True))


def reversed_lines(lines: Sequence[Line]) -> frozenset[int]:
    """Numbers of lines that are void, and of the lines that say so."""
    void: set[int] = set()
    for number, line in enumerate(lines, 1):
        if line.kind is LineKind.VOID and line.of is not None:
            void |= {number, line.of}
    return frozenset(void)


def posted_kind(lines: Sequence[Line], line: Line) -> LineKind:
    """The line's kind or, for a void, that of the line that it takes back."""
    if line.kind is LineKind.VOID and line.of is not None:
        return lines[line.of - 1].kind
    return line.kind


def of_a_receipt(lines: Sequence[Line], line: Line) -> bool:
    """Whether it takes an earlier sale's line back, or hangs on one that does."""
    while line.origin is None and line.of is not None:
        line = lines[line.of - 1]
    return line.origin is not None


def _is_own(line: Line) -> bool:
    return line.kind in _OWN and not (line.kind is LineKind.ADJUSTMENT and line.of is not None)


def _taken_off(line: Line, charged: dict[int, int]) -> tuple[tuple[int, int], ...]:
    """What a discount takes off which line; one that nobody allocated falls on all of them."""
    if line.of is not None:
        return ((line.of, -line.total_minor),)
    if line.shares:
        return line.shares
    weights = {number: amount for number, amount in charged.items() if amount > 0}
    value = sum(weights.values())
    exact = [Fraction(-line.total_minor * weight, value) for weight in weights.values()]
    return tuple(zip(weights, round_together(exact, -line.total_minor), strict=True))
