"""Faults come exactly where the plan puts them, on the disk in memory and on the real one."""

from __future__ import annotations

import os
from errno import EIO, ENOSPC, EROFS
from inspect import getmembers, isfunction
from pathlib import Path

import pytest

from kernel.disk.files import Disk, RealDisk, read_file, replace_file, write_all
from tests.support.crash_images import Cut, crash_images
from tests.support.faults import CHANGING, Fails, FaultyDisk, PowerCut, PowerOff, ShortWrite
from tests.support.memory_disk import MemoryDisk

READ_WRITE = os.O_RDWR | os.O_CREAT


@pytest.fixture(params=["memory", "real"])
def inner(request: pytest.FixtureRequest) -> Disk:
    return MemoryDisk() if request.param == "memory" else RealDisk()


@pytest.fixture
def root(inner: Disk, tmp_path: Path) -> str:
    if isinstance(inner, MemoryDisk):
        inner.make_directory("/shop", 0o2770)
        return "/shop"
    return str(tmp_path)


def replace(disk: Disk, root: str) -> None:
    """The kernel's own way: open, write, sync, rename, sync the directory."""
    replace_file(disk, f"{root}/file", b"new", scratch=f"{root}/scratch")


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "close", "rename", "sync_directory"])
@pytest.mark.parametrize("number", [EIO, EROFS])
def test_a_planned_call_fails_with_its_errno_and_does_nothing(
    inner: Disk, root: str, call: str, number: int
) -> None:
    disk = FaultyDisk(inner, Fails(call, 1, number))
    with pytest.raises(OSError, match=os.strerror(number)) as failed:
        replace(disk, root)
    assert failed.value.errno == number
    assert disk.calls[call] == 1
    renamed = call == "sync_directory"
    assert read_file(inner, f"{root}/file", 100) == (b"new" if renamed else None)


def test_only_the_planned_numbers_fail(inner: Disk, root: str) -> None:
    disk = FaultyDisk(inner, Fails("pwrite", 2, ENOSPC, last=3), Fails("fdatasync", 2, EIO))
    file = disk.open(f"{root}/file", READ_WRITE)
    written = []
    for number in range(1, 6):
        try:
            disk.pwrite(file, b"x", 0)
        except OSError as refused:
            assert refused.errno == ENOSPC
        else:
            written.append(number)
    assert written == [1, 4, 5]
    disk.fdatasync(file)
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            disk.fdatasync(file)


def test_a_call_may_fail_after_it_was_done(inner: Disk, root: str) -> None:
    disk = FaultyDisk(inner, Fails("pwrite", 1, EIO, last=1, afterwards=True))
    file = disk.open(f"{root}/file", READ_WRITE)
    with pytest.raises(OSError, match="Input/output"):
        disk.pwrite(file, b"done", 0)
    assert disk.pread(file, 10, 0) == b"done"


def test_a_short_write_says_so_and_a_loop_completes_it(inner: Disk, root: str) -> None:
    disk = FaultyDisk(inner, ShortWrite(1, 3), ShortWrite(2, 0))
    file = disk.open(f"{root}/file", READ_WRITE)
    write_all(disk, file, b"whole entry", 0)
    assert disk.calls["pwrite"] == 3
    assert disk.pread(file, 100, 0) == b"whole entry"


def test_the_calls_of_a_workload_are_counted_by_kind(inner: Disk, root: str) -> None:
    disk = FaultyDisk(inner)
    replace(disk, root)
    assert dict(disk.calls) == {
        "open": 1,
        "pwrite": 1,
        "fsync": 1,
        "close": 1,
        "rename": 1,
        "sync_directory": 1,
    }
    assert disk.changes == 5


def test_the_power_goes_off_after_each_change_in_turn(inner: Disk, root: str) -> None:
    whole = FaultyDisk(inner)
    replace(whole, root)
    inner.unlink(f"{root}/file")
    left = []
    for after in range(whole.changes + 1):
        disk = FaultyDisk(inner, PowerOff(after))
        try:
            replace(disk, root)
        except PowerCut:
            assert disk.changes == after
            with pytest.raises(PowerCut):
                disk.stat(root)
        left.append(sorted(inner.listdir(root)))
        for name in left[-1]:
            inner.unlink(f"{root}/{name}")
    assert left == [[], ["scratch"], ["scratch"], ["scratch"], ["file"], ["file"]]


def test_no_handler_of_errors_answers_a_power_cut() -> None:
    assert not issubclass(PowerCut, Exception)


def test_a_sync_that_failed_leaves_its_data_unsynced_in_memory() -> None:
    inner = MemoryDisk()
    disk = FaultyDisk(inner, Fails("fdatasync", 1, EIO))
    file = disk.open("/file", READ_WRITE)
    disk.sync_directory("/")
    disk.pwrite(file, b"d", 0)
    with pytest.raises(OSError, match="Input/output"):
        disk.fdatasync(file)
    images = crash_images(inner.recording, len(inner.operations))
    contents = [read_file(image.disk(), "/file", 9) for image in images if image.cut is Cut.POWER]
    assert contents == [b"", b"\0", b"d"]


def test_every_call_of_a_disk_can_fail(inner: Disk, root: str) -> None:
    names = {name for name, _ in getmembers(Disk, isfunction) if not name.startswith("_")}
    arguments = {
        "open": (f"{root}/file", READ_WRITE),
        "pread": (1, 1, 0),
        "pwrite": (1, b"x", 0),
        "ftruncate": (1, 0),
        "reserve": (1, 0, 1),
        "flock": (1, 1),
        "rename": (f"{root}/a", f"{root}/b"),
        "make_directory": (f"{root}/d", 0o2770),
        **dict.fromkeys(("close", "fdatasync", "fsync", "fstat"), (1,)),
        **dict.fromkeys(("stat", "unlink", "listdir", "sync_directory"), (f"{root}/file",)),
    }
    assert names == set(arguments)
    assert names >= CHANGING
    for name in names:
        disk = FaultyDisk(inner, Fails(name, 1, EIO))
        with pytest.raises(OSError, match="Input/output"):
            getattr(disk, name)(*arguments[name])
    assert inner.listdir(root) == []
