"""From the shop's files to the console: one thread that reads, and posts what is new as values.

Seven times a second it reads on in the audit log, once a second who runs. At its start it tells the
whole day from its beginning beside what comes now, in short pieces, and hands it over when both
are level: so a console paints at once, however long the day is. All that it holds has a bound.
This module must never touch a screen: `post` is called on the feed's thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import TypeVar

from msgspec import Struct

from kernel import (
    AuditTail,
    Configuration,
    Host,
    KernelError,
    Operator,
    Shop,
    ShopConfiguration,
    ShopStatus,
    StatusMemory,
    shop_status,
)
from manager.alerts import Thresholds
from manager.day import Day

__all__ = ["Feed", "Tick"]

_T = TypeVar("_T")

TICK_S = 0.15
STATUS_S = 1.0
_LIVE_BYTES = 1 << 20
"""Read at a time; ten seconds of a shop that writes 300 lines a second."""
_HISTORY_BYTES = 64 << 10
"""Told between two looks at what comes now: some three milliseconds."""
_HISTORY_SHARE = 0.5
"""Of the time until the next look, what the beginning of the day may take of a core."""
_PLACE = re.compile(
    rb'\{"terminal":"([A-Z0-9][A-Z0-9_-]{0,31})","epoch":\d{1,16},"lsn":(\d{1,16}),'
)
"""How a line begins: of a thousand a second no more is read here, the board reads each once."""
_CONFIGURED = b'"event":"configuration_applied"'


class Tick(Struct, frozen=True):
    """What is new since the last one. `post` must hand it on whole: each line comes once."""

    lines: tuple[bytes, ...]
    """As they stand in the audit log, without newlines."""
    status: ShopStatus | None
    """None where it was not read this time."""
    at_ms: int
    configuration: Configuration | None = None
    """The shop's, where it was read anew."""
    day: Day | None = None
    """The day from its beginning up to and with these lines, once it is told. It is the
    receiver's own: nobody else changes it."""
    behind_bytes: int = 0
    """How much of the day is still to be told."""
    operators: tuple[Operator, ...] | None = None
    """The shop's, where they were read anew."""
    fault: str = ""
    """What can't be read now, and why; the rest is what could."""


class Feed:
    """`start` it once; `stop` returns when its thread has ended."""

    def __init__(
        self,
        data_dir: str,
        post: Callable[[Tick], None],
        host: Host | None = None,
        *,
        tick_s: float = TICK_S,
        status_s: float = STATUS_S,
    ) -> None:
        self._data_dir = data_dir
        self._post = post
        self._host = host or Host()
        self._tick_s = tick_s
        self._status_s = status_s
        self._ended = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        monotonic_s = self._host.clock.monotonic_s
        reading = _Reading(self._data_dir, self._host)
        status_due_s = next_s = monotonic_s()
        try:
            while not self._ended.is_set():
                now_s = monotonic_s()
                tick = reading.read(with_status=now_s >= status_due_s)
                if now_s >= status_due_s:
                    # A slow disk must not make the status all that this thread does.
                    status_due_s = now_s + max(self._status_s, 5 * (monotonic_s() - now_s))
                if tick is not None:
                    self._post(tick)
                next_s = max(next_s + self._tick_s, now_s + self._tick_s / 2)
                self._tell_day(reading, next_s)
                self._ended.wait(max(0.0, next_s - monotonic_s()))
        finally:
            reading.close()

    def _tell_day(self, reading: _Reading, until_s: float) -> None:
        """Spend a part of the time until the next tick on the beginning of the day."""
        monotonic_s = self._host.clock.monotonic_s
        end_s = monotonic_s() + (until_s - monotonic_s()) * _HISTORY_SHARE
        while monotonic_s() < end_s and not self._ended.is_set() and reading.tell_day():
            pass


class _Reading:
    """What the feed's thread has open."""

    def __init__(self, data_dir: str, host: Host) -> None:
        self._data_dir = data_dir
        self._host = host
        self._live = AuditTail(data_dir, host, from_end=True)
        self._beginning: AuditTail | None = AuditTail(data_dir, host, from_end=False)
        self._configuration = ShopConfiguration(data_dir, host)
        self._memory = StatusMemory(data_dir, host)
        self._shop = Shop(data_dir, host)
        self._thresholds = Thresholds()
        self._currency = ""
        self._day: Day | None = None
        self._told: dict[bytes, int] = {}
        self._configuration_due = True
        self._turns_ms: int | None = None
        """When the next version comes into force that was published for later."""
        self._faults: dict[str, str] = {}
        self._said = ""

    def read(self, *, with_status: bool) -> Tick | None:
        """One tick; None where there is nothing to say."""
        configuration = None
        turns = self._turns_ms is not None and self._host.clock.wall_ms() >= self._turns_ms
        if with_status and (self._configuration_due or turns):
            configuration = self._tried("configuration", self._read_configuration)
        raw = self._tried("audit", lambda: self._live.read(_LIVE_BYTES))
        lines = tuple(self._fresh(raw or []))
        status = self._tried("status", self._status) if with_status else None
        if any(_CONFIGURED in line for line in lines):
            self._configuration_due = True
        operators = None
        if with_status:
            operators = self._tried("operators", self._read_operators)
        day, behind_bytes = self._handed_over(lines), 0
        if self._beginning is not None:
            behind_bytes = self._beginning.behind_bytes
        fault = next(iter(self._faults.values()), "")
        if not (lines or status or day or configuration) and fault == self._said:
            return None
        self._said = fault
        at_ms = self._host.clock.wall_ms()
        return Tick(lines, status, at_ms, configuration, day, behind_bytes, operators, fault)

    def _tried(self, what: str, read: Callable[[], _T]) -> _T | None:
        """What could be read; else its fault stands until it can be: the rest is read on."""
        try:
            found = read()
        except KernelError as fault:
            self._faults[what] = str(fault)
            return None
        self._faults.pop(what, None)
        return found

    def tell_day(self) -> bool:
        """One piece more of the day's beginning; False where there is none now."""
        if self._beginning is None:
            return False
        if self._day is None:
            self._day = Day(self._thresholds, self._currency)
        beginning = self._beginning
        lines = self._tried("day", lambda: beginning.read(_HISTORY_BYTES)) or []
        self._day.take_all(lines)
        return bool(lines)

    def close(self) -> None:
        self._live.close()
        if self._beginning is not None:
            self._beginning.close()

    def _handed_over(self, lines: tuple[bytes, ...]) -> Day | None:
        """The day from its beginning, when it is level with what was read now."""
        if self._day is None or self._beginning is None:
            return None
        for _piece in range(_LIVE_BYTES // _HISTORY_BYTES):
            if self._beginning.level_with(self._live) or not self.tell_day():
                break  # of a busy shop more than one piece has come since the last tick
        if "day" in self._faults or not self._beginning.level_with(self._live):
            return None
        day, self._day = self._day, None
        self._beginning.close()
        self._beginning = None
        return day

    def _status(self) -> ShopStatus:
        return shop_status(self._data_dir, host=self._host, memory=self._memory)

    def _read_operators(self) -> tuple[Operator, ...] | None:
        """None where their file can't be read: who is signed on stays, `doctor` says why."""
        try:
            return self._shop.operators()
        except KernelError:
            return None

    def _fresh(self, raw: list[bytes]) -> Iterator[bytes]:
        """The lines that were not told yet: an audit log that was made anew tells all again."""
        told = self._told
        for line in raw:
            place = _PLACE.match(line)
            if place is None:
                continue  # not ours: a check of the store names it
            terminal, lsn = place[1], int(place[2])
            if lsn > told.get(terminal, 0):
                told[terminal] = lsn
                yield line

    def _read_configuration(self) -> Configuration:
        # First: what comes into force between the two is read again at once.
        times_ms = [one.effective_ms for one in self._configuration.waiting()]
        configuration = self._configuration.in_force()
        self._configuration_due = False
        self._turns_ms = min(times_ms, default=None)
        self._thresholds = Thresholds.of(configuration)
        self._currency = configuration.settings.currency
        return configuration
