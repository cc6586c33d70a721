"""The cashier against the log: what it says that it sold is what was sold, and all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from kernel import LineKind, Shop, State, TenderKind, Terminal
from kernel.model.entries import Act
from posterm.invoices import Item
from posterm.simulation.baskets import Basket, read_baskets
from posterm.simulation.cashier import Cashier, Habits, amount_of, clear_up
from posterm.simulation.tally import Tally
from tests.support.tills import ROOT, TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine("SIM_001")


@pytest.fixture
def till(machine: TillMachine) -> Iterator[Terminal]:
    with machine.start() as till:
        yield till


@pytest.fixture(scope="module")
def baskets(invoices: Path) -> tuple[Basket, ...]:
    with invoices.open("rb") as file:
        return read_baskets(file, "invoices.csv", "GBP", 5)


def a_day(
    till: Terminal, baskets: tuple[Basket, ...], customers: int, habits: Habits | None = None
) -> Tally:
    cashier = Cashier(
        till,
        baskets,
        Random(7),
        store="STORE_001",
        currency="GBP",
        operator="0001",
        habits=habits,
    )
    for _ in range(customers):
        cashier.serve()
    return cashier.tally


def test_a_day_has_something_of_everything_and_adds_up(
    machine: TillMachine, till: Terminal, baskets: tuple[Basket, ...]
) -> None:
    tally = a_day(till, baskets, 300)

    sales = [logged.sale for logged in Shop(ROOT, machine.host()).sales("SIM_001")]
    assert (len(sales), sum(sale.total_minor for sale in sales)) == (tally.sales, tally.total_minor)
    kinds = Counter(line.kind for sale in sales for line in sale.lines)
    aborted = tally.aborts
    assert 0 < kinds[LineKind.VOID] <= tally.voids
    assert 0 < kinds[LineKind.DISCOUNT] <= tally.discounts <= kinds[LineKind.DISCOUNT] + 2 * aborted
    origins = [line.origin for sale in sales for line in sale.lines if line.origin is not None]
    assert len(origins) == len(set(origins)) == tally.returns > 0
    hows = Counter(tender.how for sale in sales for tender in sale.tenders)
    assert hows[TenderKind.CARD] == tally.cards - tally.declined > 0
    assert hows[TenderKind.VOUCHER] == tally.splits > 0
    assert hows[TenderKind.CASH] > 0 and tally.declined > 0 and aborted > 0
    assert any(sale.change_minor for sale in sales)
    assert sum(tally.commits.values()) == tally.sales == 300 - aborted - tally.suspends
    assert 0 < tally.recalls <= tally.suspends
    assert len(till.suspended()) == tally.suspends - tally.recalls
    assert till.open_sales == []
    assert sum(tally.entries.values()) > tally.lines


def test_the_same_seed_sells_the_same_day(baskets: tuple[Basket, ...]) -> None:
    def day() -> list[Act]:
        machine = TillMachine("SIM_001")
        with machine.start() as till:
            a_day(till, baskets, 40)
        return [entry.act for entry in machine.entries() if entry.act.tx]

    first = day()
    assert len(first) > 200
    assert day() == first


@pytest.mark.parametrize(
    ("quantity", "unit_minor", "amount_minor"),
    [(1000, 399, 399), (1500, 1, 2), (-1500, 1, -2), (1, 499, 0), (1, 500, 1), (250, 1999, 500)],
)
def test_the_cashier_rounds_half_away_from_zero(
    quantity: int, unit_minor: int, amount_minor: int
) -> None:
    assert amount_of(Item("TEA", None, quantity, unit_minor)) == amount_minor


def test_what_a_killed_simulation_left_open_is_cleared_up(
    machine: TillMachine, till: Terminal
) -> None:
    asked = till.begin("STORE_001", "GBP", "0001")
    asked.add_line("TEA", 1, 250)
    asked.tender_voucher(50, "V1")
    asked.card_unknown(asked.request_card(200))
    till.begin("STORE_001", "GBP", "0001")

    assert clear_up(till) == 2

    assert till.open_sales == []
    assert asked.state is State.ABORTED
    assert clear_up(till) == 0
