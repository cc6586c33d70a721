"""What a till does at its start about receipts that an earlier process still owed."""

from __future__ import annotations

import errno

from kernel import Terminal
from posterm.spool.outbox import print_due, start_printing
from tests.support.faults import Fails, FaultyDisk
from tests.support.tills import TillMachine


def started(machine: TillMachine) -> Terminal:
    till = machine.start()
    assert start_printing(till) == ""
    return till


def close_sale(till: Terminal) -> None:
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("TEA", 1, 100)
    sale.tender_cash(100)


def waiting(till: Terminal) -> list[str]:
    return [name.partition("-")[2] for name in till.printer.spool.waiting()]


def test_what_a_crash_left_owed_is_printed_as_a_copy() -> None:
    machine = TillMachine()
    close_sale(started(machine))
    machine.kill()
    till = started(machine)
    assert print_due(till) == "" and waiting(till) == ["copy-TILL-1.txt"]
    assert "*** COPY ***" in till.printer.spool.read(till.printer.spool.waiting()[0])
    close_sale(till)
    assert print_due(till) == "" and waiting(till) == ["copy-TILL-1.txt", "receipt-TILL-2.txt"]


def test_what_lay_in_the_spool_already_is_not_printed_again() -> None:
    machine = TillMachine()
    till = started(machine)
    close_sale(till)
    (job,) = till.printer.due()
    till.printer.spool.put("000000001-receipt-TILL-1.txt", "as it was\n", limit=9)
    machine.kill()
    till = started(machine)
    assert print_due(till) == "" and waiting(till) == ["receipt-TILL-1.txt"]
    assert till.printer.due() == () and job.transaction == "TILL-1"


def test_a_receipt_of_a_sale_that_was_never_closed_is_dropped() -> None:
    till = started(TillMachine())
    sale = till.begin("S1", "EUR", "anna")
    till.printer.ask_copy(sale.number, "anna")
    assert print_due(till) == "" and waiting(till) == [] and till.printer.due() == ()


def test_a_spool_that_can_not_be_written_is_said_and_the_sale_stands() -> None:
    machine = TillMachine()
    till = started(machine)
    close_sale(till)
    till.printer.spool = type(till.printer.spool)(
        FaultyDisk(machine.disk, Fails("open", 1, errno.EACCES)), till.printer.spool.directory
    )
    assert "NOT PRINTED" in print_due(till)
    assert till.sale("TILL-1").receipt_number == 1 and till.printer.due() == ()
