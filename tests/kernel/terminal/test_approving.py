"""Approvals by PIN at the till, through its log: one act, once, as it was shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel import Host, SaleRefused, Terminal
from kernel.coordination.approvals import ApprovalOutcome
from kernel.disk.history import read_log
from kernel.model.entries import Line, SaleAborted
from kernel.model.till_entries import Approval, ApprovalUsed
from tests.support.approving import (
    a_sale,
    acts,
    signed_on,
    staffed,
)
from tests.support.crash_images import every_crash_image
from tests.support.staff import ANNA, BO, PINS
from tests.support.tills import ROOT, TillMachine

GRANTED, DECLINED = ApprovalOutcome.GRANTED, ApprovalOutcome.DECLINED
WITHDRAWN, TIMED_OUT = ApprovalOutcome.WITHDRAWN, ApprovalOutcome.TIMED_OUT


@pytest.fixture
def machine() -> TillMachine:
    return staffed()


@pytest.fixture
def till(machine: TillMachine) -> Iterator[Terminal]:
    with signed_on(machine) as till:
        yield till


def test_a_supervisors_pin_allows_one_discount(machine: TillMachine, till: Terminal) -> None:
    sale = a_sale(till)
    token = till.approvals.by_pin("discount", BO, PINS[BO], sale=sale, line=1, new=400)
    till.approvals.use(sale, token).discount(100, line=1)
    assert sale.total_minor == 700
    approval, _ = acts(machine, Approval, ApprovalUsed)
    assert isinstance(approval, Approval)
    assert (approval.operator, approval.approver, approval.by) == (ANNA, BO, None)
    assert (approval.what, approval.line, approval.old, approval.new) == (
        "discount", 1, "500", "400"
    )  # fmt: skip
    discount = acts(machine, Line)[-1]
    assert (discount.operator, discount.approver) == (ANNA, BO)
    with pytest.raises(SaleRefused, match="spent"):
        till.approvals.use(sale, token).discount(100, line=1)


def test_using_an_approval_and_the_act_are_one_write(machine: TillMachine, till: Terminal) -> None:
    sale = a_sale(till)
    token = till.approvals.by_pin("void_sale", BO, PINS[BO], sale=sale)
    till.approvals.use(sale, token).abort("left")
    *_, (used_in, used), (aborted_in, _) = machine.writes()
    assert isinstance(used, ApprovalUsed) and used_in == aborted_in


def test_another_quantity_is_allowed_for_that_item_at_its_price_alone(till: Terminal) -> None:
    sale = a_sale(till)
    token = till.approvals.by_pin("void_line", BO, PINS[BO], sale=sale, line=1, new=1500)
    allowed = till.approvals.use(sale, token)
    for code, quantity, unit_minor in (("TEA", 3, 500), ("COFFEE", 1, 1500), ("COFFEE", 2, 500)):
        with pytest.raises(SaleRefused, match="not for this"):
            allowed.add_line(code, quantity, unit_minor, instead_of=[1])
    with pytest.raises(SaleRefused, match="not for this"):
        allowed.void_line(1)
    with pytest.raises(SaleRefused, match="not for this"):
        allowed.add_line("COFFEE", 3, 500, instead_of=[2])
    assert sale.total_minor == 800
    allowed.add_line("COFFEE", 3, 500, instead_of=[1])
    assert sale.total_minor == 1800


def test_no_crash_leaves_the_act_without_its_spent_approval(machine: TillMachine) -> None:
    till = machine.start()
    sale = a_sale(till)
    token = till.approvals.by_pin("void_sale", BO, PINS[BO], sale=sale)
    begun_at = len(machine.disk.operations)
    till.approvals.use(sale, token).abort("left")
    seen = set()
    for image in every_crash_image(machine.disk.recording):
        if image.at < begun_at:
            continue
        host = Host(image.disk(), machine.clock, machine.host().random_bytes, "another boot")
        with Terminal.start("TILL", ROOT, host=host, allow_unsound_locks=True):
            log = read_log(host.disk, machine.paths, terminal_is_free=False)
            kinds = [type(entry.act) for entry in log]
        spent, done = ApprovalUsed in kinds, SaleAborted in kinds
        assert spent or not done, image
        seen.add((spent, done))
    assert {(False, False), (True, True)} <= seen


def test_a_cashiers_pin_or_a_wrong_one_allows_nothing(till: Terminal) -> None:
    sale = a_sale(till)
    with pytest.raises(SaleRefused, match="this needs a supervisor"):
        till.approvals.by_pin("discount", ANNA, PINS[ANNA], sale=sale, line=1, new=400)
    with pytest.raises(SaleRefused, match="together"):
        till.approvals.by_pin("discount", BO, "9999", sale=sale, line=1, new=400)


def test_an_approval_of_one_till_is_none_on_another(machine: TillMachine, till: Terminal) -> None:
    token = till.approvals.by_pin("discount", BO, PINS[BO], sale=a_sale(till), line=1, new=400)
    beside = TillMachine("OTHER")
    beside.disk, beside.clock = machine.disk.process(), machine.clock
    with beside.start() as other:
        sale = a_sale(other)
        with pytest.raises(SaleRefused, match="never given"):
            other.approvals.use(sale, token).discount(100, line=1)


def test_a_spent_approval_stays_spent_after_a_kill(machine: TillMachine) -> None:
    till = machine.start()
    till.sign_on(ANNA, PINS[ANNA])
    sale = a_sale(till)
    spent = till.approvals.by_pin("discount", BO, PINS[BO], sale=sale, line=1, new=400)
    till.approvals.use(sale, spent).discount(100, line=1)
    unspent = till.approvals.by_pin("discount", BO, PINS[BO], sale=sale, line=2, new=200)
    machine.kill()
    with machine.start() as till:
        (sale,) = till.open_sales
        for token, line in ((spent, 1), (unspent, 2)):
            with pytest.raises(SaleRefused, match="spent or was never given"):
                till.approvals.use(sale, token).discount(100, line=line)


def test_cash_is_paid_out_under_an_approval_of_that_amount(
    machine: TillMachine, till: Terminal
) -> None:
    token = till.approvals.by_pin("pay_out", BO, PINS[BO], new="70 EUR")
    with pytest.raises(SaleRefused, match="not for this"):
        till.move_cash("pay_out", 71, "EUR", ANNA, approval=token)
    till.move_cash("pay_out", 70, "EUR", ANNA, approval=token)
    assert acts(machine, ApprovalUsed)


# --- by the manager -----------------------------------------------------------------------
