"""A shop that is only made of what a console reads: locks that are held, session files that change,
and an audit log that grows by so many lines a second. Nothing of it was ever sold.

`python -m tests.support.audit_load DIR TERMINALS LINES_PER_S SECONDS` writes in real time;
SIGTERM ends it early.
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

from kernel import SystemClock
from kernel.codec.audit import Cursor, encode_seen
from kernel.codec.documents import SessionData
from kernel.coordination.session import SessionFile
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock
from kernel.disk.process import boot_id, this_process

__all__ = ["LoadedShop", "names", "sold_lines"]

_STEPS_PER_S = 20
_SALE = 8
"""Lines of a sale: its beginning, six items, its close."""


def names(count: int) -> list[str]:
    return [f"LOAD_{number:03d}" for number in range(1, count + 1)]


def sold_lines(
    terminals: list[str], count: int, *, date: int, from_lsn: int = 2, at_ms: int | None = None
) -> Iterator[bytes]:
    """`count` lines, round the terminals, each a whole sale every `_SALE` lines."""
    for number in range(count):
        terminal = terminals[number % len(terminals)]
        place = number // len(terminals)
        lsn = from_lsn + place
        sale, step = divmod(lsn - 2, _SALE)
        wall_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
        at = datetime.fromtimestamp(wall_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        yield (
            f'{{"terminal":"{terminal}","epoch":1,"lsn":{lsn},"chain":"{"A" * 22}","date":{date},'
            f'"at":"{at}Z",{_event(step)},"transaction":"{terminal}-{sale + 1}","operator":"0007"'
            f"{_rest(step, sale)}}}\n"
        ).encode()


def _event(step: int) -> str:
    if step == 0:
        return '"event":"sale_begun"'
    return (
        '"event":"sale_closed","event_code":13012' if step == _SALE - 1 else '"event":"item_sold"'
    )


def _rest(step: int, sale: int) -> str:
    if step == 0:
        return ',"store":"STORE_001","currency":"GBP"'
    if step == _SALE - 1:
        commit = f'{{"receipt":{sale + 1},"total_minor":1194,"change_minor":6}}'
        return f',"amount_minor":1200,"commit":{commit}'
    return (
        ',"code":"5012345678900","description":"SEMI SKIMMED MILK 2 L","department":"D1",'
        '"unit_minor":199,"total_minor":199,"input_origin":"scan"'
    )


class LoadedShop:
    """Made in `data_dir`; `run` keeps it alive, until its time is over or `ended` is set."""

    def __init__(self, data_dir: str, terminals: int) -> None:
        self.layout = Layout(data_dir)
        self.disk = RealDisk()
        self.clock = SystemClock()
        self.names = names(terminals)
        self.date = self.clock.business_date()
        self.layout.make(self.disk)
        self.lsn = 2
        self.ended = Event()
        self._held: list[ProcessLock] = []
        self._sessions: list[SessionFile] = []
        for name in self.names:
            self.layout.make_terminal(self.disk, name)

    def begin(self, history: int = 0) -> None:
        """Write the file's first line, and so many lines before now."""
        cursors = {name: Cursor(1, "A" * 22, 1) for name in self.names}
        with open(self.layout.audit, "wb") as file:
            file.write(encode_seen(self.date, cursors))
            file.writelines(sold_lines(self.names, history, date=self.date))
        self.lsn = 2 + history // len(self.names)

    def hold(self) -> None:
        """Be every terminal, as far as its lock says."""
        for name in self.names:
            paths = self.layout.terminal(name)
            identity = this_process(
                name,
                version="load",
                boot=boot_id(),
                incarnation="0" * 32,
                started_ms=self.clock.wall_ms(),
            )
            lock = ProcessLock.acquire(self.disk, paths.lock, identity, clock=self.clock)
            self._held.append(lock)
            self._sessions.append(SessionFile(self.disk, paths.session_data, clock=self.clock))

    def run(self, lines_per_s: int, seconds: float) -> int:
        """Write so many lines a second, and each session twice a second; how many lines."""
        written, begun_s = 0, time.monotonic()
        each = len(self.names)
        with open(self.layout.audit, "ab", buffering=0) as file:
            while (passed_s := time.monotonic() - begun_s) < seconds and not self.ended.is_set():
                owed = int(passed_s * lines_per_s) - written
                rounds = owed // each
                if rounds:
                    lines = sold_lines(self.names, rounds * each, date=self.date, from_lsn=self.lsn)
                    file.write(b"".join(lines))
                    self.lsn += rounds
                    written += rounds * each
                self._show(int(passed_s * _STEPS_PER_S))
                self.ended.wait(1 / _STEPS_PER_S)
        return written

    def _show(self, step: int) -> None:
        """A tenth of the sessions at each step: each of them twice a second."""
        for number in range(step % 10, len(self.names), 10):
            session = SessionData(
                terminal=self.names[number],
                incarnation="0" * 32,
                activity="selling" if step % 20 < 10 else "idle",
                operator="0007",
                lines=step,
                last_lsn=self.lsn,
                heartbeat_ms=self.clock.wall_ms(),
            )
            self._sessions[number].write(session, last=True)


def main() -> None:
    data_dir, terminals, lines_per_s, seconds = sys.argv[1:5]
    shop = LoadedShop(data_dir, int(terminals))
    signal.signal(signal.SIGTERM, lambda *_: shop.ended.set())
    shop.begin()
    shop.hold()
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    written = shop.run(int(lines_per_s), float(seconds))
    sys.stdout.write(f"{written}\n")


if __name__ == "__main__":
    main()
