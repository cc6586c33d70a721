"""`posterm shutdown`: what it says to people and scripts, and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Floor, Terminal
from posterm.commands.group import posterm


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["shutdown", *arguments, "--data-dir", str(data_dir)])


def test_a_shop_without_tills_is_shut_down_at_once(data_dir: Path) -> None:
    done = call(data_dir, "--grace", "30", "--wait")
    assert done.exit_code == 0, done.output
    assert "0 of 0 tills are out (shutdown)" in done.stdout
    assert f"next: posterm status --data-dir {data_dir}" in done.stdout
    with Terminal.start("REGISTER_01", data_dir) as till:
        assert not till.recovery.crashed


def test_an_idle_till_leaves_and_is_counted(data_dir: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        done = call(data_dir, "--grace", "20", "--wait", "--reason", "stock-taking")
        assert done.exit_code == 0, done.output
        assert "1 of 1 tills are out (stock-taking)" in done.stdout
        assert till.stopped


def test_without_wait_it_says_who_is_still_open(data_dir: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        till.begin("STORE_001", "EUR", "0001").add_line("TEA", 1, 250)
        done = call(data_dir, "--grace", "30", "--json")
        said = json.loads(done.stdout)
        assert (done.exit_code, said["open"], said["dead"]) == (0, ["REGISTER_01"], [])
        (terminal,) = said["terminals"]
        assert terminal["pid"] == os.getpid()
        cancelled = json.loads(call(data_dir, "--cancel", "--json").stdout)
        assert cancelled == {"cancelled": said["order"]}
    assert "no shutdown is under way" in call(data_dir, "--cancel").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--grace", "-1"], 2),
        (["--grace", "90000"], 2),
        (["--reason", ""], 1),
        (["--reason", "x" * 300], 1),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(
    data_dir: Path, arguments: list[str], exit_code: int
) -> None:
    done = call(data_dir, *arguments)
    assert done.exit_code == exit_code, done.output
    with Terminal.start("REGISTER_01", data_dir) as till:
        assert till.closing.order is None


def test_a_console_shuts_down_what_the_command_hands_to_it_and_stays(data_dir: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till, Floor.start(data_dir) as floor:
        done = call(data_dir, "--grace", "20", "--wait", "--reason", "stock-taking")
        assert done.exit_code == 0, done.output
        assert "1 of 1 tills are out (stock-taking)" in done.stdout
        assert till.stopped and not floor.manager.stopped


def test_a_process_that_is_manager_and_takes_no_acts_is_left_alone(data_dir: Path) -> None:
    with Terminal.start("MANAGER", data_dir):
        done = call(data_dir, "--json")
    assert done.exit_code == 75
    assert json.loads(done.stderr)["exit_code"] == 75
