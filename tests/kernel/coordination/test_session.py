"""Live state is shown often enough to watch, seldom enough to cost nothing, never half."""

from __future__ import annotations

from errno import ENOSPC

import pytest

from kernel.codec.documents import SessionData
from kernel.coordination.session import SessionFile, read_session
from kernel.disk.files import replace_file
from tests.support.clock import ManualClock
from tests.support.faults import Fails, FaultyDisk
from tests.support.memory_disk import MemoryDisk

PATH = "/session_data.json"


def session(lines: int) -> SessionData:
    return SessionData(
        terminal="TILL", incarnation="ab", activity="selling", lines=lines, heartbeat_ms=lines
    )


def test_session_is_written_at_most_once_a_second() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    file = SessionFile(disk, PATH, clock=clock)
    written = []
    for lines in range(26):
        if file.write(session(lines)):
            written.append(lines)
        clock.advance(0.1)
    assert written == [0, 10, 20]
    assert read_session(disk, PATH) == session(20)


def test_session_file_is_replaced_whole_and_never_synced() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    counting = FaultyDisk(disk)
    file = SessionFile(counting, PATH, clock=clock)
    file.write(session(1))
    first = disk.stat(PATH).st_ino
    clock.advance(1)
    file.write(session(2))
    assert disk.stat(PATH).st_ino != first
    assert disk.stat(PATH).st_mode & 0o7777 == 0o640
    assert disk.listdir("/") == ["session_data.json"]
    assert not counting.calls.keys() & {"fsync", "fdatasync", "sync_directory"}


def test_full_disk_costs_the_watcher_a_second_and_the_till_nothing() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    file = SessionFile(FaultyDisk(disk, Fails("pwrite", 2, ENOSPC, last=2)), PATH, clock=clock)
    assert file.write(session(1))
    clock.advance(1)
    assert not file.write(session(2))
    assert read_session(disk, PATH) == session(1)
    clock.advance(1)
    assert file.write(session(3))
    assert read_session(disk, PATH) == session(3)


def test_what_is_owed_is_overdue_after_a_second_and_a_sign_of_life_later() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    file = SessionFile(disk, PATH, clock=clock)
    told = [file.write(session(1)), file.overdue]
    clock.advance(1)
    told.append(file.overdue)  # nothing has changed
    file.owe()
    told.append(file.overdue)
    assert told == [True, False, False, True]

    told = [file.write(session(2)), file.overdue]
    clock.advance(15)
    told.append(file.overdue)
    clock.advance(1)
    told.append(file.overdue)
    assert told == [True, False, False, True]


@pytest.mark.parametrize("data", [b"", b"garbage", b"{}", b"\0" * 5000])
def test_session_file_that_cannot_be_used_says_nothing(data: bytes) -> None:
    disk = MemoryDisk()
    assert read_session(disk, PATH) is None
    replace_file(disk, PATH, data, scratch="/scratch")
    assert read_session(disk, PATH) is None
