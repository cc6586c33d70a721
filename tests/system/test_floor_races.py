"""Many tills at once, some killed at random: each sale is in one till, each item given back once.

Real processes over one directory. The small versions run always, the full ones (20 tills, 1,000
sales) with the torture. Each has a control that must be caught.
"""

from __future__ import annotations

import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from kernel import SaleRefused, State, Terminal, verify_shared
from kernel.disk.files import RealDisk
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.ledger import Ledger
from kernel.model.transaction import Transaction
from kernel.terminal import parking
from kernel.terminal.returning import live_bookings
from tests.support.floor_child import RECEIPT, SOLD
from tests.support.processes import Child, python_child


def sales_of(directory: Path, till: str) -> dict[int, Transaction]:
    ledger, found = Ledger(), dict[int, Transaction]()
    paths = Layout(str(directory)).terminal(till)
    for entry in read_log(RealDisk(), paths, terminal_is_free=True):
        sale = ledger.apply(entry.act, entry.stamp)
        if sale is not None:
            found[sale.number] = sale
    return found


def run(directory: Path, tills: int, kills: int, what: str, *how: str) -> list[str]:
    """Let that many tills work until nothing is left, and kill one now and then; their names."""
    names = [f"TILL_{number:02d}" for number in range(tills)]
    dice = Random(kills)
    with ExitStack() as stack:

        def born(name: str, seed: int) -> Child:
            arguments = ("-m", "tests.support.floor_child", str(directory), name, str(seed), what)
            child = stack.enter_context(python_child(*arguments, *how))
            child.wait_for_line("ready", timeout_s=60)
            return child

        running = {name: born(name, 0) for name in names}
        for turn in range(1, kills + 1):
            name = dice.choice(names)
            # Let it get somewhere first: it says so, or has ended.
            try:
                for _ in range(dice.randint(0, 3)):
                    running[name].wait_for_line("told", timeout_s=1)
            except AssertionError:
                assert not running[name].errors(), running[name].story()
            running[name].kill()
            if not how:  # the others race on, the dead one has left what it left
                assert verify_shared(directory, ()).damages == ()
            running[name] = born(name, turn)
        for name in names:
            running[name].wait_for_line("over", timeout_s=120)
    return names


def places(directory: Path, tills: list[str]) -> Counter[str]:
    """Item code -> in how many places its sale is, after every till has started once more."""
    found: Counter[str] = Counter()
    for till in tills:
        Terminal.start(till, directory).stop()
    with Terminal.start("LOOKER", directory) as looker:
        for waiting in looker.suspended():
            assert waiting.damage is None and waiting.till is None
            found[looker.recall(waiting.ticket).lines[0].code or ""] += 1
    for till in tills:
        for sale in sales_of(directory, till).values():
            if sale.state in (State.OPEN, State.TENDERED, State.COMMITTED):
                found[sale.lines.line(1).code or ""] += 1
    return found


def suspend_many(directory: Path, count: int) -> None:
    with Terminal.start("SHOP", directory) as shop:
        for number in range(count):
            sale = shop.begin("S1", "EUR", "anna")
            sale.add_line(f"SALE-{number}", 1, 100 + number)
            sale.suspend()


def race(directory: Path, tills: int, sales: int, kills: int, *how: str) -> Counter[str]:
    suspend_many(directory, sales)
    return places(directory, run(directory, tills, kills, "races", *how))


def test_four_tills_that_are_killed_at_random_share_forty_sales(data_dir: Path) -> None:
    found = race(data_dir, 4, 40, 5)
    assert found == Counter({f"SALE-{number}": 1 for number in range(40)})


@pytest.mark.torture
def test_twenty_tills_that_are_killed_at_random_share_a_thousand_sales(data_dir: Path) -> None:
    found = race(data_dir, 20, 1_000, 60)
    assert found == Counter({f"SALE-{number}": 1 for number in range(1_000)})


def test_tills_that_copy_instead_of_taking_are_caught(data_dir: Path) -> None:
    suspend_many(data_dir, 1)
    for name in ("TILL_00", "TILL_01"):
        arguments = ("-m", "tests.support.floor_child", str(data_dir), name, "0", "races", "copies")
        with python_child(*arguments) as child:
            child.wait_for_line("told", timeout_s=60)
    assert places(data_dir, ["TILL_00", "TILL_01"])["SALE-0"] > 1


# --- stopped is not dead --------------------------------------------------------------------------


def recall_from_a_stopped_till(directory: Path, monkeypatch: pytest.MonkeyPatch | None) -> int:
    """How many tills have the sale in the end, when its first claimant only stood still."""
    suspend_many(directory, 1)
    arguments = ("-m", "tests.support.floor_child", str(directory), "SLOW", "0", "stands")
    with python_child(*arguments) as slow, Terminal.start("QUICK", directory) as quick:
        slow.wait_for_line("claimed", timeout_s=60)
        slow.wait_until_stopped()
        (waiting,) = quick.suspended()
        taken = 0
        if monkeypatch is not None:
            # Whoever does not move is taken for dead: its lock is not asked for.
            monkeypatch.setattr(parking, "resting", WithoutTheLock)
        try:
            quick.recall(waiting.ticket)
            taken += 1
        except SaleRefused as refusal:
            assert "in the hands of SLOW" in str(refusal)
        slow.signal(signal.SIGCONT)
        taken += slow.wait_for_line("re").startswith("recalled")
        slow.wait_for_line("over")
        assert quick.suspended() == []
    return taken


class WithoutTheLock:
    def __init__(self, *_: object, **__: object) -> None: ...

    def __enter__(self) -> Ledger:
        return Ledger()

    def __exit__(self, *_: object) -> None: ...


def test_the_sale_of_a_stopped_claimant_is_not_given_away(data_dir: Path) -> None:
    assert recall_from_a_stopped_till(data_dir, None) == 1


def test_taking_a_stopped_till_for_dead_is_caught(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recall_from_a_stopped_till(data_dir, monkeypatch) == 2


# --- one receipt ----------------------------------------------------------------------------------


def given_back(directory: Path, tills: int, kills: int, *how: str) -> tuple[int, int]:
    """(items that the logs give back on one receipt, bookings of it) after a race."""
    with Terminal.start("SHOP", directory) as shop:
        sale = shop.begin("S1", "EUR", "anna")
        sale.add_line("TEA", SOLD, 100)
        sale.tender_cash(SOLD * 100)
        assert sale.id == RECEIPT[0]
    names = run(directory, tills, kills, "returns", *how)
    for name in names:
        with Terminal.start(name, directory) as till:
            for open_sale in till.open_sales:
                if open_sale.lines:
                    open_sale.tender_cash(open_sale.balance_minor)
                else:
                    open_sale.abort("begun, then killed")
    sales = [sale for name in names for sale in sales_of(directory, name).values()]
    items = sum(len(live_bookings(sale)) for sale in sales if sale.state is State.COMMITTED)
    return items, len(list(Path(Layout(str(directory)).returns).iterdir()))


def test_four_tills_give_a_receipt_back_no_more_than_it_holds(data_dir: Path) -> None:
    assert given_back(data_dir, 4, 6) == (SOLD, SOLD)


@pytest.mark.torture
def test_twenty_tills_give_a_receipt_back_no_more_than_it_holds(data_dir: Path) -> None:
    assert given_back(data_dir, 20, 30) == (SOLD, SOLD)
