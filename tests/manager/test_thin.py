"""A slow line carries less, and the screen at its end is the same."""

from __future__ import annotations

import random

import pyte

from manager.thin import Thinner

COLUMNS, ROWS = 20, 5


def shown(data: str, screen: pyte.Screen) -> list[str]:
    pyte.Stream(screen).feed(data)
    return list(screen.display)


def row(number: int, text: str, column: int = 1) -> str:
    return f"\x1b[{number};{column}H\x1b[39;49m{text}\x1b[0m"


def full(*texts: str) -> str:
    return "\n".join(row(n, text.ljust(COLUMNS)) for n, text in enumerate(texts, 1)) + "\x1b[1;1H"


def test_a_screen_that_is_painted_again_costs_a_cursor_move() -> None:
    thinner, frame = Thinner(COLUMNS), full("one", "two", "", "", "five")
    first = thinner.thin(frame)
    assert len(first) < len(frame)
    assert thinner.thin(frame) == "\x1b[1;1H"
    thinner.forget()
    assert thinner.thin(frame) == first


def test_whatever_is_painted_the_screen_is_the_same() -> None:
    chance = random.Random(5)
    thinner = Thinner(COLUMNS)
    thick, thin = pyte.Screen(COLUMNS, ROWS), pyte.Screen(COLUMNS, ROWS)
    words = ["", "a", "till 12.50", "x" * COLUMNS, " ähnlich", "   late"]
    for _ in range(500):
        if chance.random() < 0.3:
            frame = full(*chance.choices(words, k=ROWS))
        else:
            column = chance.randint(1, COLUMNS)
            text = chance.choice(words)[: COLUMNS - column + 1]
            frame = row(chance.randint(1, ROWS), text, column)
        if chance.random() < 0.05:
            frame += "\x1b[2J"
        assert shown(frame, thick) == shown(thinner.thin(frame), thin)


def test_what_is_no_row_is_passed_on_as_it_is() -> None:
    thinner = Thinner(COLUMNS)
    for data in ("\x07", "\x1b[?1049h", "\x1b[2;1H\x1b[Jx"):
        assert thinner.thin(data) == data
