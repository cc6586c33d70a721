"""One simulated till: it stops at a whole sale, and says what it did or why it could not."""

from __future__ import annotations

import select
from multiprocessing import Pipe
from pathlib import Path

import msgspec
import pytest

from kernel import Shop, Terminal
from posterm.invoices import Item
from posterm.simulation.till import READY, Orders, Told, sell, serve

TEA = ((Item("TEA", "Tea", 1000, 250), Item("CAKE", "Cake", 2000, 399)),)


def sold(data_dir: Path) -> int:
    return len(list(Shop(data_dir).sales("SIM_001")))


def orders(rate: float = 1000, seconds: float = 30) -> Orders:
    return Orders("1:SIM_001", rate, seconds, "STORE_001", "GBP", "0001", None, TEA)


def test_a_till_stops_at_a_whole_sale_when_nobody_listens_any_more(data_dir: Path) -> None:
    def hung_up(_: float) -> bool:
        return sold(data_dir) == 5

    with Terminal.start("SIM_001", data_dir) as till:
        told = sell(till, orders(), hung_up)
        assert till.open_sales == []
    assert told.fault is None
    assert told.tally.sales == sold(data_dir) == 5


def test_a_till_waits_for_its_next_customer_but_not_past_the_end(data_dir: Path) -> None:
    waits_s: list[float] = []

    def wait(wait_s: float) -> bool:
        waits_s.append(wait_s)
        return select.select([], [], [], wait_s) != ([], [], [])

    with Terminal.start("SIM_001", data_dir) as till:
        told = sell(till, orders(rate=0.001, seconds=0.3), wait, look_every_s=0.2)
    assert told.tally.sales == 0
    assert max(waits_s) == 0.2, "it looks whether the terminal still runs"
    assert sum(waits_s) == pytest.approx(0.3, abs=0.05)


def test_a_till_that_the_shop_shuts_down_ends_without_fault(data_dir: Path) -> None:
    with Terminal.start("SIM_001", data_dir) as till:

        def stop_at_the_third(_: float) -> bool:
            if sold(data_dir) == 3:
                till.stop()
            return False

        told = sell(till, orders(), stop_at_the_third)
    assert (told.fault, told.tally.sales) == (None, 3)


def test_a_till_that_is_refused_something_says_so_and_keeps_its_tally(data_dir: Path) -> None:
    with Terminal.start("SIM_001", data_dir) as till:
        told = sell(till, msgspec.structs.replace(orders(), currency="XYZ"), lambda _: False)
    assert told.fault is not None and "XYZ" in told.fault
    assert told.tally.sales == 0


@pytest.mark.parametrize("words", [[], [b"sell"]])
def test_a_till_ends_in_good_order_when_whoever_started_it_is_gone(
    data_dir: Path, words: list[bytes]
) -> None:
    ours, theirs = Pipe()
    with theirs:
        for word in [msgspec.json.encode(orders()), *words]:
            ours.send_bytes(word)
        ours.close()
        serve(str(data_dir), "SIM_001", theirs)
    with Terminal.start("SIM_001", data_dir) as till:
        assert not till.recovery.crashed
        assert till.open_sales == []


def test_a_till_answers_when_it_is_told_to_end(data_dir: Path) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        for word in (msgspec.json.encode(orders()), b"sell", b"end"):
            ours.send_bytes(word)
        serve(str(data_dir), "SIM_001", theirs)
        assert ours.recv_bytes() == READY
        told = msgspec.json.decode(ours.recv_bytes(), type=Told)
    assert (told.terminal, told.fault, told.tally.sales) == ("SIM_001", None, 0)


def test_a_till_that_can_not_start_says_why(data_dir: Path) -> None:
    ours, theirs = Pipe()
    with ours, theirs, Terminal.start("SIM_001", data_dir):
        ours.send_bytes(msgspec.json.encode(orders()))
        serve(str(data_dir), "SIM_001", theirs)
        told = msgspec.json.decode(ours.recv_bytes(), type=Told)
    assert told.fault is not None and "already running" in told.fault
