"""A process that starts the till of one directory each time it is told to, and says how it went.

`python -m tests.support.start_worker start DIRECTORY`: at each line of its input it starts the
till and prints `won` (then it stops it at the next line) or `lost` and the exit code.
`... probe DIRECTORY` asks for ever who runs it, as watching tools do.
"""

from __future__ import annotations

import os
import sys

from kernel import Terminal, TerminalInUse
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import probe

__all__ = ["TILL"]

TILL = "TILL"


def _start(directory: str) -> None:
    os.write(1, b"ready\n")
    for _ in sys.stdin:
        try:
            till = Terminal.start(TILL, directory)
        except TerminalInUse as refusal:
            os.write(1, f"lost {refusal.exit_code}\n".encode())
            sys.stdin.readline()
            os.write(1, b"over\n")
            continue
        os.write(1, b"won\n")
        sys.stdin.readline()
        till.stop()
        os.write(1, b"over\n")


def _probe(directory: str) -> None:
    disk, path = RealDisk(), Layout(directory).terminal(TILL).lock
    os.write(1, b"ready\n")
    while True:
        probe(disk, path)


if __name__ == "__main__":
    {"start": _start, "probe": _probe}[sys.argv[1]](sys.argv[2])
