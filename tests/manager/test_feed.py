"""The feed, on a thread, over a real shop whose tills sell, are stopped and are killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from kernel import AuditTrail, Floor, Host, Publish, Shop, Terminal, Totals, decode_line
from kernel.disk.layout import Layout
from manager.board import Board
from manager.feed import Feed, Tick
from manager.today import today_of
from tests.support.audit_load import LoadedShop
from tests.support.audits import sell
from tests.support.clock import LeapingClock
from tests.support.console import tills

PATIENCE_S = 20.0
TILL, OTHER = "REGISTER_01", "REGISTER_02"
HOUR_MS = 3_600_000


class Watcher:
    """A board that a feed keeps."""

    def __init__(self, ticks: SimpleQueue[Tick]) -> None:
        self.board = Board()
        self.ticks: list[Tick] = []
        self._queue = ticks

    def until(self, condition: Callable[[Board], object]) -> float:
        """Take ticks until that is so; how long it took."""
        begun_s = time.monotonic()
        while not condition(self.board):
            left_s = begun_s + PATIENCE_S - time.monotonic()
            try:
                tick = self._queue.get(timeout=max(left_s, 0.01))
            except Empty:
                raise AssertionError(f"never: {self.board.cards}") from None
            self.ticks.append(tick)
            self.board.take(tick)
        return time.monotonic() - begun_s

    @property
    def configurations(self) -> int:
        """How often the shop's settings were read."""
        return sum(tick.configuration is not None for tick in self.ticks)

    def activity(self, terminal: str) -> str:
        found = [one.activity for one in self.board.cards if one.terminal == terminal]
        return found[0] if found else ""

    def runs(self, terminal: str) -> bool:
        return self.activity(terminal) in ("running", "idle")


def mirrors(board: Board, *, lines: int) -> bool:
    sale = board.mirror(TILL)
    return sale is not None and len(sale.lines) == lines


@contextmanager
def watching(data_dir: Path | str, host: Host | None = None) -> Iterator[Watcher]:
    ticks: SimpleQueue[Tick] = SimpleQueue()
    feed = Feed(str(data_dir), ticks.put, host)
    feed.start()
    try:
        yield Watcher(ticks)
    finally:
        feed.stop()


def test_a_sale_is_on_the_board_line_by_line_a_moment_after_the_till_has_it(
    data_dir: Path,
) -> None:
    with Floor.start(data_dir), Terminal.start(TILL, data_dir) as till:
        with watching(data_dir) as watcher:
            watcher.until(lambda board: not board.telling)
            sale = till.begin("S1", "EUR", "0001")
            took_s = []
            for number in range(1, 6):
                sale.add_line("TEA", 1, 250)
                took_s.append(watcher.until(partial(mirrors, lines=number)))
            assert sorted(took_s)[2] < 1.0, "a quarter of a second where the machine is idle"
            sale.tender_cash(1_250)
            watcher.until(lambda board: board.today.totals.get("EUR", Totals()).sales == 1)
            assert all(len(tick.lines) < 5_000 for tick in watcher.ticks)


def test_a_console_that_starts_in_mid_sale_has_the_day_from_its_beginning(data_dir: Path) -> None:
    with Terminal.start(TILL, data_dir) as till:
        for _ in range(40):
            sell(till)
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 250)
        with watching(data_dir) as earlier:
            earlier.until(partial(mirrors, lines=1))  # the till has collected what it rang
        with watching(data_dir) as watcher:
            watcher.until(lambda board: not board.telling)
            x = till.x_report()
            board = watcher.board
            assert board.today.totals == x.totals and board.today.whole
            seen = board.mirror(TILL)
            assert seen is not None and seen.whole and len(seen.lines) == 1
        with watching(data_dir) as again:
            again.until(lambda board: not board.telling)
            assert today_of(again.board.day) == today_of(board.day), "a new console shows the same"


def test_a_configuration_for_later_is_on_the_board_when_its_time_has_come(data_dir: Path) -> None:
    with Floor.start(data_dir) as floor:
        floor.configuration.change_draft("alert_no_sales", "7")
        clock = LeapingClock()
        with watching(data_dir, Host(clock=clock)) as watcher:
            watcher.until(lambda board: board.configuration is not None)
            floor.act(Publish(effective_ms=clock.wall_ms() + HOUR_MS, wait_s=0.0))
            watcher.until(lambda board: watcher.configurations == 2)
            assert watcher.board.day.thresholds.no_sales != 7
            clock.leap_s = 3_601.0
            watcher.until(lambda board: board.day.thresholds.no_sales == 7)


def test_an_audit_log_made_anew_tells_no_line_twice(data_dir: Path) -> None:
    with Terminal.start(TILL, data_dir) as till:
        sell(till)
    trail = AuditTrail(data_dir)
    trail.bring_up_to_date()
    with watching(data_dir) as watcher:
        watcher.until(lambda board: not board.telling)
        before = watcher.board.today
        trail.rebuild()
        with Terminal.start(TILL, data_dir) as till:
            sell(till)
        trail.bring_up_to_date()
        watcher.until(lambda board: board.today.totals["EUR"].sales == 2)
        lines = [decode_line(line) for tick in watcher.ticks for line in tick.lines]
        told = [(line.terminal, line.lsn) for line in lines]
        assert len(told) == len(set(told))
        assert before.totals["EUR"].sales == 1
        assert watcher.board.today.totals == Shop(data_dir).x_report(TILL).totals


def test_a_killed_till_is_crashed_and_a_stopped_one_silent_within_seconds(
    tmp_path: Path,
) -> None:
    with tills(tmp_path, TILL) as first, tills(tmp_path, OTHER) as second:
        with watching(tmp_path) as watcher:
            watcher.until(lambda board: watcher.runs(TILL) and watcher.runs(OTHER))
            first.signal(signal.SIGKILL)
            assert watcher.until(lambda board: watcher.activity(TILL) == "crashed") < 4.0
            second.signal(signal.SIGSTOP)
            assert watcher.until(lambda board: watcher.activity(OTHER) == "silent") < 8.0
            second.signal(signal.SIGCONT)
            watcher.until(lambda board: watcher.runs(OTHER))
            assert [(one.terminal, one.what) for one in watcher.board.alerts] == [
                (TILL, "crashed"),
                (OTHER, "silent"),
            ]
            (card,) = [one for one in watcher.board.cards if one.terminal == OTHER]
            assert card.memory_bytes is not None and card.memory_bytes > 1 << 20


def test_no_line_is_missing_whatever_comes_while_the_day_is_told(tmp_path: Path) -> None:
    shop = LoadedShop(str(tmp_path / "shop"), 10)
    shop.begin(history=20_000)
    shop.hold()
    with watching(shop.layout.root) as watcher:
        written = 20_000 + shop.run(1_000, 1.5)
        last = shop.lsn - 1
        watcher.until(
            lambda board: (
                not board.telling
                and min(till.told.last_lsn for till in board.day.tills.values()) == last
            )
        )
        assert watcher.board.day.lines == written
        behind_bytes = max(tick.behind_bytes for tick in watcher.ticks)
        assert behind_bytes > 1 << 20, "it began before the day was told"


def test_a_directory_that_can_not_be_read_is_said_once_and_again_when_it_can(
    tmp_path: Path,
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    layout = Layout(str(tmp_path))
    with Terminal.start(TILL, tmp_path):
        pass
    os.chmod(layout.shared, 0)
    with watching(tmp_path) as watcher:
        watcher.until(lambda board: board.fault)
        os.chmod(layout.shared, 0o750)
        watcher.until(lambda board: not board.fault)


def test_what_can_not_be_read_is_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    with Terminal.start(TILL, tmp_path):
        os.mkdir(layout.system_config)
        with watching(tmp_path) as watcher:
            watcher.until(lambda board: "system_config" in board.fault and board.status)
            os.rmdir(layout.system_config)
            watcher.until(lambda board: not board.fault and board.configuration)


def test_an_audit_log_that_can_not_be_read_is_told_as_soon_as_it_can(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    with Terminal.start(TILL, tmp_path):
        pass
    AuditTrail(tmp_path).bring_up_to_date()
    os.rename(layout.audit, f"{layout.audit}.away")
    os.mkdir(layout.audit)
    with watching(tmp_path) as watcher:
        watcher.until(lambda board: board.fault and board.configuration)
        os.rmdir(layout.audit)
        watcher.until(lambda board: not board.fault)
        os.rename(f"{layout.audit}.away", layout.audit)
        watcher.until(lambda board: not board.telling and board.status and board.day.lines)
