"""How soon keys are answered at the end of a slow line: `python -m tests.bench.console_slow_line
[BAUD] [TILLS] [KEYS]`.

Tills sell (`posterm simulate`), and a console is told that its line has so many baud; what it
writes is read as such a line would carry it, a tenth of the bits a second in bytes. Keys are typed
on Terminals, Audit and Today, each once the one before was answered; its time is from the key to
the last byte of the change that answers it, the mark, the heading or the list. Figures of a busy
machine are upper bounds.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pexpect
import pyte

_CHECKOUT = Path(__file__).resolve().parents[2]
_SLICE_S = 0.02
_PATIENCE_S = 20.0
_SETTLED_S = 4.0
_BITS = 10


class SlowLine:
    """The far end of a pty that carries `baud`, and the screen that stands there."""

    def __init__(self, child: pexpect.spawn, baud: int) -> None:
        self.carried = 0
        self._child = child
        self._slice_bytes = max(1, round(baud / _BITS * _SLICE_S))
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def answered(self, key: str, does: Callable[[list[str], list[str]], bool]) -> float:
        """Type it; seconds until the screen differs from that before as `does` says."""
        with self._changed:
            before = list(self._screen.display)
            begun_s = time.monotonic()
            self._child.send(key)
            self._changed.wait_for(
                lambda: does(before, list(self._screen.display)), timeout=_PATIENCE_S
            )
            return time.monotonic() - begun_s

    def wait_for(self, text: str) -> None:
        with self._changed:
            found = self._changed.wait_for(
                lambda: any(text in row for row in self._screen.display), timeout=_PATIENCE_S
            )
            assert found, "\n".join(self._screen.display)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _carry(self) -> None:
        """Never faster than the line, whatever waits."""
        free_s = time.monotonic()
        while not self._ended.is_set():
            if not select.select([self._child.child_fd], [], [], 0.1)[0]:
                continue
            free_s = max(free_s, time.monotonic())
            try:
                data = os.read(self._child.child_fd, self._slice_bytes)
            except OSError:
                return
            free_s += len(data) / self._slice_bytes * _SLICE_S
            self._ended.wait(max(0.0, free_s - time.monotonic()))
            with self._changed:
                self.carried += len(data)
                self._stream.feed(data)
                self._changed.notify_all()


def marked(rows: list[str]) -> int:
    return next((y for y, row in enumerate(rows) if row.startswith(">")), -1)


def mark_moves(before: list[str], now: list[str]) -> bool:
    return marked(now) not in (-1, marked(before))


def says(text: str) -> Callable[[list[str], list[str]], bool]:
    return lambda before, now: text in now[1]


def says_no(text: str) -> Callable[[list[str], list[str]], bool]:
    return lambda before, now: text not in now[1]


def typed() -> Iterator[tuple[str, str, Callable[[list[str], list[str]], bool]]]:
    """(what, key, its answer), again and again."""
    down, up = "\x1b[B", "\x1b[A"
    while True:
        yield from [("mark", down, mark_moves)] * 5
        yield from [("mark", up, mark_moves)] * 2
        yield "screen", "2", says("AUDIT")
        yield "pause", "f", says("PAUSED")
        yield from [("mark", up, mark_moves)] * 3
        yield "follow", "f", says("following")
        yield "screen", "3", says("TODAY")
        yield "list", "o", says("by operator")
        yield "list", "o", says_no("by operator")
        yield "screen", "1", says("TILLS")


def main() -> None:
    baud, tills, keys = (
        int(sys.argv[place]) if len(sys.argv) > place else otherwise
        for place, otherwise in ((1, 9_600), (2, 30), (3, 50))
    )
    with tempfile.TemporaryDirectory() as directory:
        data_dir = os.path.join(directory, "shop")
        selling = subprocess.Popen(
            [sys.executable, "-m", "posterm", "simulate", "--tills", str(tills), "--rate", "0.2",
             "--minutes", "30", "--data-dir", data_dir],
            cwd=_CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            found = measure(data_dir, baud, tills, keys)
        finally:
            os.killpg(selling.pid, signal.SIGTERM)
            selling.wait()
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


def measure(data_dir: str, baud: int, tills: int, keys: int) -> dict[str, object]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "manager", "--baud", str(baud), "--theme", "mono", "--data-dir", data_dir],
        cwd=str(_CHECKOUT), dimensions=(24, 80), env={**os.environ, "TERM": "vt100"},
    )  # fmt: skip
    child.delaybeforesend = None
    line = SlowLine(child, baud)
    try:
        line.wait_for(f"TILLS {tills}")
        line.wait_for("selling")
        times: list[tuple[str, float]] = []
        idle = threading.Event()
        for what, key, does in islice(typed(), keys):
            times.append((what, 1000 * line.answered(key, does)))
            # As a person does: look at a screen that is new, before the next key.
            idle.wait(_SETTLED_S if what == "screen" else 0.3)
        ended = not child.isalive()
    finally:
        line.close()
        child.terminate(force=True)
    assert not ended, "the console ended"
    all_ms = sorted(took for _, took in times)
    return {
        "keys": len(times),
        "answered_ms_p50": round(all_ms[len(all_ms) // 2]),
        "answered_ms_max": round(all_ms[-1]),
        "over_300_ms": [(what, round(took)) for what, took in times if took > 300],
        "by_kind_ms_max": {
            kind: round(max(took for what, took in times if what == kind))
            for kind in sorted({what for what, _ in times})
        },
        "carried_bytes": line.carried,
    }


if __name__ == "__main__":
    main()
