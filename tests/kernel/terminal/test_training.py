"""Training through the front door: everything marked, nothing real touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel import Sale, SaleRefused, State, Terminal
from tests.support.floor import Floor
from tests.support.tills import TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    """In training, a real sale of 5.00 before it."""
    till = machine.start()
    sell(till, 500)
    till.begin_training("0001")
    return till


def trains(till: Terminal) -> bool:
    return till.training


def sell(till: Terminal, amount_minor: int) -> str:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, amount_minor)
    assert sale.tender_cash(amount_minor) is State.COMMITTED
    return sale.id


def test_what_is_trained_has_a_series_of_its_own_and_is_in_no_total(till: Terminal) -> None:
    till.begin("S1", "EUR", "0001").abort("left")
    trained = [sell(till, 100), sell(till, 200)]
    assert trained == ["TILL-T2", "TILL-T3"]
    assert [till.sale(one).receipt_number for one in trained] == [1, 2]
    totals = till.x_report().totals["EUR"]
    assert till.x_report().training and (totals.total_minor, totals.aborted) == (300, 1)
    till.end_training("0001")
    x = till.x_report()
    assert not x.training
    assert (x.totals["EUR"].total_minor, x.totals["EUR"].aborted) == (500, 0)
    assert x.perpetual_minor == {"EUR": 500}
    assert till.sale(sell(till, 700)).receipt_number == 2, "the real series has no gap"


def test_a_reference_that_was_only_trained_is_still_to_be_sold(till: Terminal) -> None:
    def ring() -> Sale:
        sale = till.begin("S1", "EUR", "0001", "INV-1")
        if sale.state is State.OPEN:
            sale.add_line("TEA", 1, 100)
            sale.tender_cash(100)
        return sale

    trained = [ring(), ring()]
    till.end_training("0001")
    sold, again = ring(), ring()
    assert [one.number for one in (*trained, sold, again)] == [-1, -2, 2, 2]
    assert till.x_report().totals["EUR"].total_minor == 600
    till.begin_training("0001")
    assert ring().number == -3, "in training nothing real is touched"


def test_training_opens_no_real_period(machine: TillMachine) -> None:
    till = machine.start()
    till.begin_training("0001")
    sell(till, 100)
    assert not till.period_is_open
    till.end_training()
    assert till.x_report().period is None


@pytest.mark.parametrize(
    "act",
    [
        lambda till: till.move_cash("pay_in", 100, "EUR", "0001"),
        lambda till: till.count_drawer(100, "EUR", "0001"),
        lambda till: till.z_report("0001"),
        lambda till: till.open_period("0001", 0, "EUR"),
        lambda till: till.begin_training("0001"),
        lambda till: till.approvals.by_pin("no_sale", "0001", "1"),
        lambda till: till.recall("123456789"),
    ],
)
def test_training_touches_nothing_real(
    machine: TillMachine, till: Terminal, act: Callable[[Terminal], object]
) -> None:
    before = machine.log()
    with pytest.raises(SaleRefused, match="training"):
        act(till)
    assert machine.log() == before


def test_a_sale_in_training_asks_no_card_is_not_suspended_and_refunds_no_receipt(
    till: Terminal,
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 100)
    for act in (
        lambda: sale.request_card(100),
        sale.suspend,
        lambda: sale.give_back("TILL-1", []),
    ):
        with pytest.raises(SaleRefused, match="training"):
            act()


def test_training_begins_and_ends_without_an_open_sale_and_lasts_over_a_restart(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    with pytest.raises(SaleRefused, match="open"):
        till.end_training("0001")
    till.stop()
    with machine.start() as again:
        assert trains(again)
        again.open_sales[0].abort("done")
        again.end_training()
        assert not trains(again)
        open_sale = again.begin("S1", "EUR", "0001")
        with pytest.raises(SaleRefused, match="a sale is open"):
            again.begin_training("0001")
        assert open_sale.number > 0 > sale.number


def test_a_shop_may_forbid_it(machine: TillMachine) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, b'{"training_allowed":false}')
    with machine.start() as till, pytest.raises(SaleRefused, match="not allowed"):
        till.begin_training("0001")


def test_a_checkpoint_and_verify_know_of_training(till: Terminal, machine: TillMachine) -> None:
    sell(till, 100)
    till.end_training("0001")
    till.z_report("0001")
    till.begin_training("0001")
    till.stop()
    with machine.start() as again:
        assert trains(again) and sell(again, 100) == "TILL-T2"


def test_a_training_receipt_is_no_receipt(till: Terminal) -> None:
    trained = sell(till, 100)
    with pytest.raises(SaleRefused, match="training"):
        till.receipt(trained)


def test_floors_suspend_nothing_that_was_trained() -> None:
    first = Floor.new().start("A")
    first.begin_training("0001")
    first.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    with pytest.raises(SaleRefused, match="training"):
        first.open_sales[0].suspend()
    assert first.suspended() == []


def test_a_trained_sale_is_not_released_and_no_real_one_in_its_place() -> None:
    floor = Floor.new()
    first = floor.start("A")
    first.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    floor.kill("A")
    with pytest.raises(SaleRefused, match="A-T1 is closed"):
        floor.start("B").release("A-T1", operator="boss")


def test_a_sale_that_is_recalled_while_training_begins_goes_back_to_the_floor() -> None:
    till = Floor.new().start("A")
    till.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    ticket = till.open_sales[0].suspend()
    till.begin_training("0001")
    with pytest.raises(SaleRefused, match="training"):
        # As from another thread: the training began after the till had looked.
        till.parking.recall(ticket, opening=lambda ledger: till.opening(ledger, "0001"))
    till.end_training("0001")
    assert till.recall(ticket).total_minor == 100
