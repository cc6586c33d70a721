"""A receipt that is owed is never lost in silence, whenever the till dies."""

from __future__ import annotations

import errno

import pytest

from kernel import BadInput, DiskFull, SaleRefused, Spool, Terminal
from kernel.disk.history import read_log
from tests.support.crash_images import Bounds, every_crash_image
from tests.support.faults import Fails, FaultyDisk, PowerCut, PowerOff
from tests.support.tills import TillMachine

LIMIT = 3


def started(machine: TillMachine) -> Terminal:
    till = machine.start()
    till.printer.start()
    return till


def close_sale(till: Terminal, code: str = "TEA") -> int:
    """Its number."""
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line(code, 1, 100)
    sale.tender_cash(100)
    return sale.number


def print_all(till: Terminal) -> list[bool]:
    """What is owed, each as whether it is a copy."""
    jobs = till.printer.due()
    for job in jobs:
        till.printer.put(job, f"receipt {job.sale}\n", limit=LIMIT, receipt=job.sale)
    return [job.copy for job in jobs]


def kinds(machine: TillMachine) -> list[str]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    return [str(entry.act.__struct_config__.tag) for entry in log]


def test_a_closed_sale_owes_its_receipt_in_the_write_that_closes_it() -> None:
    machine = TillMachine()
    till = started(machine)
    close_sale(till)
    assert kinds(machine)[-2:] == ["intent", "tender"]
    assert print_all(till) == [False] and till.printer.due() == ()
    assert till.printer.spool.waiting() == ["000000001-receipt-TILL-1.txt"]
    assert kinds(machine)[-1] == "outcome"


def test_a_till_without_a_printer_owes_nothing() -> None:
    machine = TillMachine()
    till = machine.start()
    close_sale(till)
    assert till.printer.due() == () and "intent" not in kinds(machine)


def test_a_crash_before_the_receipt_was_put_gives_a_copy_at_the_next_start() -> None:
    machine = TillMachine()
    close_sale(started(machine))
    machine.kill()
    till = started(machine)
    assert not till.printer.in_spool(till.printer.due()[0])
    assert print_all(till) == [True]
    assert till.printer.spool.waiting() == ["000000001-copy-TILL-1.txt"]
    assert kinds(machine)[-2:] == ["copy", "outcome"]


def test_a_crash_after_it_was_put_and_before_it_was_logged_prints_it_once() -> None:
    machine = TillMachine()
    till = started(machine)
    close_sale(till)
    till.printer.spool.put("000000001-receipt-TILL-1.txt", "receipt 1\n", limit=LIMIT)
    machine.kill()
    till = started(machine)
    (job,) = till.printer.due()
    assert till.printer.in_spool(job)
    till.printer.settle(job)
    assert till.printer.due() == () and len(till.printer.spool.waiting()) == 1


def test_a_power_cut_keeps_what_was_logged_as_spooled() -> None:
    machine = TillMachine()
    till = started(machine)
    close_sale(till)
    print_all(till)
    machine.cut_power()
    till = started(machine)
    assert till.printer.due() == ()
    assert till.printer.spool.read("000000001-receipt-TILL-1.txt") == "receipt 1\n"


def test_a_printer_that_takes_nothing_does_not_fill_the_disk_and_is_said() -> None:
    machine = TillMachine()
    till = started(machine)
    for _ in range(LIMIT):
        close_sale(till)
        print_all(till)
    close_sale(till)
    with pytest.raises(SaleRefused, match="3 receipts wait for the printer"):
        print_all(till)
    assert till.printer.due() == () and len(till.printer.spool.waiting()) == LIMIT
    till.printer.spool.done(till.printer.spool.take() or pytest.fail("one waits"))
    till.printer.ask_copy(4, "anna")
    assert print_all(till) == [True]


def test_a_full_disk_refuses_the_receipt_and_keeps_the_sale() -> None:
    machine = TillMachine()
    disk = FaultyDisk(machine.disk, Fails("rename", 1, errno.ENOSPC, last=1))
    till = machine.start()
    till.printer.start()
    till.printer.spool = Spool(disk, till.printer.spool.directory)
    number = close_sale(till)
    with pytest.raises(DiskFull):
        print_all(till)
    assert till.sale(f"TILL-{number}").receipt_number == 1


def test_what_was_taken_and_never_done_comes_first_and_says_so() -> None:
    till = started(TillMachine())
    for _ in range(2):
        close_sale(till)
    print_all(till)
    spool = till.printer.spool
    first = spool.take()
    assert first is not None and not first.again and first.text == "receipt 1\n"
    again = spool.take()
    assert again is not None and again.again and again.text == first.text
    spool.done(again)
    second = spool.take()
    assert second is not None and second.text == "receipt 2\n" and not second.again
    spool.done(second)
    assert spool.take() is None


def test_names_that_are_no_receipts_are_left_alone() -> None:
    till = started(TillMachine())
    with pytest.raises(BadInput, match="waits"):
        till.printer.spool.read("../transaction.wal")


def test_a_sale_is_found_by_its_receipt_number_and_knows_that_it_was_resumed() -> None:
    machine = TillMachine()
    till = started(machine)
    for _ in range(3):
        close_sale(till)
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("HAM", 1, 100)
    machine.kill()
    till = started(machine)
    till.open_sales[0].tender_cash(100)
    close_sale(till)
    found = till.printer.find("4")
    assert found is not None and found.sale.number == sale.number and found.resumed
    last = till.printer.find("")
    assert last is not None and last.sale.receipt_number == 5 and not last.resumed
    assert till.printer.find("TILL-1") == till.printer.find("1")
    assert till.printer.find("99") is None
    with pytest.raises(BadInput, match="OTHER"):
        till.printer.find("OTHER-1")


def test_after_any_power_cut_a_paid_sale_has_its_receipt_or_a_copy_and_one_original() -> None:
    whole = _until(None)
    assert whole.changes > 10
    for after in range(whole.before, whole.changes):
        _until(after)


def test_after_any_crash_each_closed_sale_has_its_receipt_and_nothing_stays_owed() -> None:
    machine = TillMachine()
    till = started(machine)
    begun_at = len(machine.disk.operations)
    close_sale(till)
    print_all(till)
    till.printer.ask_copy(1, "anna")
    print_all(till)
    recording, judged = machine.disk.recording, 0
    points = range(begun_at, len(recording.operations) + 1)
    for image in every_crash_image(recording, Bounds(limit_per_point=4), points=points):
        machine.disk = image.disk()
        _judge(started(machine))
        judged += 1
    assert judged > 50


def _judge(till: Terminal) -> None:
    _repeat_owed(till)
    assert till.printer.due() == ()
    names = till.printer.spool.waiting()
    found = till.printer.find("TILL-1")
    assert bool(names) == (found is not None and found.sale.receipt_number is not None)
    assert sum("-receipt-" in name for name in names) <= 1


class _Run:
    def __init__(self, before: int, changes: int) -> None:
        self.before, self.changes = before, changes


def _until(after: int | None) -> _Run:
    """Sell and print, the power failing after so many changes of the disk; then look."""
    machine = TillMachine()
    disk = FaultyDisk(machine.disk, *([PowerOff(after)] if after is not None else []))
    till = machine.start(disk=disk)
    till.printer.start()
    before, paid = disk.changes, 0
    try:
        paid = close_sale(till)
        print_all(till)
        changes = disk.changes
    except PowerCut:
        changes = disk.changes
        machine.cut_power()
        till = started(machine)
        _repeat_owed(till)
    found = till.printer.find("TILL-1")
    closed = found is not None and found.sale.receipt_number is not None
    names = till.printer.spool.waiting()
    assert bool(names) == closed and (closed or not paid)
    assert sum("-receipt-" in name for name in names) <= 1
    assert till.printer.due() == ()
    return _Run(before, changes)


def _repeat_owed(till: Terminal) -> None:
    """As the register does at its start."""
    for job in till.printer.due():
        found = till.printer.find(job.transaction)
        if found is None or found.sale.receipt_number is None:
            till.printer.drop(job)
        elif till.printer.in_spool(job):
            till.printer.settle(job)
        else:
            assert job.copy
            till.printer.put(job, "copy\n", limit=LIMIT, receipt=1)
