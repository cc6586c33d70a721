"""What `posterm status` says of terminals that run, have stopped or have crashed."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from kernel import Terminal, shop_status
from posterm.commands.group import posterm
from posterm.commands.status import rows
from tests.support.processes import python_child

# Sells, leaves a sale open and waits to be killed.
CRASHING = """
import sys
from kernel import Terminal
till = Terminal.start(sys.argv[1], sys.argv[2])
sale = till.begin(store="S1", currency="EUR", operator="0001")
sale.add_line("A", unit_minor=100)
print("open", sale.id, flush=True)
sys.stdin.read()
"""


def told(data_dir: Path):
    done = CliRunner().invoke(posterm, ["status", "--json", "--data-dir", str(data_dir)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_directory_that_is_not_there_is_a_shop_without_terminals(data_dir: Path) -> None:
    assert told(data_dir) == {
        "data_dir": str(data_dir),
        "terminals": [],
        "registry": {"crashed": [], "not_entered": []},
        "messages_waiting": 0,
        "broadcasts": 0,
        "suspended": 0,
        "suspended_sales": [],
        "parked": 0,
        "audit": {"collector": None, "lag": 0, "waiting": {}},
    }
    assert not data_dir.exists()


def test_a_running_terminal_is_named_with_its_process_and_its_sale(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin(store="S1", currency="EUR", operator="0007")
        sale.add_line("A", unit_minor=100)
        (terminal,) = told(data_dir)["terminals"]
    assert terminal["state"] == "running"
    assert terminal["registered"] is True
    assert terminal["process"]["pid"] > 0
    assert terminal["session"]["transaction"] == sale.id
    assert terminal["session"]["operator"] == "0007"
    assert terminal["session"]["configuration"] == 0
    assert terminal["parked"] is None
    assert terminal["durable_lsn"] > 0


def test_a_stopped_terminal_shows_the_sales_that_it_parked(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir, segment_bytes=2_000) as till:
        parked = till.begin(store="S1", currency="EUR", operator="0001")
        for _ in range(30):  # over several segments: the sale is in the checkpoint
            parked.add_line("A", unit_minor=100)
        closed = till.begin(store="S1", currency="EUR", operator="0001")
        closed.add_line("A", unit_minor=100)
        closed.tender_cash(100)
        till.stop()
        last_lsn = till.journal.last_lsn
    (terminal,) = told(data_dir)["terminals"]
    assert terminal["state"] == "off"
    assert terminal["process"] is None
    assert terminal["parked"] == [parked.id]
    assert terminal["segments"] > 1
    assert terminal["last_lsn"] == terminal["durable_lsn"] == last_lsn
    files = (data_dir / "terminals" / "T1").glob("transaction.wal*")
    assert terminal["bytes"] == sum(path.stat().st_size for path in files)


def test_parked_sales_are_told_without_reading_the_older_segments(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir, segment_bytes=2_000) as till:
        parked = till.begin(store="S1", currency="EUR", operator="0001")
        for _ in range(30):
            parked.add_line("A", unit_minor=100)
    for sealed in (data_dir / "terminals" / "T1").glob("transaction.wal.*"):
        sealed.write_bytes(b"rubbish")
    assert told(data_dir)["terminals"][0]["parked"] == [parked.id]


def test_without_its_checkpoint_the_open_sales_are_unknown_not_none(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir, segment_bytes=2_000) as till:
        sale = till.begin(store="S1", currency="EUR", operator="0001")
        for _ in range(30):
            sale.add_line("A", unit_minor=100)
    (data_dir / "terminals" / "T1" / "checkpoint").write_bytes(b"rubbish")
    assert told(data_dir)["terminals"][0]["parked"] is None
    assert any("can't be told" in row for row in rows(shop_status(data_dir)))


def test_a_checkpoint_that_its_segment_does_not_name_is_not_believed(data_dir: Path) -> None:
    checkpoint = data_dir / "terminals" / "T1" / "checkpoint"
    with Terminal.start("T1", data_dir, segment_bytes=2_000) as till:
        sale = till.begin(store="S1", currency="EUR", operator="0001")
        while not checkpoint.exists():
            sale.add_line("A", unit_minor=100)
        older = checkpoint.read_bytes()
        for _ in range(30):
            sale.add_line("A", unit_minor=100)
    checkpoint.write_bytes(older)
    assert told(data_dir)["terminals"][0]["parked"] is None


def test_a_killed_terminal_is_crashed_and_keeps_its_sale(data_dir: Path) -> None:
    with python_child("-c", CRASHING, "T1", data_dir) as child:
        line = child.wait_for_line("open")
        child.kill()
    done = CliRunner().invoke(posterm, ["status", "--data-dir", str(data_dir)])
    (terminal,) = told(data_dir)["terminals"]
    assert terminal["state"] == "crashed"
    assert terminal["registered"] is True
    assert terminal["process"]["pid"] == child.pid
    assert terminal["parked"] == [line.split()[1]]
    assert done.stdout.splitlines()[-1] == f"next: posterm verify T1 --data-dir {data_dir}"


def test_waiting_messages_are_counted_for_whom_they_wait(data_dir: Path) -> None:
    Terminal.start("T1", data_dir).stop()
    with Terminal.start("T2", data_dir) as till:
        for to in ("T1", "T1", "*"):
            till.send(to, "notice", {"text": "hello"}, 60)
    inbox = data_dir / "shared/cross_terminal_messages/terminal_inbox"
    (inbox / ".half.next").touch()
    (inbox / "rubbish").touch()
    status = told(data_dir)
    assert (status["messages_waiting"], status["broadcasts"]) == (2, 1)
    assert [one["messages"] for one in status["terminals"]] == [2, 0]


def test_suspended_sales_are_told_and_where_they_are(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin(store="S1", currency="EUR", operator="0001")
        sale.add_line("A", unit_minor=100)
        ticket = sale.suspend()
    shared = data_dir / "shared" / "suspended"
    (shared / "T1-9.released.123456782.T2").touch()
    (shared / "123456782.claim.T2").touch()
    status = told(data_dir)
    assert status["suspended"] == 2
    damaged, waiting = sorted(status["suspended_sales"], key=lambda one: one["lines"])
    assert (damaged["ticket"], damaged["till"]) == ("123456782", "T2")
    assert damaged["damage"] is not None
    assert (waiting["ticket"], waiting["origin"], waiting["total_minor"]) == (ticket, sale.id, 100)
    shown = list(rows(shop_status(data_dir)))
    assert any(row.startswith(f"  {ticket}: {sale.id}, 1 line, 100 EUR, until 20") for row in shown)
    assert "  123456782: its file can't be read, in the hands of T2" in shown


def test_the_table_keeps_within_80_columns(data_dir: Path) -> None:
    for terminal in ("T1", "A" * 32):
        with Terminal.start(terminal, data_dir) as till:
            till.begin(store="S1", currency="EUR", operator="0001")
    shown = list(rows(shop_status(data_dir)))
    assert max(map(len, shown)) <= 80
    assert any(row.startswith("T1 ") and " parked " in row for row in shown)
    assert "A" * 32 in shown


def test_status_changes_nothing(data_dir: Path) -> None:
    Terminal.start("T1", data_dir).stop()
    before = {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")}
    told(data_dir)
    assert {path: path.stat().st_mtime_ns for path in data_dir.rglob("*")} == before
