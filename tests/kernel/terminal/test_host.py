"""What a till stands on when nobody says otherwise."""

from __future__ import annotations

from pathlib import Path

from kernel import Host
from kernel.clock import SystemClock
from kernel.disk.files import RealDisk
from tests.support.tills import ROOT, TillMachine


def test_a_host_of_its_own_is_this_machine() -> None:
    host = Host()
    assert isinstance(host.disk, RealDisk)
    assert isinstance(host.clock, SystemClock)
    assert host.random_bytes(16) != host.random_bytes(16)
    assert host.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_same_disk_clock_and_dice_write_the_same_log() -> None:
    """Replay: but for the process id, two runs differ in no byte."""
    logs = []
    for _ in range(2):
        machine = TillMachine()
        with machine.start() as till:
            sale = till.begin("S1", "EUR", "0001")
            sale.add_line("TEA", 1, 500)
            machine.clock.advance(3)
            sale.tender_cash(1000)
        logs.append(machine.log())
    assert logs[0] == logs[1]


def test_nothing_is_written_outside_the_data_directory() -> None:
    machine = TillMachine()
    machine.start().stop()
    assert machine.disk.listdir("/") == [ROOT[1:]]
