"""What a disk may hold after a crash: every bounded way in which unsynced changes get lost.

A process kill leaves the page cache: the image is what processes saw, at most with the call
that was under way cut short. A power cut leaves what was synced, and of the rest anything: each
unsynced change of a file applied, lost, torn, or its end without its beginning; size without
data (zeros); names changed in any order that keeps each name's own history.

Below `Bounds.limit_per_point` the set is complete. Beyond, it is a seeded sample that holds the
extremes, the same every time, so that (cut, at, number) names an image. An image never changes:
`disk()` starts a fresh machine from it, which records again, so that a crash during recovery is
the same enumeration once more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import prod
from random import Random

from tests.support.memory_disk import MemoryDisk, Recording
from tests.support.remains import (
    Bounds,
    combinations,
    file_versions,
    places_to_cut,
    trees,
)
from tests.support.volume import Node, Operation, Volume, Write, reachable

__all__ = ["Bounds", "Cut", "Image", "crash_images", "every_crash_image"]

_DEFAULT = Bounds()
_Found = Iterator[tuple[int, Callable[[], Volume]]]
"""Fingerprints, each with what builds its volume: an image seen before is never built."""


class Cut(Enum):
    """What ended the machine's work."""

    KILL = "process kill"
    POWER = "power cut"


@dataclass(frozen=True, slots=True)
class Image:
    """A disk as a crash may leave it when the first `at` operations had returned.

    `last` is the newest of them, `number` counts the images of this cut at this point. `boots`
    is the recording's after a kill, one more after a power cut. Equal fingerprints mean equal
    images, within one recording and one process.
    """

    cut: Cut
    at: int
    number: int
    last: str
    boots: int
    fingerprint: int
    volume: Volume

    def disk(self) -> MemoryDisk:
        """A machine that has just started from this image: no descriptors, no locks."""
        return MemoryDisk.started_from(self.volume, self.boots)

    def __str__(self) -> str:
        return f"{self.cut.value}, image {self.number} at operation {self.at} ({self.last})"


def crash_images(recording: Recording, at: int, bounds: Bounds = _DEFAULT) -> Iterator[Image]:
    """The distinct images of a crash after the first `at` operations."""
    return every_crash_image(recording, bounds, points=(at,))


def every_crash_image(
    recording: Recording,
    bounds: Bounds = _DEFAULT,
    *,
    points: Collection[int] | None = None,
    promise: Callable[[int], Hashable] = lambda at: at,
) -> Iterator[Image]:
    """The images of a crash at each of `points` (0 to the number of operations; None: all).

    `promise(at)` is what the workload had acknowledged when `at` operations had returned. An
    image that was seen under the same promise isn't given again, since it would be judged
    alike; by default every point has a promise of its own.
    """
    operations = list(recording.operations)
    volume = recording.start.copy()
    seen: set[tuple[Cut, int]] = set()
    promised: Hashable = None
    for at, last in enumerate([None, *operations]):
        if last is not None:
            volume.apply(last)
        if points is not None and at not in points:
            continue
        if promise(at) != promised:
            promised = promise(at)
            seen.clear()
        following = operations[at] if at < len(operations) else None
        for cut, boots, found in (
            (Cut.KILL, recording.boots, _after_kill(volume, following, bounds)),
            (Cut.POWER, recording.boots + 1, _after_power_cut(volume, at, bounds)),
        ):
            for number, (fingerprint, build) in enumerate(found):
                if (cut, fingerprint) not in seen:
                    seen.add((cut, fingerprint))
                    name = "start" if last is None else str(last)
                    yield Image(cut, at, number, name, boots, fingerprint, build())


def _after_kill(volume: Volume, following: Operation | None, bounds: Bounds) -> _Found:
    """What processes saw, and that with the beginning of the write that follows.

    What is unsynced stays so: the next crash may be a power cut.
    """
    nodes = _living(volume.nodes)
    waiting = [(inode, len(changes)) for inode, changes in sorted(volume.unsynced.items())]
    unsynced = hash((len(volume.unsynced_names), *waiting))
    hashes = _hashes(nodes)
    yield _fingerprint(hashes, unsynced), partial(_killed, volume, None)
    if isinstance(following, Write) and following.inode in nodes:
        inode = following.inode
        for cut in places_to_cut(following, bounds):
            part = following._replace(data=following.data[:cut])
            hashes[inode] = hash(part.on(volume.file(inode)))
            yield _fingerprint(hashes, unsynced), partial(_killed, volume, part)


def _killed(volume: Volume, part: Write | None) -> Volume:
    left = volume.copy()
    if part is not None:
        left.apply(part)
    return left


def _after_power_cut(volume: Volume, at: int, bounds: Bounds) -> _Found:
    """For each state of the names: each combination of versions of the files that they reach."""
    rng = Random(bounds.seed * 1_000_003 + at)
    states = [_living(nodes) for nodes in trees(volume.durable, volume.unsynced_names, bounds)]
    versions = {
        inode: file_versions(changes, bounds, rng)
        for inode, changes in volume.unsynced.items()
        if any(inode in tree for tree in states)
    }
    changed = [[inode for inode in versions if inode in tree] for tree in states]
    totals = [prod(len(versions[inode]) for inode in inodes) for inodes in changed]
    shares = _shares(totals, bounds.limit_per_point)
    for tree, inodes, share in zip(states, changed, shares, strict=True):
        hashes = _hashes(tree)
        axes = [versions[inode] for inode in inodes]
        for picks in combinations([len(axis) for axis in axes], share, rng):
            files = {
                inode: axis[pick] for inode, axis, pick in zip(inodes, axes, picks, strict=True)
            }
            hashes.update((inode, hash(content)) for inode, content in files.items())
            yield _fingerprint(hashes), partial(_powered_off, volume, tree, files)


def _powered_off(volume: Volume, tree: dict[int, Node], files: dict[int, bytes]) -> Volume:
    """All that is left is on the disk; reservations are given back."""
    nodes = {**tree, **files}
    return Volume(
        nodes=nodes,
        durable=nodes,
        attributes=dict(volume.attributes),
        mtimes=dict(volume.mtimes),
        ticks=volume.ticks,
        capacity_bytes=volume.capacity_bytes,
    )


def _living(nodes: dict[int, Node]) -> dict[int, Node]:
    """What paths lead to, always in the same order."""
    return {inode: nodes[inode] for inode in sorted(reachable(nodes))}


def _shares(totals: list[int], limit: int) -> list[int]:
    """How many images each state of the names gets: all it has, or an even part; at least one."""
    shares = [1] * len(totals)
    for done, place in enumerate(sorted(range(len(totals)), key=totals.__getitem__)):
        shares[place] = max(1, min(totals[place], limit // (len(totals) - done)))
        limit -= shares[place]
    return shares


def _hashes(nodes: dict[int, Node]) -> dict[int, int]:
    """Of each node; Python keeps the hash of bytes, so that nothing is hashed twice."""
    return {
        inode: hash(content if isinstance(content, bytes) else tuple(sorted(content.items())))
        for inode, content in nodes.items()
    }


def _fingerprint(hashes: dict[int, int], unsynced: int = 0) -> int:
    return hash((unsynced, *hashes.items()))
