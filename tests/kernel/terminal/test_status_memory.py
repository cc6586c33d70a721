"""A status with a memory says what one without it says, of whatever has happened since."""

from __future__ import annotations

import signal
from pathlib import Path

from msgspec.structs import replace

from kernel import Host, ShopStatus, StatusMemory, SystemClock, Terminal, shop_status
from kernel.terminal.status_memory import HEALTH_S
from tests.support.processes import python_child

SELLING = """
import sys
from kernel import Terminal
with Terminal.start("T2", sys.argv[1]) as till:
    till.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    print("open", flush=True)
    sys.stdin.read()
"""


class Ahead(SystemClock):
    """The machine's clock, so many seconds later."""

    seconds = 0.0

    def monotonic_s(self) -> float:
        return SystemClock.monotonic_s() + self.seconds


def same(data_dir: Path, host: Host, memory: StatusMemory) -> ShopStatus:
    """What both say; how long something is silent, and how much memory it has, moves on."""
    with_memory = shop_status(data_dir, host=host, memory=memory)
    without = shop_status(data_dir, host=host)

    def still(status: ShopStatus) -> ShopStatus:
        terminals = [
            replace(one, silent_s=None, memory_bytes=None, session=None, last_lsn=0)
            for one in status.terminals
        ]
        return replace(status, terminals=tuple(terminals), audit=without.audit)

    assert still(with_memory) == still(without)
    return with_memory


def test_a_day_is_told_the_same_with_a_memory_and_without(data_dir: Path) -> None:
    host = Host()
    memory = StatusMemory(data_dir, host)
    assert same(data_dir, host, memory).terminals == ()
    with Terminal.start("T1", data_dir, segment_bytes=2_000) as till:
        for _ in range(20):  # over several segments
            sale = till.begin("S1", "EUR", "0001")
            sale.add_line("TEA", 1, 100)
            (one,) = same(data_dir, host, memory).terminals
            assert (one.state, one.durable_lsn) == ("running", till.journal.last_lsn)
            sale.tender_cash(100)
        assert one.segments > 3
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 100)
    (one,) = same(data_dir, host, memory).terminals
    assert (one.state, one.activity, one.parked) == ("off", "parked", ("T1-21",))
    with Terminal.start("T1", data_dir):
        assert same(data_dir, host, memory).terminals[0].state == "running"


def test_a_killed_till_is_crashed_at_the_next_look(data_dir: Path) -> None:
    host = Host()
    memory = StatusMemory(data_dir, host)
    with python_child("-c", SELLING, data_dir) as child:
        child.wait_for_line("open")
        assert same(data_dir, host, memory).terminals[0].state == "running"
        child.kill()
        child.wait()
        (one,) = same(data_dir, host, memory).terminals
    assert (one.state, one.parked) == ("crashed", ("T2-1",))


def test_a_stopped_till_is_silent_within_two_seconds(data_dir: Path) -> None:
    clock = Ahead()
    host = Host(clock=clock)
    memory = StatusMemory(data_dir, host)

    def activity() -> str:
        return shop_status(data_dir, host=host, memory=memory).terminals[0].activity

    with python_child("-c", SELLING, data_dir) as child:
        child.wait_for_line("open")
        assert activity() == "selling"
        child.signal(signal.SIGSTOP)
        child.wait_until_stopped()
        clock.seconds += HEALTH_S
        assert activity() == "silent"
        child.signal(signal.SIGCONT)
        child.kill()
    assert HEALTH_S <= 2, "a console promises five seconds, and looks once a second"
