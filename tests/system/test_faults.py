"""Let each single call to the disk fail in each way: an error that says so, and nothing is lost.

A workload is run once to count its calls, then again with a fault at every one of them. What was
acknowledged is in the log, what was refused is not; where nobody can know, the process is
poisoned and writes no more. Nothing of the kernel is replaced: only the disk says no.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from threading import Thread

import pytest

from kernel import DiskFull, KernelError, Poisoned, Sale, SaleRefused, State, Terminal
from kernel.coordination.registry import Registry
from kernel.disk.lock import probe
from tests.support.clock import ManualClock
from tests.support.crash_check import contents
from tests.support.crash_images import Bounds, crash_images
from tests.support.faults import CHANGING, Fails, FaultyDisk, ShortWrite
from tests.support.memory_disk import MemoryDisk
from tests.support.story import LAYOUT, PATHS, TILL, Bodies, business, log_of, start_till

ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EDQUOT)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
SEGMENT_BYTES = 1_100
ON_THE_LOG = ("pwrite", "fdatasync", "ftruncate", "reserve")


class Run:
    """A till that sells on a faulty disk, and what it acknowledged."""

    def __init__(self, *faults: Fails | ShortWrite) -> None:
        self.memory = MemoryDisk()
        self.disk = FaultyDisk(self.memory, *faults)
        self.told: Bodies = ()
        self.refused: list[KernelError] = []
        self.till: Terminal | None = None

    def start(self) -> bool:
        """Whether it started; a start that didn't has left nothing behind."""
        try:
            self.till = start_till(self.disk, segment_bytes=SEGMENT_BYTES)
        except KernelError as refusal:
            self.refused.append(refusal)
            assert probe(self.memory, PATHS.lock) is None, "the lock is still held"
            registry = Registry(self.memory, LAYOUT, clock=ManualClock())
            assert TILL not in {entry.terminal for entry in registry.read()}
            return False
        self.told = log_of(self.memory)
        return True

    def do(self, call: Callable[[Terminal], object]) -> None:
        assert self.till is not None
        poisoned = self._poison()
        calls = [self.disk.calls[name] for name in ON_THE_LOG]
        try:
            call(self.till)
        except KernelError as refusal:
            self.refused.append(refusal)
            if isinstance(refusal, SaleRefused) and self._poison() is None:
                assert business(log_of(self.memory)) == business(self.told), "refused, yet logged"
            if poisoned is not None:
                assert isinstance(refusal, Poisoned) or not self.till.open_sales
                assert calls == [self.disk.calls[name] for name in ON_THE_LOG], "written to"
        else:
            assert poisoned is None, "acknowledged by a poisoned process"
            self.told = log_of(self.memory)

    def _poison(self) -> KernelError | None:
        return next((error for error in self.refused if isinstance(error, Poisoned)), None)

    def day(self) -> None:
        """Sales, a rotation by size, a Z, a stop and another start."""
        if not self.start():
            return
        for price in (100, 250):
            self.do(lambda till: till.begin("S1", "EUR", "anna"))
            self.do(partial(add_line, price_minor=price))
            self.do(lambda till: current(till).void_line(1))
            self.do(lambda till: current(till).add_line("2", 3, 50))
            self.do(lambda till: current(till).tender_cash(500))
        self.do(lambda till: till.z_report("anna"))
        self.do(lambda till: till.begin("S1", "EUR", "anna"))
        assert self.till is not None
        with suppress(DiskFull):  # then the next start finds no goodbye, and recovers
            self.till.stop()
        assert probe(self.memory, PATHS.lock) is None, "stopped, and the lock is still held"
        self.told = max(self.told, log_of(self.memory)) if self._poison() is None else self.told

    def prove(self, proved: set[int] | None = None) -> None:
        """All that was told is there: in the next process, and after a power cut.

        `proved` are the disks of which that is known: many faults leave the same one.
        """
        self.memory.kill()
        recording = self.memory.recording
        bounds = Bounds(limit_per_point=2, versions_per_file=2, names_window=0)
        left = [
            image.disk() for image in crash_images(recording, len(recording.operations), bounds)
        ]
        for disk in (*left, self.memory):
            case = hash((contents(disk.volume), disk.boot_id, self.told))
            if proved is not None and case in proved:
                continue
            till = start_till(disk, segment_bytes=SEGMENT_BYTES)
            log = log_of(disk)
            assert log[: len(self.told)] == self.told
            sale = till.begin("S1", "EUR", "bert")
            sale.add_line("9", 1, 10)
            assert sale.tender_cash(10) is State.COMMITTED
            if proved is not None:
                proved.add(case)


def current(till: Terminal) -> Sale:
    """The last open sale; a cashier without one rings nothing."""
    if not till.open_sales:
        raise SaleRefused("no sale is open")
    return till.open_sales[-1]


def add_line(till: Terminal, price_minor: int) -> None:
    current(till).add_line("1", 1, price_minor)


def calls_of_a_day() -> list[tuple[str, int]]:
    run = Run()
    run.day()
    assert not run.refused or all(isinstance(error, SaleRefused) for error in run.refused)
    return [(call, n) for call in sorted(CHANGING) for n in range(1, run.disk.calls[call] + 1)]


def every_fault(error: int, *, afterwards: bool = False) -> Iterator[Fails]:
    for call, number in calls_of_a_day():
        yield Fails(call, number, error, last=number, afterwards=afterwards)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_one_failing_call_never_loses_what_was_acknowledged(error: int) -> None:
    faults = list(every_fault(error))
    assert len(faults) > 140
    proved: set[int] = set()
    for fault in faults:
        run = Run(fault)
        try:
            run.day()
            run.prove(proved)
        except Exception as failure:
            failure.add_note(f"with {fault}")
            raise


@pytest.mark.torture
@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_a_call_that_is_done_and_then_fails_loses_nothing_either(error: int) -> None:
    for fault in every_fault(error, afterwards=True):
        run = Run(fault)
        run.day()
        run.prove()


@pytest.mark.parametrize("size_bytes", [1, 40])
def test_a_short_write_is_written_to_its_end(size_bytes: int) -> None:
    whole = Run()
    whole.day()
    for number in range(1, whole.disk.calls["pwrite"] + 1):
        run = Run(ShortWrite(number, size_bytes))
        run.day()
        assert log_of(run.memory) == log_of(whole.memory)
        run.prove()


@pytest.mark.parametrize("error", [errno.EIO, errno.EROFS, errno.EFBIG], ids=errno.errorcode.get)
def test_a_sync_that_fails_poisons_the_process_for_good(error: int) -> None:
    run = Run()
    assert run.start()
    syncs = run.disk.calls["fdatasync"]
    run = Run(Fails("fdatasync", syncs + 1, error, last=syncs + 1))
    assert run.start()
    for _ in range(5):  # the disk works again; this process must not believe it
        run.do(lambda till: till.begin("S1", "EUR", "anna"))
    assert [type(refusal) for refusal in run.refused] == [Poisoned] * 5
    run.prove()


@pytest.mark.parametrize("error", NO_ROOM, ids=errno.errorcode.get)
def test_a_full_disk_refuses_and_the_till_goes_on_when_there_is_room(error: int) -> None:
    run = Run()
    assert run.start()
    writes = run.disk.calls["pwrite"]
    run = Run(Fails("pwrite", writes + 1, error, last=writes + 3))
    assert run.start()
    for _ in range(4):
        run.do(lambda till: till.begin("S1", "EUR", "anna"))
    assert [isinstance(refusal, SaleRefused) for refusal in run.refused] == [True] * 3
    assert run.till is not None
    assert [sale.number for sale in run.till.open_sales] == [1]  # the numbers were used again
    run.prove()


@pytest.mark.parametrize("seed", range(4))
def test_a_refused_batch_refuses_what_was_decided_on_top_of_it(seed: int) -> None:
    """Eight cashiers at one till whose disk is full now and then.

    Two writes at least: of one after the other, one is the log's (the mark may stay behind).
    """
    full = (Fails("pwrite", n, errno.ENOSPC, last=n + 1 + seed) for n in range(20, 400, 17 + seed))
    run = Run(*full)
    assert run.start()
    till = run.till
    assert till is not None
    paid: list[tuple[int, int]] = []
    refused: list[KernelError] = []

    def cashier() -> None:
        for _ in range(12):
            try:
                sale = till.begin("S1", "EUR", "anna")
                sale.add_line("1", 1, 100)
                sale.tender_cash(100)
            except SaleRefused as refusal:
                refused.append(refusal)
            else:
                paid.append((sale.receipt_number or 0, sale.number))

    cashiers = [Thread(target=cashier) for _ in range(8)]
    for thread in cashiers:
        thread.start()
    for thread in cashiers:
        thread.join(30)
    assert not any(thread.is_alive() for thread in cashiers), "somebody waits for ever"
    assert refused and paid
    assert sorted(receipt for receipt, _ in paid) == list(range(1, len(paid) + 1))
    numbers = sorted([number for _, number in paid] + [sale.number for sale in till.open_sales])
    assert numbers == list(range(1, len(numbers) + 1))
    run.told = log_of(run.memory)
    run.prove()


def test_a_start_that_fails_leaves_the_till_free_for_the_next() -> None:
    run = Run(Fails("fdatasync", 1, errno.EIO))
    assert not run.start()
    assert os.path.basename(PATHS.lock) not in run.memory.listdir(PATHS.directory)
    assert start_till(run.memory).open_sales == []


def test_a_start_that_fails_at_a_rename_does_not_keep_the_next_one_out() -> None:
    counted = FaultyDisk(MemoryDisk())
    start_till(counted).stop()
    for number in range(1, counted.calls["rename"] + 1):
        memory = MemoryDisk()
        with suppress(KernelError):
            start_till(FaultyDisk(memory, Fails("rename", number, errno.EIO, last=number))).stop()
        start_till(memory).stop()
