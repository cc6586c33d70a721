"""Kill a selling till again and again: each time all that it had said is there, and it sells on.

This proves nothing about a power cut (a till that never syncs passes): test_power_cuts does.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.support.processes import python_child
from tests.support.told import Told, all_told, lost

KILLS = 15
TORTURE_KILLS = 500


def kill_and_start(directory: Path, kills: int, seed: int) -> int:
    """How many acknowledgements were checked, in `kills` lives of one till."""
    chance = Random(seed)
    checked = 0
    for life in range(kills):
        module, rings = "tests.support.till_child", str(seed * 1_000 + life)
        with python_child("-m", module, directory, rings) as child:
            child.wait_for_line("ready")
            told = [Told.parse(child.wait_for_line("told ")) for _ in range(chance.randint(0, 50))]
            child.kill()
            told += all_told(child)
        assert lost(directory, told) == [], f"life {life} of seed {seed}"
        checked += len(told)
    return checked


def test_a_killed_till_has_all_that_it_acknowledged(data_dir: Path) -> None:
    assert kill_and_start(data_dir, KILLS, seed=1) > 10 * KILLS


@pytest.mark.torture
@pytest.mark.parametrize("tenth", range(10))
def test_a_till_killed_five_hundred_times_has_all_that_it_acknowledged(
    data_dir: Path, tenth: int
) -> None:
    assert kill_and_start(data_dir, TORTURE_KILLS // 10, seed=100 + tenth) > TORTURE_KILLS


def test_an_acknowledgement_of_what_was_never_rung_is_missed(data_dir: Path) -> None:
    with python_child("-m", "tests.support.till_child", data_dir, "7") as child:
        told = [Told.parse(child.wait_for_line("told ")) for _ in range(20)]
        child.kill()
        told += all_told(child)
    assert lost(data_dir, [*told, told[-1]._replace(lsn=told[-1].lsn + 999)])
    assert lost(data_dir, [*told, told[-1]._replace(sale=9_999)])
