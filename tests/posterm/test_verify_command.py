"""`posterm verify` says what it found in lines for people or in one object, and exits by it."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from kernel import Terminal
from posterm.commands.group import posterm
from tests.support.damages import DAMAGES


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name in ("REGISTER_01", "REGISTER_02"):
        with Terminal.start(name, tmp_path) as till:
            sale = till.begin("STORE_001", "EUR", "0001")
            sale.add_line("COFFEE_001", 1, 399)
            sale.tender_cash(500)
    return tmp_path


def verify(shop: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["verify", "--data-dir", str(shop), *arguments])


def damage(shop: Path) -> Path:
    directory = shop / "terminals" / "REGISTER_02"
    DAMAGES["flip"](directory, Random(1))
    return directory / "transaction.wal"


def test_a_sound_shop_is_a_line_a_terminal_a_next_step_and_exit_0(shop: Path) -> None:
    result = verify(shop)
    first, second, last = result.output.splitlines()
    assert result.exit_code == 0
    assert first.startswith("REGISTER_01: sound, 7 entries in 1 segment,")
    assert second.startswith("REGISTER_02: sound") and last.startswith("next: posterm verify")


def test_damage_names_file_offset_lsn_and_next_step_and_exits_74(shop: Path) -> None:
    wal = damage(shop)
    result = verify(shop)
    assert result.exit_code == 74
    assert "REGISTER_01: sound" in result.output and "REGISTER_02: DAMAGED" in result.output
    assert f"damage: {wal}: offset " in result.output and "LSN" in result.output
    assert "next: keep the directory of REGISTER_02 as it is" in result.output
    assert verify(shop, "REGISTER_01").exit_code == 0


@pytest.mark.parametrize("damaged", [False, True])
def test_json_is_one_object(shop: Path, damaged: bool) -> None:
    if damaged:
        damage(shop)
    result = verify(shop, "--json", "--ledger")
    said = json.loads(result.output)
    assert result.output.count("\n") == 1
    assert said["sound"] is not damaged and said["ledger"] is True
    assert [one["terminal"] for one in said["terminals"]] == ["REGISTER_01", "REGISTER_02"]
    assert [bool(one["damages"]) for one in said["terminals"]] == [False, damaged]
    assert said["terminals"][0]["last_lsn"] == 7


def test_a_terminal_that_is_not_there_is_refused(shop: Path) -> None:
    result = verify(shop, "REGISTER_09")
    assert result.exit_code == 1 and "it has REGISTER_01, REGISTER_02" in result.output


def test_a_suspended_sale_that_is_nowhere_is_named_and_exits_74(shop: Path) -> None:
    with Terminal.start("REGISTER_01", shop) as till:
        sale = till.begin("STORE_001", "EUR", "0001")
        sale.add_line("TEA_001", 1, 299)
        ticket = sale.suspend()
    result = verify(shop)
    assert result.exit_code == 0
    assert "between tills: sound, 1 suspended sale, 0 booked returns" in result.output
    (shop / f"shared/suspended/{ticket}.ready").unlink()
    result = verify(shop)
    assert result.exit_code == 74 and "between tills: DAMAGED" in result.output
    wal = shop / "terminals/REGISTER_01/transaction.wal"
    assert f"damage: {wal}: offset " in result.output
    assert f"sale REGISTER_01-2 was suspended as ticket {ticket} and is in no" in result.output
    assert "next: copy " in result.output and "the logs are sound" in result.output
    said = json.loads(verify(shop, "--json").output)
    assert said["sound"] is False and all(one["sound"] for one in said["terminals"])
    assert said["shared"]["sound"] is False and len(said["shared"]["damages"]) == 1
    assert verify(shop, "REGISTER_01").exit_code == 0, "one log alone, as it was asked"
