"""The log's writer: what is acknowledged is durable, what is refused is not there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from msgspec import UNSET

from kernel.codec.entries import encode_act
from kernel.codec.frame import FIRST_CHAIN
from kernel.codec.scan import Position, read_frames
from kernel.disk.durable import DurableMark, read_mark
from kernel.disk.files import Disk, RealDisk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.wal import LOW_BYTES, RESERVE_BYTES, Draft, Wal
from kernel.errors import DiskFull, Poisoned
from kernel.model.entries import Stamp
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event
from tests.support.faults import Fails, FaultyDisk
from tests.support.memory_disk import MemoryDisk

PATHS = TerminalPaths("/T")


def draft(what: str) -> Draft:
    act = Event(what=what)
    return Draft(act, encode_act(act), NOW)


NOW = Stamp(wall_ms=1_000, uptime_ms=5, business_date=20260101)


def created(disk: Disk, *, segment_bytes: int = 1 << 20) -> Wal:
    disk.make_directory(PATHS.directory, 0o750)
    disk.sync_directory("/")
    wal = Wal(disk, PATHS, DurableMark(disk, PATHS.durable), segment_bytes=segment_bytes)
    wal.create(Position(0, FIRST_CHAIN, 1), "T", NOW)
    return wal


def log(disk: MemoryDisk) -> bytes:
    data = read_file(disk.process(), PATHS.wal, 1 << 30)
    assert data is not None
    return data


def durable_log(disk: MemoryDisk) -> bytes:
    data = disk.volume.durable[disk.stat(PATHS.wal).st_ino]
    assert isinstance(data, bytes)
    return data


def state(wal: Wal) -> tuple[bool, bool]:
    """(full, low on space), asked anew each time."""
    return wal.full, wal.low_on_space


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


def test_what_append_returned_for_is_durable_and_marked(disk: MemoryDisk) -> None:
    wal = created(disk)
    for count in (1, 3, 2):
        before = wal.at
        wal.append([draft(f"e{number}") for number in range(count)])
        written = read_frames(log(disk), before).frames
        assert [frame.stamp.lsn for frame in written] == [before.lsn + n for n in range(count)]
        ends = [frame.stamp.end for frame in written]
        assert ends == [UNSET, *[before.offset] * (count - 1)], "said only where it is not known"
        assert durable_log(disk) == log(disk)
        assert len(log(disk)) == wal.at.offset
        assert read_mark(disk, PATHS.durable) == (1, wal.at.offset, wal.at.lsn - 1)
    reading = read_frames(log(disk), Position(0, FIRST_CHAIN, 1))
    assert (reading.fault, reading.at) == (None, wal.at)


def test_a_batch_is_one_write_and_one_sync(disk: MemoryDisk) -> None:
    counted = FaultyDisk(disk)
    wal = created(counted)
    before = counted.calls.copy()
    wal.append([draft(f"e{number}") for number in range(50)])
    assert counted.calls["fdatasync"] - before["fdatasync"] == 1
    assert counted.calls["pwrite"] - before["pwrite"] == 2, "the log and the mark"


def test_an_append_without_sync_says_nothing_is_durable(disk: MemoryDisk) -> None:
    wal = created(disk)
    mark = read_mark(disk, PATHS.durable)
    durable = durable_log(disk)
    wal.append([draft("a")], sync=False)
    assert read_mark(disk, PATHS.durable) == mark
    assert durable_log(disk) == durable != log(disk)
    before = wal.at
    wal.append([draft("b")])
    (frame,) = read_frames(log(disk), before).frames
    assert frame.stamp.end == len(durable)
    assert durable_log(disk) == log(disk)


def test_a_full_disk_keeps_nothing_and_the_log_goes_on(disk: MemoryDisk) -> None:
    wal = created(disk)
    disk.limit_capacity(disk.used_bytes)
    kept = b""
    with pytest.raises(DiskFull, match="nothing of this was kept"):
        for _ in range(2_000):
            kept = log(disk)
            wal.append([draft("x" * 2_000)])
    assert log(disk) == durable_log(disk) == kept
    assert wal.poison is None
    disk.limit_capacity(None)
    wal.append([draft("small")])
    assert read_frames(log(disk), Position(0, FIRST_CHAIN, 1)).fault is None


def test_space_is_reserved_ahead_and_running_low_is_seen(disk: MemoryDisk) -> None:
    wal = created(disk)
    assert disk.volume.reserved[disk.stat(PATHS.wal).st_ino] >= RESERVE_BYTES
    assert state(wal) == (False, False)
    disk.limit_capacity(disk.used_bytes)
    while not state(wal)[1]:
        wal.append([draft("x" * 9_000)])
    assert wal.at.offset > RESERVE_BYTES - LOW_BYTES - 10_000
    disk.limit_capacity(None)
    wal.reserve_ahead()
    assert not state(wal)[1]


def test_a_file_system_that_cannot_reserve_is_no_hindrance(disk: MemoryDisk) -> None:
    faulty = FaultyDisk(disk, Fails("reserve", 1, errno.EOPNOTSUPP, last=10**9))
    wal = created(faulty)
    wal.append([draft("x")])
    assert not wal.low_on_space


@pytest.mark.parametrize(
    ("call", "error"),
    [
        *(("fdatasync", errno.EIO), ("fdatasync", errno.ENOSPC), ("pwrite", errno.EIO)),
        *(("pwrite", errno.EROFS), ("pwrite", errno.EFBIG)),
    ],
)
def test_a_fault_that_leaves_doubt_ends_all_writing(
    disk: MemoryDisk, call: str, error: int
) -> None:
    counted = FaultyDisk(MemoryDisk())
    created(counted)
    faulty = FaultyDisk(disk, Fails(call, counted.calls[call] + 1, error))
    wal = created(faulty)
    with pytest.raises(Poisoned, match=os.strerror(error)):
        wal.append([draft("a")])
    calls = faulty.calls.copy()
    with pytest.raises(Poisoned):
        wal.append([draft("b")])
    assert wal.poison is not None
    assert faulty.calls == calls, "nothing was tried again"


def test_a_rotation_leaves_a_sealed_segment_and_goes_on_in_the_next(disk: MemoryDisk) -> None:
    wal = created(disk, segment_bytes=300)
    assert state(wal) == (False, False)
    wal.append([draft("x" * 300)])
    assert state(wal) == (True, False)
    at = wal.at
    assert wal.rotate(Ledger(epoch=4), NOW)
    sealed = read_file(disk.process(), PATHS.segment(1), 1 << 20)
    assert sealed is not None
    reading = read_frames(sealed, Position(0, FIRST_CHAIN, 1))
    assert (reading.fault, reading.at.lsn) == (None, at.lsn + 1)
    assert read_frames(log(disk), Position(0, reading.at.chain, reading.at.lsn)).at == wal.at
    assert read_mark(disk, PATHS.durable) == (at.lsn + 1, wal.at.offset, at.lsn + 1)
    assert sorted(disk.listdir("/T")) == sorted(
        ["transaction.wal", "transaction.wal.000000000001", "checkpoint", "durable"]
    )
    assert disk.volume.durable == disk.volume.nodes | {
        disk.stat(PATHS.durable).st_ino: disk.volume.durable[disk.stat(PATHS.durable).st_ino]
    }


def test_a_sealed_segment_gives_back_the_space_that_was_reserved_behind_it(tmp_path: Path) -> None:
    disk, paths = RealDisk(), TerminalPaths(str(tmp_path))
    wal = Wal(disk, paths, DurableMark(disk, paths.durable), segment_bytes=1 << 20)
    wal.create(Position(0, FIRST_CHAIN, 1), "T", NOW)
    assert wal.rotate(Ledger(), NOW)
    wal.close()
    sealed = os.stat(paths.segment(1))
    assert sealed.st_blocks * 512 < sealed.st_size + (64 << 10)


def test_what_was_reserved_is_free_for_others_after_the_seal(disk: MemoryDisk) -> None:
    wal = created(disk)
    sealed = disk.stat(PATHS.wal).st_ino
    assert disk.volume.reserved[sealed] >= RESERVE_BYTES
    assert wal.rotate(Ledger(), NOW)
    assert sealed not in disk.volume.reserved


def test_a_rotation_that_can_not_give_space_back_goes_on(disk: MemoryDisk) -> None:
    wal = created(FaultyDisk(disk, Fails("ftruncate", 1, errno.EIO)))
    wal.append([draft("a")])
    assert wal.rotate(Ledger(), NOW)
    wal.append([draft("b")])
    assert (wal.poison, durable_log(disk)) == (None, log(disk))


def test_a_rotation_without_space_changes_nothing(disk: MemoryDisk) -> None:
    wal = created(disk)
    wal.append([draft("x")])
    before, at = log(disk), wal.at
    disk.limit_capacity(disk.used_bytes)
    assert not wal.rotate(Ledger(), NOW)
    assert (log(disk), wal.at) == (before, at)
    assert sorted(disk.listdir("/T")) == ["durable", "transaction.wal"]
    wal.append([draft("y")])
    disk.limit_capacity(None)
    assert wal.rotate(Ledger(), NOW)


def test_the_open_segment_is_locked_before_and_after_a_rotation(disk: MemoryDisk) -> None:
    wal = created(disk)
    other = disk.process()
    for _ in range(2):
        descriptor = other.open(PATHS.wal, os.O_RDWR)
        assert not other.flock(descriptor, 2)
        wal.rotate(Ledger(), NOW)
    wal.close()
    assert other.flock(other.open(PATHS.wal, os.O_RDWR), 2)
