"""Ctrl+C at any moment of a write: the entry is logged or it is not, and nobody waits for ever."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from opcode import opmap
from types import FrameType
from typing import Self

from kernel import Poisoned, Terminal
from kernel.model.till_entries import Event
from kernel.terminal.journal import Journal
from tests.support.gate import Gate, noted, started
from tests.support.tills import TillMachine

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


def _held_in_a_write(
    machine: TillMachine, write: Callable[[Terminal], object]
) -> tuple[Terminal, Gate, threading.Thread]:
    """A till of which another thread is in the middle of `write`, until the gate opens."""
    machine.disk = gate = Gate()
    till = machine.start()
    gate.armed = True
    writer = started(write, till)
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
        yield [started(_record_or_be_told, till)]

    _told_with_an_interrupt_at_every_moment(story)


def test_ctrl_c_at_any_moment_of_waiting_leaves_a_journal_that_answers() -> None:
    """Who waits behind another may be made the leader at the very moment of the interrupt."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        till, gate, leader = _held_in_a_write(machine, _note_first)
        gone_on = threading.Event()
        opener = started(_open_once_queued, till, gate, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.journal.record(lambda _: noted("second"))
        gone_on.set()
        yield [opener, leader, started(_record_or_be_told, till)]

    _told_with_an_interrupt_at_every_moment(story)


def test_ctrl_c_at_any_moment_of_leading_leaves_nobody_asleep() -> None:
    """Its batch holds others, and more queue behind it while it syncs."""

    def story(machine: TillMachine, interrupt: _Interrupt) -> Iterator[list[threading.Thread]]:
        till, gate, first = _held_in_a_write(machine, _note_first)
        others = [
            threading.Thread(target=_noted_or_told, args=(till,), daemon=True) for _ in range(4)
        ]
        gone_on = threading.Event()
        opener = started(_fill_two_batches, till, gate, others, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.journal.record(lambda _: noted("leads"))
        gone_on.set()
        yield [opener, first, *others]

    _told_with_an_interrupt_at_every_moment(story)


def _fill_two_batches(
    till: Terminal, gate: Gate, others: list[threading.Thread], gone_on: threading.Event
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


def _open_once_queued(till: Terminal, gate: Gate, gone_on: threading.Event) -> None:
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
        opener = started(_open_once_queued, till, gate, gone_on)
        with suppress(KeyboardInterrupt), interrupt:
            till.stop()
        gone_on.set()
        yield [opener, writer]
        assert told == [None], "its log was closed under it"
        assert Event(what="first") in [entry.act for entry in machine.entries()]

    _told_with_an_interrupt_at_every_moment(story)
