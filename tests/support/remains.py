"""What may remain of changes that were never synced: of one file, and of a directory's names.

Pure: values in, values out, in an order that is the same every time. The states are those that
a block device and a journalled file system can leave, and some beyond: a write may tear at any
byte, not only between sectors, because a log must not rest on the size of a sector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from random import Random
from typing import NamedTuple

from tests.support.volume import (
    BLOCK_BYTES,
    Change,
    Names,
    Resize,
    Write,
    with_what_they_need,
)

__all__ = [
    "SECTOR_BYTES",
    "Bounds",
    "combinations",
    "file_versions",
    "name_choices",
    "places_to_cut",
]

SECTOR_BYTES = 512
_RANDOM_DRAWS = 8


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to look.

    Of a file's unsynced changes the newest `changes_window` are tried in every combination and
    older ones as prefixes; so are the newest `names_window` changes of names.
    """

    limit_per_point: int = 256
    versions_per_file: int = 128
    cuts_per_write: int = 8
    changes_window: int = 3
    names_window: int = 6
    seed: int = 0


class _Wiped(NamedTuple):
    """A truncation whose new size was lost after the rest of its last block became zeros."""

    size: int

    def on(self, content: bytes) -> bytes:
        end = min(len(content), -(-self.size // BLOCK_BYTES) * BLOCK_BYTES)
        return content[: self.size] + bytes(max(0, end - self.size)) + content[end:]


def combinations(sizes: Sequence[int], limit: int, rng: Random) -> Iterator[tuple[int, ...]]:
    """Picks of one choice per axis, all different: every one if `limit` allows it.

    Else the last of each axis, the first of each, single deviations from these two in random
    order, and random picks: so that a sample too meets each choice in a plain company.
    """
    if prod(sizes) <= limit:
        yield from product(*map(range, sizes))
        return
    ends = tuple(size - 1 for size in sizes), (0,) * len(sizes)
    deviations = [
        (*end[:axis], choice, *end[axis + 1 :])
        for end in ends
        for axis, size in enumerate(sizes)
        for choice in range(size)
    ]
    rng.shuffle(deviations)
    chosen = dict.fromkeys([*ends, *deviations][:limit])
    for _ in range(limit * _RANDOM_DRAWS):
        if len(chosen) == limit:
            break
        chosen[tuple(map(rng.randrange, sizes))] = None
    yield from chosen


def file_versions(
    content: bytes, changes: Sequence[Change], bounds: Bounds, rng: Random
) -> list[bytes]:
    """What a file may hold that held `content` when it was synced and was changed since.

    The first is `content`, the last has every change whole.
    """
    window = bounds.changes_window
    bases = _prefixes(content, changes[:-window])
    axes = [_outcomes(change, bounds) for change in changes[-window:]]
    versions: dict[bytes, None] = {}
    sizes = [len(bases), *map(len, axes)]
    for base, *picks in combinations(sizes, bounds.versions_per_file, rng):
        version = bases[base]
        for axis, pick in zip(axes, picks, strict=True):
            for part in axis[pick]:
                version = part.on(version)
        versions[version] = None
    whole = bases[-1]
    for change in changes[-window:]:
        whole = change.on(whole)
    ends = (content, whole) if content != whole else (content,)
    return [ends[0], *(version for version in versions if version not in ends), *ends[1:]]


def name_choices(operations: Sequence[Names], bounds: Bounds) -> list[list[Names]]:
    """Which name changes may have reached the disk, each in the order in which they happened.

    Each keeps every name's own history: nothing without an earlier change of the same names.
    """
    older = max(0, len(operations) - bounds.names_window)
    chosen: dict[frozenset[int], None] = {}
    for length in _prefix_lengths(older):
        chosen[frozenset(range(length))] = None
    for mask in range(1 << (len(operations) - older)):
        newest = (older + bit for bit in range(len(operations) - older) if mask >> bit & 1)
        asked = {*range(older), *newest}
        chosen[frozenset(with_what_they_need(operations, asked))] = None
    return [[operations[place] for place in sorted(places)] for places in chosen]


def places_to_cut(write: Write, bounds: Bounds) -> list[int]:
    """After how many bytes a write may tear: 1, half, all but one, and sector boundaries."""
    size = len(write.data)
    sectors = _sector_cuts(write)
    if len(sectors) > bounds.cuts_per_write:
        step = (len(sectors) - 1) / (bounds.cuts_per_write - 1)
        sectors = [sectors[round(step * place)] for place in range(bounds.cuts_per_write)]
    return sorted({1, size // 2, size - 1, *sectors} - {0, size})


def _outcomes(change: Change, bounds: Bounds) -> list[tuple[Change | _Wiped, ...]]:
    """The parts of one change that may reach the disk: none first, all of it last."""
    if isinstance(change, Resize):
        return [(), (_Wiped(change.size),), (change,)]
    nothing = change._replace(data=b"", offset=change.offset + len(change.data))
    outcomes: list[tuple[Change | _Wiped, ...]] = [(), (nothing,)]
    sectors = _sector_cuts(change)
    for cut in places_to_cut(change, bounds):
        beginning = change._replace(data=change.data[:cut])
        outcomes += [(beginning,), (beginning, nothing)]
        if cut in sectors:
            end = change._replace(data=change.data[cut:], offset=change.offset + cut)
            outcomes.append((end,))
    return [*outcomes, (change,)]


def _sector_cuts(write: Write) -> list[int]:
    first = SECTOR_BYTES - write.offset % SECTOR_BYTES
    return list(range(first, len(write.data), SECTOR_BYTES))


def _prefixes(content: bytes, changes: Sequence[Change]) -> list[bytes]:
    """`content` after none, after all, and after some of `changes`, oldest first."""
    lengths = _prefix_lengths(len(changes))
    versions = [content] if 0 in lengths else []
    for length, change in enumerate(changes, 1):
        content = change.on(content)
        if length in lengths:
            versions.append(content)
    return versions


def _prefix_lengths(count: int) -> list[int]:
    """0, `count`, and between them ever denser towards `count`: 0, ..., n-4, n-2, n-1, n."""
    steps = (1 << bit for bit in range(count.bit_length()))
    return sorted({0, count, *(count - step for step in steps)})
