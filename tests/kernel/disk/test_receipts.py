"""One sale out of a log: all of it, in whichever segments it stands."""

from __future__ import annotations

import os

import pytest

from kernel import LogDamaged, State
from kernel.disk.durable import DurableMark
from kernel.disk.receipts import sale_in_log
from tests.support.tills import TillMachine


def test_every_sale_is_found_as_the_till_has_it() -> None:
    machine = TillMachine()
    till = machine.start(segment_bytes=1_500)
    sales = []
    for number in range(12):
        sale = till.begin("S1", "EUR", "anna")
        for _ in range(3):
            sale.add_line("TEA", 2, 100 + number)
        sale.void_line(2)
        if number % 3 == 0:
            sale.abort("left")
        elif number % 3 == 1:
            sale.tender_cash(1_000, rounding_minor=-1)
        sales.append(sale)
    assert len(machine.disk.listdir(machine.paths.directory)) > 6
    for sale in sales:
        assert sale_in_log(machine.disk.process(), machine.paths, sale.number) == sale.value
    assert sale_in_log(machine.disk.process(), machine.paths, 99) is None
    assert {sale.state for sale in sales} == {State.OPEN, State.COMMITTED, State.ABORTED}


def test_what_is_not_durable_is_not_read() -> None:
    machine = TillMachine()
    till = machine.start()
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("TEA", 1, 100)
    size = machine.disk.stat(machine.paths.wal).st_size
    sale.add_line("HAM", 1, 100)
    _set_mark_back(machine, size)
    found = sale_in_log(machine.disk.process(), machine.paths, 1)
    assert found is not None and [line.code for line in found.lines] == ["TEA"]


def _set_mark_back(machine: TillMachine, offset: int) -> None:
    DurableMark(machine.disk.process(), machine.paths.durable).write(1, offset, 1)


def test_a_damaged_entry_of_the_sale_is_said_and_not_passed_over() -> None:
    machine = TillMachine()
    sale = machine.start().begin("S1", "EUR", "anna")
    sale.add_line("TEA", 1, 100)
    machine.kill()
    disk = machine.disk.process()
    descriptor = disk.open(machine.paths.wal, os.O_RDWR)
    data = disk.pread(descriptor, 1 << 20, 0)
    disk.pwrite(descriptor, b"HAM", data.index(b"TEA"))
    with pytest.raises(LogDamaged):
        sale_in_log(disk, machine.paths, 1)
