"""The manager's side of a shop: who watches changes nothing, who acts is in MANAGER's log."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from kernel import (
    AuditFilter,
    BadInput,
    Cleaned,
    CleanUp,
    CloseDay,
    Floor,
    Host,
    Release,
    Released,
    SaleRefused,
    SendNotice,
    Settle,
    Settled,
    StoreReport,
    SystemClock,
    Terminal,
    TerminalInUse,
)
from kernel.codec.messages import FileName, Message, encode_body, encode_message
from kernel.coordination.suspended import Place, SuspendedSales, TicketFile
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock
from kernel.disk.process import this_process
from kernel.model.mail import message_id
from tests.support.clock import ManualClock
from tests.support.processes import python_child

SELLING = """
import sys
from kernel import Terminal
till = Terminal.start(sys.argv[1], sys.argv[2])
sale = till.begin(store="S1", currency="EUR", operator="0001")
sale.add_line("A", unit_minor=100)
print("open", sale.id, flush=True)
sys.stdin.read()
"""


def sell(till: Terminal, amount: int, description: str | None = None) -> str:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, amount, description=description)
    sale.tender_cash(amount)
    return sale.id


def letter(created_ms: int) -> Message:
    """A message for a till that never came, good for a second."""
    return Message(
        format=1,
        id=message_id(created_ms, bytes(10)),
        sender="T1",
        to="T9",
        order=1,
        kind="notice",
        created_ms=created_ms,
        expires_ms=created_ms + 1_000,
        body=encode_body({"text": "hello"}),
    )


def noted(data_dir: Path) -> list[tuple[str, str | None]]:
    """What MANAGER noted, with its operator."""
    trail = Floor.watch(data_dir).audit
    trail.bring_up_to_date()
    lines = trail.newest(AuditFilter(terminal="MANAGER", kind="noted"), 100)
    return [(json.loads(line.text)["what"], line.operator) for line in lines]


def wait_for(floor: Floor, terminal: str, activity: str) -> None:
    """Until that is what `terminal` is said to do: it says so once a second at most."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        (facts,) = (one for one in floor.status().terminals if one.terminal == terminal)
        if facts.activity == activity:
            return
    raise AssertionError(f"{terminal} is {facts.activity}")


def test_who_watches_sees_all_and_can_not_act(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
        with Floor.watch(data_dir) as floor, Floor.watch(data_dir) as other:
            for one in (floor, other):
                wait_for(one, "T1", "selling")
            for act in (
                lambda: floor.act(SendNotice(to="*", text="hello")),
                lambda: floor.export(data_dir, 20260101),
                lambda: floor.manager,
            ):
                with pytest.raises(SaleRefused, match="only watches"):
                    act()
            assert floor.verify().sound
    assert os.listdir(data_dir / "terminals") == ["T1"]


def test_a_till_that_only_just_runs_is_not_at_what_its_last_run_was_at(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    with Floor.watch(data_dir) as floor, Terminal.start("T1", data_dir):
        seen, deadline_s = [""], time.monotonic() + 10
        # Long before a sign of life is due every 15 seconds, without anything that a cashier did.
        while seen[-1] != "selling":
            assert time.monotonic() < deadline_s, seen
            (facts,) = floor.status().terminals
            seen.append(facts.activity)
        assert set(seen) <= {"", "running", "selling"}, "parked was the run before"


def test_one_console_acts_at_a_time(data_dir: Path) -> None:
    with Floor.start(data_dir), pytest.raises(TerminalInUse):
        Floor.start(data_dir)
    with Floor.start(data_dir):
        pass


def test_a_till_that_gives_no_sign_is_silent_and_one_that_is_killed_has_crashed(
    data_dir: Path,
) -> None:
    with Floor.start(data_dir) as floor:
        floor.configuration.change_draft("alert_silent_s", "1")
        floor.configuration.publish(floor.manager)
        with python_child("-c", SELLING, "T1", data_dir) as child:
            open_sale = child.wait_for_line("open").split()[1]
            child.signal(signal.SIGSTOP)
            wait_for(floor, "T1", "silent")
            child.kill()
        (_, facts) = floor.status().terminals
    assert (facts.state, facts.activity) == ("crashed", "parked")
    assert (facts.parked, facts.silent_s) == ((open_sale,), None)


def test_a_till_that_was_started_just_now_is_not_silent_since_its_last_run(
    data_dir: Path,
) -> None:
    yesterday = Host(clock=ManualClock())
    with Terminal.start("T1", data_dir, host=yesterday):
        pass
    host = Host()
    identity = this_process(
        "T1",
        version="test",
        boot=host.boot_id,
        incarnation="0" * 32,
        started_ms=host.clock.wall_ms(),
    )
    path = Layout(str(data_dir)).terminal("T1").lock
    lock = ProcessLock.acquire(host.disk, path, identity, clock=host.clock)
    with Floor.watch(data_dir) as floor:
        (facts,) = floor.status().terminals
    lock.release()
    assert facts.state == "running" and facts.session is not None
    assert facts.activity != "silent" and (facts.silent_s or 0) < 60
    # The control: a process that gave no sign since that time.
    old = replace(identity, started_at=datetime.fromtimestamp(0, UTC))
    lock = ProcessLock.acquire(host.disk, path, old, clock=host.clock)
    with Floor.watch(data_dir) as floor:
        (facts,) = floor.status().terminals
    lock.release()
    assert facts.activity == "silent"


def test_a_parked_sale_of_a_till_that_is_off_is_released_to_any_other(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 100)
        with Floor.start(data_dir) as floor, pytest.raises(TerminalInUse):
            floor.act(Release(transaction=sale.id))
    with Floor.start(data_dir, operator="0009") as floor:
        assert floor.status().parked == 1
        released = floor.act(Release(transaction=sale.id))
        assert isinstance(released, Released)
        (waiting,) = floor.status().suspended
        assert (waiting.ticket, waiting.origin) == (released.ticket, sale.id)
        assert floor.status().parked == 0
    with Terminal.start("T2", data_dir) as other:
        assert other.recall(released.ticket).total_minor == 100
        with Floor.watch(data_dir) as floor:
            there = {one.terminal: one for one in floor.status().terminals}
    assert (there["T1"].parked, there["T1"].activity) == ((), "off"), "its log does not say so yet"
    assert noted(data_dir) == [("released", "0009")]


def test_a_claim_of_a_till_that_is_gone_is_put_back(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 100)
        ticket = sale.suspend()
    Terminal.start("T2", data_dir).stop()
    files = SuspendedSales(RealDisk(), Layout(str(data_dir)))
    files.move(TicketFile(ticket, Place.READY), Place.CLAIM, "T2")  # and T2 dies
    with Floor.start(data_dir) as floor:
        assert [one.till for one in floor.status().suspended] == ["T2"]
        with Terminal.start("T2", data_dir):
            pass  # its own start puts it back as well
        files.move(TicketFile(ticket, Place.READY), Place.CLAIM, "T2")
        assert floor.act(Settle(terminal="T2")) == Settled(tickets=(ticket,))
        assert [one.till for one in floor.status().suspended] == [None]
        with Terminal.start("T1", data_dir), pytest.raises(TerminalInUse):
            floor.act(Settle(terminal="T1"))


def test_only_what_went_back_to_the_floor_is_said_to_be_there(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 100)
        ticket = sale.suspend()
    files = SuspendedSales(RealDisk(), Layout(str(data_dir)))
    left = files.read(TicketFile(ticket, Place.READY))
    with Terminal.start("T2", data_dir) as till:
        till.recall(ticket)
    files.put(left, "T2")  # and T2 died when its log had the sale, before the file was gone
    files.move(TicketFile(ticket, Place.PENDING, "T2"), Place.CLAIM, "T2")
    with Floor.start(data_dir) as floor:
        assert floor.act(Settle(terminal="T2")) == Settled(tickets=())
        assert floor.status().suspended == ()


def test_clean_up_takes_what_is_nobody_s_and_leaves_the_rest(data_dir: Path) -> None:
    with python_child("-c", SELLING, "T1", data_dir) as child:
        child.wait_for_line("open")
        child.kill()
    layout, now_ms = Layout(str(data_dir)), SystemClock().wall_ms()
    old, young = letter(now_ms - 7_300_000), letter(now_ms - 3_500_000)
    stale = {
        Path(layout.terminal_inbox, str(FileName.of(old))),
        Path(layout.next_message("T1")),
    }
    kept = {
        Path(layout.terminal_inbox, str(FileName.of(young))),
        Path(layout.next_message("T2")),
        Path(layout.cleanup, "torn.1"),
        Path(layout.temp, "fault-1.txt"),
    }
    for path in stale | kept:
        path.write_bytes(encode_message(old if old.id in path.name else young))
        os.utime(path, (now_ms / 1000 - 86_400,) * 2)
    with Terminal.start("T2", data_dir), Floor.start(data_dir) as floor:
        answer = Path(layout.terminal("MANAGER").answer(old.id))
        answer.write_text("{}")
        os.utime(answer, (now_ms / 1000 - 86_400,) * 2)
        cleaned = floor.act(CleanUp())
        assert cleaned == Cleaned(terminals=("T1",), messages=1, files=2)
        assert not any(path.exists() for path in (*stale, answer))
        assert all(path.exists() for path in kept)
        assert floor.act(CleanUp()) == Cleaned(terminals=(), messages=0, files=0)
        assert "T1" in {one.terminal for one in floor.status().terminals}
    assert [what for what, _ in noted(data_dir)] == ["cleaned_up", "cleaned_up"]


def test_the_integrity_of_the_whole_store_is_checked_and_noted(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        sell(till, 100)
    with Floor.start(data_dir) as floor:
        assert floor.verify().sound
        log = data_dir / "terminals/T1/transaction.wal"
        log.write_bytes(log.read_bytes().replace(b'"TEA"', b'"TEE"'))
        found = floor.verify()
        assert not found.sound
        assert [one.terminal for one in found.logs if not one.sound] == ["T1"]
    told = (data_dir / "terminals/MANAGER/transaction.wal").read_text()
    assert '"what":"store_verified","detail":"sound"' in told
    assert '"what":"store_verified","detail":"damaged: T1' in told


def test_a_day_is_exported_once_as_the_logs_have_it(data_dir: Path, tmp_path: Path) -> None:
    today = SystemClock().business_date()
    place = tmp_path / "books"
    place.mkdir()
    with Terminal.start("T1", data_dir) as till:
        first = sell(till, 100, 'Tea, "green" or black')
        second = sell(till, 250)
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 9)
    with Floor.start(data_dir) as floor:
        exported = floor.export(place, today)
        assert (exported.sales, exported.lines) == (2, 2)
        with pytest.raises(BadInput, match="has no export of that date yet"):
            floor.export(place, today)
        with pytest.raises(BadInput, match="name a directory"):
            floor.export(tmp_path / "nowhere", today)
        assert floor.export(place, 20200101).sales == 0
    with Path(exported.sales_path).open(newline="") as file:
        sales = list(csv.DictReader(file))
    assert [(row["transaction"], row["total_minor"]) for row in sales] == [
        (first, "100"),
        (second, "250"),
    ]
    with Path(exported.lines_path).open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(row["transaction"], row["description"]) for row in lines] == [
        (first, 'Tea, "green" or black'),
        (second, ""),
    ]
    assert sorted(path.name for path in place.iterdir()) == sorted(
        f"{name}-{date}.csv" for name in ("sales", "lines") for date in (today, 20200101)
    ), "nothing half written is left"


def test_closing_the_day_through_real_tills_leaves_a_sound_store(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as one, Terminal.start("T2", data_dir) as two:
        sell(one, 100)
        sell(two, 50)
        with Floor.start(data_dir) as floor:
            report = floor.act(CloseDay(wait_s=20))
            assert isinstance(report, StoreReport)
            assert (report.unclosed, report.totals["EUR"].total_minor) == ((), 150)
            assert floor.verify().sound
    assert "day_closed" in [what for what, _ in noted(data_dir)]
