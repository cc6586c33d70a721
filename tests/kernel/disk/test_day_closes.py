"""The Z entries of a date are found from the end of the log, over all its segments."""

from __future__ import annotations

import re

import pytest

from kernel.disk.day_closes import day_closes, notes_since, open_period_date, z_count
from kernel.disk.files import read_file
from kernel.disk.recovery import sealed_segments
from kernel.errors import LogDamaged
from kernel.model.till_entries import Event
from kernel.terminal.status_memory import resting_ledger
from kernel.terminal.terminal import Terminal
from tests.support.faults import FaultyDisk
from tests.support.tills import TillMachine

MONDAY = 20260101


def ring(machine: TillMachine, *amounts: int, z: bool = True) -> None:
    with machine.start(segment_bytes=3_000) as till:
        for amount in amounts:
            sale = till.begin("S1", "EUR", "0001")
            for _ in range(10):
                sale.add_line("TEA", 1, amount)
            sale.tender_cash(sale.balance_minor)
        if z:
            till.count_drawer(sum(amounts) * 10, "EUR", "0001")
            till.z_report("0001")


def found(machine: TillMachine, date: int) -> list[tuple[int, int]]:
    """(number of the Z, its total)."""
    closes = day_closes(machine.disk.process(), machine.paths, date)
    return [(one.closed.number, one.closed.totals["EUR"].total_minor) for one in closes]


def test_the_z_of_each_date_are_found_in_order_whatever_was_rotated() -> None:
    machine = TillMachine()
    for date, sales in ((MONDAY, [(1, 2), (3,)]), (MONDAY + 1, [(4, 5, 6)]), (MONDAY + 2, [(7,)])):
        machine.clock.date = date
        for amounts in sales:
            ring(machine, *amounts)
    assert found(machine, MONDAY) == [(1, 30), (2, 30)]
    assert found(machine, MONDAY + 1) == [(3, 150)]
    assert found(machine, MONDAY + 2) == [(4, 70)]
    assert found(machine, MONDAY + 3) == []


def test_what_was_counted_belongs_to_the_z_after_it() -> None:
    machine = TillMachine()
    ring(machine, 5)
    ring(machine, 7)
    closes = day_closes(machine.disk.process(), machine.paths, MONDAY)
    assert [one.counted_minor for one in closes] == [{"EUR": 50}, {"EUR": 70}]


def test_the_open_period_and_the_number_of_z_are_those_that_the_whole_log_says() -> None:
    machine, seen = TillMachine(), set()

    def same() -> None:
        disk = machine.disk.process()
        read = resting_ledger(disk, machine.paths)
        assert read is not None
        period = read[0].period
        date = open_period_date(disk, machine.paths)
        assert date == (None if period is None else period.date)
        for day in range(MONDAY, MONDAY + 4):
            assert z_count(disk, machine.paths, day) == len(found(machine, day))
        seen.add((date is None, z_count(disk, machine.paths, MONDAY)))

    same()
    for day in range(3):
        machine.clock.date = MONDAY + day
        for z in (False, True, True, False):
            ring(machine, *range(1, 5), z=z)
            same()
        with machine.start(segment_bytes=3_000) as till:
            till.z_report("0001")
            same()
            till.begin_training("0001")
            sale = till.begin("S1", "EUR", "0001")
            sale.add_line("TEA", 1, 1)
            same()
            sale.abort("over")
            till.end_training("0001")
    assert seen == {(True, 0), (False, 0), (True, 1), (True, 2), (False, 2), (True, 3), (False, 3)}


def test_which_day_is_due_is_told_without_reading_the_sales_of_the_day() -> None:
    machine = TillMachine()
    with machine.start() as till:
        till.move_cash("no_sale", 0, "EUR", "0001")
    path = machine.paths.wal
    data = read_file(machine.disk.process(), path, 1 << 20) or b""
    machine.write(path, data.replace(b'"k":"start"', b'"k":"strat"'))
    read = resting_ledger(machine.disk.process(), machine.paths)
    assert read is None or read[0].period is None, "a fold does not get past that entry"
    assert open_period_date(machine.disk.process(), machine.paths) == MONDAY


def test_a_period_that_is_open_is_no_z_and_a_terminal_without_a_log_has_none() -> None:
    machine = TillMachine()
    assert found(machine, MONDAY) == []
    ring(machine, 5, z=False)
    assert found(machine, MONDAY) == []


def test_a_long_history_is_not_read_for_the_z_of_today() -> None:
    machine = TillMachine()
    for _ in range(10):
        ring(machine, 1, 2, 3)
    machine.clock.date = MONDAY + 1
    ring(machine, 9)
    counting = FaultyDisk(machine.disk.process())
    assert len(day_closes(counting, machine.paths, MONDAY + 1)) == 1
    segments = len(machine.disk.listdir(machine.paths.directory))
    assert counting.calls["open"] < segments / 2


def test_a_segment_that_can_not_be_read_is_no_day_without_a_z() -> None:
    machine = TillMachine()
    ring(machine, 5)
    data = read_file(machine.disk.process(), machine.paths.wal, 1 << 20) or b""
    machine.write(machine.paths.wal, b"rubbish" + data)
    with pytest.raises(LogDamaged, match="offset 0"):
        found(machine, MONDAY)


def test_damage_before_a_z_hides_it_from_nobody() -> None:
    machine = TillMachine()
    ring(machine, 5)
    ring(machine, 7)
    for first in sealed_segments(machine.disk, machine.paths):
        path = machine.paths.segment(first)
        data = read_file(machine.disk.process(), path, 1 << 20) or b""
        if b'"k":"z"' in data:
            machine.write(path, data.replace(b'"k":"count"', b'"k":"cuont"'))
            break
    with pytest.raises(LogDamaged, match=re.escape(path)):
        found(machine, MONDAY)


def test_the_end_of_the_open_segment_may_be_torn() -> None:
    machine = TillMachine()
    ring(machine, 5)
    data = read_file(machine.disk.process(), machine.paths.wal, 1 << 20) or b""
    machine.disk.unlink(machine.paths.durable)
    machine.write(machine.paths.wal, data + b"half a fra")
    assert found(machine, MONDAY) == [(1, 50)]


def record(till: Terminal, event: Event) -> None:
    till.journal.record(lambda ledger: (event,))


def test_notes_of_a_date_and_later_are_found_by_their_name_and_no_others() -> None:
    machine = TillMachine()
    for date in (MONDAY, MONDAY + 1, MONDAY + 2):
        machine.clock.date = date
        ring(machine, 1, 2)
        with machine.start(segment_bytes=3_000) as till:
            for what in ("day_closed", "exported"):
                record(till, Event(what=what, detail=f"{what} {date}", operator="0001"))
    found = notes_since(machine.disk.process(), machine.paths, MONDAY + 1, "day_closed")
    assert found == [f"day_closed {MONDAY + 1}", f"day_closed {MONDAY + 2}"]
    assert notes_since(machine.disk.process(), machine.paths, MONDAY + 3, "day_closed") == []
