"""One benchmark terminal as a process: for each number of seconds on its input it sells so long.

`python -m posterm.benchmark.till DIRECTORY ID`. It answers each with one line of JSON: sales,
seconds, CPU seconds and every latency in microseconds; it ends when its input does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TextIO

from kernel import Terminal
from posterm.benchmark.kernel_sales import KernelSales

__all__ = ["serve"]


def serve(directory: str, terminal: str, commands: Iterable[str], answers: TextIO) -> None:
    with Terminal.start(terminal, directory) as till:
        seller = KernelSales(till, 1)
        for line in commands:
            done = seller.run(float(line))
            latencies_us = [round(latency * 1e6) for latency in done.latencies_s]
            json.dump([done.sales, done.seconds, done.cpu_s, latencies_us], answers)
            answers.write("\n")
            answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], sys.stdin, sys.stdout)
