"""What a console costs under load: `python -m tests.bench.console_load [LINES_PER_S] [SECONDS]`.

A hundred terminals change twice a second and the audit log grows by a thousand lines a second.
A console in a terminal of its own shows each screen in turn; its processor time and memory are
read from the operating system. Beside it a feed of this process tells how late lines are. Figures
of a busy machine are upper bounds.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pexpect

from kernel import decode_line
from manager.board import Board
from manager.feed import Feed, Tick

TERMINALS = 100
PATIENCE_S = 10.0
_SCREENS = "123"
_CHECKOUT = Path(__file__).resolve().parents[2]


class Lateness:
    """A feed and a board as the console has them; how old each line is when it is folded."""

    def __init__(self, data_dir: str) -> None:
        self.board = Board()
        self.lateness_ms: list[int] = []
        self._ticked = threading.Event()
        self.feed = Feed(data_dir, self._take)

    def _take(self, tick: Tick) -> None:
        self.board.take(tick)
        now_ms = time.time_ns() // 1_000_000
        for line in tick.lines[-TERMINALS:]:
            sent_ms = round(_at_s(decode_line(line).at) * 1000)
            self.lateness_ms.append(now_ms - sent_ms)
        self._ticked.set()

    def wait_until(self, condition: Callable[[Board], bool]) -> None:
        """Look after each tick, until it is so or has been hoped for long enough."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition(self.board) and (left_s := deadline_s - time.monotonic()) > 0:
            self._ticked.wait(left_s)
            self._ticked.clear()


def _at_s(at: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(at).timestamp()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    lines_per_s = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 20.0
    with tempfile.TemporaryDirectory() as directory:
        data_dir = os.path.join(directory, "shop")
        load = subprocess.Popen(
            [sys.executable, "-m", "tests.support.audit_load", data_dir, str(TERMINALS),
             str(lines_per_s), str(seconds + 8)],
            cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert load.stdout is not None
        assert load.stdout.readline() == "READY\n"
        console = pexpect.spawn(
            sys.executable,
            ["-m", "manager", "--watch", "--data-dir", data_dir],
            cwd=str(_CHECKOUT),
            dimensions=(24, 80),
            timeout=20,
        )
        console.expect("Help")
        last: list[bytes] = []
        drained = threading.Thread(target=_drain, args=(console, last), daemon=True)
        drained.start()
        late = Lateness(data_dir)
        late.feed.start()
        late.wait_until(lambda board: not board.telling and len(board.cards) == TERMINALS)
        lives = os.pidfd_open(console.pid)
        found: dict[str, float] = {}
        for screen in _SCREENS:
            console.send(screen)
            begun_s, cpu_begun_s = time.monotonic(), cpu_s(console.pid)
            # As long as this is measured, or until there is nothing to measure.
            select.select([lives], [], [], seconds / len(_SCREENS))
            used_s = cpu_s(console.pid) - cpu_begun_s
            found[f"cpu_percent_screen_{screen}"] = round(
                100 * used_s / (time.monotonic() - begun_s), 1
            )
        if not console.isalive():
            load.kill()
            load.wait()
            sys.exit(f"the console ended: {last}")
        found["memory_mb"] = round(memory_mb(console.pid), 1)
        console.send("Q")
        written = int(load.stdout.readline())
        late.wait_until(lambda board: board.day.lines >= written)
        late.feed.stop()
        console.terminate(force=True)
        load.wait()
        ages = sorted(late.lateness_ms)
        found["late_ms_p50"], found["late_ms_max"] = ages[len(ages) // 2], ages[-1]
        found["lines"], found["missing"] = written, written - late.board.day.lines
        sys.stdout.write(json.dumps(found, indent=2) + "\n")


def _drain(console: pexpect.spawn, last: list[bytes]) -> None:
    """Read what it paints, as a terminal would; the last of it is kept."""
    while True:
        try:
            last[:] = [console.read_nonblocking(1 << 16, timeout=1)]
        except pexpect.TIMEOUT:
            continue
        except pexpect.EOF:
            return


if __name__ == "__main__":
    main()
