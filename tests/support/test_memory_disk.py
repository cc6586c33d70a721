"""The disk in memory keeps the books: descriptors, locks, owners, space and its recording."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable
from errno import EBADF, EEXIST, EISDIR, ENOENT, ENOSPC, ENOTDIR

import pytest

from kernel.disk.files import EXCLUSIVE, SHARED, read_file
from tests.support.memory_disk import MemoryDisk
from tests.support.volume import BLOCK_BYTES

READ_WRITE = os.O_RDWR | os.O_CREAT


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (lambda disk: disk.open("/none", os.O_RDONLY), ENOENT),
        (lambda disk: disk.open("/file", READ_WRITE | os.O_EXCL), EEXIST),
        (lambda disk: disk.open("/file/below", READ_WRITE), ENOTDIR),
        (lambda disk: disk.sync_directory("/file"), ENOTDIR),
        (lambda disk: disk.make_directory("/file", 0o2750), EEXIST),
        (lambda disk: disk.unlink("/"), EISDIR),
        (lambda disk: disk.close(99), EBADF),
    ],
)
def test_a_refused_call_names_its_errno_and_changes_nothing(
    disk: MemoryDisk, call: Callable[[MemoryDisk], object], number: int
) -> None:
    disk.close(disk.open("/file", READ_WRITE))
    before = list(disk.operations)
    with pytest.raises(OSError) as refused:
        call(disk)
    assert refused.value.errno == number
    assert disk.operations == before


def test_a_descriptor_number_is_never_reused(disk: MemoryDisk) -> None:
    first = disk.open("/file", READ_WRITE)
    disk.close(first)
    assert disk.open("/file", READ_WRITE) != first
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.pwrite(first, b"late", 0)


def test_what_the_model_does_not_know_is_refused_by_an_assertion(disk: MemoryDisk) -> None:
    with pytest.raises(AssertionError, match="not modelled"):
        disk.open("/file", READ_WRITE | os.O_APPEND)
    with pytest.raises(AssertionError, match="absolute"):
        disk.stat("file")


def test_a_lock_belongs_to_one_process_and_dies_with_it(disk: MemoryDisk) -> None:
    holder, other = disk.process(), disk.process()
    held = holder.open("/lock", READ_WRITE)
    wanted = other.open("/lock", READ_WRITE)
    assert holder.flock(held, EXCLUSIVE)
    assert not other.flock(wanted, SHARED)
    with pytest.raises(OSError, match="Bad file descriptor"):
        other.close(held)
    holder.kill()
    assert other.flock(wanted, EXCLUSIVE)
    with pytest.raises(OSError, match="Bad file descriptor"):
        holder.flock(held, EXCLUSIVE)


def test_a_lock_on_an_unlinked_file_does_not_bar_a_new_file_of_that_name(
    disk: MemoryDisk,
) -> None:
    old = disk.open("/lock", READ_WRITE)
    assert disk.flock(old, EXCLUSIVE)
    disk.unlink("/lock")
    new = disk.open("/lock", READ_WRITE)
    assert disk.flock(new, EXCLUSIVE)
    assert disk.fstat(old).st_ino != disk.stat("/lock").st_ino


def test_files_belong_to_the_user_of_the_process_that_created_them(disk: MemoryDisk) -> None:
    till = disk.process(uid=1001)
    till.open("/message", READ_WRITE, 0o660)
    manager = disk.process(uid=1002)
    manager.open("/message", READ_WRITE, 0o640)
    status = manager.stat("/message")
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (1001, 0o660)


def test_a_full_disk_writes_what_fits_and_then_refuses(disk: MemoryDisk) -> None:
    disk.limit_capacity(BLOCK_BYTES)
    file = disk.open("/file", READ_WRITE)
    other = disk.open("/other", READ_WRITE)
    assert disk.pwrite(file, b"x" * 5000, 0) == BLOCK_BYTES
    for call in (
        lambda: disk.pwrite(file, b"x", BLOCK_BYTES),
        lambda: disk.pwrite(other, b"x", 0),
    ):
        with pytest.raises(OSError) as refused:
            call()
        assert refused.value.errno == ENOSPC
    assert disk.pwrite(file, b"y", 100) == 1
    assert disk.free_bytes == 0


def test_a_reservation_takes_space_keeps_the_size_and_ends_with_a_truncation(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(3 * BLOCK_BYTES)
    log = disk.open("/log", READ_WRITE)
    other = disk.open("/other", READ_WRITE)
    disk.reserve(log, 0, 2 * BLOCK_BYTES)
    assert (disk.fstat(log).st_size, disk.free_bytes) == (0, BLOCK_BYTES)
    with pytest.raises(OSError, match="No space"):
        disk.reserve(other, 0, 2 * BLOCK_BYTES)
    assert disk.pwrite(other, b"o" * 9000, 0) == BLOCK_BYTES
    assert disk.pwrite(log, b"l" * 9000, 0) == 2 * BLOCK_BYTES
    disk.ftruncate(log, 10)
    assert disk.free_bytes == BLOCK_BYTES


def test_a_reservation_survives_growth_but_not_a_truncation_to_the_same_size(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(8 * BLOCK_BYTES)
    log = disk.open("/log", READ_WRITE)
    disk.reserve(log, 0, 4 * BLOCK_BYTES)
    disk.reserve(log, 0, BLOCK_BYTES)
    disk.ftruncate(log, 10)
    assert disk.free_bytes == 4 * BLOCK_BYTES
    disk.ftruncate(log, 10)
    assert disk.free_bytes == 7 * BLOCK_BYTES


def test_an_unlinked_file_holds_its_space_until_its_last_descriptor_is_closed(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(BLOCK_BYTES)
    file = disk.open("/file", READ_WRITE)
    disk.pwrite(file, b"x", 0)
    disk.unlink("/file")
    assert disk.free_bytes == 0
    disk.close(file)
    assert disk.free_bytes == BLOCK_BYTES


def test_every_change_is_recorded_in_order_and_nothing_else(disk: MemoryDisk) -> None:
    disk.make_directory("/d", 0o2750)
    disk.make_directory("/d", 0o2750)
    file = disk.open("/d/new", READ_WRITE)
    disk.pwrite(file, b"abc", 0)
    disk.pwrite(file, b"", 0)
    disk.pread(file, 3, 0)
    disk.reserve(file, 0, 9000)
    disk.fdatasync(file)
    disk.ftruncate(file, 1)
    disk.fsync(file)
    disk.rename("/d/new", "/d/log")
    disk.rename("/d/log", "/d/log")
    disk.sync_directory("/d")
    disk.unlink("/d/log")
    assert [str(operation) for operation in disk.operations] == [
        "mkdir /d",
        "create /d/new",
        "pwrite /d/new at 0, 3 bytes",
        "reserve /d/new to 9000",
        "fdatasync /d/new",
        "ftruncate /d/new to 1",
        "fsync /d/new",
        "rename /d/new to /d/log",
        "sync_directory /d",
        "unlink /d/log",
    ]


def test_settling_makes_all_durable_and_begins_a_new_recording(disk: MemoryDisk) -> None:
    file = disk.open("/file", READ_WRITE)
    disk.pwrite(file, b"set up", 0)
    disk.settle()
    assert disk.operations == []
    assert disk.volume.nodes == disk.volume.durable
    disk.pwrite(file, b"!", 6)
    assert read_file(MemoryDisk.started_from(disk.recording.start, 1), "/file", 100) == b"set up"


def test_names_come_in_an_order_that_is_not_sorted(disk: MemoryDisk) -> None:
    for name in "abc":
        disk.close(disk.open(f"/{name}", READ_WRITE))
    assert disk.listdir("/") != sorted(disk.listdir("/"))


def test_threads_that_change_one_directory_at_once_lose_no_name() -> None:
    disk = MemoryDisk()
    disk.make_directory("/d", 0o700)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def make(letter: str) -> None:
            for number in range(300):
                disk.close(disk.open(f"/d/{letter}{number}", os.O_RDWR | os.O_CREAT))

        threads = [threading.Thread(target=make, args=(letter,)) for letter in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(disk.listdir("/d")) == 1_200
