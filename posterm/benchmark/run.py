"""One benchmark from its scratch directory to its figures."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel import BadConfiguration, Terminal, file_system
from kernel import gettext as _
from posterm.benchmark.curves import LINE_MARKS, SALE_MARKS, line_curve, sale_curve
from posterm.benchmark.kernel_sales import (
    SALE_ENTRIES,
    KernelSales,
    TillProcesses,
    recorded_frames,
)
from posterm.benchmark.measure import Contestant, Measured, play
from posterm.benchmark.raw import RawLoop
from posterm.benchmark.reference_sale import bytes_per_sale
from posterm.benchmark.sqlite import SETUPS, best_of_both

__all__ = ["Curves", "Plan", "Result", "Standing", "contestants_of", "measure_curves", "run"]

_TRIAL_S = 0.15
_TERMINAL = "BENCH"
_MEMORY = "/dev/shm"


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` is what each contestant gets in each round."""

    rounds: int
    seconds: float
    threads: tuple[int, ...]
    terminals: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One contestant and its rounds; `kind` is `raw`, `kernel`, `terminals` or `sqlite`."""

    kind: str
    name: str
    threads: int
    rounds: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Result:
    directory: str
    file_system: str
    plan: Plan
    standings: tuple[Standing, ...]
    bytes_per_sale: dict[str, int]


@dataclass(frozen=True, slots=True)
class Curves:
    """Number -> CPU microseconds of each since the number before; `where` names the file system."""

    where: str
    lines: dict[int, float]
    sales: dict[int, float]


def run(data_dir: str, plan: Plan, tick: Callable[[], None]) -> Result:
    """Measure on the file system of `data_dir`. `tick` comes once a contestant and round."""
    with _scratch(data_dir) as directory, ExitStack() as ending:
        store = os.path.join(directory, "store")
        log = Path(store, "terminals", _TERMINAL, "transaction.wal")
        till = ending.enter_context(Terminal.start(_TERMINAL, store))
        sizes = bytes_per_sale(till, str(log))
        frames = recorded_frames(till, log)
        named: list[tuple[str, Contestant]] = []
        for kind, contestant in _contestants(plan, directory, till, frames):
            ending.callback(contestant.close)
            named.append((kind, contestant))
        contestants = [contestant for _, contestant in named]
        for contestant in contestants:
            contestant.run(min(_TRIAL_S, plan.seconds))  # warm: no round pays for the first time
        results = play(contestants, plan.rounds, plan.seconds, tick)
        standings = tuple(
            Standing(kind, contestant.name, contestant.threads, tuple(rounds))
            for (kind, contestant), rounds in zip(named, results, strict=True)
        )
        return Result(directory, file_system(directory)[0], plan, standings, sizes)


def contestants_of(plan: Plan) -> int:
    """How many contestants a plan has."""
    return 1 + len(plan.threads) * (1 + len(SETUPS)) + bool(plan.terminals)


def measure_curves(
    data_dir: str,
    tick: Callable[[], None],
    *,
    line_marks: Sequence[int] = LINE_MARKS,
    sale_marks: Sequence[int] = SALE_MARKS,
) -> Curves:
    """In memory where there is some, else beside `data_dir`. `tick` comes once a sale."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else data_dir
    with _scratch(place) as directory, Terminal.start(_TERMINAL, directory) as till:
        lines = line_curve(till, line_marks)
        return Curves(file_system(directory)[0], lines, sale_curve(till, sale_marks, tick))


def _contestants(
    plan: Plan, directory: str, till: Terminal, frames: list[bytes]
) -> Iterator[tuple[str, Contestant]]:
    yield "raw", RawLoop(directory, frames, SALE_ENTRIES)
    for threads in plan.threads:
        yield "kernel", KernelSales(till, threads)
        for setup in SETUPS:
            yield (
                "sqlite",
                best_of_both(
                    directory,
                    setup,
                    threads,
                    frames,
                    sale_entries=SALE_ENTRIES,
                    trial_s=min(_TRIAL_S, plan.seconds),
                ),
            )
    if plan.terminals:
        yield "terminals", TillProcesses(os.path.join(directory, "shop"), plan.terminals)


@contextmanager
def _scratch(data_dir: str) -> Iterator[str]:
    """A directory on the file system of `data_dir`, which need not exist; removed afterwards."""
    place = os.path.abspath(data_dir)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    try:
        directory = tempfile.TemporaryDirectory(prefix=".posterm-bench-", dir=place)
    except OSError as fault:
        raise BadConfiguration(
            _("{} can't be written: {}; name a directory with --data-dir").format(
                place, fault.strerror
            )
        ) from fault
    with directory as path:
        yield path
