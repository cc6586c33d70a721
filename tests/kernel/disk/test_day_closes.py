"""The Z entries of a date are found from the end of the log, over all its segments."""

from __future__ import annotations

import re

import pytest

from kernel.disk.day_closes import day_closes, notes_since
from kernel.disk.files import read_file
from kernel.disk.recovery import sealed_segments
from kernel.errors import LogDamaged
from kernel.model.till_entries import Event
from kernel.terminal.terminal import Terminal
from tests.support.day_of_sales import MONDAY, ring_day, z_found
from tests.support.faults import FaultyDisk
from tests.support.tills import TillMachine


def test_the_z_of_each_date_are_found_in_order_whatever_was_rotated() -> None:
    machine = TillMachine()
    for date, sales in ((MONDAY, [(1, 2), (3,)]), (MONDAY + 1, [(4, 5, 6)]), (MONDAY + 2, [(7,)])):
        machine.clock.date = date
        for amounts in sales:
            ring_day(machine, *amounts)
    assert z_found(machine, MONDAY) == [(1, 30), (2, 30)]
    assert z_found(machine, MONDAY + 1) == [(3, 150)]
    assert z_found(machine, MONDAY + 2) == [(4, 70)]
    assert z_found(machine, MONDAY + 3) == []


def test_what_was_counted_belongs_to_the_z_after_it() -> None:
    machine = TillMachine()
    ring_day(machine, 5)
    ring_day(machine, 7)
    closes = day_closes(machine.disk.process(), machine.paths, MONDAY)
    assert [one.counted_minor for one in closes] == [{"EUR": 50}, {"EUR": 70}]


def test_a_period_that_is_open_is_no_z_and_a_terminal_without_a_log_has_none() -> None:
    machine = TillMachine()
    assert z_found(machine, MONDAY) == []
    ring_day(machine, 5, z=False)
    assert z_found(machine, MONDAY) == []


def test_a_long_history_is_not_read_for_the_z_of_today() -> None:
    machine = TillMachine()
    for _ in range(10):
        ring_day(machine, 1, 2, 3)
    machine.clock.date = MONDAY + 1
    ring_day(machine, 9)
    counting = FaultyDisk(machine.disk.process())
    assert len(day_closes(counting, machine.paths, MONDAY + 1)) == 1
    segments = len(machine.disk.listdir(machine.paths.directory))
    assert counting.calls["open"] < segments / 2


def test_a_segment_that_can_not_be_read_is_no_day_without_a_z() -> None:
    machine = TillMachine()
    ring_day(machine, 5)
    data = read_file(machine.disk.process(), machine.paths.wal, 1 << 20) or b""
    machine.write(machine.paths.wal, b"rubbish" + data)
    with pytest.raises(LogDamaged, match="offset 0"):
        z_found(machine, MONDAY)


def test_damage_before_a_z_hides_it_from_nobody() -> None:
    machine = TillMachine()
    ring_day(machine, 5)
    ring_day(machine, 7)
    for first in sealed_segments(machine.disk, machine.paths):
        path = machine.paths.segment(first)
        data = read_file(machine.disk.process(), path, 1 << 20) or b""
        if b'"k":"z"' in data:
            machine.write(path, data.replace(b'"k":"count"', b'"k":"cuont"'))
            break
    with pytest.raises(LogDamaged, match=re.escape(path)):
        z_found(machine, MONDAY)


def test_the_end_of_the_open_segment_may_be_torn() -> None:
    machine = TillMachine()
    ring_day(machine, 5)
    data = read_file(machine.disk.process(), machine.paths.wal, 1 << 20) or b""
    machine.disk.unlink(machine.paths.durable)
    machine.write(machine.paths.wal, data + b"half a fra")
    assert z_found(machine, MONDAY) == [(1, 50)]


def record(till: Terminal, event: Event) -> None:
    till.journal.record(lambda ledger: (event,))


def test_notes_of_a_date_and_later_are_found_by_their_name_and_no_others() -> None:
    machine = TillMachine()
    for date in (MONDAY, MONDAY + 1, MONDAY + 2):
        machine.clock.date = date
        ring_day(machine, 1, 2)
        with machine.start(segment_bytes=3_000) as till:
            for what in ("day_closed", "exported"):
                record(till, Event(what=what, detail=f"{what} {date}", operator="0001"))
    found = notes_since(machine.disk.process(), machine.paths, MONDAY + 1, "day_closed")
    assert found == [f"day_closed {MONDAY + 1}", f"day_closed {MONDAY + 2}"]
    assert notes_since(machine.disk.process(), machine.paths, MONDAY + 3, "day_closed") == []
