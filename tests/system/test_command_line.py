"""The command line as real processes: killed, told to end, cut off from its reader."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from kernel import Shop, Terminal
from tests.support.invoices import rung, sums
from tests.support.processes import CHECKOUT, Child, python_child


@contextmanager
def ringing(data_dir: Path, source: Path, *more: str) -> Iterator[Child]:
    places = ("--data-dir", str(data_dir), "--input", str(source))
    with python_child("-m", "posterm", "ring", "REGISTER_01", *places, "--acks", *more) as child:
        yield child


def shell(command: str, **names: str | Path) -> subprocess.CompletedProcess[str]:
    posterm = f"{sys.executable} -m posterm"
    return subprocess.run(
        ["bash", "-c", command.format(posterm=posterm, **names)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_run_is_resumed_to_the_same_totals(
    data_dir: Path, invoices: Path, seed: int
) -> None:
    dice = Random(seed)
    acknowledged: list[str] = []
    for _ in range(3):
        with ringing(data_dir, invoices, "--resume") as child:
            for _ in range(dice.randint(1, 40)):
                acknowledged.append(child.wait_for_line("ACK "))
            child.kill()

    with ringing(data_dir, invoices, "--resume") as child:
        assert child.wait(timeout_s=60) == 0

    assert rung(data_dir) == sums(invoices)
    logged = {
        f"ACK {sale.sale.reference} {sale.id} {sale.sale.total_minor}"
        for sale in Shop(data_dir).sales()
    }
    assert set(acknowledged) <= logged
    assert len(set(acknowledged)) == len(acknowledged)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_told_to_end_parks_its_sale_and_says_so(
    data_dir: Path, invoices: Path, number: signal.Signals
) -> None:
    with ringing(data_dir, invoices) as child:
        child.wait_for_line("ACK ")
        child.signal(number)
        assert child.wait() == 128 + number
        assert "--resume" in child.errors()

    with Terminal.start("REGISTER_01", data_dir) as till:
        assert not till.recovery.crashed
    with ringing(data_dir, invoices, "--resume") as child:
        assert child.wait(timeout_s=60) == 0
    assert rung(data_dir) == sums(invoices)


def wait_for_size(path: Path, size_bytes: int) -> None:
    """Return when the file has grown to that; its growth is the only sign of a sale under way."""
    deadline = time.monotonic() + 20
    while path.stat().st_size < size_bytes:
        assert time.monotonic() < deadline, f"{path} did not grow to {size_bytes} bytes"


def test_a_long_sale_is_not_finished_first(data_dir: Path, tmp_path: Path) -> None:
    source = tmp_path / "long.csv"
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice"
    source.write_text("\n".join([header, "A,TEA,,1,,1", *["B,TEA,,1,,1"] * 9_999]))
    with ringing(data_dir, source) as child:
        child.wait_for_line("ACK A")
        wait_for_size(data_dir / "terminals/REGISTER_01/transaction.wal", 10_000)
        child.signal(signal.SIGTERM)
        assert child.wait() == 128 + signal.SIGTERM
        assert "REGISTER_01-2 is parked" in child.errors()
    assert list(rung(data_dir)) == ["A"]


def test_a_reader_that_leaves_ends_the_run_quietly(data_dir: Path, invoices: Path) -> None:
    left = shell(
        "{posterm} ring R1 --data-dir {data_dir} --input {invoices} --acks | head -n 1; "
        "exit ${{PIPESTATUS[0]}}",
        data_dir=data_dir,
        invoices=invoices,
    )
    assert (left.returncode, left.stderr) == (141, "")
    assert left.stdout.startswith("ACK 536365 R1-1 ")
    with Terminal.start("R1", data_dir) as till:
        assert not till.recovery.crashed


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("{posterm} sales --data-dir {data_dir} <&-", 0),
        ("{posterm} ring R1 --data-dir {data_dir} --input - <&-", 1),
        ("{posterm} ring R1 --data-dir {data_dir} --input - </dev/null", 1),
        ("{posterm} ring R1 --data-dir {data_dir} --input {invoices} >&-", 0),
        ("{posterm} ring R1 --data-dir {data_dir} --input {invoices} --acks >/dev/full", 1),
        ("{posterm} status --data-dir {data_dir} >/dev/full", 1),
        ("{posterm} nothing", 2),
        ("{posterm} --version", 0),
    ],
)
def test_closed_streams_do_no_harm(
    data_dir: Path, invoices: Path, command: str, exit_code: int
) -> None:
    result = shell(command, data_dir=data_dir, invoices=invoices)
    assert result.returncode == exit_code, result.stderr
    assert "Traceback" not in result.stderr and "fault of posterm" not in result.stderr


def test_an_old_terminal_s_encoding_ends_no_command(data_dir: Path) -> None:
    with Terminal.start("R1", data_dir) as till:
        sale = till.begin("STORE_001", "EUR", "0001")
        sale.add_line("TEA", 1, 100, description="Thé 茶")
        sale.tender_cash(100)
    result = shell(
        "PYTHONIOENCODING=latin-1 {posterm} receipt R1-1 --data-dir {data_dir}", data_dir=data_dir
    )
    assert result.returncode == 0, result.stderr
    assert "Th\ufffd ?" in result.stdout
