"""`posterm operator`: a change in one line, a PIN never as an argument, and every change logged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Floor, Terminal
from posterm.commands.group import posterm


def call(data_dir: Path, *arguments: str, keyed: str = "") -> Result:
    return CliRunner().invoke(
        posterm, ["operator", *arguments, "--data-dir", str(data_dir)], input=keyed
    )


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with two operators, whose PINs cost what real ones cost; not to be changed."""
    data_dir = tmp_path_factory.mktemp("added") / "shop"
    for number, name, role, pin in (
        ("0001", "Anna", "manager", "1111"),
        ("0002", "Bo", "cashier", "2222"),
    ):
        added = call(
            data_dir, "add", number, "--name", name, "--role", role, "--pin-stdin", keyed=pin
        )
        assert added.exit_code == 0, added.output
    return data_dir


@pytest.fixture
def staffed(added: Path, data_dir: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(added, data_dir, symlinks=True))


def test_an_operator_is_added_on_a_directory_that_nobody_made(data_dir: Path) -> None:
    added = call(data_dir, "add", "0001", "--name", "Anna", "--pin-stdin", keyed="1111\n")
    assert added.exit_code == 0
    assert added.stdout.startswith("operator 0001 Anna is cashier, active\nnext: posterm operator")
    with Terminal.start("REGISTER_01", data_dir) as till:
        assert till.sign_on("0001", "1111").name == "Anna"


def test_operators_are_listed_for_people_and_for_scripts(staffed: Path) -> None:
    shown = call(staffed, "list").stdout.splitlines()
    assert [line.split() for line in shown] == [
        ["0001", "manager", "active", "Anna"], ["0002", "cashier", "active", "Bo"]
    ]  # fmt: skip
    listed = json.loads(call(staffed, "list", "--json").stdout)["operators"]
    assert listed[1] == {"number": "0002", "name": "Bo", "role": "cashier", "active": True}


def test_a_shop_without_operators_says_how_to_add_one(data_dir: Path) -> None:
    listed = call(data_dir, "list")
    assert listed.exit_code == 0 and "next: posterm operator add" in listed.stdout
    assert not data_dir.exists()


def test_role_pin_and_activity_are_changed(staffed: Path) -> None:
    assert "supervisor" in call(staffed, "role", "0002", "supervisor").stdout
    assert call(staffed, "set-pin", "0002", "--pin-stdin", keyed="4444\n").exit_code == 0
    with Terminal.start("REGISTER_01", staffed) as till:
        assert till.sign_on("0002", "4444").role.value == "supervisor"
    assert "disabled" in call(staffed, "disable", "0002").stdout
    changed = json.loads(call(staffed, "enable", "0002", "--json").stdout)
    assert changed == {"number": "0002", "name": "Bo", "role": "supervisor", "active": True}


@pytest.mark.parametrize(
    ("arguments", "keyed", "exit_code"),
    [
        (("add", "0001", "--name", "Twice", "--pin-stdin"), "1234", 1),
        (("add", "x", "--name", "Name", "--pin-stdin"), "1234", 1),
        (("add", "0003", "--name", "Name", "--pin-stdin"), "12", 1),
        (("add", "0003", "--name", "Name", "--pin-stdin"), "", 1),
        (("add", "0003", "--pin-stdin"), "1234", 2),
        (("add", "0003", "--name", "Name", "--pin", "1234"), "", 2),
        (("set-pin", "0002", "5555"), "", 2),
        (("set-pin", "0002"), "", 2),
        (("role", "0002", "owner"), "", 2),
        (("disable", "0001"), "", 1),
        (("disable", "0009"), "", 1),
    ],
)
def test_what_cannot_be_ends_with_one_line_and_changes_nothing(
    staffed: Path, arguments: tuple[str, ...], keyed: str, exit_code: int
) -> None:
    before = (staffed / "shared/coordination/operators.json").read_bytes()
    refused = call(staffed, *arguments, keyed=keyed)
    assert refused.exit_code == exit_code, refused.output
    assert refused.stdout == "" and refused.stderr
    assert (staffed / "shared/coordination/operators.json").read_bytes() == before


def test_a_damaged_file_is_bad_configuration(staffed: Path) -> None:
    (staffed / "shared/coordination/operators.json").write_bytes(b"{}")
    refused = call(staffed, "list", "--json")
    assert refused.exit_code == 78
    assert json.loads(refused.stderr)["exit_code"] == 78


def test_every_change_stands_in_the_managers_log(staffed: Path) -> None:
    call(staffed, "disable", "0002")
    log = (staffed / "terminals/MANAGER/transaction.wal").read_text()
    entries = [json.loads(line[32:]) for line in log.splitlines()]
    noted = [(entry["what"], entry["detail"]) for entry in entries if entry["k"] == "event"]
    assert noted == [
        ("operator_added", "0001 manager"),
        ("operator_added", "0002 cashier"),
        ("operator_disabled", "0002 cashier"),
    ]


def test_while_the_console_runs_the_change_is_made_there(staffed: Path) -> None:
    with Floor.start(staffed) as floor:
        assert "disabled" in call(staffed, "disable", "0002").stdout
        changed = call(staffed, "set-pin", "0001", "--pin-stdin", keyed="4444\n")
        assert changed.exit_code == 0, changed.output
        assert floor.manager.sign_on("0001", "4444").name == "Anna"
    log = (staffed / "terminals/MANAGER/transaction.wal").read_text()
    assert log.count('"what":"act_taken"') == 2 and "4444" not in log


def test_a_process_that_is_manager_and_takes_no_acts_is_left_alone(staffed: Path) -> None:
    with Terminal.start("MANAGER", staffed):
        refused = call(staffed, "disable", "0002")
    assert refused.exit_code == 75 and "MANAGER" in refused.stderr
