"""A shop in memory whose tills are audited: what the logs say, and what the audit log says."""

from __future__ import annotations

from kernel.clock import SystemClock
from kernel.codec.audit import AuditLine, decode_line
from kernel.coordination.audit import Collector
from kernel.disk.audit_check import AuditVerdict, check_audit
from kernel.disk.audit_reader import audit_files, audit_lines
from kernel.disk.files import Disk
from kernel.disk.history import exists
from kernel.disk.layout import Layout
from kernel.disk.process import this_process
from kernel.terminal.terminal import Terminal
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import ROOT, TillMachine

__all__ = [
    "LAYOUT",
    "AuditedShop",
    "collector_on",
    "drain",
    "files_of",
    "lines_of",
    "sell",
    "trade",
]

LAYOUT = Layout(ROOT)


def collector_on(disk: Disk, terminal: str = "COMMAND", layout: Layout = LAYOUT) -> Collector:
    """A collector in a process of its own."""
    identity = this_process(
        terminal, version="test", boot="boot", incarnation="0" * 32, started_ms=0
    )
    return Collector(disk, layout, identity, clock=SystemClock())


def drain(collector: Collector, limit: int = 2_000) -> int:
    """Collect until nothing is left; how many lines."""
    collected = 0
    while more := collector.collect(limit):
        collected += more
    return collected


def files_of(disk: Disk, layout: Layout = LAYOUT) -> dict[int, list[bytes]]:
    """Date -> the lines of its file, its own ones too."""
    with audit_files(disk, layout) as files:
        return {
            date: [line for _, line in audit_lines(disk, descriptor)]
            for date, _, descriptor in files
        }


def lines_of(disk: Disk, layout: Layout = LAYOUT) -> list[AuditLine]:
    """The lines of entries, file by file."""
    found = files_of(disk, layout)
    return [
        decode_line(line)
        for date in sorted(found)
        for line in found[date]
        if not line.startswith(b'{"audit"')
    ]


def sell(till: Terminal, amount_minor: int = 250, lines: int = 1) -> None:
    sale = till.begin("S1", "EUR", "anna")
    for _ in range(lines):
        sale.add_line("TEA", 1, amount_minor)
    sale.tender_cash(sale.balance_minor)


def trade(machine: TillMachine, date: int) -> None:
    """A day of one till: start, two sales, Z, stop."""
    machine.clock.date = date
    with machine.start() as till:
        sell(till)
        sell(till)
        till.z_report()


class AuditedShop:
    """Tills over one disk in memory, each in a process of its own; none runs at first."""

    def __init__(self, *names: str, disk: MemoryDisk | None = None) -> None:
        self.disk = disk if disk is not None else MemoryDisk()
        self.tills: dict[str, TillMachine] = {}
        for name in names:
            machine = TillMachine(name)
            machine.disk = self.disk.process()
            self.tills[name] = machine

    def view(self) -> MemoryDisk:
        """A process that holds nothing."""
        return self.disk.process()

    def collect(self, limit: int = 2_000) -> int:
        """A collector that comes, collects all and goes."""
        collector = collector_on(self.view())
        try:
            return drain(collector, limit)
        finally:
            collector.release()

    def verdict(self) -> AuditVerdict:
        return check_audit(self.view(), LAYOUT)

    def entries(self) -> dict[str, list[int]]:
        """Terminal -> the LSNs of its log."""
        return {
            name: [entry.stamp.lsn for entry in machine.entries()]
            if exists(self.disk, machine.paths)
            else []
            for name, machine in self.tills.items()
        }

    def audited(self) -> dict[str, list[int]]:
        """Terminal -> the LSNs in the audit log, in the order of its files."""
        found: dict[str, list[int]] = {name: [] for name in self.tills}
        for line in lines_of(self.view()):
            found[line.terminal].append(line.lsn)
        return found
