"""Approvals by the manager's signed word, through mail and logs: asked, answered, used once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import EIO, ENOSPC

import pytest
from msgspec.structs import replace

from kernel import DiskFull, Host, SaleRefused, Terminal
from kernel.codec.operators import ApprovalAnswer, ApprovalRequest
from kernel.coordination.approvals import ApprovalOutcome
from kernel.disk.files import read_file
from kernel.disk.history import read_log
from kernel.model.till_entries import Applied, Approval, Event
from tests.support.approving import (
    LAYOUT,
    a_sale,
    acts,
    asked,
    console,
    deliver,
    signed_on,
    staffed,
)
from tests.support.faults import FaultyDisk
from tests.support.staff import ANNA, BO, CLEO, PINS
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


class Filling(FaultyDisk):
    """One that takes nothing while it is `full`."""

    full = False

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.full:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return super().pwrite(descriptor, data, offset)


class Keeping(FaultyDisk):
    """One that deletes no message while it `keeps`."""

    keeps = False

    def unlink(self, path: str) -> None:
        if self.keeps and path.startswith(LAYOUT.terminal_inbox):
            raise OSError(EIO, os.strerror(EIO))
        super().unlink(path)


def test_an_answer_that_finds_no_space_can_be_given_again(machine: TillMachine) -> None:
    disk = Filling(machine.disk.process())
    with machine.start() as till, console(machine, disk) as manager:
        till.sign_on(ANNA, PINS[ANNA])
        awaited = till.approvals.ask("discount", sale=a_sale(till), line=1, new=400)
        deliver(till, manager)
        (asked,) = manager.approvals.requests.all()
        disk.full = True
        with pytest.raises(DiskFull):
            manager.approvals.answer(asked.request.token, allow=True)
        disk.full = False
        manager.approvals.answer(asked.request.token, allow=True)
        deliver(manager, till)
        assert awaited.outcome is GRANTED


def test_the_managers_word_comes_by_mail_and_allows_one_act(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    with console(machine) as manager:
        awaited = till.approvals.ask("void_line", sale=sale, line=2, reason="broken")
        deliver(manager)
        (found,) = manager.approvals.requests.all()
        assert (found.terminal, found.request.operator, found.request.reason) == (
            "TILL", ANNA, "broken"
        )  # fmt: skip
        manager.approvals.answer(found.request.token, allow=True)
        assert awaited.outcome is ApprovalOutcome.AWAITED
        deliver(till)
        assert (awaited.outcome, awaited.wait()) == (GRANTED, GRANTED)
        assert manager.approvals.requests.all() == ()
    till.approvals.use(sale, awaited.token).void_line(2)
    (approval,) = acts(machine, Approval)
    assert isinstance(approval, Approval)
    assert (approval.operator, approval.approver, approval.by) == (ANNA, CLEO, "MANAGER")
    assert approval.key is not None and len(approval.key) == 16
    assert approval.applied is not None


def test_a_sale_is_not_paid_while_an_approval_is_awaited_but_goes_on(
    machine: TillMachine, till: Terminal
) -> None:
    sale, other = a_sale(till), a_sale(till)
    with console(machine):
        awaited = till.approvals.ask("void_line", sale=sale, line=2)
        for pay in (lambda: sale.tender_cash(800), sale.tender_card):
            with pytest.raises(SaleRefused, match="awaited for void_line of line 2"):
                pay()
        sale.add_line("MILK", 1, 1)
        other.tender_cash(800)
        till.approvals.withdraw(awaited)
        sale.tender_cash(801)


def inbox(machine: TillMachine, terminal: str) -> list[str]:
    names = machine.disk.process().listdir(f"{ROOT}/shared/cross_terminal_messages/terminal_inbox")
    return [name for name in names if name.startswith(f"{terminal}_")]


def test_a_request_waits_for_the_next_console_when_one_dies_and_is_logged_once(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    with console(machine) as first:
        awaited = till.approvals.ask("void_line", sale=sale, line=1)
        other = till.approvals.ask("void_line", sale=sale, line=2)
        deliver(first, till)
        assert len(first.approvals.requests.all()) == 2
        till.approvals.withdraw(other)
        deliver(first, till)
    with console(machine) as second:
        deliver(second, till)
        (found,) = second.approvals.requests.all()
        assert found.request == awaited.request
        second.approvals.answer(found.request.token, allow=True)
        deliver(till, second)
        assert awaited.outcome is GRANTED
        log = read_log(machine.disk.process(), second._paths, terminal_is_free=False)
        applied = [entry.act for entry in log if entry.act.applied == found.message]
        assert len(applied) == 1, "told of twice, handled once"
    with console(machine) as third:
        deliver(third)
        assert third.approvals.requests.all() == ()
    machine.clock.advance(61)
    with console(machine) as last:
        deliver(last)
        assert inbox(machine, "MANAGER") == []
    till.approvals.use(sale, awaited.token).void_line(1)
    with pytest.raises(SaleRefused):
        till.approvals.use(sale, awaited.token).void_line(2)


def test_a_console_that_comes_too_late_finds_no_request(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    with console(machine) as first:
        till.approvals.ask("void_line", sale=sale, line=1)
        deliver(first, till)
    machine.clock.advance(60)
    with console(machine) as second:
        deliver(second, till)
        assert second.approvals.requests.all() == ()
        assert inbox(machine, "MANAGER") == []
    sale.tender_cash(800)


def test_a_second_word_on_what_was_answered_changes_nothing(
    machine: TillMachine, till: Terminal
) -> None:
    """The first console died between its answer and the deletion of the request."""
    sale = a_sale(till)
    disk = Keeping(machine.disk.process())
    with console(machine, disk) as first:
        awaited = till.approvals.ask("void_line", sale=sale, line=1)
        deliver(first, till)
        disk.keeps = True
        first.approvals.answer(awaited.token, allow=True)
        deliver(till)
        disk.keeps = False
    with console(machine) as second:
        deliver(second)
        (found,) = second.approvals.requests.all()
        second.approvals.answer(found.request.token, allow=False)
        deliver(till, second)
        assert awaited.outcome is GRANTED
    assert len(acts(machine, Approval)) == 1 and acts(machine, Event) == []


def test_nobody_is_asked_where_no_console_runs(till: Terminal) -> None:
    sale = a_sale(till)
    with pytest.raises(SaleRefused, match="no manager's console"):
        till.approvals.ask("void_line", sale=sale, line=2)
    sale.tender_cash(800)


def test_a_declined_request_leaves_an_event_with_both_names(
    machine: TillMachine, till: Terminal
) -> None:
    with asked(machine, till, "discount", line=1, new=1) as (manager, sale, awaited):
        manager.approvals.answer(awaited.token, allow=False, reason="no")
        deliver(till)
    assert (awaited.outcome, awaited.reason) == (DECLINED, "no")
    (event,) = acts(machine, Event)
    assert isinstance(event, Event)
    assert (event.what, event.operator, event.approver) == ("approval_declined", ANNA, CLEO)
    assert event.detail == "discount of line 1 from 500 to 1"
    sale.tender_cash(800)


def test_after_a_minute_nobody_waits_and_the_answer_changes_nothing(
    machine: TillMachine, till: Terminal
) -> None:
    with asked(machine, till) as (manager, sale, awaited):
        machine.clock.advance(59.9)
        manager.approvals.answer(awaited.token, allow=True)
        machine.clock.advance(0.1)
        assert (awaited.outcome, awaited.wait()) == (TIMED_OUT, TIMED_OUT)
        deliver(till)
        assert awaited.outcome is TIMED_OUT
    assert acts(machine, Approval) == []
    sale.tender_cash(800)


def test_a_request_that_is_taken_back_leaves_the_console_and_its_answer_is_refused(
    machine: TillMachine, till: Terminal
) -> None:
    sale = a_sale(till)
    with console(machine) as manager:
        first = till.approvals.ask("void_line", sale=sale, line=1)
        second = till.approvals.ask("void_line", sale=sale, line=2)
        deliver(manager)
        manager.approvals.answer(first.token, allow=True)
        till.approvals.withdraw(first)
        till.approvals.withdraw(second)
        deliver(manager, till)
        assert (first.outcome, second.outcome) == (WITHDRAWN, WITHDRAWN)
        assert manager.approvals.requests.all() == ()
        with pytest.raises(SaleRefused, match="withdrawn"):
            manager.approvals.answer(second.token, allow=True)
    assert acts(machine, Approval) == []
    refused = [act for act in acts(machine, Applied) if isinstance(act, Applied) and act.reason]
    assert "withdrawn" in refused[-1].reason


def test_an_answer_about_a_line_that_has_changed_is_refused(
    machine: TillMachine, till: Terminal
) -> None:
    with asked(machine, till, line=1) as (manager, sale, awaited):
        sale.discount(50, line=1)
        manager.approvals.answer(awaited.token, allow=True)
        deliver(till)
    assert awaited.outcome is DECLINED and "changed" in (awaited.reason or "")
    assert acts(machine, Approval) == []


def test_the_console_allows_only_what_its_operator_may(
    machine: TillMachine, till: Terminal
) -> None:
    with asked(machine, till, "discount", line=1, new=1) as (manager, _, awaited):
        with pytest.raises(SaleRefused, match="this needs a supervisor"):
            manager.approvals.answer(awaited.token, allow=True, number=ANNA, pin=PINS[ANNA])
        manager.lock()
        with pytest.raises(SaleRefused, match="nobody is signed on"):
            manager.approvals.answer(awaited.token, allow=True)
        manager.approvals.answer(awaited.token, allow=True, number=BO, pin=PINS[BO])
        deliver(till)
    assert awaited.outcome is GRANTED
    assert acts(machine, Approval)[0].approver == BO


def test_an_answer_that_manager_did_not_sign_allows_nothing(
    machine: TillMachine, till: Terminal
) -> None:
    """Another till says what the manager would say: in its own name, and in the manager's."""
    sale = a_sale(till)
    process = machine.disk.process()
    host = Host(process, machine.clock, machine.host().random_bytes, machine.disk.boot_id)
    with console(machine) as manager:
        manager.signatures.sign(b"so that there is a key")
        awaited = till.approvals.ask("void_line", sale=sale, line=2)
        request = awaited.request
        lie = answer_to(request)
        with Terminal.start("ROGUE", ROOT, host=host, allow_unsound_locks=True) as rogue:
            with pytest.raises(SaleRefused, match="only MANAGER signs"):
                rogue.send("TILL", "approval_answer", lie, 60)
        manager.send("TILL", "approval_answer", lie, 60)
        strip_signature(machine)
        deliver(till)
    assert awaited.outcome is ApprovalOutcome.AWAITED
    assert acts(machine, Approval) == []


def answer_to(request: ApprovalRequest) -> ApprovalAnswer:
    return ApprovalAnswer(
        token=request.token,
        granted=True,
        approver=CLEO,
        what=request.what,
        transaction=request.transaction,
        line=request.line,
        old=request.old,
        new=request.new,
    )


@pytest.mark.parametrize(
    "other", [{"line": 1}, {"old": "1"}, {"new": "1"}, {"transaction": "TILL-9"}]
)
def test_a_signed_answer_to_another_question_allows_nothing(
    machine: TillMachine, till: Terminal, other: dict[str, str | int]
) -> None:
    sale = a_sale(till)
    with console(machine) as manager:
        awaited = till.approvals.ask("void_line", sale=sale, line=2)
        answer = replace(answer_to(awaited.request), **other)
        manager.send("TILL", "approval_answer", answer, 60)
        deliver(till)
    assert awaited.outcome is DECLINED and "something else" in (awaited.reason or "")
    assert acts(machine, Approval) == []


def answer_file(machine: TillMachine) -> tuple[str, bytes]:
    """Path and bytes of the manager's answer in the till's inbox."""
    disk = machine.disk.process()
    for name in disk.listdir(LAYOUT.terminal_inbox):
        path = os.path.join(LAYOUT.terminal_inbox, name)
        data = read_file(disk, path, 1 << 16) or b""
        if b'"approval_answer"' in data:
            return path, data
    raise AssertionError("there is no answer")


def strip_signature(machine: TillMachine) -> None:
    path, data = answer_file(machine)
    head, found, _ = data.partition(b',"signature"')
    assert found
    machine.write(path, head + b',"signature":null}')


def test_an_answer_that_arrives_twice_allows_once(machine: TillMachine, till: Terminal) -> None:
    with asked(machine, till) as (manager, _, awaited):
        manager.approvals.answer(awaited.token, allow=True)
        path, data = answer_file(machine)
        deliver(till)
        machine.write(path, data)
        deliver(till)
    assert len(acts(machine, Approval)) == 1


def test_eight_threads_with_one_approval_do_one_act(machine: TillMachine, till: Terminal) -> None:
    sale = a_sale(till)
    token = till.approvals.by_pin("discount", BO, PINS[BO], sale=sale, new=700)

    def use(_: int) -> bool:
        try:
            till.approvals.use(sale, token).discount(100)
        except SaleRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(use, range(8))) == [False] * 7 + [True]
    assert sale.total_minor == 700
