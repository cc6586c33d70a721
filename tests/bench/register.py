"""How fast the register is at a real terminal: `python -m tests.bench.register`.

Prints one line a measure, against the goals of the register. Figures are of this machine as loaded
as it is: the start is measured in turns with a bare `import textual.app`, so that a busy machine
slows both. This is no test, because a busy machine would fail it.
"""

from __future__ import annotations

import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import psutil

from tests.support.processes import CHECKOUT
from tests.support.pty_till import PtyTill, pty_till
from tests.support.register_shop import COFFEE, TILL, gtin, make_shop

__all__ = ["main"]

ROUNDS = 7
KEYS = 200
SCANS = 100
LINES = 1000
_MS = 1000


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory) / "shop"
        make_shop(data_dir, LINES)
        _start(data_dir)
        _selling(data_dir)
        _leaving(data_dir)


def _start(data_dir: Path) -> None:
    firsts, bare = [], []
    for _round in range(ROUNDS):
        bare.append(_timed(_import_textual))
        began_s = time.monotonic()
        with _register(data_dir) as till:
            till.wait_for("operator number")
            firsts.append((time.monotonic() - began_s) * _MS)
            uss = psutil.Process(till.child.pid).memory_full_info().uss
            till.end(signal.SIGTERM)
    _say("first frame", firsts, "goal 450 ms on an idle machine")
    _say("  of it `import textual.app` alone", bare, "")
    pairs = [first - alone for first, alone in zip(firsts, bare, strict=True)]
    _say("  of it posterm, in pairs", pairs, "")
    print(f"{'own memory at sign-on':38} {uss / 2**20:8.1f} MB   goal 36 MB")


def _selling(data_dir: Path) -> None:
    with _register(data_dir) as till:
        till.wait_for("operator number")
        till.send(b"0001\r")
        till.wait_for("READY")
        for first in range(0, LINES, 10):
            numbers = range(first, first + 10)
            till.send(b"".join(gtin(number).encode() + b"\r" for number in numbers))
            till.read(0)
        till.wait_for(f"{LINES} lines", timeout_s=120)
        keys = [_until(till, b"7", lambda: _entry(till) == "> 7") for _key in range(KEYS)]
        _say(f"key to frame, {LINES} lines", keys, "goal p50 6, p99 20 ms")
        scans = []
        for number in range(SCANS):
            shown = f"{LINES + number + 1} lines"
            scan = gtin(number).encode() + b"\r"
            scans.append(_until(till, scan, partial(_has, till, shown), clear=False))
        _say("scan to durable and visible", scans, "goal p99 100 ms")
        till.end(signal.SIGTERM)


def _leaving(data_dir: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        times = []
        for _round in range(ROUNDS):
            with _register(data_dir) as till:
                till.wait_for("operator number")
                till.send(b"0001\r" + COFFEE.encode() + b"\r")
                till.wait_for(COFFEE)
                began_s = time.monotonic()
                till.end(number)
                times.append((time.monotonic() - began_s) * _MS)
        _say(f"{number.name} to its end", times, "goal 500 ms")


def _register(data_dir: Path) -> AbstractContextManager[PtyTill]:
    return pty_till("register", TILL, "--data-dir", data_dir)


def _until(till: PtyTill, data: bytes, done: Callable[[], bool], *, clear: bool = True) -> float:
    """Milliseconds from sending to the frame that shows it; what was typed is cleared then."""
    began_s = time.monotonic()
    till.send(data)
    while not done():
        till.read()
    taken_ms = (time.monotonic() - began_s) * _MS
    if clear:
        till.send(b"\x15")
        while _entry(till) != ">":
            till.read()
    return taken_ms


def _entry(till: PtyTill) -> str:
    return till.rows[-2].rstrip()


def _has(till: PtyTill, text: str) -> bool:
    return any(text in row for row in till.rows)


def _timed(call: Callable[[], None]) -> float:
    began_s = time.monotonic()
    call()
    return (time.monotonic() - began_s) * _MS


def _import_textual() -> None:
    subprocess.run([sys.executable, "-c", "import textual.app"], cwd=CHECKOUT, check=True)


def _say(name: str, taken_ms: list[float], goal: str) -> None:
    ordered = sorted(taken_ms)
    p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    median = statistics.median(ordered)
    print(f"{name:38} p50 {median:7.1f}  p99 {p99:7.1f}  least {ordered[0]:7.1f} ms   {goal}")


if __name__ == "__main__":
    main()
