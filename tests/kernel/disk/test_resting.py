"""Reading a till that does not run: held, checked as its own start would, and never guessed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from kernel import KernelError, LogDamaged, TerminalInUse
from kernel.disk.files import FILE_MODE
from kernel.disk.lock import probe
from kernel.disk.locked_file import take
from kernel.disk.resting import resting
from tests.support.floor import LAYOUT, Floor, Mortal, begin
from tests.support.volume import Sync

PATHS = LAYOUT.terminal("A")


@pytest.fixture
def floor() -> Floor:
    floor = Floor.new()
    begin(floor.start("A"))
    return floor


def overwrite(floor: Floor, path: str, change: Callable[[bytes], bytes]) -> None:
    disk = floor.view()
    descriptor = disk.open(path, os.O_RDWR)
    data = change(disk.pread(descriptor, 1 << 22, 0))
    disk.ftruncate(descriptor, 0)
    disk.pwrite(descriptor, data, 0)
    disk.close(descriptor)


def look(floor: Floor) -> list[int]:
    disk = floor.view()
    with resting(disk, PATHS, boot_id=disk.boot_id) as ledger:
        return list(ledger.sales)


def test_a_running_till_is_left_alone(floor: Floor) -> None:
    with pytest.raises(TerminalInUse, match="A is running"):
        look(floor)


def test_a_crashed_till_is_read_and_its_lock_still_says_whose_it_was(floor: Floor) -> None:
    floor.kill("A")
    assert look(floor) == [1]
    assert "process" in (floor.start("A").recovery.previous or "")


def test_a_stopped_till_is_read_and_leaves_no_lock_behind(floor: Floor) -> None:
    floor.kill("A")
    floor.start("A").stop()
    assert look(floor) == [1]
    assert os.path.basename(PATHS.lock) not in floor.view().listdir(PATHS.directory)


def test_it_cannot_start_while_it_is_read(floor: Floor) -> None:
    floor.kill("A")
    disk = floor.view()
    with resting(disk, PATHS, boot_id=disk.boot_id):
        assert take(floor.view(), PATHS.lock, FILE_MODE) is None
    assert floor.start("A").open_sales


def test_what_is_read_is_durable_first(floor: Floor) -> None:
    floor.kill("A")
    before = len(floor.machine.recording.operations)
    look(floor)
    synced = floor.machine.recording.operations[before:]
    assert any(isinstance(one, Sync) and "transaction.wal" in one.text for one in synced)


def test_a_torn_tail_is_not_read_as_damage(floor: Floor) -> None:
    floor.kill("A")
    overwrite(floor, PATHS.wal, lambda data: data + b"0badc0de torn")
    assert look(floor) == [1]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (PATHS.wal, lambda data: data[:-60]),
        (PATHS.wal, lambda data: data[:-40] + b"?" + data[-39:]),
        (PATHS.wal, lambda data: data.replace(b"GOODS", b"BADS-")),
        (PATHS.wal, lambda data: b""),
    ],
)
def test_a_damaged_log_settles_nothing(
    floor: Floor, path: str, change: Callable[[bytes], bytes]
) -> None:
    floor.kill("A")
    overwrite(floor, path, change)
    with pytest.raises((LogDamaged, KernelError)):
        look(floor)


def test_without_its_checkpoint_only_its_own_start_can_tell(floor: Floor) -> None:
    till = floor.start("B")
    till.open_period("anna", 0, "EUR")
    till.z_report("anna")  # a new segment, whose first entry names the checkpoint
    floor.kill("B")
    paths, disk = LAYOUT.terminal("B"), floor.view()
    with resting(disk, paths, boot_id=disk.boot_id) as ledger:
        assert ledger.next_z == 2
    disk.unlink(paths.checkpoint)
    with (
        pytest.raises(KernelError, match="start it once"),
        resting(disk, paths, boot_id=disk.boot_id),
    ):
        pass
    disk.unlink(paths.wal)
    with (
        pytest.raises(KernelError, match="start it once"),
        resting(disk, paths, boot_id=disk.boot_id),
    ):
        pass


def test_a_disk_that_fails_is_said_so(floor: Floor) -> None:
    floor.kill("A")
    disk = Mortal(floor.machine)
    disk.changes_left, disk.error = 0, 5
    with (
        pytest.raises(KernelError, match="its log fails"),
        resting(disk, PATHS, boot_id=disk.boot_id),
    ):
        pass
    assert probe(floor.view(), PATHS.lock) is None
