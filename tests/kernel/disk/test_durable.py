"""The durable mark: fixed in size, never believed when half written."""

from __future__ import annotations

import pytest

from kernel.disk.durable import DurableMark, Mark, read_mark
from kernel.disk.files import read_file
from tests.support.memory_disk import MemoryDisk

PATH = "/durable"


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


def test_a_mark_says_what_was_written_last(disk: MemoryDisk) -> None:
    mark = DurableMark(disk, PATH)
    for numbers in ((1, 500, 7), (2, 3, 8), (10**15, 10**15, 10**15)):
        mark.write(*numbers)
        assert read_mark(disk.process(), PATH) == Mark(*numbers)
    assert disk.stat(PATH).st_size == 60
    mark.close()


def test_a_mark_is_never_synced(disk: MemoryDisk) -> None:
    DurableMark(disk, PATH).write(1, 2, 3)
    assert not any("sync" in str(operation) for operation in disk.operations)


def test_no_mark_is_none(disk: MemoryDisk) -> None:
    assert read_mark(disk, PATH) is None
    DurableMark(disk, PATH)
    assert read_mark(disk, PATH) is None


def test_a_half_written_mark_is_none(disk: MemoryDisk) -> None:
    mark = DurableMark(disk, PATH)
    mark.write(1, 999, 7)
    old = read_file(disk, PATH, 99)
    mark.write(2, 1_000_000, 8_888)
    new = read_file(disk, PATH, 99)
    assert old is not None and new is not None
    descriptor = disk.open(PATH, 2)
    for cut in range(1, 60):
        mixed = new[:cut] + old[cut:]
        disk.pwrite(descriptor, mixed, 0)
        whole = {old: Mark(1, 999, 7), new: Mark(2, 1_000_000, 8_888)}
        assert read_mark(disk, PATH) == whole.get(mixed)
    for place in range(60):
        disk.pwrite(descriptor, new[:place] + b"~" + new[place + 1 :], 0)
        assert read_mark(disk, PATH) is None
