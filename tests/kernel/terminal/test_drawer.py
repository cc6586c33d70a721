"""The period of a till: its drawer, its X and its Z."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from kernel import (
    Terminal,
)
from kernel.disk.files import read_file
from kernel.model.till_entries import PeriodClosed
from tests.support.tills import TillMachine, refused, sell


def test_a_drawer_holds_what_came_in_less_what_went_out(till: Terminal) -> None:
    till.open_period("0001", 10_000, "EUR", drawer="D1")
    sell(till, 500)
    till.move_cash("pay_in", 300, "EUR", "0001", reason="coins")
    till.move_cash("pay_out", 200, "EUR", "0001")
    till.move_cash("pickup", 5_000, "EUR", "0001")
    till.move_cash("no_sale", 0, "EUR", "0001")
    x = till.x_report()
    assert x.expected_drawer_minor == {"EUR": 10_000 + 500 + 300 - 200 - 5_000}
    assert (x.drawer, x.no_sales) == ("D1", 1)


def test_nothing_is_sold_at_the_manager_s_terminal() -> None:
    machine = TillMachine("MANAGER")
    manager = machine.start()
    wrong: list[Callable[[], object]] = [
        lambda: manager.begin("S1", "EUR", "0001"),
        lambda: manager.open_period("0001", 0, "EUR"),
        lambda: manager.move_cash("no_sale", 0, "EUR", "0001"),
        lambda: manager.begin_training("0001"),
    ]
    for act in wrong:
        refused(machine, act, "MANAGER sells nothing")


def test_wrong_cash_leaves_no_trace(machine: TillMachine, till: Terminal) -> None:
    wrong: list[Callable[[], object]] = [
        lambda: till.open_period("0001", -1, "EUR"),
        lambda: till.open_period("0001", True, "EUR"),
        lambda: till.open_period("", 0, "EUR"),
        lambda: till.open_period("0001", 0, "EUR", drawer="a\nb"),
        lambda: till.open_period("0001", 0, "EUR", drawer=""),
        lambda: till.move_cash("pay_in", 0, "EUR", "0001"),
        lambda: till.move_cash("pay_in", -5, "EUR", "0001"),
        lambda: till.move_cash("no_sale", 5, "EUR", "0001"),
        lambda: till.move_cash("theft", 5, "EUR", "0001"),
        lambda: till.move_cash("pay_in", 1.5, "EUR", "0001"),  # type: ignore[arg-type]
        lambda: till.move_cash("pay_in", 5, "EUR", "0001", reason="\x1b[2J"),
        lambda: till.move_cash("pay_in", 5, "EUR", "0001", approver="\n"),
        lambda: till.count_drawer(True, "EUR", "0001"),
        lambda: till.count_drawer(5, "EUR", "0001", pieces={"1": 1.5}),  # type: ignore[dict-item]
        lambda: till.z_report("a\nb"),
        till.z_report,
    ]
    for act in wrong:
        refused(machine, act)
    till.open_period("0001", 0, "EUR")
    refused(machine, lambda: till.open_period("0001", 0, "EUR"), "close it with a Z first")


def test_a_z_names_what_is_open_and_the_tender_falls_into_the_next_period(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    sell(till, 100)
    machine.clock.date = 20260102
    z = till.z_report("0001")
    assert [(left.tx, left.balance_minor) for left in z.open] == [(1, 500)]
    assert (z.z_number, z.business_date, z.totals["EUR"].total_minor) == (1, 20260101, 100)
    sale.tender_cash(500)
    x = till.x_report()
    assert (x.period, x.business_date, x.totals["EUR"].total_minor) == (2, 20260102, 500)
    assert (x.first_receipt, x.last_receipt) == (2, 2)
    assert x.perpetual_minor == {"EUR": 600}
    assert sale.value.business_date == 20260102


def test_a_z_seals_the_segment_under_its_digest(machine: TillMachine, till: Terminal) -> None:
    sell(till, 100)
    till.z_report()
    sealed = read_file(machine.disk.process(), machine.paths.segment(1), 1 << 20)
    assert sealed is not None
    z, seal = sealed.splitlines(keepends=True)[-2:]
    (closed,) = [e.act for e in machine.entries() if isinstance(e.act, PeriodClosed)]
    assert closed.sha256 == sha256(sealed[: -len(z) - len(seal)]).hexdigest()
    assert b'"k":"seal"' in seal


def test_sums_beyond_64_bits_still_make_a_z_and_a_checkpoint(machine: TillMachine) -> None:
    till = machine.start()
    for _ in range(1_030):
        sell(till, 2**53)
    z = till.z_report()
    assert z.perpetual_minor == {"EUR": 1_030 * 2**53}
    machine.kill()
    with machine.start() as till:
        assert not till.recovery.checkpoint_rebuilt
        assert till.x_report().perpetual_minor == {"EUR": 1_030 * 2**53}
