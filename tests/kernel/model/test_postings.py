"""Lines that grow by one, whatever other versions do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.model.entries import Line, LineKind
from kernel.model.postings import Postings


def line(amount: int) -> Line:
    return Line(total_minor=amount)


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=30))
def test_every_version_keeps_its_lines_whoever_appends(steps: list[tuple[int, bool]]) -> None:
    versions: list[tuple[Postings, list[Line]]] = [(Postings(), [])]
    for number, (place, voids) in enumerate(steps):
        postings, lines = versions[place % len(versions)]
        new = line(number)
        of = 1 + place % len(lines) if lines else 0
        if voids and lines and all(one.of != of for one in lines):  # a line is voided once
            new = Line(kind=LineKind.VOID, total_minor=-number, of=of)
        versions.append((postings.append(new), [*lines, new]))
    for postings, lines in versions:
        assert list(postings) == lines
        assert len(postings) == len(lines)
        for number in range(1, len(lines) + 1):
            assert postings.line(number) == lines[number - 1]
            reversals = (place for place, one in enumerate(lines, 1) if one.of == number)
            assert postings.reversal_of(number) == next(reversals, None)
        assert postings == Postings.of(lines)


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_line_that_is_not_there_is_an_index_error(number: int) -> None:
    with pytest.raises(IndexError):
        Postings().append(line(1)).line(number)


def test_a_longer_version_shows_nothing_to_a_shorter_one() -> None:
    short = Postings().append(line(5))
    short.append(Line(kind=LineKind.VOID, total_minor=-5, of=1))
    assert short.reversal_of(1) is None
    with pytest.raises(IndexError):
        short.line(2)
    assert list(short) == [line(5)]
    assert short != Postings()
