"""What is looked at again and again is read once, and never taken for what it no longer is."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from kernel import BadConfiguration
from kernel.disk.files import read_file
from kernel.disk.lock import ProcessLock, probe
from kernel.disk.process import this_process
from kernel.disk.seen import Seen
from tests.support.clock import ManualClock
from tests.support.memory_disk import FileStatus, MemoryDisk

PATH = "/file"


class Coarse(MemoryDisk):
    """Its files' times have not moved since 2026-01-01 09:00, whatever is written."""

    def stat(self, path: str) -> FileStatus:
        return super().stat(path)._replace(st_mtime=ManualClock().wall_ms() / 1000)


class Reader:
    """Reads `PATH` and counts how often."""

    def __init__(self, disk: MemoryDisk, clock: ManualClock) -> None:
        self.seen = Seen(disk, clock)
        self.disk = disk
        self.reads = 0

    def __call__(self) -> bytes | None:
        return self.seen.read(PATH, self._make)

    def _make(self) -> bytes | None:
        self.reads += 1
        return read_file(self.disk, PATH, 99)


def write(disk: MemoryDisk, data: bytes, path: str = PATH) -> None:
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT)
    disk.pwrite(descriptor, data, 0)
    disk.close(descriptor)


def test_a_file_that_rests_is_read_once() -> None:
    disk = MemoryDisk()
    write(disk, b"one")
    reader = Reader(disk, ManualClock())
    assert [reader(), reader(), reader()] == [b"one"] * 3
    assert reader.reads == 1


def in_place(disk: MemoryDisk) -> None:
    write(disk, b"two")


def by_another_file(disk: MemoryDisk) -> None:
    write(disk, b"two", "/next")
    disk.rename("/next", PATH)


def gone_and_back(disk: MemoryDisk) -> None:
    disk.unlink(PATH)
    write(disk, b"two")


@pytest.mark.parametrize("change", [in_place, by_another_file, gone_and_back])
def test_a_file_that_was_changed_is_read_again(change: Callable[[MemoryDisk], None]) -> None:
    disk = MemoryDisk()
    write(disk, b"one")
    reader = Reader(disk, ManualClock())
    assert reader() == b"one"
    change(disk)
    assert [reader(), reader()] == [b"two"] * 2
    assert reader.reads == 2


def test_a_file_that_is_gone_is_asked_for_each_time() -> None:
    disk = MemoryDisk()
    reader = Reader(disk, ManualClock())
    assert [reader(), reader()] == [None, None]
    write(disk, b"one")
    assert reader() == b"one"
    disk.unlink(PATH)
    assert reader() is None


def test_a_change_that_leaves_the_same_time_is_seen_while_the_time_is_young() -> None:
    """Linux keeps a file's time by the tick: two writes within one look alike."""
    disk, clock = Coarse(), ManualClock()
    write(disk, b"one")
    reader = Reader(disk, clock)
    assert reader() == b"one"
    write(disk, b"two")
    assert reader() == b"two"
    clock.advance(3)
    assert [reader(), reader(), reader()] == [b"two"] * 3
    assert reader.reads == 3, "once it is old, once more and then never"


def test_a_lock_is_asked_each_time_and_its_text_read_once() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    seen = Seen(disk, clock)
    assert seen.holder("/lock") is None
    for started_ms in (clock.wall_ms(), clock.wall_ms() + 5_000):
        process = disk.process()
        identity = this_process(
            "T1", version="v", boot="b", incarnation="0" * 32, started_ms=started_ms
        )
        lock = ProcessLock.acquire(process, "/lock", identity, clock=clock)
        for _ in range(2):
            assert seen.holder("/lock") == probe(disk, "/lock")
            found = seen.holder("/lock")
            assert found is not None and found.identity == identity
        assert lock.still_ours()
        process.kill()
        assert seen.holder("/lock") is None, "dead, and its text is still there"


def test_a_lock_that_can_t_be_asked_is_bad_configuration() -> None:
    class Shut(MemoryDisk):
        def open(self, path: str, flags: int, mode: int = 0o640) -> int:
            raise PermissionError(13, "Permission denied", path)

    with pytest.raises(BadConfiguration, match="can't be locked"):
        Seen(Shut(), ManualClock()).holder("/lock")
