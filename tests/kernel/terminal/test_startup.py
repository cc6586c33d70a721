"""What a till asks of its directory, its disk and its own configuration before it starts."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import (
    BadConfiguration,
    DiskFull,
    State,
    Terminal,
)
from kernel.model.till_entries import Started
from tests.support.faults import Fails, FaultyDisk
from tests.support.tills import TillMachine, sell


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b'{"durabilty":"entry"}', b'{"durability":"sometimes"}'),
        *(b'{"drawer":""}', b'{"drawer":5}', b'"\xff"', b"[" * 60_000, b" " * 70_000),
    ],
)
def test_a_bad_local_config_stops_the_start_with_78(machine: TillMachine, text: bytes) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, text)
    with pytest.raises(BadConfiguration, match=r"local_config\.json.*correct it or remove it") as e:
        machine.start()
    assert e.value.exit_code == 78
    machine.write(machine.paths.local_config, b"{}")
    machine.start().stop()


def test_durability_commit_says_so_and_loses_no_commit(machine: TillMachine) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, b'{"durability":"commit","drawer":"D7"}')
    till = machine.start()
    (*_, started) = [entry.act for entry in machine.entries() if isinstance(entry.act, Started)]
    assert started.durability == "commit"
    paid, left = (till.begin("S1", "EUR", "0001") for _ in range(2))
    paid.add_line("TEA", 1, 500)
    syncs = sum(str(done).startswith("fdatasync") for done in machine.disk.operations)
    left.add_line("TEA", 1, 100)
    left.discount(10)
    left.void_line(2)
    assert syncs == sum(str(done).startswith("fdatasync") for done in machine.disk.operations)
    paid.tender_cash(500)
    left.add_line("TEA", 1, 100)
    assert till.x_report().drawer == "D7"
    machine.cut_power()
    with machine.start() as till:
        assert till.sale(paid.id).state is State.COMMITTED
        (again,) = till.open_sales
        assert len(again.lines) == 3


def test_without_durability_commit_every_line_is_synced(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    for _ in range(4):
        sale.add_line("TEA", 1, 100)
        wal = machine.disk.stat(machine.paths.wal).st_ino
        assert machine.disk.volume.durable[wal] == machine.disk.volume.nodes[wal]


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_data_directory_that_is_a_file_is_a_bad_configuration(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(BadConfiguration, match=r"data-dir|directory above") as refusal:
        Terminal.start("TILL", tmp_path / "file" / below)
    assert refusal.value.exit_code == 78
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_data_directory_without_a_parent_is_a_bad_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="make the directory above it first"):
        Terminal.start("TILL", tmp_path / "none" / "store")


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_data_directory_that_cannot_be_written_is_a_bad_configuration(
    machine: TillMachine, error: int
) -> None:
    disk = FaultyDisk(machine.disk, Fails("make_directory", 1, error))
    with pytest.raises(BadConfiguration, match="make it writable"):
        machine.start(disk=disk)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real tmpfs of 2 MiB, where the machine lets us have one."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "posterm-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True, capture_output=True)


def test_a_read_only_disk_is_a_bad_configuration(small_disk: Path) -> None:
    Terminal.start("TILL", small_disk / "store").stop()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(BadConfiguration, match="Read-only"):
        Terminal.start("TILL", small_disk / "store")


def test_a_full_disk_refuses_new_sales_closes_the_open_one_and_recovers(small_disk: Path) -> None:
    store, ballast = small_disk / "store", small_disk / "ballast"
    with Terminal.start("TILL", store) as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
        with pytest.raises(OSError, match="No space left"), ballast.open("wb", 0) as file:
            while True:
                file.write(bytes(4096))
        with pytest.raises(DiskFull):
            while True:
                till.begin("S1", "EUR", "0001").add_line("TEA", 1, 500, description="x" * 256)
        assert sale.tender_cash(500) is State.COMMITTED
        ballast.unlink()
        till.begin("S1", "EUR", "0001")
    with Terminal.start("TILL", store) as till:
        assert not till.recovery.crashed
        assert till.sale(sale.id).state is State.COMMITTED


def test_a_start_on_a_full_disk_is_refused_and_leaves_no_lock(small_disk: Path) -> None:
    store, ballast = small_disk / "store", small_disk / "ballast"
    ballast.write_bytes(bytes((2 << 20) - 4096 * 40))
    with pytest.raises(DiskFull):
        Terminal.start("TILL", store)
    ballast.unlink()
    with Terminal.start("TILL", store) as till:
        assert not till.recovery.crashed
        sell(till, 500)
