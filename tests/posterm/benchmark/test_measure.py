"""Statistics of a benchmark, on figures that can be reckoned by hand."""

from __future__ import annotations

import pytest

from posterm.benchmark.measure import (
    Measured,
    Tally,
    in_threads,
    percentile,
    play,
    ratios,
    spread,
)


class Told:
    """A contestant that only notes when it was its turn."""

    threads = 1

    def __init__(self, name: str, turns: list[str]) -> None:
        self.name = name
        self.turns = turns

    def run(self, seconds: float) -> Measured:
        self.turns.append(self.name)
        return Measured(1, seconds, 0.0, [seconds])

    def close(self) -> None: ...


def measured(entries: int, seconds: float, cpu_s: float = 0.0) -> Measured:
    return Measured(entries / 7, seconds, cpu_s, [seconds / entries] * entries)


def test_a_median_stands_between_its_quartiles() -> None:
    found = spread([5, 1, 4, 2, 3])
    assert (found.lower, found.median, found.upper) == (2, 3, 4)


def test_one_round_is_its_own_median_and_quartiles() -> None:
    found = spread([7])
    assert (found.lower, found.median, found.upper) == (7, 7, 7)


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    assert percentile(range(1, 101), percent) == expected


def test_ratios_compare_the_entries_a_second_of_the_same_round() -> None:
    ours = [measured(100, 1.0), measured(10, 1.0)]
    theirs = [measured(50, 1.0), measured(5, 1.0)]
    assert ratios(ours, theirs).median == 2


def test_cpu_time_is_told_by_the_entry() -> None:
    assert measured(100, 1.0, cpu_s=0.004).cpu_us == pytest.approx(40)


def test_another_contestant_begins_each_round() -> None:
    turns: list[str] = []
    ticks: list[int] = []
    results = play(
        [Told(name, turns) for name in "abc"], 3, 0.1, tick=lambda: ticks.append(len(turns))
    )
    assert "".join(turns) == "abcbcacab"
    assert [len(rounds) for rounds in results] == [3, 3, 3]
    assert ticks == list(range(1, 10))


def test_threads_are_measured_as_one() -> None:
    def work(index: int, deadline_s: float) -> Tally:
        return Tally([0.001] * (index + 1), sales=index)

    found = in_threads(3, work, 0.0)
    assert (len(found.latencies_s), found.sales) == (6, 3)
