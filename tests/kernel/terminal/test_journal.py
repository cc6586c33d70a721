"""Decide, record, apply: what callers are told, and when."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from opcode import opmap
from types import FrameType
from typing import Any, Self

import pytest

from kernel import DiskFull, Poisoned, SaleRefused, Stopped, Terminal
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event, PeriodOpened
from kernel.terminal.journal import Journal
from tests.support.faults import Fails, FaultyDisk, ShortWrite
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    return machine.start()


def noted(what: Any) -> tuple[Act, ...]:
    return (Event(what=what),)


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


class _Gate(MemoryDisk):
    """Holds its first armed sync until it is let go; then that sync fails, if told so."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.armed = False
        self.error = 0
        self.reached = threading.Event()
        self.go = threading.Event()

    def fdatasync(self, descriptor: int) -> None:
        if self.armed:
            self.armed = False
            self.reached.set()
            assert self.go.wait(20)
            if self.error:
                raise OSError(self.error, "planned")
        super().fdatasync(descriptor)


@pytest.fixture
def gated() -> tuple[TillMachine, _Gate]:
    machine = TillMachine()
    gate = _Gate()
    machine.disk = gate
    return machine, gate


def test_what_is_staged_is_never_shown(gated: tuple[TillMachine, _Gate]) -> None:
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
    gated: tuple[TillMachine, _Gate],
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


def test_many_who_wait_share_a_sync(gated: tuple[TillMachine, _Gate]) -> None:
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


_ANSWERS_SIGNALS = frozenset(opmap[name] for name in ("CALL", "RESUME", "JUMP_BACKWARD"))


class _Interrupt:
    """Ctrl+C at the nth place in the journal where Python lets a signal in."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.came = False
        self._ran: dict[FrameType, int] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> Self | None:
        if not frame.f_code.co_filename.endswith(os.path.join("terminal", "journal.py")):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            before = self._ran.get(frame)
            self._ran[frame] = frame.f_code.co_code[frame.f_lasti]
            if before in _ANSWERS_SIGNALS:
                self._count()
        return self

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            sys.settrace(None)
            self.came = True
            raise KeyboardInterrupt

    def __enter__(self) -> None:
        sys.settrace(self)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


Story = Callable[[TillMachine, _Interrupt], Iterator[list[threading.Thread]]]
"""Yields the threads that must end by themselves; what follows is checked on the killed machine."""


def _told_with_an_interrupt_at_every_moment(story: Story) -> None:
    for at in range(1, 2_000):
        machine, interrupt = TillMachine(), _Interrupt(at)
        telling = story(machine, interrupt)
        for thread in next(telling):
            thread.join(5)
            assert not thread.is_alive(), f"waits for ever after interrupt {at}"
        machine.kill()
        assert next(telling, None) is None
        machine.start()
        if not interrupt.came:
            assert at > 20, "the interrupts came where the work is done"
            return
    raise AssertionError("the story never ran to its end")


def _started(call: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=call, args=arguments, daemon=True)
    thread.start()
    return thread


def _held_in_a_write(
    machine: TillMachine, write: Callable[[Terminal], object]
) -> tuple[Terminal, _Gate, threading.Thread]:
    """A till of which another thread is in the middle of `write`, until the gate opens."""
    machine.disk = gate = _Gate()
    till = machine.start()
    gate.armed = True
    writer = _started(write, till)
    assert gate.reached.wait(20)
    return till, gate, writer


def _note_first(till: Terminal) -> None:
    till.journal.record(lambda _: noted("first"))


def test_ctrl_c_at_any_moment_leaves_a_journal_that_answers() -> None:
    """The entry is logged or it isn't; who comes next is served or told, and never waits."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        till = machine.start()
        with suppress(KeyboardInterrupt), interrupt:
            till.journal.record(lambda _: noted("first"))
        yield [_started(_record_or_be_told, till)]

    _told_with_an_interrupt_at_every_moment(story)


def test_ctrl_c_at_any_moment_of_waiting_leaves_a_journal_that_answers() -> None:
    """Who waits behind another may be made the leader at the very moment of the interrupt."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        till, gate, leader = _held_in_a_write(machine, _note_first)
        gone_on = threading.Event()
        opener = _started(_open_once_queued, till, gate, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.journal.record(lambda _: noted("second"))
        gone_on.set()
        yield [opener, leader, _started(_record_or_be_told, till)]

    _told_with_an_interrupt_at_every_moment(story)


def test_ctrl_c_at_any_moment_of_leading_leaves_nobody_asleep() -> None:
    """Its batch holds others, and more queue behind it while it syncs."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        till, gate, first = _held_in_a_write(machine, _note_first)
        others = [
            threading.Thread(target=_noted_or_told, args=(till,), daemon=True) for _ in range(4)
        ]
        gone_on = threading.Event()
        opener = _started(_fill_two_batches, till, gate, others, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.journal.record(lambda _: noted("leads"))
        gone_on.set()
        yield [opener, first, *others]

    _told_with_an_interrupt_at_every_moment(story)


def _fill_two_batches(
    till: Terminal, gate: _Gate, others: list[threading.Thread], gone_on: threading.Event
) -> None:
    """Two of them behind the leader to be, which then leads; the other two while it syncs."""
    journal, leading = till.journal, gate.go
    while not (journal._queue or gone_on.wait(0.001)):
        pass
    _start_and_wait_for(journal, others[:2], gone_on)
    gate.reached, gate.go, gate.armed = threading.Event(), threading.Event(), True
    leading.set()
    while not (gate.reached.is_set() or gone_on.wait(0.001)):
        pass
    _start_and_wait_for(journal, others[2:], gone_on)
    gate.armed = False
    gate.go.set()


def _start_and_wait_for(
    journal: Journal, threads: list[threading.Thread], gone_on: threading.Event
) -> None:
    queued = len(journal._queue) + len(threads)
    for thread in threads:
        thread.start()
    while len(journal._queue) < queued and not gone_on.wait(0.001):
        pass


def _noted_or_told(till: Terminal) -> None:
    with suppress(Poisoned):
        till.journal.record(lambda ledger: noted("other"))


def _open_once_queued(till: Terminal, gate: _Gate, gone_on: threading.Event) -> None:
    while not (till.journal._queue or gone_on.wait(0.001)):
        pass
    gate.go.set()


def _record_or_be_told(till: Terminal) -> None:
    with suppress(Poisoned):
        till.journal.record(lambda ledger: noted("second"))
    till.stop()


def test_a_stop_that_ctrl_c_breaks_off_waits_for_who_still_writes() -> None:
    """The log is never closed under a write: what its thread was told of is in it."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        told: list[object] = []

        def write(till: Terminal) -> None:
            try:
                told.append(till.journal.record(lambda _: noted("first")))
            except BaseException as fault:  # noqa: BLE001  # told below
                told.append(fault)

        till, gate, writer = _held_in_a_write(machine, write)
        gone_on = threading.Event()
        opener = _started(_open_once_queued, till, gate, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.stop()
        gone_on.set()
        yield [opener, writer]
        assert told == [None], "its log was closed under it"
        assert Event(what="first") in [entry.act for entry in machine.entries()]

    _told_with_an_interrupt_at_every_moment(story)
