"""The images of a crash are the right ones: exact sets for small cases, and the bounds hold."""

from __future__ import annotations

import os

import pytest

from kernel.disk.files import EXCLUSIVE, Disk, read_file
from tests.support.crash_images import (
    Bounds,
    Cut,
    Image,
    crash_images,
    every_crash_image,
)
from tests.support.memory_disk import MemoryDisk
from tests.support.volume import BLOCK_BYTES

READ_WRITE = os.O_RDWR | os.O_CREAT
WIDE = Bounds(limit_per_point=100_000, versions_per_file=100_000)


# --- exact sets -------------------------------------------------------------------------------


def files_of(disk: Disk) -> dict[str, bytes | None]:
    return {name: read_file(disk, f"/{name}", 1 << 20) for name in sorted(disk.listdir("/"))}


def images_now(disk: MemoryDisk, cut: Cut, bounds: Bounds = WIDE) -> list[Image]:
    found = crash_images(disk.recording, len(disk.operations), bounds)
    return [image for image in found if image.cut is cut]


def trees_now(disk: MemoryDisk, cut: Cut = Cut.POWER) -> list[dict[str, bytes | None]]:
    """The trees that a crash may leave now; each must come once."""
    trees = [files_of(image.disk()) for image in images_now(disk, cut)]
    assert all(trees.count(found) == 1 for found in trees)
    return trees


def contents_now(disk: MemoryDisk, name: str) -> set[bytes | None]:
    return {found.get(name) for found in trees_now(disk)}


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


def settled(disk: MemoryDisk, content: bytes, name: str = "/file") -> int:
    """A file that is durable with this content; the recording begins after it."""
    file = disk.open(name, READ_WRITE)
    if content:
        disk.pwrite(file, content, 0)
    disk.settle()
    return file


def test_an_unsynced_append_is_whole_lost_torn_or_leaves_zeros(disk: MemoryDisk) -> None:
    disk.pwrite(settled(disk, b"AB"), b"word", 2)
    assert contents_now(disk, "file") == {
        b"AB",
        b"AB\0\0\0\0",
        b"ABw",
        b"ABw\0\0\0",
        b"ABwo",
        b"ABwo\0\0",
        b"ABwor",
        b"ABwor\0",
        b"ABword",
    }


def test_an_unsynced_overwrite_is_whole_lost_or_torn(disk: MemoryDisk) -> None:
    disk.pwrite(settled(disk, b"old!"), b"NEW?", 0)
    assert contents_now(disk, "file") == {b"old!", b"Nld!", b"NEd!", b"NEW!", b"NEW?"}


def test_a_later_write_may_survive_an_earlier_one(disk: MemoryDisk) -> None:
    file = settled(disk, b"")
    disk.pwrite(file, b"1", 0)
    disk.pwrite(file, b"2", 1)
    assert contents_now(disk, "file") == {b"", b"\0", b"1", b"\0\0", b"1\0", b"\x002", b"12"}


def test_a_write_tears_between_sectors_in_both_orders(disk: MemoryDisk) -> None:
    data = bytes(range(1, 201)) * 5
    disk.pwrite(settled(disk, b"x" * 100), data, 100)
    found = contents_now(disk, "file")
    for cut in (412, 924):
        start, end = data[:cut], data[cut:]
        assert b"x" * 100 + start in found
        assert b"x" * 100 + start + bytes(len(end)) in found
        assert b"x" * 100 + bytes(cut) + end in found


def test_a_truncation_is_done_lost_or_has_wiped_its_block(disk: MemoryDisk) -> None:
    content = b"k" * BLOCK_BYTES + b"end"
    disk.ftruncate(settled(disk, content), 10)
    assert contents_now(disk, "file") == {
        b"k" * 10,
        content,
        b"k" * 10 + bytes(BLOCK_BYTES - 10) + b"end",
    }


def test_a_sync_leaves_one_image(disk: MemoryDisk) -> None:
    file = settled(disk, b"")
    disk.pwrite(file, b"data", 0)
    disk.fdatasync(file)
    assert trees_now(disk) == [{"file": b"data"}]


def test_a_file_persists_or_not_whatever_is_synced_beside_it(disk: MemoryDisk) -> None:
    log, durable = settled(disk, b"", "/log"), settled(disk, b"0", "/durable")
    disk.pwrite(durable, b"1", 0)
    disk.pwrite(log, b"entry", 0)
    disk.fdatasync(log)
    assert trees_now(disk) == [
        {"durable": b"0", "log": b"entry"},
        {"durable": b"1", "log": b"entry"},
    ]


def test_a_synced_file_may_have_no_name(disk: MemoryDisk) -> None:
    file = disk.open("/new", READ_WRITE)
    disk.pwrite(file, b"data", 0)
    disk.fsync(file)
    assert trees_now(disk) == [{}, {"new": b"data"}]
    disk.sync_directory("/")
    assert trees_now(disk) == [{"new": b"data"}]


def test_a_synced_name_may_have_no_data(disk: MemoryDisk) -> None:
    file = disk.open("/new", READ_WRITE)
    disk.pwrite(file, b"d", 0)
    disk.sync_directory("/")
    assert contents_now(disk, "new") == {b"", b"\0", b"d"}


def test_new_names_reach_the_disk_in_any_order(disk: MemoryDisk) -> None:
    disk.open("/a", READ_WRITE)
    disk.open("/b", READ_WRITE)
    assert sorted(map(tuple, trees_now(disk))) == [(), ("a",), ("a", "b"), ("b",)]


def test_one_name_keeps_its_own_history(disk: MemoryDisk) -> None:
    settled(disk, b"old", "/log")
    settled(disk, b"new", "/next")
    disk.rename("/log", "/sealed")
    disk.rename("/next", "/log")
    assert trees_now(disk) == [
        {"log": b"old", "next": b"new"},
        {"next": b"new", "sealed": b"old"},
        {"log": b"new", "sealed": b"old"},
    ]


def test_a_rename_is_durable_with_the_directory_that_holds_the_new_name(
    disk: MemoryDisk,
) -> None:
    disk.make_directory("/temp", 0o770)
    disk.make_directory("/inbox", 0o770)
    settled(disk, b"mail", "/temp/mail")
    disk.rename("/temp/mail", "/inbox/mail")

    def places() -> list[tuple[list[str], list[str]]]:
        found = [image.disk() for image in images_now(disk, Cut.POWER)]
        return [(after.listdir("/temp"), after.listdir("/inbox")) for after in found]

    before: tuple[list[str], list[str]] = (["mail"], [])
    done: tuple[list[str], list[str]] = ([], ["mail"])
    assert places() == [before, done]
    disk.sync_directory("/temp")
    assert places() == [before, done]
    disk.sync_directory("/inbox")
    assert places() == [done]


def test_syncing_a_reused_name_brings_its_history_with_it(disk: MemoryDisk) -> None:
    disk.make_directory("/temp", 0o770)
    settled(disk, b"1", "/temp/mail")
    disk.rename("/temp/mail", "/first")
    disk.open("/temp/mail", READ_WRITE)
    disk.sync_directory("/temp")
    after = [image.disk() for image in images_now(disk, Cut.POWER)]
    assert [read_file(found, "/first", 9) for found in after] == [b"1"]


def test_a_file_in_an_unsynced_directory_is_lost_with_it(disk: MemoryDisk) -> None:
    disk.make_directory("/d", 0o770)
    file = disk.open("/d/file", READ_WRITE)
    disk.fsync(file)
    disk.sync_directory("/d")
    names = [image.disk().listdir("/") for image in images_now(disk, Cut.POWER)]
    assert names == [[], ["d"]]


def test_an_unlinked_file_comes_back_unless_its_directory_was_synced(disk: MemoryDisk) -> None:
    settled(disk, b"data")
    disk.unlink("/file")
    assert trees_now(disk) == [{"file": b"data"}, {}]
    disk.sync_directory("/")
    assert trees_now(disk) == [{}]


def test_a_power_cut_gives_reservations_back(disk: MemoryDisk) -> None:
    disk.limit_capacity(4 * BLOCK_BYTES)
    disk.reserve(settled(disk, b"data"), 0, 3 * BLOCK_BYTES)
    kill, power = images_now(disk, Cut.KILL)[0].disk(), images_now(disk, Cut.POWER)[0].disk()
    assert (kill.free_bytes, power.free_bytes) == (BLOCK_BYTES, 3 * BLOCK_BYTES)


# --- kills, copies, bounds --------------------------------------------------------------------


def test_a_kill_keeps_what_was_written_and_the_boot_but_no_lock(disk: MemoryDisk) -> None:
    file = disk.open("/file", READ_WRITE)
    assert disk.flock(file, EXCLUSIVE)
    disk.pwrite(file, b"data", 0)
    (image,) = images_now(disk, Cut.KILL)
    after = image.disk()
    assert files_of(after) == {"file": b"data"}
    assert after.boot_id == disk.boot_id
    assert after.flock(after.open("/file", os.O_RDONLY), EXCLUSIVE)
    assert {cut.disk().boot_id for cut in images_now(disk, Cut.POWER)} != {disk.boot_id}


def test_a_kill_may_cut_the_write_under_way(disk: MemoryDisk) -> None:
    file = settled(disk, b"AB")
    disk.pwrite(file, b"word", 2)
    killed = [image for image in crash_images(disk.recording, 0) if image.cut is Cut.KILL]
    assert [read_file(image.disk(), "/file", 9) for image in killed] == [
        b"AB",
        b"ABw",
        b"ABwo",
        b"ABwor",
    ]


def test_what_a_kill_left_unsynced_a_power_cut_can_still_take(disk: MemoryDisk) -> None:
    disk.pwrite(settled(disk, b""), b"d", 0)
    (killed,) = images_now(disk, Cut.KILL)
    after = killed.disk()
    assert contents_now(after, "file") == {b"", b"\0", b"d"}
    after.fdatasync(after.open("/file", READ_WRITE))
    assert contents_now(after, "file") == {b"d"}


def test_a_file_that_only_a_descriptor_held_ends_with_the_crash(disk: MemoryDisk) -> None:
    disk.limit_capacity(BLOCK_BYTES)
    settled(disk, b"data")
    disk.unlink("/file")
    assert disk.free_bytes == 0
    (killed,) = images_now(disk, Cut.KILL)
    assert killed.disk().free_bytes == BLOCK_BYTES


def test_an_image_stays_as_it_is_whatever_is_done_to_its_disks(disk: MemoryDisk) -> None:
    disk.pwrite(settled(disk, b"data"), b"DATA", 0)
    for image in crash_images(disk.recording, 1):
        before = files_of(image.disk())
        after = image.disk()
        after.pwrite(after.open("/file", READ_WRITE), b"changed", 0)
        after.rename("/file", "/moved")
        assert files_of(image.disk()) == before
        assert files_of(disk) == {"file": b"DATA"}


def many_changes(disk: MemoryDisk) -> MemoryDisk:
    files = [settled(disk, b"", f"/{name}") for name in "abc"]
    for number in range(60):
        for file in files:
            disk.pwrite(file, b"%04d" % number, 0)
    return disk


def test_beyond_the_limit_the_sample_is_repeatable_and_holds_the_extremes(
    disk: MemoryDisk,
) -> None:
    many_changes(disk)
    bounds = Bounds(limit_per_point=40)
    first, second, other = (
        [files_of(image.disk()) for image in images_now(disk, Cut.POWER, chosen)]
        for chosen in (bounds, bounds, Bounds(limit_per_point=40, seed=1))
    )
    assert first == second != other
    assert len(first) == 40
    for name in "abc":
        assert dict.fromkeys("abc", b"0059") | {name: b""} in first
        assert dict.fromkeys("abc", b"") | {name: b"0059"} in first
    assert dict.fromkeys("abc", b"") in first
    assert dict.fromkeys("abc", b"0059") in first


def test_a_file_that_is_never_synced_may_hold_any_age(disk: MemoryDisk) -> None:
    many_changes(disk)
    for file in "bc":
        disk.fsync(disk.open(f"/{file}", READ_WRITE))
    ages = [b"", b"0024", b"0040", b"0048", b"0052", b"0055", b"0056", b"0057", b"0058", b"0059"]
    assert contents_now(disk, "a").issuperset(ages)


def test_an_image_is_given_again_only_when_more_was_promised(disk: MemoryDisk) -> None:
    file = settled(disk, b"")
    for _ in range(3):
        disk.fdatasync(file)
    alike = list(every_crash_image(disk.recording, promise=lambda at: at > 1))
    assert [(image.cut, image.at) for image in alike] == [
        (Cut.KILL, 0),
        (Cut.POWER, 0),
        (Cut.KILL, 2),
        (Cut.POWER, 2),
    ]
    assert len(list(every_crash_image(disk.recording))) == 8
    assert str(alike[-1]) == "power cut, image 0 at operation 2 (fdatasync /file)"


def test_a_kill_before_and_after_a_sync_are_two_images(disk: MemoryDisk) -> None:
    file = settled(disk, b"")
    disk.pwrite(file, b"d", 0)
    disk.fdatasync(file)
    found = every_crash_image(disk.recording, points=(1, 2), promise=lambda at: "nothing")
    assert [image.at for image in found if image.cut is Cut.KILL] == [1, 2]


def test_what_one_state_of_the_names_leaves_of_the_limit_goes_to_the_others(
    disk: MemoryDisk,
) -> None:
    disk.pwrite(disk.open("/new", READ_WRITE), bytes(range(1, 100)) * 60, 0)
    assert len(images_now(disk, Cut.POWER, Bounds(limit_per_point=20))) == 20
    assert len(images_now(disk, Cut.POWER, Bounds(limit_per_point=1))) == 2
