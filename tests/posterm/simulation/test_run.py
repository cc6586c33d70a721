"""A whole simulation of real processes: it adds up, it ends when told, it leaves nobody behind."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from kernel import Shop, Terminal, shop_status
from posterm.commands.group import posterm
from posterm.invoices import Item
from posterm.simulation.run import Plan, Watch, disagreeing, run, sums
from posterm.simulation.staff import CASHIER
from posterm.simulation.tally import Tally
from posterm.simulation.till import Told
from tests.support.processes import Child, python_child


@contextmanager
def simulation(data_dir: Path, tills: int) -> Iterator[tuple[Child, list[int]]]:
    """One that would last for an hour, once its tills are open, and their processes."""
    arguments = ["--tills", str(tills), "--minutes", "60", "--rate", "50"]
    with python_child("-m", "posterm", "simulate", *arguments, "--data-dir", data_dir) as child:
        child.wait_for_line(f"{tills} tills are open")
        running = [facts.identity for facts in shop_status(data_dir).terminals]
        handles = [os.pidfd_open(identity.pid) for identity in running if identity is not None]
        try:
            assert len(handles) == tills
            yield child, handles
        finally:
            for handle in handles:
                os.close(handle)


def wait_until_ended(handles: list[int]) -> None:
    for handle in handles:
        assert select.select([handle], [], [], 20.0)[0], "a till outlived the simulation"


def states(data_dir: Path) -> list[tuple[str, tuple[str, ...] | None]]:
    return [(facts.state, facts.parked) for facts in shop_status(data_dir).terminals]


def test_a_simulation_adds_up_by_the_logs(data_dir: Path) -> None:
    arguments = ["--tills", "2", "--minutes", "0.02", "--rate", "40", "--json"]
    done = CliRunner().invoke(posterm, ["simulate", *arguments, "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    sales = [logged.sale.total_minor for logged in Shop(data_dir).sales()]
    assert (figures["sales"], figures["total_minor"]) == (len(sales), sum(sales))
    assert figures["sales"] > 10
    assert 0 < figures["commit_p50_ms"] <= figures["commit_p99_ms"]
    assert figures["logs_agree"] and figures["lost"] == figures["faults"] == []
    assert states(data_dir) == [("off", ())] * 2
    again = CliRunner().invoke(posterm, ["simulate", *arguments, "--data-dir", str(data_dir)])
    assert json.loads(again.stdout)["logs_agree"], "sales of the day before were counted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_tills_at_a_whole_sale(data_dir: Path, number: signal.Signals) -> None:
    with simulation(data_dir, 2) as (child, handles):
        child.signal(number)
        assert child.wait() == 128 + number
        wait_until_ended(handles)
    assert states(data_dir) == [("off", ())] * 2
    for terminal in ("SIM_001", "SIM_002"):
        with Terminal.start(terminal, data_dir) as till:
            assert not till.recovery.crashed


def test_a_simulation_that_is_ended_while_it_starts_leaves_no_till_behind(data_dir: Path) -> None:
    tea = (Item("TEA", "Tea", 1000, 250),)
    watch = Watch(ready=lambda _: None, passed=lambda _: None, wants_end=lambda: True)
    outcome = run(str(data_dir), Plan(2, 1.0, 60.0, 1, (tea,)), watch)
    assert outcome.lost == ("SIM_001", "SIM_002")
    assert outcome.tally.sales == 0
    assert {state for state, _ in states(data_dir)} <= {"off"}


def test_no_till_outlives_a_killed_simulation(data_dir: Path) -> None:
    with simulation(data_dir, 2) as (child, handles):
        child.signal(signal.SIGKILL)
        wait_until_ended(handles)
    assert states(data_dir) == [("off", ())] * 2


def test_a_killed_till_is_named_and_the_others_sell_on(data_dir: Path) -> None:
    with simulation(data_dir, 2) as (child, handles):
        signal.pidfd_send_signal(handles[0], signal.SIGKILL)
        wait_until_ended(handles[:1])
        child.signal(signal.SIGINT)
        child.wait()
        assert "lost: SIM_001" in child.errors()
        assert "SIM_002" not in child.errors()


def test_a_terminal_in_use_is_named_and_the_others_sell(data_dir: Path) -> None:
    with Terminal.start("SIM_001", data_dir):
        arguments = ["--tills", "2", "--minutes", "0.005", "--rate", "50"]
        done = CliRunner().invoke(posterm, ["simulate", *arguments, "--data-dir", str(data_dir)])
    assert done.exit_code == 1
    assert "ended early: SIM_001: SIM_001 is already running" in done.stderr
    assert "the logs hold the same sales" in done.stdout


def test_a_till_that_says_other_than_its_log_is_named(data_dir: Path) -> None:
    before = sums(str(data_dir), ["SIM_001", "SIM_002"])
    for terminal in ("SIM_001", "SIM_002"):
        with Terminal.start(terminal, data_dir) as till:
            sale = till.begin("STORE_001", "GBP", "0001")
            sale.add_line("TEA", 1, 250)
            sale.tender_cash(250)

    def wrong(second: Tally) -> tuple[str, ...]:
        right = Told("SIM_001", Tally(sales=1, total_minor=250))
        told = {"SIM_001": right, "SIM_002": Told("SIM_002", second)}
        return disagreeing(str(data_dir), before, told)

    assert wrong(Tally(sales=1, total_minor=250)) == ()
    assert wrong(Tally(sales=1, total_minor=249)) == ("SIM_002",)
    assert wrong(Tally(sales=2, total_minor=250)) == ("SIM_002",)


def test_cashiers_sign_on_with_a_pin_that_is_good_for_this_simulation_only(data_dir: Path) -> None:
    arguments = ["--tills", "2", "--minutes", "0.03", "--rate", "30", "--sign-on", "--json"]
    for _ in range(2):
        done = CliRunner().invoke(posterm, ["simulate", *arguments, "--data-dir", str(data_dir)])
        assert done.exit_code == 0, done.output
        figures = json.loads(done.stdout)
        assert figures["sign_ons"] == 2 and figures["sales"] > 5
    with Terminal.start("SIM_001", data_dir) as till:
        operator = till.operators.find(CASHIER)
        assert operator is not None and not operator.active
        entries = Shop(data_dir).sales("SIM_001")
        assert {logged.sale.operator for logged in entries} == {CASHIER}


def test_a_file_of_nothing_to_sell_is_refused(data_dir: Path, tmp_path: Path) -> None:
    source = tmp_path / "none.csv"
    source.write_text("InvoiceNo,StockCode\n")
    arguments = ["--input", str(source), "--data-dir", str(data_dir)]
    done = CliRunner().invoke(posterm, ["simulate", *arguments])
    assert done.exit_code == 1
    assert "none.csv" in done.stderr
    assert not data_dir.exists()
