"""The log from outside: all that is durable, and nothing more."""

from __future__ import annotations

import pytest

from kernel import State, Terminal
from kernel.disk.files import read_file
from kernel.disk.history import closed_sale, closed_sales, entries_of, exists, read_log
from kernel.errors import LogDamaged
from kernel.model.entries import Line, SaleBegun, Tender
from tests.support.tills import TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    till = machine.start(segment_bytes=2_000)
    for amount in range(1, 12):
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, amount)
        if amount % 3:
            sale.tender_cash(amount)
        elif amount % 2:
            sale.abort("left")
    return till


def lsns(machine: TillMachine, *, free: bool) -> list[int]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=free)
    return [entry.stamp.lsn for entry in log]


def test_every_entry_comes_once_and_in_order(machine: TillMachine, till: Terminal) -> None:
    assert lsns(machine, free=False) == list(range(1, till.journal.last_lsn + 1))


def test_closed_sales_are_those_with_a_receipt(machine: TillMachine, till: Terminal) -> None:
    sales = list(closed_sales(iter(machine.entries())))
    assert [sale.number for sale in sales] == [1, 2, 4, 5, 7, 8, 10, 11]
    assert [sale.receipt_number for sale in sales] == list(range(1, 9))
    assert [sale.total_minor for sale in sales] == [sale.number for sale in sales]


@pytest.mark.parametrize(
    ("number", "state"),
    [(1, State.COMMITTED), (3, State.ABORTED), (6, None), (11, State.COMMITTED), (12, None)],
)
def test_a_sale_is_found_as_it_was_closed(
    machine: TillMachine, till: Terminal, number: int, state: State | None
) -> None:
    sale = closed_sale(iter(machine.entries()), number)
    assert (sale.state if sale is not None else None) is state


def test_the_entries_of_one_sale(machine: TillMachine, till: Terminal) -> None:
    acts = [entry.act for entry in entries_of(iter(machine.entries()), 4)]
    assert [type(act) for act in acts] == [SaleBegun, Line, Tender]


def test_nothing_beyond_the_mark_is_shown_while_the_till_runs(machine: TillMachine) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, b'{"durability":"commit"}')
    till = machine.start()
    sale = till.begin("S1", "EUR", "0001")
    shown = lsns(machine, free=False)
    sale.add_line("TEA", 1, 500)
    assert lsns(machine, free=False) == shown
    assert lsns(machine, free=True) == [*shown, shown[-1] + 1]
    sale.tender_cash(500)
    assert lsns(machine, free=False) == lsns(machine, free=True)


def test_a_torn_end_of_the_open_segment_ends_the_log(machine: TillMachine, till: Terminal) -> None:
    whole = lsns(machine, free=True)
    data = read_file(machine.disk, machine.paths.wal, 1 << 20)
    assert data is not None
    machine.write(machine.paths.wal, data + b"half a frame")
    assert lsns(machine, free=True) == whole


@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_sealed_segment_that_is_not_whole_is_damage(
    machine: TillMachine, till: Terminal, damage: str
) -> None:
    names = [name for name in machine.disk.listdir(machine.paths.directory) if ".wal.0" in name]
    middle = f"{machine.paths.directory}/{sorted(names)[1]}"
    data = read_file(machine.disk, middle, 1 << 20)
    assert data is not None
    if damage == "missing":
        machine.disk.unlink(middle)
    else:
        machine.write(middle, data[:-5] if damage == "cut" else b"")
    with pytest.raises(LogDamaged, match=r"transaction\.wal"):
        lsns(machine, free=True)


def test_a_terminal_that_never_ran_has_no_log(machine: TillMachine) -> None:
    assert not exists(machine.disk, machine.paths)
    machine.start().stop()
    assert exists(machine.disk, machine.paths)
