"""A sale as its handles and threads see it, and the bounds of what is written down of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kernel import BadInput, KernelError, Sale, State, Terminal
from kernel.codec.configuration import encode_published
from kernel.disk.layout import Layout
from tests.support.tills import ROOT, TillMachine, refused

# --- handles and threads -----------------------------------------------------------------------


def test_two_handles_of_one_sale_show_the_same(till: Terminal, sale: Sale) -> None:
    other = till.sale(sale.id)
    other.add_line("TEA", 1, 100)
    assert sale.total_minor == other.total_minor == 600
    sale.tender_cash(600)
    assert other.state is State.COMMITTED


def test_a_handle_knows_its_sale_after_hundreds_of_others(
    machine: TillMachine, till: Terminal
) -> None:
    paid, gone, left = (till.begin("S1", "EUR", "0001", name) for name in ("paid", "gone", "left"))
    watched = till.sale(gone.id)
    for sale in (paid, gone):
        sale.add_line("TEA", 1, 700)
    paid.tender_cash(1000)
    gone.abort("left")
    for _ in range(300):
        till.begin("S1", "EUR", "0001").abort("empty")
    for sale in (paid, till.sale(paid.id)):
        assert (sale.state, sale.change_minor) == (State.COMMITTED, 300)
    for sale in (gone, watched, till.sale(gone.id)):
        assert (sale.state, sale.total_minor) == (State.ABORTED, 700)
    assert left.state is State.OPEN
    refused(machine, lambda: paid.add_line("TEA", 1, 1), "is closed")


def test_an_aborted_sale_can_be_looked_up_after_a_start(machine: TillMachine, sale: Sale) -> None:
    sale.abort("left")
    machine.kill()
    with machine.start() as till:
        assert till.sale(sale.id).state is State.ABORTED


@pytest.mark.parametrize("name", ["TILL-2", "TILL-T1", "OTHER-1"])
def test_a_sale_that_never_was_is_refused(machine: TillMachine, sale: Sale, name: str) -> None:
    refused(machine, lambda: sale._till.sale(name))


@pytest.mark.parametrize("name", ["", "TILL", "TILL-0", "TILL-01", "TILL-x", "../TILL-1", None, 5])
def test_a_text_that_is_no_sale_is_bad_input(till: Terminal, name: Any) -> None:
    with pytest.raises(BadInput):
        till.sale(name)


def test_sixteen_threads_on_four_sales_lose_no_line(machine: TillMachine, till: Terminal) -> None:
    sales = [till.begin("S1", "EUR", "0001") for _ in range(4)]
    numbers: list[list[int]] = [[] for _ in sales]
    faults: list[BaseException] = []
    together = threading.Barrier(16)

    def sell(place: int) -> None:
        try:
            handle = till.sale(sales[place % 4].id)
            together.wait()
            for _ in range(20):
                numbers[place % 4].append(handle.add_line("TEA", 1, 10 + place))
        except BaseException as fault:  # noqa: BLE001  # told below
            faults.append(fault)

    threads = [threading.Thread(target=sell, args=(place,)) for place in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    before = [sale.value for sale in sales]
    assert [sorted(taken) for taken in numbers] == [list(range(1, 81))] * 4
    assert [sale.total_minor for sale in sales] == [
        20 * sum(10 + place for place in range(start, 16, 4)) for start in range(4)
    ]
    machine.kill()
    with machine.start() as again:
        assert [sale.value for sale in again.open_sales] == before


def test_of_sixteen_threads_that_pay_one_sale_one_does(machine: TillMachine, sale: Sale) -> None:
    states: list[State | None] = []
    together = threading.Barrier(16)

    def pay() -> None:
        together.wait()
        try:
            states.append(sale.tender_cash(500))
        except KernelError:
            states.append(None)

    threads = [threading.Thread(target=pay) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states, key=str) == [None] * 15 + [State.COMMITTED]
    assert sale.tendered_minor == 500


def test_a_number_too_long_to_be_written_down_is_refused_all_the_same(
    machine: TillMachine, sale: Sale
) -> None:
    huge = 10**5000
    for act in (
        lambda: sale.add_line("TEA", huge, 1),
        lambda: sale.add_line("TEA", 1, huge),
        lambda: sale.void_line(huge),
        lambda: sale.void_tender(huge),
        lambda: sale.settle_card(huge),
        lambda: sale.tender_cash(huge),
        lambda: sale.tender_cash(500, rounding_minor=-huge),
        lambda: sale.discount(1, percent_milli=huge),
    ):
        refused(machine, act)


# --- bounds ----------------------------------------------------------------------------------


def test_no_discount_makes_goods_cost_less_than_nothing(machine: TillMachine, sale: Sale) -> None:
    refused(machine, lambda: sale.discount(501), "more than the goods")
    sale.add_line("CUP", 1, 200)
    refused(machine, lambda: sale.discount(201, line=2), "more than line 2 costs")
    sale.discount(150, line=2)
    sale.discount(550)
    refused(machine, lambda: sale.discount(1), "more than the goods")
    refused(machine, lambda: sale.void_line(1), "void the discount first")
    sale.void_line(4)
    sale.void_line(1)
    assert sale.total_minor == 50


def test_what_is_taken_back_bears_no_discount(machine: TillMachine, sale: Sale) -> None:
    sale.add_line("TEA", -3, 500)
    refused(machine, lambda: sale.discount(1, line=2), "more than line 2 costs")
    sale.discount(500)
    refused(machine, lambda: sale.discount(1), "more than the goods")


CARD = "4111111111111111"


@pytest.mark.parametrize("written", [CARD, "no 4111 1111 1111 1111.", "4111-1111-1111-1111"])
def test_no_text_that_is_logged_holds_a_card_number(
    machine: TillMachine, sale: Sale, written: str
) -> None:
    for act in (
        lambda: sale.add_line("TEA", 1, 5, description=written),
        lambda: sale.add_line("TEA", 1, 5, reason=written),
        lambda: sale.add_line("TEA", 1, 5, department=written),
        lambda: sale.tender_voucher(100, written),
        lambda: sale.discount(1, reason=written),
        lambda: sale.void_line(1, reason=written),
        lambda: sale.abort(written),
    ):
        refused(machine, act, r"\*{12}1111 looks like a card number")


def test_a_voucher_of_the_shops_own_range_may_look_like_a_card(machine: TillMachine) -> None:
    machine.start().stop()
    values = {"voucher_prefixes": ("4111",)}
    published = encode_published(values, None, effective_ms=0, now_ms=0, sign=None)
    machine.write(Layout(ROOT).system_config, published)
    with machine.start() as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
        assert sale.tender_voucher(500, CARD) is State.COMMITTED
