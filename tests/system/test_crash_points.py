"""Cut the till off at every change of its disk: whatever it had acknowledged is still there.

The real terminal sells on a disk in memory; each image that a kill or a power cut may leave of
it is started again by the real recovery and held to what the till had said. Some images are
crashed once more while they recover. A proof is worth what it can catch, so disks that lie and
writers that hurry must fail the very same judge.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest
from random import Random

import pytest

from kernel import KernelError
from kernel.disk.durable import DurableMark
from tests.support.crash_check import BrokenPromise, Judge, contents, images_of, retold
from tests.support.crash_images import Bounds, Cut, Image, every_crash_image
from tests.support.memory_disk import MemoryDisk
from tests.support.story import PATHS, Story, TillDisk
from tests.support.workloads import STORIES

IMAGES_A_STORY = 1_250
TORTURE_IMAGES_A_STORY = 62_500
STRIDE = 23
"""A second crash comes at every 23rd change of a recovery, so that more of them are cut off."""
SECOND = Bounds(limit_per_point=8, versions_per_file=8)
assert IMAGES_A_STORY * len(STORIES) >= 20_000
assert TORTURE_IMAGES_A_STORY * len(STORIES) >= 1_000_000


def judged_images(story: Story, wanted: int, bounds: Bounds, second: Bounds = SECOND) -> int:
    """Judge each image of one crash, then of a second crash in the recovery from the first,
    until `wanted` different ones have been judged; how many there were."""
    once = list(images_of(story, bounds))
    judging = Judging()
    judging.judge_all(story, once)
    # Kills first and by turns: they leave what is not synced for the power cut that follows.
    Random(0).shuffle(once)
    kills = [image for image in once if image.cut is Cut.KILL]
    cuts = [image for image in once if image.cut is Cut.POWER]
    firsts = [one for one in chain.from_iterable(zip_longest(kills, cuts)) if one is not None]
    for turn in range(len(firsts) * STRIDE):
        if len(judging.images) >= wanted:
            break
        lap, first = divmod(turn, len(firsts))
        again = retold(story, firsts[first])
        recording = again.disk.recording
        points = range((lap + first) % STRIDE, len(recording.operations) + 1, STRIDE)
        judging.judge_all(
            again, every_crash_image(recording, second, points=points, promise=again.moment)
        )
    return len(judging.images)


@dataclass(slots=True)
class Judging:
    """What has been judged of a crash and of all second crashes after it."""

    images: set[int] = field(default_factory=set)
    """The different ones, each under what had been acknowledged before it."""
    _cases: set[int] = field(default_factory=set)
    """Each with all that its judge goes by: what is equal is judged once."""
    _recovered: set[int] = field(default_factory=set)

    def judge_all(self, story: Story, images: Iterable[Image]) -> None:
        judge = Judge(story, recovered=self._recovered)
        for image in images:
            place = story.moment(image.at)
            told, found = story.moments[place], contents(image.volume)
            promised = (told.log, told.synced, told.sales, told.kept, story.under_way(place))
            case = hash((image.cut, image.boots, image.volume.capacity_bytes, promised, found))
            if case not in self._cases:
                judge.check(image)
                self._cases.add(case)
                self.images.add(hash((image.cut, told.log, found)))


@pytest.mark.parametrize("name", STORIES)
def test_what_was_acknowledged_survives_a_crash_anywhere(name: str) -> None:
    bounds = Bounds(limit_per_point=16, versions_per_file=16)
    assert judged_images(STORIES[name](TillDisk()), IMAGES_A_STORY, bounds) >= IMAGES_A_STORY


@pytest.mark.torture
@pytest.mark.parametrize("name", STORIES)
def test_what_was_acknowledged_survives_a_million_crashes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = judged_images(
        STORIES[name](TillDisk()), TORTURE_IMAGES_A_STORY, Bounds(), Bounds(versions_per_file=8)
    )
    with capsys.disabled():
        print(f"\n{name}: {judged} different crash images recovered")
    assert judged >= TORTURE_IMAGES_A_STORY


# --- controls: what must be caught ---------------------------------------------------------------


class NoFdatasync(TillDisk):
    def fdatasync(self, descriptor: int) -> None:
        self._opened(descriptor)


class NoDirectorySync(TillDisk):
    def sync_directory(self, path: str) -> None:
        self.stat(path)


class NoSyncBetweenRenames(TillDisk):
    """The names of a rotation are synced once, at its end."""

    def sync_directory(self, path: str) -> None:
        waits = path == PATHS.directory and os.path.basename(PATHS.next_wal) in self.listdir(path)
        if not (waits and os.path.basename(PATHS.wal) not in self.listdir(path)):
            super().sync_directory(path)


class NoTakeBack(TillDisk):
    """What a write left that found no space stays."""

    def ftruncate(self, descriptor: int, size: int) -> None:
        if self._opened(descriptor).path.endswith(".lock"):
            super().ftruncate(descriptor, size)


class UnsyncedTakeBack(TillDisk):
    """The cut after a write that found no space is not made durable."""

    _cut = False

    def ftruncate(self, descriptor: int, size: int) -> None:
        super().ftruncate(descriptor, size)
        self._cut = self._cut or ".wal" in self._opened(descriptor).path

    def fdatasync(self, descriptor: int) -> None:
        if self._cut:
            self._cut = False
        else:
            super().fdatasync(descriptor)


class MarkedBeforeTheSync(TillDisk):
    """The durable mark is ahead of the log for as long as the sync takes."""

    def fdatasync(self, descriptor: int) -> None:
        log = self.pread(descriptor, 1 << 22, 0)
        lsns = [int(lsn) for lsn in re.findall(rb'\{"n":(\d+),', log)]
        if lsns:
            mark = DurableMark(MemoryDisk(self._machine), PATHS.durable)
            mark.write(lsns[0], len(log), lsns[-1])
            mark.close()
        super().fdatasync(descriptor)


@pytest.mark.parametrize(
    ("lies", "name"),
    [
        (NoFdatasync, "one_sale"),
        (NoFdatasync, "z_and_rotation"),
        (NoDirectorySync, "first_day"),
        (NoDirectorySync, "rotation_by_size"),
        (NoSyncBetweenRenames, "rotation_by_size"),
        (NoTakeBack, "full_without_reserve"),
        (UnsyncedTakeBack, "full_without_reserve"),
        (MarkedBeforeTheSync, "one_sale"),
    ],
)
def test_a_disk_that_lies_is_caught(lies: type[TillDisk], name: str) -> None:
    with pytest.raises((AssertionError, KernelError)):
        story = STORIES[name](lies())
        judge = Judge(story)
        for image in images_of(story, Bounds(limit_per_point=64)):
            judge.check(image)


def test_a_kill_alone_proves_no_durability() -> None:
    """Why the power is cut here at all: a disk that never syncs survives every kill."""
    story = STORIES["one_sale"](NoFdatasync())
    for image in images_of(story, Bounds()):
        if image.cut is Cut.KILL:
            Judge(story).check(image)


def test_an_entry_that_was_never_written_is_missed() -> None:
    story = STORIES["several_sales"](TillDisk())
    last = story.moments[-1]
    story.moments[-1] = replace(last, log=(*last.log, last.log[-1]), synced=last.synced + 1)
    assert blamed(story) == {"gone or differs"}


def test_an_open_sale_that_is_not_as_it_stood_is_missed() -> None:
    story = STORIES["several_sales"](TillDisk())
    last = story.moments[-1]
    assert last.sales
    story.moments[-1] = replace(last, sales=last.sales[1:])
    assert blamed(story) == {" was "}


def blamed(story: Story) -> set[str]:
    """What the judge says of each image of a crash at the end of a story."""
    image = next(images_of(story, Bounds(), part=len(story.moments) - 1, parts=1 << 20))
    with pytest.raises(BrokenPromise) as blame:
        Judge(story).check(image)
    return {words for words in ("gone or differs", " was ") if words in str(blame.value)}
