"""Which day is due is told by the few entries that open and close a period."""

from __future__ import annotations

import pytest

from kernel.disk.files import read_file
from kernel.disk.period_turns import open_period_date, z_count
from kernel.errors import LogDamaged
from kernel.terminal.status_memory import resting_ledger
from tests.support.day_of_sales import MONDAY, ring_day, z_found
from tests.support.tills import TillMachine


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
            assert z_count(disk, machine.paths, day) == len(z_found(machine, day))
        seen.add((date is None, z_count(disk, machine.paths, MONDAY)))

    same()
    for day in range(3):
        machine.clock.date = MONDAY + day
        for z in (False, True, True, False):
            ring_day(machine, *range(1, 5), z=z)
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


def test_a_log_that_does_not_begin_as_one_tells_no_day_and_hides_no_z() -> None:
    machine = TillMachine()
    ring_day(machine, 1, z=False)
    data = read_file(machine.disk.process(), machine.paths.wal, 1 << 20) or b""
    machine.write(machine.paths.wal, b"x" + data)
    assert open_period_date(machine.disk.process(), machine.paths) is None
    with pytest.raises(LogDamaged):
        z_count(machine.disk.process(), machine.paths, MONDAY)
