"""Several lines of a sale in one write: one refused refuses all; one word allows all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel import DiscountPart, Host, LineKind, Sale, SaleRefused, Terminal
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.entries import Line
from kernel.model.till_entries import ApprovalUsed, Event, PeriodClosed
from kernel.terminal.noting import note
from tests.support.crash_images import every_crash_image
from tests.support.staff import ANNA, BO, PINS, operators_json
from tests.support.tills import ROOT, TillMachine


@pytest.fixture
def machine() -> TillMachine:
    machine = TillMachine()
    with machine.start():
        pass
    machine.write(Layout(ROOT).operators, operators_json())
    return machine


@pytest.fixture
def till(machine: TillMachine) -> Iterator[Terminal]:
    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        yield till


def a_sale(till: Terminal) -> Sale:
    """Beer with its deposit and a discount on it."""
    sale = till.begin("S", "EUR", ANNA)
    sale.add_line("BEER", 1, 500)
    sale.add_line("BOTTLE", 1, 8, kind=LineKind.DEPOSIT, of=1)
    sale.discount(50, line=1)
    return sale


def lines(machine: TillMachine) -> list[tuple[int, Line]]:
    return [(begun, act) for begun, act in machine.writes() if isinstance(act, Line)]


def test_what_hangs_on_a_line_is_void_in_the_same_write(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    assert sale.void_line(1, also=(3, 2)) == 6
    assert sale.total_minor == 0
    voids = lines(machine)[-3:]
    assert [line.of for _, line in voids] == [3, 2, 1]
    assert len({end for end, _ in voids}) == 1


def test_a_line_that_can_not_be_void_keeps_the_others(till: Terminal) -> None:
    sale = a_sale(till)
    with pytest.raises(SaleRefused, match="no line 9"):
        sale.void_line(1, also=(3, 9))
    with pytest.raises(SaleRefused, match="already void"):
        sale.void_line(1, also=(3, 1))
    assert (sale.total_minor, len(sale.lines)) == (458, 3)


def test_lines_are_judged_together_against_what_was_tendered(till: Terminal) -> None:
    sale = till.begin("S", "EUR", ANNA)
    sale.add_line("COFFEE", 1, 60)
    sale.add_line("TEA", 1, 60)
    sale.tender_cash(50)
    with pytest.raises(SaleRefused, match="less than what was tendered"):
        sale.void_line(1, also=(2,))
    assert sale.total_minor == 120
    sale.void_line(1)


def test_no_crash_leaves_a_discount_whose_line_is_void(machine: TillMachine) -> None:
    till = machine.start()
    sale = a_sale(till)
    begun_at = len(machine.disk.operations)
    sale.add_line("BEER", 1, 400, instead_of=(3, 2, 1))
    seen = set()
    for image in every_crash_image(machine.disk.recording):
        if image.at < begun_at:
            continue
        host = Host(image.disk(), machine.clock, machine.host().random_bytes, "another boot")
        with Terminal.start("TILL", ROOT, host=host, allow_unsound_locks=True) as again:
            seen.add(again.open_sales[0].total_minor)
    # What was not acknowledged may be there in part: first the discount goes, then the deposit.
    assert {458, 400} <= seen <= {458, 508, 500, 0, 400}


def test_another_price_is_approved_from_what_the_line_was_worth(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    token = till.approvals.by_pin("price_override", BO, PINS[BO], sale=sale, line=1, new=400)
    with pytest.raises(SaleRefused, match="not for this"):
        till.approvals.use(sale, token).add_line("BEER", 1, 400)
    with pytest.raises(SaleRefused, match="not for this"):
        till.approvals.use(sale, token).add_line("BEER", 1, 399, instead_of=(3, 1))
    till.approvals.use(sale, token).add_line("BEER", 1, 400, instead_of=(3, 1))
    assert [line.approver for _, line in lines(machine)[-3:]] == [BO, BO, BO]


def test_a_discount_in_parts_is_approved_by_the_total_that_it_leaves(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    parts = [DiscountPart(10, ((1, 10),), ()), DiscountPart(5, ((2, 5),), ())]
    token = till.approvals.by_pin("discount", BO, PINS[BO], sale=sale, new=443)
    with pytest.raises(SaleRefused, match="not for this"):
        till.approvals.use(sale, token).discount_in_parts(parts[:1])
    till.approvals.use(sale, token).discount_in_parts(parts, percent_milli=3000, reason="old")
    assert sale.total_minor == 443
    posted = [line for _, line in lines(machine)[-2:]]
    assert [(line.approver, line.reason, line.total_minor) for line in posted] == [
        (BO, "old", -10),
        (BO, "old", -5),
    ]


def test_a_report_and_a_note_can_be_approved(machine: TillMachine, till: Terminal) -> None:
    a_sale(till)
    token = till.approvals.by_pin("x_report", BO, PINS[BO])
    with pytest.raises(SaleRefused, match="not for this"):
        note(till, "reprint", operator=ANNA, approval=token)
    note(till, "x_report", operator=ANNA, approval=token)
    token = till.approvals.by_pin("z_report", BO, PINS[BO])
    till.z_report(ANNA, approval=token)
    log = [
        entry.act
        for entry in read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    ]
    assert sum(isinstance(act, ApprovalUsed) for act in log) == 2
    (closed,) = [act for act in log if isinstance(act, PeriodClosed)]
    (seen,) = [act for act in log if isinstance(act, Event)]
    assert (closed.operator, closed.approver, seen.approver) == (ANNA, BO, BO)
