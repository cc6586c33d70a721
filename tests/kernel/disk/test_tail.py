"""Reading on in a log while it is written: all that is durable, once, and nothing more."""

from __future__ import annotations

import os

import pytest

from kernel import Terminal
from kernel.codec.audit import Cursor, decode_line
from kernel.codec.audit_walk import ToldLine
from kernel.disk.durable import read_mark
from kernel.disk.files import read_file
from kernel.disk.find_entry import find_entry
from kernel.disk.recovery import sealed_segments
from kernel.disk.tail import LogTail
from tests.support.audits import sell
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


def tail_of(machine: TillMachine, cursor: Cursor | None = None) -> LogTail:
    return LogTail(machine.disk.process(), machine.terminal, machine.paths, cursor)


def all_of(tail: LogTail) -> list[ToldLine]:
    lines: list[ToldLine] = []
    while more := tail.read():
        lines += more
    return lines


def numbers(lines: list[ToldLine]) -> list[int]:
    return [decode_line(line[3]).lsn for line in lines]


def test_what_was_read_is_not_read_again_and_nothing_is_left_out(machine: TillMachine) -> None:
    till = machine.start(segment_bytes=1_500)  # it rotates every few sales
    tail = tail_of(machine)
    found = numbers(all_of(tail))
    for _ in range(12):
        sell(till)
        found += numbers(all_of(tail))
    assert found == list(range(1, till.journal.last_lsn + 1))
    assert len(sealed_segments(machine.disk, machine.paths)) > 2
    assert all_of(tail) == []


def test_it_goes_on_after_any_entry(machine: TillMachine) -> None:
    till = machine.start(segment_bytes=2_000)
    for _ in range(6):
        sell(till)
    whole = all_of(tail_of(machine))
    assert len(whole) > 20
    for place, line in enumerate(whole):
        told = decode_line(line[3])
        tail = tail_of(machine, Cursor(told.lsn, told.chain, told.epoch))
        assert all_of(tail) == whole[place + 1 :], told.lsn
        assert tail.fault is None


def test_a_cursor_that_the_log_does_not_hold_is_a_fault(machine: TillMachine) -> None:
    machine.start()
    last = decode_line(all_of(tail_of(machine))[-1][3])
    for cursor in (Cursor(last.lsn, "A" * 22, 1), Cursor(last.lsn + 1, last.chain, 1)):
        tail = tail_of(machine, cursor)
        assert tail.read() == []
        assert tail.fault is not None and f"LSN {cursor.lsn}" in tail.fault


def test_bytes_beyond_the_mark_are_not_shown_even_if_they_are_whole_entries(
    machine: TillMachine,
) -> None:
    till = machine.start()
    sell(till)
    mark = read_file(machine.disk, machine.paths.durable, 100)
    before = till.journal.last_lsn
    sell(till)
    assert mark is not None
    machine.write(machine.paths.durable, mark)
    assert numbers(all_of(tail_of(machine))) == list(range(1, before + 1))


def test_without_a_mark_only_the_first_entry_of_the_open_segment_is_shown(
    machine: TillMachine,
) -> None:
    with machine.start(segment_bytes=2_000) as till:
        for _ in range(4):
            sell(till)
    machine.disk.unlink(machine.paths.durable)
    sealed = sealed_segments(machine.disk, machine.paths)
    wal = read_file(machine.disk, machine.paths.wal, 1 << 20)
    assert sealed and wal is not None and wal.count(b"\n") > 1
    whole = len(machine.log().splitlines())
    assert len(all_of(tail_of(machine))) == whole - wal.count(b"\n") + 1


class Rotating(MemoryDisk):
    """Sells, so that the till rotates, right after the mark was read or the log was opened."""

    till: Terminal
    at: str = ""

    def open(self, path: str, flags: int, mode: int = 0o640) -> int:
        descriptor = super().open(path, flags, mode)
        if self.at and path.endswith(self.at):
            self.at = ""
            for _ in range(8):
                sell(self.till)
        return descriptor


@pytest.mark.parametrize("at", ["durable", "transaction.wal"])
def test_a_rotation_between_two_looks_shows_nothing_twice_and_nothing_unsynced(
    machine: TillMachine, at: str
) -> None:
    till = machine.start(segment_bytes=2_000)
    disk = Rotating(machine.disk._machine)
    disk.till = till
    tail = LogTail(disk, machine.terminal, machine.paths, None)
    found = numbers(all_of(tail))
    for _ in range(5):
        sell(till)
        disk.at = at
        shown = all_of(tail)
        mark = read_mark(machine.disk, machine.paths.durable)
        found += numbers(shown)
        assert mark is not None and found[-1] <= mark.lsn
    found += numbers(all_of(tail))
    assert found == list(range(1, till.journal.last_lsn + 1))
    assert tail.fault is None


def test_a_damaged_entry_stops_it_there_and_says_where(machine: TillMachine) -> None:
    till = machine.start()
    sell(till)
    data = bytearray(machine.log())
    start = data.index(b'{"n":4,')
    data[start + 40] ^= 1
    machine.write(machine.paths.wal, bytes(data))
    tail = tail_of(machine)
    assert numbers(all_of(tail)) == [1, 2, 3]
    assert tail.fault is not None and "LSN 4" in tail.fault
    assert tail.read() == []


def test_an_entry_longer_than_what_is_read_at_a_time_comes_whole(machine: TillMachine) -> None:
    till = machine.start()
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("TEA", 1, 5, description="x" * 200)
    tail = tail_of(machine)
    read_at_a_time, longest = 300, max(map(len, machine.log().splitlines()))
    assert longest > read_at_a_time
    small = tail_of(machine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kernel.disk.tail.READ_BYTES", read_at_a_time)
        assert all_of(small) == all_of(tail)


def test_a_log_that_is_not_there_yet_is_empty_and_then_it_is_there(machine: TillMachine) -> None:
    with machine.start():
        pass
    for name in ("transaction.wal", "durable"):
        machine.disk.rename(
            os.path.join(machine.paths.directory, name), os.path.join("/shop", name)
        )
    tail = tail_of(machine)
    assert tail.read() == []
    for name in ("durable", "transaction.wal"):
        machine.disk.rename(
            os.path.join("/shop", name), os.path.join(machine.paths.directory, name)
        )
    assert numbers(all_of(tail)) == [1, 2, 3]


# --- one entry by its number ------------------------------------------------------------------


def test_each_entry_is_found_in_its_segment_and_a_stranger_is_not(machine: TillMachine) -> None:
    till = machine.start(segment_bytes=2_000)
    for _ in range(6):
        sell(till)
    disk = machine.disk.process()
    for line in all_of(tail_of(machine)):
        told = decode_line(line[3])
        found = find_entry(disk, machine.paths, told.lsn, told.chain.encode())
        assert found is not None and found[1].lsn == told.lsn + 1
        assert find_entry(disk, machine.paths, told.lsn, b"A" * 22) is None
    assert find_entry(disk, machine.paths, till.journal.last_lsn + 1, b"A" * 22) is None
