"""The demo and the lesson in a real terminal, and the power cut that the lesson really causes."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from kernel import Shop
from tests.support.processes import python_child
from tests.support.pty_till import PtyTill, pty_till


def do(till: PtyTill, step: str, keys: bytes) -> None:
    till.wait_for(step)
    till.send(keys)


def test_the_demo_leads_to_a_first_sale_by_what_its_screen_says(tmp_path: Path) -> None:
    shop = tmp_path / "demo"
    with pty_till("demo", "--tills", "1", "--data-dir", shop) as till:
        till.wait_for("PIN 1111", timeout_s=60)
        do(till, "SIGN ON", b"0001\r1111\r")
        do(till, "Type 101", b"101\r3*102\r")
        do(till, "2 lines", b"+")
        do(till, "TOTAL DUE EUR", b"2000\x1b[20~")
        till.wait_for("CHANGE EUR")
        till.wait_until_gone("STEP")
        till.send(b":close\r")
        till.wait_for("next: posterm manager")
    assert [sale.sale.total_minor for sale in Shop(shop).sales("REGISTER_01")] == [45 + 660]
    assert "SIM_001" in Shop(shop).terminals()


@pytest.mark.parametrize("what", ["demo", "tutor"])
def test_without_a_terminal_it_says_so_and_makes_nothing(tmp_path: Path, what: str) -> None:
    directory = ["--data-dir", str(tmp_path / "demo")] if what == "demo" else []
    with python_child("-m", "posterm", what, *directory) as child:
        assert child.wait() == 2 and "needs a terminal" in child.errors()
    assert not (tmp_path / "demo").exists()


def test_the_lesson_kills_its_till_in_mid_sale_and_the_sale_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pty_till("tutor") as till:
        till.wait_for("STEP 1 of", timeout_s=60)
        do(till, "SIGN ON", b"0001\r1111\r")
        do(till, "SELL", b"101\r")
        do(till, "QUANTITY", b"3*102\r")
        do(till, "VOID  ", b"-")
        do(till, "  PAY", b"+2000+")
        do(till, "NEXT CUSTOMER", b"103\r104\r")
        do(till, "SUSPEND", b"/7\r")
        till.wait_for("RECALL  ")
        ticket = re.search(r"^ticket ([0-9 ]+?) {2}", "\n".join(till.rows), re.M)
        assert ticket is not None
        till.send(b":recall " + ticket[1].replace(" ", "").encode() + b"\r")
        do(till, "EXACT CASH", b"+\x1b[20~")
        do(till, "POWER CUT  ", b"101\r102\r103\r")
        till.wait_for("signal SIGKILL")
        (shop,) = tmp_path.glob("posterm-tutor-*")
        ends = [json.loads(one.body)["k"] for one in Shop(shop).entries("REGISTER_01")]
        assert ends[-3:] == ["line"] * 3, "it had no time to write anything"
        do(till, "Press Enter", b"\r")
        do(till, "operator number", b"0001\r1111\r")
        till.wait_for("IT IS ALL BACK")
        till.wait_for("goes on at line 3")
        till.send(b"+\x1b[20~")
        do(till, "WELL DONE", b":close\r")
        till.wait_for("next: posterm demo")
    assert list(tmp_path.glob("posterm-tutor-*")) == []


def test_a_lesson_whose_line_is_ended_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pty_till("tutor") as till:
        till.wait_for("STEP 1 of", timeout_s=60)
        assert till.end(signal.SIGTERM, timeout_s=20) == 128 + signal.SIGTERM
    assert list(tmp_path.glob("posterm-tutor-*")) == []
