"""Many want the same thing at once: one sale is paid once, one till is started once.

Each race has a control without the lock that decides it, in which the same counting finds two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Lock, Thread

import pytest

from kernel import SaleRefused, State, Terminal, TerminalInUse
from kernel.disk.layout import Layout
from kernel.model.decisions import decide_tender, open_sale
from kernel.model.entries import Act, Tender
from kernel.model.ledger import Ledger
from tests.support.memory_disk import MemoryDisk
from tests.support.processes import Child, python_child
from tests.support.start_worker import TILL
from tests.support.story import start_till

CASHIERS = 16
ROUNDS = 50
STALE = b'{"terminal":"TILL","pid":1,"start_ticks":1,"boot_id":"x","host":"h","version":"0"}'


@pytest.mark.parametrize("race", range(20))
def test_sixteen_tenders_of_one_sale_pay_it_once(race: int) -> None:
    till = start_till(MemoryDisk())
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("1", 1, 100 + race)
    together = Barrier(CASHIERS)
    paid: list[State] = []
    refused: list[SaleRefused] = []

    def tender() -> None:
        together.wait(10)
        try:
            paid.append(sale.tender_cash(100 + race))
        except SaleRefused as refusal:
            refused.append(refusal)

    cashiers = [Thread(target=tender) for _ in range(CASHIERS)]
    for cashier in cashiers:
        cashier.start()
    for cashier in cashiers:
        cashier.join(30)
    assert paid == [State.COMMITTED]
    assert len(refused) == CASHIERS - 1
    assert (len(sale.tenders), sale.receipt_number) == (1, 1)
    assert till.x_report().totals["EUR"].total_minor == 100 + race


class NoLock:
    """Lets everybody in: the control."""

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def payments_decided(lock: Lock | NoLock) -> int:
    """How often two cashiers who meet between check and act are allowed to pay one sale."""
    till = start_till(MemoryDisk())
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("1", 1, 100)
    till.journal._lock = lock  # type: ignore[assignment]
    meeting = Barrier(2)
    allowed: list[Act] = []

    def decide(ledger: Ledger) -> tuple[Act, ...]:
        current = open_sale(ledger, sale.number, sale.id)
        act = decide_tender(ledger, current, Tender(tx=sale.number, amount_minor=100), sale.id)
        with suppress(BrokenBarrierError):
            meeting.wait(0.3)
        allowed.append(act)
        return (act,)

    def pay() -> None:
        # Without the lock the second payment meets a sale that is gone: any error will do.
        with suppress(SaleRefused, KeyError, AssertionError, IndexError):
            till.journal.record(decide)

    cashiers = [Thread(target=pay, daemon=True) for _ in range(2)]
    for cashier in cashiers:
        cashier.start()
    for cashier in cashiers:
        cashier.join(2)
    return len(allowed)


def test_checking_without_the_journals_lock_would_pay_twice() -> None:
    assert payments_decided(Lock()) == 1
    assert payments_decided(NoLock()) == 2


# --- two starts ----------------------------------------------------------------------------------


@contextmanager
def workers(directory: Path) -> Iterator[list[Child]]:
    """Two starters, and two who keep looking at the lock."""
    with ExitStack() as children:

        def child(what: str) -> Child:
            arguments = ("-m", "tests.support.start_worker", what, str(directory))
            born = children.enter_context(python_child(*arguments))
            born.wait_for_line("ready")
            return born

        starters = [child("start"), child("start")]
        child("probe")
        yield starters


@pytest.mark.parametrize("half", range(2))
def test_of_two_starts_over_a_stale_lock_one_wins_and_the_other_says_who_has_it(
    data_dir: Path, half: int
) -> None:
    Terminal.start(TILL, data_dir).stop()
    lock = Path(Layout(str(data_dir)).terminal(TILL).lock)
    with workers(data_dir) as starters:
        for _ in range(half, ROUNDS, 2):
            lock.write_bytes(STALE)
            for starter in starters:
                starter.say("start")
            outcomes = sorted(starter.wait_for_line("") for starter in starters)
            assert outcomes == [f"lost {TerminalInUse.exit_code}", "won"]
            for starter in starters:
                starter.say("stop")
            for starter in starters:
                starter.wait_for_line("over")
    with Terminal.start(TILL, data_dir) as till:
        assert not till.recovery.crashed


def test_a_till_in_use_has_an_exit_code_that_means_try_again(data_dir: Path) -> None:
    with Terminal.start(TILL, data_dir), pytest.raises(TerminalInUse) as refusal:
        Terminal.start(TILL, data_dir)
    assert refusal.value.exit_code == 75
