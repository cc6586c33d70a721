"""What may remain of changes that were never synced: of one file, and of a directory's names.

Pure: values in, values out, in an order that is the same every time. The states are those that
a block device and a journalled file system can leave, and some beyond: a write may tear at any
byte, not only between sectors, because a log must not rest on the size of a sector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod
from random import Random
from typing import NamedTuple

from tests.support.volume import (
    BLOCK_BYTES,
    Change,
    Names,
    Node,
    Resize,
    Unsynced,
    Write,
    apply_names,
    with_what_they_need,
)

__all__ = [
    "SECTOR_BYTES",
    "Bounds",
    "combinations",
    "file_versions",
    "places_to_cut",
    "trees",
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

    Else the last of each axis and the first of each; these with one axis at its other end; with
    one axis anywhere, in random order; and random picks.
    """
    if prod(sizes) <= limit:
        yield from product(*map(range, sizes))
        return
    last, first = tuple(size - 1 for size in sizes), (0,) * len(sizes)
    chosen = dict.fromkeys((last, first))
    for axis in range(len(sizes)):
        chosen[_with(last, axis, 0)] = chosen[_with(first, axis, last[axis])] = None
    deviations = 2 * sum(sizes)
    for number in rng.sample(range(deviations), max(0, min(deviations, limit - len(chosen)))):
        axis, choice = 0, number // 2
        while choice >= sizes[axis]:
            axis, choice = axis + 1, choice - sizes[axis]
        chosen[_with((last, first)[number % 2], axis, choice)] = None
    for _ in range(limit * _RANDOM_DRAWS):
        if len(chosen) >= limit:
            break
        chosen[tuple(int(rng.random() * size) for size in sizes)] = None
    yield from islice(chosen, limit)


def _with(pick: tuple[int, ...], axis: int, choice: int) -> tuple[int, ...]:
    return (*pick[:axis], choice, *pick[axis + 1 :])


def file_versions(unsynced: Sequence[Unsynced], bounds: Bounds, rng: Random) -> list[bytes]:
    """What a file may hold that was changed like this since its last sync.

    The first is what was synced, the last has every change whole.
    """
    older = max(0, len(unsynced) - bounds.changes_window)
    newest = [change for _, change in unsynced[older:]]
    bases = [unsynced[length].before for length in _prefix_lengths(older)]
    axes = [_outcomes(change, bounds) for change in newest]
    sizes = [len(bases), *map(len, axes)]
    versions: dict[bytes, None] = {}
    for base, *picks in combinations(sizes, bounds.versions_per_file, rng):
        version = bases[base]
        for axis, pick in zip(axes, picks, strict=True):
            for part in axis[pick]:
                version = part.on(version)
        versions[version] = None
    synced, whole = unsynced[0].before, newest[-1].on(unsynced[-1].before)
    between = [version for version in versions if version not in (synced, whole)]
    return [synced, *between, *([whole] if whole != synced else [])]


def trees(
    durable: Mapping[int, Node], names: Sequence[Names], bounds: Bounds
) -> Iterator[dict[int, Node]]:
    """Every state of the directories, with all nodes: `durable` and some of `names` after it.

    The first has none of them, the last all. Each keeps every name's own history: nothing
    without an earlier change of the same names.
    """
    older = max(0, len(names) - bounds.names_window)
    newest = names[older:]
    nodes = dict(durable)
    lengths = _prefix_lengths(older)
    for length, operation in enumerate(names[:older]):
        if length in lengths:
            yield dict(nodes)
        apply_names(nodes, operation)
    masks = range(1 << len(newest))
    chosen = ({bit for bit in range(len(newest)) if mask >> bit & 1} for mask in masks)
    for places in dict.fromkeys(
        tuple(sorted(with_what_they_need(newest, places))) for places in chosen
    ):
        tree = dict(nodes)
        for place in places:
            apply_names(tree, newest[place])
        yield tree


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


def _prefix_lengths(count: int) -> list[int]:
    """0, `count`, and between them ever denser towards `count`: 0, ..., n-4, n-2, n-1, n."""
    steps = (1 << bit for bit in range(count.bit_length()))
    return sorted({0, count, *(count - step for step in steps)})
