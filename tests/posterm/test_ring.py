"""`posterm ring` against an independent sum, and what it refuses before it rings anything."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Shop, Terminal
from posterm.commands.group import posterm
from tests.support.invoices import rung, sums
from tests.support.processes import CHECKOUT

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(posterm, [str(one) for one in arguments])


def ring(data_dir: Path, source: Path, *more: str | Path) -> Result:
    return call("ring", "REGISTER_01", "--data-dir", data_dir, "--input", source, *more)


def test_nothing_is_rung_on_the_manager_s_terminal(tmp_path: Path, small: Path) -> None:
    result = call("ring", "MANAGER", "--data-dir", tmp_path / "shop", "--input", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "MANAGER is the manager's console and sells nothing" in result.stderr
    assert not (tmp_path / "shop").exists()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    source = tmp_path / "small.csv"
    source.write_text(
        f"{HEADER}A1,COFFEE,Coffee,2,,3.99\nA1,TEA,Tea,1,,2.50\nC1,TEA,Tea,-1,,2.50\n"
        "Z1,TEA,Tea,1,,0\nX1,TEA,Tea,0,,1\n"
    )
    return source


def test_every_invoice_of_the_sample_comes_to_its_independent_sum(
    data_dir: Path, invoices: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects.csv"
    result = ring(data_dir, invoices, "--json", "--acks", "--rejects", rejects)
    assert result.exit_code == 0, result.output
    *acks, said = result.stdout.splitlines()
    summary = json.loads(said)
    expected = sums(invoices)

    assert rung(data_dir) == expected
    assert summary["sales"] == len(expected) == len(acks) == 149
    assert summary["lines"] == 1380
    assert Decimal(summary["total_minor"]) == sum(expected.values()) * 100
    assert summary["seconds"] > 0
    shop = Shop(data_dir)
    assert acks == [
        f"ACK {logged.sale.reference} {logged.id} {logged.sale.total_minor}"
        for logged in shop.sales()
    ]
    with rejects.open(newline="") as file:
        refused = list(csv.DictReader(file))
    assert len(refused) == summary["rejected"] == 4
    assert [row["UnitPrice"] for row in refused].count("-11062.06") == 1
    with invoices.open(newline="") as file:
        lines = [line.rstrip("\n").split(",") for line in file]
    assert [lines[int(row["row"]) - 1][0] for row in refused] == [
        row["InvoiceNo"] for row in refused
    ]
    assert all(row["reason"] and row["Country"] == "United Kingdom" for row in refused)


def test_money_is_taken_paid_out_or_neither(data_dir: Path, small: Path) -> None:
    result = ring(data_dir, small)
    assert result.exit_code == 0, result.output
    assert "rang 3 sales, 4 lines, 7.98 GBP" in result.stdout
    assert "; 1 row can't be rung" in result.stdout
    assert f"next: posterm report x REGISTER_01 --data-dir {data_dir}" in result.stdout
    sales = [logged.sale for logged in Shop(data_dir).sales()]
    assert [(sale.total_minor, sale.tendered_minor, sale.change_minor) for sale in sales] == [
        (1048, 1048, 0),
        (-250, -250, 0),
        (0, 0, 0),
    ]


def test_gzip_from_standard_input_is_rung_too(data_dir: Path, small: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "posterm", "ring", "R1", "--input", "-", "--json"],
        cwd=CHECKOUT,
        env={**os.environ, "POSTERM_DATA": str(data_dir)},
        input=gzip.compress(small.read_bytes()),
        capture_output=True,
        timeout=30,
    )
    assert json.loads(result.stdout)["sales"] == 3


def test_store_operator_and_currency_are_those_given(data_dir: Path, small: Path) -> None:
    result = ring(data_dir, small, "--store", "S9", "--operator", "77", "--currency", "KWD")
    assert result.exit_code == 0, result.output
    sale = next(Shop(data_dir).sales()).sale
    assert (sale.store, sale.operator, sale.currency, sale.total_minor) == (
        "S9",
        "77",
        "KWD",
        10480,
    )


def test_a_file_that_was_rung_is_not_rung_again(data_dir: Path, small: Path) -> None:
    ring(data_dir, small)
    again = ring(data_dir, small, "--json")
    assert again.exit_code == 1
    assert "REGISTER_01-1" in json.loads(again.stderr)["error"]
    assert "--resume" in again.stderr
    assert len(rung(data_dir)) == 3


def test_resume_skips_what_is_committed_and_rings_the_rest(data_dir: Path, small: Path) -> None:
    ring(data_dir, small)
    small.write_text(small.read_text() + "N1,TEA,Tea,4,,2.50\n")
    summary = json.loads(ring(data_dir, small, "--json", "--resume").stdout)
    assert (summary["sales"], summary["skipped"], summary["total_minor"]) == (1, 3, 1000)
    assert rung(data_dir)["N1"] == 10


@pytest.mark.parametrize("lines_in", [0, 1, 2])
def test_resume_goes_on_at_the_next_line_of_an_open_sale(
    data_dir: Path, small: Path, lines_in: int
) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        sale = till.begin("STORE_001", "GBP", "0001", reference="A1")
        for code, quantity, unit_minor in (("COFFEE", 2, 399), ("TEA", 1, 250))[:lines_in]:
            sale.add_line(code, quantity, unit_minor)
    assert "--resume" in ring(data_dir, small).stderr
    assert ring(data_dir, small, "--resume").exit_code == 0
    first = next(Shop(data_dir).sales())
    assert (first.id, len(first.sale.lines), first.sale.total_minor) == (sale.id, 2, 1048)


def test_resume_refuses_a_sale_with_other_lines_than_the_file(data_dir: Path, small: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        till.begin("STORE_001", "GBP", "0001", reference="A1").add_line("CAKE", 1, 399)
    result = ring(data_dir, small, "--resume")
    assert result.exit_code == 1
    assert "other lines than the file" in result.stderr
    assert rung(data_dir) == {}


def test_an_invoice_whose_rows_are_all_refused_makes_no_sale(data_dir: Path, small: Path) -> None:
    ring(data_dir, small)
    assert "X1" not in rung(data_dir)


def test_a_bad_file_rings_nothing(data_dir: Path, small: Path) -> None:
    small.write_bytes(small.read_bytes() + b"A2,T\0EA,Tea,1,,1\n")
    result = ring(data_dir, small)
    assert result.exit_code == 1
    assert "line 7 holds a NUL byte" in result.stderr
    assert not data_dir.exists()


def test_a_running_terminal_is_left_alone(data_dir: Path, small: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir):
        result = ring(data_dir, small, "--json")
    assert result.exit_code == 75
    assert json.loads(result.stderr)["exit_code"] == 75
    assert rung(data_dir) == {}


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["ring", "../x", "--input", "{small}"], 1),
        (["ring", "REGISTER_01", "--input", "{small}", "--currency", "XYZ"], 1),
        (["ring", "REGISTER_01", "--input", "{small}", "--rejects", "{small}"], 2),
        (["ring", "REGISTER_01", "--input", "{small}", "--data-dir", "{small}"], 78),
        (["ring", "REGISTER_01", "--input", "{small}", "--rejects", "/dev/full"], 1),
        (["ring", "REGISTER_01", "--input", "no such file"], 2),
        (["ring", "REGISTER_01"], 2),
    ],
)
def test_what_can_not_be_rung_is_said_with_its_exit_code(
    data_dir: Path, small: Path, arguments: list[str], exit_code: int
) -> None:
    before = small.read_bytes()
    given = [one.format(small=small) for one in arguments]
    result = CliRunner().invoke(posterm, given, env={"POSTERM_DATA": str(data_dir)})
    assert result.exit_code == exit_code, result.output
    assert result.stderr
    assert small.read_bytes() == before
    assert rung(data_dir) == {}
