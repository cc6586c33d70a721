"""How soon a console stands: `python -m tests.bench.console_first_frame [MEGABYTES] [ROUNDS]`.

A console in a terminal of its own, on a shop with an audit log of so many megabytes, from its
start until all of its first screen has come: wall clock, and processor time from the operating
system. In the same rounds a bare `import textual.app`, which no console can do without. Figures
of a busy machine are upper bounds.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from tests.bench.console_load import cpu_s
from tests.support.audit_load import LoadedShop

TERMINALS = 100
_CHECKOUT = Path(__file__).resolve().parents[2]
_PIECE_LINES = 20_000


def grow(shop: LoadedShop, size_bytes: int) -> None:
    """Write the same piece of lines again and again: as long a file as a busy day's."""
    shop.begin(history=_PIECE_LINES)
    first, newline, lines = Path(shop.layout.audit).read_bytes().partition(b"\n")
    with open(shop.layout.audit, "wb") as file:
        file.write(first + newline)
        while file.tell() < size_bytes:
            file.write(lines)


def console(data_dir: str) -> tuple[float, float]:
    """(wall, processor seconds) until the key row, the last of the screen, has come."""
    begun_s = time.monotonic()
    child = pexpect.spawn(
        sys.executable,
        ["-m", "manager", "--watch", "--data-dir", data_dir],
        cwd=str(_CHECKOUT), dimensions=(24, 80), timeout=60,
    )  # fmt: skip
    try:
        child.expect("TILLS")
        child.expect("Help")
        return time.monotonic() - begun_s, cpu_s(child.pid)
    finally:
        child.terminate(force=True)


def bare(*arguments: str) -> tuple[float, float]:
    """(wall, processor seconds) of a Python that does only that."""
    begun_s = time.monotonic()
    pid = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ)
    _, _, used = os.wait4(pid, 0)
    return time.monotonic() - begun_s, used.ru_utime + used.ru_stime


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1_024
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    with tempfile.TemporaryDirectory() as directory:
        shop = LoadedShop(os.path.join(directory, "shop"), TERMINALS)
        grow(shop, megabytes << 20)
        kinds = {
            "console": lambda: console(shop.layout.root),
            "import_textual_app": lambda: bare("-c", "import textual.app"),
        }
        for measure in kinds.values():
            measure()  # once, for what is compiled and cached
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
        for _round in range(rounds):
            for name, measure in kinds.items():
                measured[name].append(measure())
        found: dict[str, float] = {"audit_log_mb": os.stat(shop.layout.audit).st_size >> 20}
        for name, times in measured.items():
            for place, what in enumerate(("wall", "cpu")):
                all_ms = [1000 * one[place] for one in times]
                found[f"{name}_{what}_ms"] = round(statistics.median(all_ms))
                found[f"{name}_{what}_ms_best"] = round(min(all_ms))
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
