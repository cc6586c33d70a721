"""The collector as a till's duty: it begins, rests, takes over and ends by itself."""

from __future__ import annotations

import errno
import time
from pathlib import Path
from threading import Event

import pytest

from kernel import Terminal
from kernel.clock import SystemClock
from kernel.coordination.audit import Collector
from kernel.disk.audit_reader import AuditFollower
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.terminal import collector as duty_module
from kernel.terminal.collector import CollectorDuty
from tests.support.audits import AuditedShop, collector_on, lines_of, sell
from tests.support.faults import Fails, FaultyDisk
from tests.support.memory_disk import MemoryDisk

WAIT_S = 20.0


class Watched(MemoryDisk):
    """Tells when the last entry of a stopped till was appended to the audit log."""

    def watch(self) -> Event:
        self.appended = Event()
        return self.appended

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        written = super().pwrite(descriptor, data, offset)
        if b"terminal_stopped" in data:
            self.appended.set()
        return written


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDLE_S", "STANDBY_S", "AFTER_FAULT_S"):
        monkeypatch.setattr(duty_module, name, 0.01)


@pytest.fixture
def shop() -> AuditedShop:
    """One till that has sold and stopped; in memory no till has a duty of its own."""
    shop = AuditedShop("A")
    with shop.tills["A"].start() as till:
        sell(till, lines=250)
    return shop


def duty_of(collector: Collector, manager: bool = False) -> CollectorDuty:
    return CollectorDuty(collector, clock=SystemClock(), manager=manager)


@pytest.mark.parametrize("manager", [False, True])
def test_all_is_collected_without_anybody_asking(shop: AuditedShop, manager: bool) -> None:
    disk = Watched(shop.disk._machine)
    appended = disk.watch()
    duty = duty_of(collector_on(disk), manager)
    duty.start()
    assert appended.wait(WAIT_S)
    duty.stop()
    assert shop.audited() == shop.entries()


def test_who_stops_lets_another_one_collect(shop: AuditedShop) -> None:
    disk = Watched(shop.disk._machine)
    appended = disk.watch()
    duty = duty_of(collector_on(disk, "A"))
    duty.start()
    assert appended.wait(WAIT_S)
    second = collector_on(shop.view(), "B")
    assert second.collect() == 0 and not second.elected
    duty.stop()
    second.collect()
    assert second.elected


def test_a_fault_of_the_disk_is_tried_again_later(shop: AuditedShop) -> None:
    disk = Watched(shop.disk._machine)
    appended = disk.watch()
    duty = duty_of(collector_on(FaultyDisk(disk, Fails("pwrite", 2, errno.EIO, last=5))))
    duty.start()
    assert appended.wait(WAIT_S)
    duty.stop()
    assert shop.audited() == shop.entries()


def test_a_stop_before_the_first_look_ends_it_at_once(shop: AuditedShop) -> None:
    duty = duty_of(collector_on(shop.view()))
    duty.start()
    duty.stop()
    assert shop.verdict().damages == ()


def test_a_running_till_collects_for_the_shop(data_dir: Path) -> None:
    layout = Layout(str(data_dir))
    follower = AuditFollower(RealDisk(), layout)
    assert list(follower.poll()) == []
    found: list[bytes] = []
    with Terminal.start("A", data_dir) as till:
        sell(till)
        deadline_s = time.monotonic() + 20
        while not any(b"sale_closed" in line for line in found):
            assert time.monotonic() < deadline_s, f"it never came: {found}"
            found += follower.poll()
            Event().wait(0.01)
    assert [line.event for line in lines_of(RealDisk(), layout)][:2] == [
        "log_segment_opened",
        "terminal_started",
    ]
    assert len(found) >= 6
