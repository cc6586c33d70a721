"""Tallies add up, and a percentile of bucketed times is true to 2 %."""

from __future__ import annotations

from random import Random

import pytest

from posterm.benchmark.measure import percentile
from posterm.simulation.tally import Tally, Times, note, percentile_ms


@pytest.mark.parametrize("percent", [1, 50, 99, 100])
def test_percentiles_are_those_of_the_exact_times_to_2_percent(percent: float) -> None:
    dice = Random(1)
    seconds = [dice.lognormvariate(-7, 1) for _ in range(5_000)]
    times: Times = {}
    for each in seconds:
        note(times, each)
    exact_ms = percentile(seconds, percent) * 1000
    assert percentile_ms(times, percent) == pytest.approx(exact_ms, rel=0.02)
    assert len(times) < 500


def test_no_calls_took_no_time() -> None:
    assert percentile_ms({}, 50) == 0


def test_two_tills_count_as_one_and_the_latest_customer_is_the_latest_of_both() -> None:
    first = Tally(sales=1, total_minor=250, behind_s=0.5, cpu_s=1.0, commits={3: 1, 4: 2})
    second = Tally(sales=2, total_minor=-50, behind_s=0.25, cpu_s=0.5, commits={4: 1, 9: 1})
    first.add(second)
    assert first == Tally(
        sales=3, total_minor=200, behind_s=0.5, cpu_s=1.5, commits={3: 1, 4: 3, 9: 1}
    )
