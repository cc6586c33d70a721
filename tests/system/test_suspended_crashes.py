"""Cut off either till at every change of the disk: a suspended sale is in exactly one place.

Two real tills work over one disk in memory. First a crash of the whole machine anywhere, by kill
and by power cut; then the death of one till anywhere while the other goes on, and a power cut
after that. Each time fresh starts, in both orders, must find the sale once, where somebody had
been told it is or where it was just going. Disks that lie and tills that hurry must fail.
"""

from __future__ import annotations

import pytest

from kernel import KernelError
from kernel.coordination.suspended import Place, SuspendedSales
from tests.support.crash_images import Bounds
from tests.support.floor import LAYOUT, Broken, Floor, Mortal
from tests.support.floor_stories import (
    ONE_TILL,
    QUICK,
    STORIES,
    judge_all,
    judge_deaths,
    over_to_the_next_till,
)


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_of_the_machine_leaves_the_sale_in_one_place(name: str) -> None:
    floor = Floor.new()
    told = STORIES[name](floor)
    assert judge_all(floor, told) > 70


@pytest.mark.torture
@pytest.mark.parametrize("name", STORIES)
def test_every_crash_of_the_machine_leaves_the_sale_in_one_place(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    floor = Floor.new()
    judged = judge_all(floor, STORIES[name](floor), Bounds())
    with capsys.disabled():
        print(f"\n{name}: {judged} different crash images")
    assert judged > 300


@pytest.mark.parametrize(
    ("act", "stride"),
    [("suspends", 8), ("recalls", 8), ("expires", 16), ("releases", 7), ("comes_back", 150)],
)
def test_the_death_of_one_till_leaves_the_sale_in_one_place_for_the_other(
    act: str, stride: int
) -> None:
    assert judge_deaths(act, QUICK, stride=stride) > 20


@pytest.mark.torture
@pytest.mark.parametrize("act", ONE_TILL)
def test_the_death_of_one_till_and_a_power_cut_leave_the_sale_in_one_place(act: str) -> None:
    stride = 10 if act == "comes_back" else 1
    assert judge_deaths(act, Bounds(limit_per_point=8), stride=stride) > 100


# --- controls: what must be caught ----------------------------------------------------------------


class NoDirectorySync(Mortal):
    """The names of suspended sales are never made durable."""

    def sync_directory(self, path: str) -> None:
        if path != LAYOUT.suspended:
            super().sync_directory(path)


class NoFsync(Mortal):
    """A suspended sale gets its name before its bytes are durable."""

    def fsync(self, descriptor: int) -> None:
        self._opened(descriptor)


class NoFdatasync(Mortal):
    """The log is never made durable."""

    def fdatasync(self, descriptor: int) -> None:
        self._opened(descriptor)


class BelievesThePageCache(Mortal):
    """A dead till's log is read and not made durable before anything is built on it."""

    def fdatasync(self, descriptor: int) -> None:
        if self._opened(descriptor).writable:
            super().fdatasync(descriptor)


@pytest.mark.parametrize("lies", [NoDirectorySync, NoFsync, NoFdatasync])
def test_a_disk_that_lies_is_caught(lies: type[Mortal]) -> None:
    with pytest.raises((Broken, KernelError, AssertionError)):
        floor = Floor.new(lies)
        judge_all(floor, over_to_the_next_till(floor))


def test_building_on_what_a_dead_till_never_synced_is_caught() -> None:
    with pytest.raises(Broken):
        judge_deaths("recalls", QUICK, BelievesThePageCache, stride=2)


def test_a_sale_that_is_on_the_floor_before_it_is_logged_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put, move = SuspendedSales.put, SuspendedSales.move

    def at_once(self, ticket, till):
        file = put(self, ticket, till)
        return file and move(self, file, Place.READY)

    monkeypatch.setattr(SuspendedSales, "put", at_once)
    monkeypatch.setattr(SuspendedSales, "move", lambda self, file, *_, **__: file)
    with pytest.raises(Broken):
        judge_deaths("suspends", QUICK)


def test_settling_without_reading_the_log_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = SuspendedSales.settle
    monkeypatch.setattr(SuspendedSales, "settle", lambda self, till, last: settle(self, till, None))
    with pytest.raises((Broken, AssertionError)):
        judge_deaths("recalls", QUICK)


def test_removing_the_file_before_the_recall_is_logged_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = SuspendedSales.read

    def read_and_remove(self, file):
        ticket = read(self, file)
        if file.place is Place.CLAIM:
            self.remove(file)
        return ticket

    monkeypatch.setattr(SuspendedSales, "read", read_and_remove)
    with pytest.raises(Broken):
        judge_deaths("recalls", QUICK)


def test_a_till_that_does_not_look_for_what_was_released_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SuspendedSales, "released_from", lambda self, till: [])
    with pytest.raises(Broken):
        judge_deaths("releases", QUICK)


def test_a_release_that_is_on_the_floor_before_it_is_decided_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    release = SuspendedSales.release

    def too_late(self, release_of):
        (file,) = [one for one in self.files() if one.place is Place.PENDING]
        self.move(file, Place.READY)
        release(self, release_of)

    monkeypatch.setattr(SuspendedSales, "release", too_late)
    with pytest.raises(Broken):
        judge_deaths("releases", QUICK)


def test_settling_a_release_whose_name_is_not_durable_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found by the enumeration: the rename survived the power cut and the release did not."""
    settle = SuspendedSales.settle

    def in_a_hurry(self, till, last):
        sync, self._disk.sync_directory = self._disk.sync_directory, lambda path: None
        try:
            move = SuspendedSales.move

            def synced(self, file, place, till=None):
                self._disk.sync_directory = sync
                return move(self, file, place, till)

            monkeypatch.setattr(SuspendedSales, "move", synced)
            settle(self, till, last)
        finally:
            self._disk.sync_directory = sync
            monkeypatch.setattr(SuspendedSales, "move", move)

    monkeypatch.setattr(SuspendedSales, "settle", in_a_hurry)
    with pytest.raises(Broken):
        judge_deaths("releases", Bounds(limit_per_point=8))
