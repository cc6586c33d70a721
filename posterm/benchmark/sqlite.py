"""SQLite as a till's log, set up so that a commit survives a power cut, at its best.

One `INSERT` is one transaction: it takes the write lock at once, as `BEGIN IMMEDIATE` would,
with one statement instead of three. Several threads either have a connection each and SQLite's
busy timeout, or queue at a lock for one; whichever is faster here is measured.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import NamedTuple

from posterm.benchmark.measure import Measured, Tally, in_threads

__all__ = ["SETUPS", "Setup", "SqliteLog", "best_of_both"]

_BUSY_S = 30.0


class Setup(NamedTuple):
    journal: str
    synchronous: str

    def __str__(self) -> str:
        return f"SQLite {self.journal}/{self.synchronous}"


SETUPS = (Setup("WAL", "FULL"), Setup("DELETE", "EXTRA"))
"""Both durable: WAL syncs at each commit only with FULL, and a rollback journal needs EXTRA,
or a power cut can bring the deleted journal back and take the commit away."""


class SqliteLog:
    """Frames in a table. `queued`: the threads share one connection behind a lock."""

    def __init__(
        self,
        directory: str,
        setup: Setup,
        threads: int,
        frames: Sequence[bytes],
        *,
        sale_entries: int,
        queued: bool,
    ) -> None:
        self.name = str(setup)
        self.threads = threads
        self._frames = frames
        self._sale_entries = sale_entries
        self._lock: AbstractContextManager[object] = Lock() if queued else nullcontext()
        name = f"{setup.journal}-{threads}-{'queued' if queued else 'own'}.sqlite"
        path = os.path.join(directory, name)
        first = _connect(path, setup)
        first.execute("CREATE TABLE log (lsn INTEGER PRIMARY KEY, frame BLOB NOT NULL)")
        others = [] if queued else [_connect(path, setup) for _ in range(threads - 1)]
        self._connections = [first, *others]

    def run(self, seconds: float) -> Measured:
        return in_threads(self.threads, self._work, seconds)

    def close(self) -> None:
        for connection in self._connections:
            connection.close()

    def _work(self, index: int, deadline_s: float) -> Tally:
        insert = self._connections[index % len(self._connections)].execute
        frames, tally = self._frames, Tally()
        while (begun_s := time.perf_counter()) < deadline_s or not tally.latencies_s:
            frame = frames[len(tally.latencies_s) % len(frames)]
            with self._lock:
                insert("INSERT INTO log (frame) VALUES (?)", (frame,))
            tally.latencies_s.append(time.perf_counter() - begun_s)
        tally.sales = len(tally.latencies_s) / self._sale_entries
        return tally


def best_of_both(
    directory: str,
    setup: Setup,
    threads: int,
    frames: Sequence[bytes],
    *,
    sale_entries: int,
    trial_s: float,
) -> SqliteLog:
    """The faster of the two ways for several threads, found by a short trial."""
    ways = [
        SqliteLog(directory, setup, threads, frames, sale_entries=sale_entries, queued=queued)
        for queued in ((True, False) if threads > 1 else (False,))
    ]
    best = max(ways, key=lambda way: way.run(trial_s).entries_per_s)
    for way in ways:
        if way is not best:
            way.close()
    return best


def _connect(path: str, setup: Setup) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.execute(f"PRAGMA journal_mode={setup.journal}").fetchone()
    connection.execute(f"PRAGMA synchronous={setup.synchronous}")
    return connection
