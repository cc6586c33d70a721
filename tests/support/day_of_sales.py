"""Days of a till on a disk in memory, in segments so small that many are sealed."""

from __future__ import annotations

from kernel.disk.day_closes import day_closes
from tests.support.tills import TillMachine

__all__ = ["MONDAY", "ring_day", "z_found"]

MONDAY = 20260101


def ring_day(machine: TillMachine, *amounts: int, z: bool = True) -> None:
    with machine.start(segment_bytes=3_000) as till:
        for amount in amounts:
            sale = till.begin("S1", "EUR", "0001")
            for _ in range(10):
                sale.add_line("TEA", 1, amount)
            sale.tender_cash(sale.balance_minor)
        if z:
            till.count_drawer(sum(amounts) * 10, "EUR", "0001")
            till.z_report("0001")


def z_found(machine: TillMachine, date: int) -> list[tuple[int, int]]:
    """(number of the Z, its total)."""
    closes = day_closes(machine.disk.process(), machine.paths, date)
    return [(one.closed.number, one.closed.totals["EUR"].total_minor) for one in closes]
