"""`posterm spool`: the contract with a printer process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Shop
from posterm.commands.group import posterm

TILL = "REGISTER_01"
NAMES = [f"00000000{number}-receipt-{TILL}-{number}.txt" for number in (1, 2)]


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["spool", TILL, *arguments, "--data-dir", str(data_dir)])


def taken(data_dir: Path) -> list[str]:
    """What a printer gets, receipt by receipt."""
    result = call(data_dir, "--take")
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output.split("\f")


@pytest.fixture
def waiting(data_dir: Path) -> Path:
    """Two receipts wait."""
    spool = Shop(data_dir).spool(TILL)
    os.makedirs(spool.directory)
    for number, name in enumerate(NAMES, 1):
        spool.put(name, f"          STORE_001\nreceipt {number}\n", limit=9)
    return data_dir


def test_a_till_that_never_printed_has_nothing_waiting(data_dir: Path) -> None:
    assert "0 receipts wait" in call(data_dir).output
    assert call(data_dir, "--take").output == ""


def test_they_are_listed_the_oldest_first_and_shown_without_being_taken(waiting: Path) -> None:
    listed = json.loads(call(waiting, "--json").output)
    assert listed["waiting"] == NAMES and listed["directory"].endswith(f"{TILL}/spool")
    assert "receipt 2" in call(waiting, "--show", NAMES[1]).output
    assert json.loads(call(waiting, "--json").output) == listed
    assert call(waiting, "--show", "../durable").exit_code == 1


def test_taking_prints_each_once_with_a_form_feed_after_it(waiting: Path) -> None:
    receipts = taken(waiting)
    assert ["receipt 1" in receipts[0], "receipt 2" in receipts[1], receipts[2]] == [True, True, ""]
    assert "COPY" not in "".join(receipts)
    assert Shop(waiting).spool(TILL).waiting() == []


def test_what_an_ended_printer_had_taken_comes_out_as_a_copy(waiting: Path) -> None:
    Shop(waiting).spool(TILL).take()
    receipts = taken(waiting)
    assert receipts[0].splitlines()[0].strip() == "*** COPY ***" and "receipt 1" in receipts[0]
    assert "COPY" not in receipts[1]


def test_taking_and_listing_do_not_mix(waiting: Path) -> None:
    assert call(waiting, "--take", "--json").exit_code == 2
