"""Signing on at a till: PINs checked and counted, also across a restart, and never logged."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from errno import ENOSPC
from pathlib import Path

import pytest

from kernel import SaleRefused, Terminal
from kernel.coordination.session import read_session
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, DiskFull
from kernel.model.operators import Role
from kernel.model.staff import SignedOn
from kernel.model.till_entries import Event, OperatorChange
from tests.support.faults import FaultyDisk
from tests.support.meeting import MeetingDisk
from tests.support.processes import python_child
from tests.support.staff import ANNA, BO, CLEO, PINS, operators_json
from tests.support.tills import ROOT, TillMachine

OPERATORS = Layout(ROOT).operators


@pytest.fixture
def machine() -> TillMachine:
    machine = TillMachine()
    with machine.start():
        pass
    machine.write(OPERATORS, operators_json())
    return machine


def guess(till: Terminal, number: str = ANNA, pin: str = "9999") -> str:
    """What a wrong attempt is answered."""
    with pytest.raises(SaleRefused) as refused:
        till.sign_on(number, pin)
    return str(refused.value)


def wrong_pins(machine: TillMachine) -> list[tuple[str | None, int]]:
    acts = [entry.act for entry in machine.entries()]
    return [(act.operator, act.count) for act in acts if isinstance(act, Event)]


def test_a_shop_without_operators_sells_and_says_how_to_add_one() -> None:
    machine = TillMachine()
    with machine.start() as till:
        sale = till.begin("S", "EUR", "anna")
        sale.add_line("X", 1, 100)
        sale.tender_cash(100)
        assert till.signed_on is None
        assert "operator add" in guess(till)


def test_an_operator_signs_on_locks_unlocks_and_signs_off(machine: TillMachine) -> None:
    with machine.start() as till:
        operator = till.sign_on(ANNA, PINS[ANNA])
        assert (operator.number, operator.role) == (ANNA, Role.CASHIER)
        till.lock()
        assert till.signed_on == SignedOn(ANNA, machine.clock.wall_ms(), locked=True)
        with pytest.raises(SaleRefused, match="locked"):
            till.begin("S", "EUR", ANNA)
        till.unlock(ANNA, PINS[ANNA])
        till.begin("S", "EUR", ANNA).abort("left")
        till.sign_off()
        assert till.journal.read(lambda ledger: ledger.staff.signed_on) is None
    changes = [entry.act for entry in machine.entries() if isinstance(entry.act, OperatorChange)]
    assert [(act.how, act.operator) for act in changes] == [
        ("sign_on", ANNA), ("lock", ANNA), ("unlock", ANNA), ("sign_off", ANNA)
    ]  # fmt: skip


def test_the_till_goes_to_another_with_its_open_sales(machine: TillMachine) -> None:
    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        sale = till.begin("S", "EUR", ANNA)
        with pytest.raises(SaleRefused, match="hand over"):
            till.sign_on(BO, PINS[BO])
        till.lock()
        till.hand_over(BO, PINS[BO])
        assert till.signed_on == SignedOn(BO, machine.clock.wall_ms())
        sale.add_line("X", 1, 100, operator=BO)


def test_a_cashier_takes_a_locked_till_over_by_approval_only(machine: TillMachine) -> None:
    with machine.start() as till:
        till.sign_on(BO, PINS[BO])
        till.lock()
        with pytest.raises(SaleRefused, match="must approve"):
            till.hand_over(ANNA, PINS[ANNA])
        token = till.approvals.by_pin("take_over", CLEO, PINS[CLEO], new=ANNA)
        till.hand_over(ANNA, PINS[ANNA], approval=token)
        assert till.signed_on == SignedOn(ANNA, machine.clock.wall_ms())
    last = [entry.act for entry in machine.entries() if isinstance(entry.act, OperatorChange)][-1]
    assert (last.operator, last.to, last.approver) == (BO, ANNA, CLEO)


def test_a_wrong_pin_an_unknown_number_and_a_disabled_one_are_answered_alike(
    machine: TillMachine,
) -> None:
    machine.write(OPERATORS, operators_json(disabled=(BO,)))
    with machine.start() as till:
        answers = {guess(till), guess(till, BO, PINS[BO]), guess(till, "7777", "1234")}
        assert answers == {"number and PIN do not belong together; try again"}
    assert wrong_pins(machine) == [(ANNA, 1), (BO, 1), (None, 1)]


def test_after_three_wrong_pins_a_right_one_waits_too(machine: TillMachine) -> None:
    with machine.start() as till:
        for _ in range(3):
            guess(till)
        assert "wait 5 s" in guess(till, pin=PINS[ANNA])
        till.sign_on(BO, PINS[BO])  # the others need not wait
        till.sign_off()
        machine.clock.advance(5)
        till.sign_on(ANNA, PINS[ANNA])
        till.sign_off()
        assert "together" in guess(till)  # and the count has begun anew


def test_what_is_keyed_while_waiting_is_one_entry_with_a_count(machine: TillMachine) -> None:
    with machine.start() as till:
        for _ in range(3):
            guess(till)
        before = till.journal.last_lsn
        for _ in range(20):
            guess(till)
        assert till.journal.last_lsn == before
        machine.clock.advance(5)
        assert "together" in guess(till)
    assert wrong_pins(machine)[-1] == (ANNA, 21)


@pytest.mark.parametrize("how", ["kill", "cut_power"])
def test_neither_a_kill_nor_a_power_cut_forgives_wrong_pins(machine: TillMachine, how: str) -> None:
    till = machine.start()
    for _ in range(3):
        guess(till)
    getattr(machine, how)()
    with machine.start() as till:
        assert "wait" in guess(till, pin=PINS[ANNA])
        machine.clock.advance(5)
        assert "together" in guess(till)
        assert "wait 10 s" in guess(till, pin=PINS[ANNA])


@pytest.mark.parametrize("step_ms", [-86_400_000, 86_400_000])
def test_turning_the_clock_neither_shortens_nor_stretches_the_wait(
    machine: TillMachine, step_ms: int
) -> None:
    with machine.start() as till:
        for _ in range(3):
            guess(till)
        assert "wait 5 s" in guess(till)
        machine.clock.step_ms = step_ms
        assert "wait 5 s" in guess(till)
        machine.clock.advance(5)
        till.sign_on(ANNA, PINS[ANNA])


def test_a_clock_set_back_over_a_restart_costs_no_more_than_the_wait(machine: TillMachine) -> None:
    till = machine.start()
    for _ in range(3):
        guess(till)
    machine.kill()
    machine.clock.step_ms = -86_400_000
    with machine.start() as till:
        assert "wait 5 s" in guess(till)
        machine.clock.advance(5)
        till.sign_on(ANNA, PINS[ANNA])


def test_guesses_of_several_threads_are_looked_at_one_by_one(machine: TillMachine) -> None:
    with machine.start(disk=MeetingDisk(machine.disk, OPERATORS)) as till:
        guess(till)
        guess(till)
        with ThreadPoolExecutor(2) as pool:
            answers = sorted(pool.map(lambda _: guess(till), range(2)))
    assert ["wait" in answer for answer in answers] == [False, True]


class FullDisk(FaultyDisk):
    full = False

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if self.full:
            raise OSError(ENOSPC, "full")
        return super().pwrite(descriptor, data, offset)


def test_a_full_disk_makes_no_guess_free(machine: TillMachine) -> None:
    disk = FullDisk(machine.disk)
    with machine.start(disk=disk) as till:
        disk.full = True
        for _ in range(3):
            with pytest.raises(DiskFull):
                till.sign_on(ANNA, "9999")
        assert "wait 5 s" in guess(till, pin=PINS[ANNA])
        disk.full = False
        machine.clock.advance(5)
        till.sign_on(ANNA, PINS[ANNA])


def test_watchers_see_who_is_at_the_till_and_no_sale_of_a_locked_one(machine: TillMachine) -> None:
    def shown() -> tuple[str, str | None, str | None]:
        session = read_session(machine.disk.process(), machine.paths.session_data)
        assert session is not None
        return session.activity, session.operator, session.transaction

    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        assert shown() == ("idle", ANNA, None)
        machine.clock.advance(2)
        till.begin("S", "EUR", ANNA).add_line("X", 1, 100)
        assert shown() == ("selling", ANNA, "TILL-1")
        till.lock()
        assert shown() == ("locked", ANNA, None)
        till.hand_over(BO, PINS[BO])
        assert shown() == ("idle", BO, None)


def test_after_a_restart_everybody_signs_on_again(machine: TillMachine) -> None:
    till = machine.start()
    till.sign_on(ANNA, PINS[ANNA])
    sale = till.begin("S", "EUR", ANNA)
    machine.kill()
    with machine.start() as till:
        assert till.signed_on is None
        assert [one.id for one in till.open_sales] == [sale.id]
        till.sign_on(BO, PINS[BO])


def test_no_pin_and_no_unknown_number_stands_in_the_log(machine: TillMachine) -> None:
    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        till.sign_off()
        guess(till, "4711", "0815")
        guess(till, ANNA, "0815")
    log = machine.log()
    assert not any(typed in log for typed in (PINS[ANNA].encode(), b'"4711"', b"0815"))


def test_a_damaged_operators_file_stops_signing_on_and_nothing_else(machine: TillMachine) -> None:
    machine.write(OPERATORS, b'{"format":1,"operators":[{"number":"0001"}]}')
    with machine.start() as till:
        with pytest.raises(BadConfiguration, match="operators"):
            till.sign_on(ANNA, PINS[ANNA])
        till.begin("S", "EUR", "anna")


def test_changes_of_operators_stand_in_the_log_of_whoever_made_them(machine: TillMachine) -> None:
    with machine.start() as till:
        till.operators.set_active(BO, False)
        till.operators.set_role(ANNA, Role.MANAGER)
        with pytest.raises(SaleRefused):
            till.sign_on(BO, PINS[BO])
        assert till.sign_on(ANNA, PINS[ANNA]).role is Role.MANAGER
    events = [entry.act for entry in machine.entries() if isinstance(entry.act, Event)]
    assert [(act.what, act.detail) for act in events] == [
        ("operator_disabled", f"{BO} supervisor"),
        ("operator_role", f"{ANNA} manager"),
        ("pin_failed", None),
    ]


def test_a_till_that_asks_nobody_loads_neither_argon2_nor_cryptography(data_dir: Path) -> None:
    """They cost 140 ms and 15 MB, and a register paints its sign-on screen before it needs them."""
    program = """
import sys
from kernel import Terminal
with Terminal.start("TILL", sys.argv[1]) as till:
    sale = till.begin("S", "EUR", "anna")
    sale.add_line("X", 1, 100)
    sale.tender_cash(100)
print("loaded", sorted({"argon2", "cryptography"} & set(sys.modules)))
"""
    with python_child("-c", program, data_dir) as child:
        assert child.wait_for_line("loaded") == "loaded []"
