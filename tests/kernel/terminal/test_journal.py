"""Decide, record, apply: what callers are told, and when."""

from __future__ import annotations

import errno
import threading

import pytest

from kernel import DiskFull, Poisoned, SaleRefused, Stopped, Terminal
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event, PeriodOpened
from tests.support.faults import Fails, FaultyDisk, ShortWrite
from tests.support.gate import Gate, noted
from tests.support.tills import TillMachine


def test_a_decision_that_fails_by_a_bug_leaves_no_trace_and_the_till_goes_on(
    machine: TillMachine, till: Terminal
) -> None:
    def bug(ledger: Ledger) -> tuple[Act, ...]:
        raise ZeroDivisionError

    before = machine.log()
    with pytest.raises(ZeroDivisionError):
        till.journal.record(bug)
    assert machine.log() == before
    assert till.journal.record(lambda ledger: noted("x")) is None
    assert machine.log() != before


def test_an_entry_that_contradicts_the_ledger_is_not_written_and_nothing_is_built_on_it(
    machine: TillMachine, till: Terminal
) -> None:
    opening = PeriodOpened(number=1, date=20260101, drawer="D")
    before = machine.log()
    with pytest.raises(AssertionError, match="a period is open"):
        till.journal.record(lambda ledger: (opening, opening))
    with pytest.raises(Poisoned, match="broken off"):
        till.journal.record(lambda ledger: noted("x"))
    assert machine.log() == before


@pytest.mark.parametrize("what", [5, None, True, 1.5, "\ud800", ["x"], object()])
def test_an_entry_that_could_not_be_read_back_is_refused(
    machine: TillMachine, till: Terminal, what: object
) -> None:
    before = machine.log()
    with pytest.raises(SaleRefused, match="can't be kept in the log"):
        till.journal.record(lambda ledger: noted(what))
    assert machine.log() == before


def test_an_entry_longer_than_a_frame_is_refused(machine: TillMachine, till: Terminal) -> None:
    before = machine.log()
    with pytest.raises(SaleRefused, match="shorten its texts"):
        till.journal.record(lambda ledger: noted("x" * (1 << 20)))
    assert machine.log() == before
    till.journal.record(lambda ledger: noted("x" * ((1 << 20) - 600)))
    machine.kill()
    assert machine.start().recovery.crashed


def test_nothing_to_write_returns_when_all_before_it_is_durable(
    machine: TillMachine, till: Terminal
) -> None:
    before = machine.log()
    assert till.journal.record(lambda ledger: ()) is None
    assert machine.log() == before


def test_after_the_final_record_there_is_no_other(till: Terminal) -> None:
    till.journal.record(lambda ledger: (), final=True)
    with pytest.raises(Stopped):
        till.journal.record(lambda ledger: noted("x"))


def test_a_full_disk_refuses_one_request_and_keeps_nothing_of_it(machine: TillMachine) -> None:
    till = machine.start()
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    machine.disk.limit_capacity(machine.disk.used_bytes)
    before = machine.log()
    with pytest.raises(DiskFull):
        for _ in range(4_000):
            kept = machine.log()
            sale.add_line("TEA", 1, 0, description="x" * 256)
    assert machine.log() == kept
    assert machine.log().startswith(before)
    assert sale.tender_cash(500).name == "COMMITTED", "the reserve is for this"
    machine.disk.limit_capacity(None)
    till.begin("S1", "EUR", "0001")


@pytest.fixture
def gated() -> tuple[TillMachine, Gate]:
    machine = TillMachine()
    gate = Gate()
    machine.disk = gate
    return machine, gate


def test_what_is_staged_is_never_shown(gated: tuple[TillMachine, Gate]) -> None:
    machine, gate = gated
    till = machine.start()
    sale = till.begin("S1", "EUR", "0001")
    gate.armed = True
    seller = threading.Thread(target=sale.add_line, args=("TEA", 1, 500))
    seller.start()
    assert gate.reached.wait(20)
    assert sale.total_minor == 0
    assert till.x_report().open[0].balance_minor == 0
    gate.go.set()
    seller.join()
    assert sale.total_minor == 500


def test_all_who_wait_behind_a_failed_sync_are_refused_and_nothing_of_them_is_kept(
    gated: tuple[TillMachine, Gate],
) -> None:
    machine, gate = gated
    till = machine.start()
    sale = till.begin("S1", "EUR", "0001")
    gate.armed, gate.error = True, errno.EIO
    told: list[BaseException] = []
    decided = threading.Semaphore(0)

    def sell() -> None:
        def decide(ledger: Ledger) -> tuple[Act, ...]:
            decided.release()
            return noted("x")

        try:
            till.journal.record(decide)
        except BaseException as fault:  # noqa: BLE001  # told below
            told.append(fault)

    threads = [threading.Thread(target=sell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert decided.acquire(timeout=20)
    gate.go.set()
    for thread in threads:
        thread.join()
    assert [type(fault) for fault in told] == [Poisoned] * 8
    with pytest.raises(Poisoned):
        sale.add_line("TEA", 1, 1)


def test_many_who_wait_share_a_sync(gated: tuple[TillMachine, Gate]) -> None:
    machine, gate = gated
    till = machine.start()
    gate.armed = True
    syncs = sum(str(done).startswith("fdatasync") for done in gate.operations)
    decided = threading.Semaphore(0)

    def decide(ledger: Ledger) -> tuple[Act, ...]:
        decided.release()
        return noted("x")

    threads = [threading.Thread(target=till.journal.record, args=(decide,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert decided.acquire(timeout=20)
    gate.go.set()
    for thread in threads:
        thread.join()
    assert sum(str(done).startswith("fdatasync") for done in gate.operations) - syncs == 2
    assert [entry.stamp.lsn for entry in machine.entries()] == list(range(1, 15))


def test_a_short_write_is_finished(machine: TillMachine) -> None:
    counted = FaultyDisk(machine.disk)
    machine.start(disk=counted)
    writes = counted.calls["pwrite"]
    machine = TillMachine()
    till = machine.start(disk=FaultyDisk(machine.disk, ShortWrite(writes + 1, 7)))
    till.journal.record(lambda ledger: noted("whole"))
    assert machine.entries()[-1].act == Event(what="whole")


def test_a_failing_call_never_leaves_the_till_with_another_error_than_its_own(
    machine: TillMachine,
) -> None:
    counted = FaultyDisk(machine.disk)
    machine.start(disk=counted)
    for call in ("pwrite", "fdatasync"):
        other = TillMachine()
        fails = Fails(call, counted.calls[call] + 1, errno.EIO)
        till = other.start(disk=FaultyDisk(other.disk, fails))
        with pytest.raises(Poisoned):
            till.journal.record(lambda ledger: noted("x"))
        with pytest.raises(Poisoned):
            till.journal.record(lambda ledger: noted("x"))


def test_what_was_refused_for_lack_of_space_is_not_staged_any_more(machine: TillMachine) -> None:
    counted = FaultyDisk(machine.disk)
    counted_till = machine.start(disk=counted)
    counted_till.begin("S1", "EUR", "0001")
    write = counted.calls["pwrite"] + 1
    fails = Fails("pwrite", write, errno.ENOSPC, last=write)
    other = TillMachine()
    sale = other.start(disk=FaultyDisk(other.disk, fails)).begin("S1", "EUR", "0001")
    with pytest.raises(DiskFull):
        sale.add_line("TEA", 1, 500)
    assert sale.add_line("TEA", 1, 200) == 1
    assert sale.tender_cash(200).name == "COMMITTED"
