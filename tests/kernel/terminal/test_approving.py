"""Approvals by PIN at the till and by the manager's signed word, through logs and mail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from errno import ENOSPC

import pytest
from msgspec.structs import replace

from kernel import DiskFull, Host, Sale, SaleRefused, Terminal
from kernel.codec.operators import ApprovalAnswer, ApprovalRequest
from kernel.coordination.approvals import ApprovalOutcome, Awaited
from kernel.disk.files import Disk, read_file
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.entries import Act, Line, SaleAborted
from kernel.model.till_entries import Applied, Approval, ApprovalUsed, Event
from tests.support.crash_images import every_crash_image
from tests.support.faults import FaultyDisk
from tests.support.staff import ANNA, BO, CLEO, PINS, operators_json
from tests.support.tills import ROOT, TillMachine

LAYOUT = Layout(ROOT)
GRANTED, DECLINED = ApprovalOutcome.GRANTED, ApprovalOutcome.DECLINED
WITHDRAWN, TIMED_OUT = ApprovalOutcome.WITHDRAWN, ApprovalOutcome.TIMED_OUT


@pytest.fixture
def machine() -> TillMachine:
    machine = TillMachine()
    with machine.start():
        pass
    machine.write(LAYOUT.operators, operators_json())
    return machine


@pytest.fixture
def till(machine: TillMachine) -> Iterator[Terminal]:
    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        yield till


@contextmanager
def console(machine: TillMachine, disk: Disk | None = None) -> Iterator[Terminal]:
    """The manager's, on the same machine; who manages it is signed on."""
    host = Host(
        disk or machine.disk.process(),
        machine.clock,
        machine.host().random_bytes,
        machine.disk.boot_id,
    )
    with Terminal.start("MANAGER", ROOT, host=host, allow_unsound_locks=True) as manager:
        manager.sign_on(CLEO, PINS[CLEO])
        yield manager


def a_sale(till: Terminal) -> Sale:
    sale = till.begin("S", "EUR", ANNA)
    sale.add_line("COFFEE", 1, 500)
    sale.add_line("TEA", 1, 300)
    return sale


def acts(machine: TillMachine, *kinds: type[Act]) -> list[Act]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    return [entry.act for entry in log if isinstance(entry.act, kinds)]


def deliver(*terminals: Terminal) -> None:
    """Until nobody has mail."""
    for _ in range(3):
        for terminal in terminals:
            terminal.postman.deliver()


class Filling(FaultyDisk):
    """One that takes nothing while it is `full`."""

    full = False

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.full:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return super().pwrite(descriptor, data, offset)


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


# --- by PIN -------------------------------------------------------------------------------


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
    with console(machine) as other:
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


@contextmanager
def asked(
    machine: TillMachine,
    till: Terminal,
    what: str = "void_line",
    line: int = 2,
    new: int | None = None,
) -> Iterator[tuple[Terminal, Sale, Awaited]]:
    """The manager's console, a sale, and what the console has been asked about it."""
    sale = a_sale(till)
    with console(machine) as manager:
        awaited = till.approvals.ask(what, sale=sale, line=line, new=new)
        deliver(manager)
        yield manager, sale, awaited


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
    with console(machine) as first:
        awaited = till.approvals.ask("void_line", sale=sale, line=1)
        deliver(first, till)
        first.postman.let_go = lambda message: None  # type: ignore[method-assign]
        first.approvals.answer(awaited.token, allow=True)
        deliver(till)
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
