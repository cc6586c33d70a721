"""A coordinated shutdown of tills that sell: real processes, one killed, one stopped in the middle.

The tills are those of `posterm simulate`, which adds up what it sold by itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kernel import Shop, Terminal, shop_status, verify_shop
from tests.support.processes import CHECKOUT, Child, python_child


@contextmanager
def selling(data_dir: Path, tills: int, rate: float = 20) -> Iterator[tuple[Child, dict[str, int]]]:
    """That many tills that would sell for an hour, and a process handle of each."""
    arguments = ["--tills", str(tills), "--minutes", "60", "--rate", str(rate)]
    with python_child("-m", "posterm", "simulate", *arguments, "--data-dir", data_dir) as child:
        child.wait_for_line(f"{tills} tills are open", timeout_s=120)
        identities = [facts.identity for facts in shop_status(data_dir).terminals]
        handles = {
            identity.terminal: os.pidfd_open(identity.pid)
            for identity in identities
            if identity is not None
        }
        try:
            assert len(handles) == tills
            yield child, handles
        finally:
            for handle in handles.values():
                os.close(handle)


def shutdown(data_dir: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    """The exit code of `posterm shutdown`, and what it says."""
    command = [sys.executable, "-m", "posterm", "shutdown", "--json", "--data-dir", str(data_dir)]
    done = subprocess.run(
        [*command, *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=120
    )
    return done.returncode, json.loads(done.stdout or done.stderr)


def sold(data_dir: Path) -> int:
    return sum(1 for _ in Shop(data_dir).sales())


def test_selling_tills_finish_and_are_out_within_the_grace_period(data_dir: Path) -> None:
    with selling(data_dir, 3) as (child, _):
        code, said = shutdown(data_dir, "--grace", "20", "--reason", "stock-taking", "--wait")
        assert code == 0
        assert child.wait(timeout_s=60) == 0, child.story()
        child.wait_for_line("the logs hold the same sales")
    assert said["open"] == said["dead"] == []
    assert [(facts.state, facts.parked) for facts in shop_status(data_dir).terminals[1:]] == [
        ("off", ())
    ] * 3
    with Terminal.start("SIM_001", data_dir) as till:
        assert not till.recovery.crashed


def killed_and_stopped(data_dir: Path, tills: int, grace_s: float, rate: float) -> None:
    with selling(data_dir, tills, rate) as (child, handles):
        signal.pidfd_send_signal(handles["SIM_002"], signal.SIGSTOP)
        signal.pidfd_send_signal(handles["SIM_001"], signal.SIGKILL)
        code, said = shutdown(data_dir, "--grace", str(grace_s), "--wait")
        assert code == 75
        assert said["open"] == ["SIM_002"], "the stopped one is named"
        assert said["dead"] == ["SIM_001"], "the killed one is named"
        # Late, but it was ordered: who is set going again leaves too.
        signal.pidfd_send_signal(handles["SIM_002"], signal.SIGCONT)
        assert child.wait(timeout_s=60) == 1, child.story()
        assert "lost: SIM_001" in child.errors()
        child.wait_for_line("the logs hold the same sales")
    assert [facts.state for facts in shop_status(data_dir).terminals].count("running") == 0
    assert [found for verdict in verify_shop(data_dir) for found in verdict.damages] == []


def test_a_killed_and_a_stopped_till_are_named_and_the_others_leave(data_dir: Path) -> None:
    killed_and_stopped(data_dir, 4, 2, rate=20)


@pytest.mark.torture
def test_thirty_selling_tills_leave_but_the_killed_and_the_stopped_one(data_dir: Path) -> None:
    killed_and_stopped(data_dir, 30, 20, rate=3)


def test_a_cancelled_shutdown_lets_tills_start_and_sell(data_dir: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        open_sale = till.begin("STORE_001", "EUR", "0001")
        open_sale.add_line("TEA", 1, 250)
        code, _ = shutdown(data_dir, "--grace", "60")
        assert code == 0
        refused, said = shutdown(data_dir, "--grace", "60")
        assert refused == 75 and "already" in str(said["error"])
        code, said = shutdown(data_dir, "--cancel")
        assert code == 0 and said["cancelled"]
        open_sale.tender_cash(250)
    with Terminal.start("REGISTER_02", data_dir):
        pass
    assert sold(data_dir) == 1
    assert shutdown(data_dir, "--cancel") == (0, {"cancelled": None})
