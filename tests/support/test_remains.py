"""The bounded choices: complete where they can be, fair where they can't."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from tests.support.remains import SECTOR_BYTES, Bounds, combinations, places_to_cut, trees
from tests.support.volume import ROOT, Names, Node, Write


@pytest.mark.parametrize("limit", [24, 25, 1000])
def test_all_combinations_come_when_the_limit_allows_it(limit: int) -> None:
    found = list(combinations([2, 3, 4], limit, Random(0)))
    assert found == list(product(range(2), range(3), range(4)))


def test_a_sample_has_no_combination_twice_and_no_more_than_the_limit() -> None:
    for limit in (1, 2, 5, 23):
        found = list(combinations([2, 3, 4], limit, Random(limit)))
        assert len(set(found)) == len(found) == limit
        assert set(found) <= set(product(range(2), range(3), range(4)))


def test_a_sample_has_every_choice_beside_only_firsts_and_beside_only_lasts() -> None:
    sizes = [9, 9, 9, 9]
    found = set(combinations(sizes, 100, Random(0)))
    for axis, choice in product(range(4), range(9)):
        for end in (0, 8):
            assert (*[end] * axis, choice, *[end] * (3 - axis)) in found


def test_a_combination_of_nothing_is_the_empty_one() -> None:
    assert list(combinations([], 5, Random(0))) == [()]


def test_a_long_write_tears_at_a_bounded_number_of_sectors() -> None:
    write = Write(2, 100, bytes(100 * SECTOR_BYTES), "/file")
    cuts = places_to_cut(write, Bounds(cuts_per_write=8))
    sectors = [cut for cut in cuts if (write.offset + cut) % SECTOR_BYTES == 0]
    assert len(sectors) == 8
    assert {1, 50 * SECTOR_BYTES, 100 * SECTOR_BYTES - 1} <= set(cuts)
    assert (sectors[0], sectors[-1]) == (412, 412 + 99 * SECTOR_BYTES)


def test_a_write_of_one_byte_does_not_tear() -> None:
    assert places_to_cut(Write(2, 511, b"x", "/file"), Bounds()) == []


def test_long_waiting_names_come_as_prefixes_and_the_newest_in_every_order() -> None:
    durable: dict[int, Node] = {ROOT: {}}
    names = [Names(ROOT, ((ROOT, f"{number:02d}", number + 2),), "") for number in range(20)]
    for number in range(20):
        durable[number + 2] = b""
    found = [tree[ROOT] for tree in trees(durable, names, Bounds(names_window=3))]
    assert all(isinstance(entries, dict) for entries in found)
    states = [tuple(entries) for entries in found if isinstance(entries, dict)]
    every = tuple(f"{number:02d}" for number in range(20))
    prefixes = [every[:length] for length in (0, 1, 9, 13, 15, 16)]
    orders = [
        every[:17] + tuple(name for name, there in zip(every[17:], some, strict=True) if there)
        for some in product((False, True), repeat=3)
    ]
    assert sorted(states) == sorted(prefixes + orders)
    assert (states[0], states[-1]) == ((), every)
    assert durable[ROOT] == {}
