"""A simulation from outside: starts the tills, waits for what they tell, checks it by the logs.

Every till is a process with a terminal of its own. None outlives this one: a till ends when its
line to here does, which the operating system sees to, and one that does not is killed on the way
out.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from types import TracebackType

import msgspec

from kernel import Shop
from posterm.simulation.baskets import Basket
from posterm.simulation.staff import CASHIER, cashier_pin
from posterm.simulation.tally import Tally
from posterm.simulation.till import READY, Orders, Told, work

__all__ = ["Outcome", "Plan", "Sums", "Watch", "disagreeing", "run", "sums", "terminal_names"]

_LOOK_EVERY_S = 0.1
_FAREWELL_S = 30.0
"""A till that has not answered so long after its time is killed, and named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated. `rate` is sales a second of each till."""

    tills: int
    rate: float
    seconds: float
    seed: int
    baskets: tuple[Basket, ...]
    store: str = "STORE_001"
    currency: str = "GBP"
    sign_on: bool = False
    """Cashiers sign on with a PIN, which costs each a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How the caller follows the run: how many tills are ready, how many seconds passed; and
    whether it shall end now."""

    ready: Callable[[int], None]
    passed: Callable[[float], None]
    wants_end: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wrong` names the tills whose log says other than they do; `lost` those that said nothing."""

    tally: Tally
    seconds: float
    faults: tuple[str, ...]
    lost: tuple[str, ...]
    wrong: tuple[str, ...]


Sums = Mapping[str, tuple[int, int]]
"""Terminal -> (sales, sum of their totals in minor units)."""


def terminal_names(count: int) -> list[str]:
    return [f"SIM_{number:03d}" for number in range(1, count + 1)]


def run(data_dir: str, plan: Plan, watch: Watch) -> Outcome:
    """All of it. A till that ends early ends nobody else. Raises `KernelError`."""
    names = terminal_names(plan.tills)
    Shop(data_dir).make()
    before = sums(data_dir, names)
    with ExitStack() as closing:
        pin = closing.enter_context(cashier_pin(data_dir)) if plan.sign_on else None
        tills = closing.enter_context(_Tills(data_dir, names))
        tills.brief(plan, pin)
        told = tills.greet(watch)
        begun_s = time.monotonic()
        if not watch.wants_end():
            watch.ready(tills.ready)
            told |= tills.sell(plan.seconds, watch)
        seconds = min(plan.seconds, time.monotonic() - begun_s)
    total = Tally()
    for one in told.values():
        total.add(one.tally)
    return Outcome(
        tally=total,
        seconds=round(seconds, 3),
        faults=tuple(f"{name}: {one.fault}" for name, one in told.items() if one.fault),
        lost=tuple(name for name in names if name not in told),
        wrong=disagreeing(data_dir, before, told),
    )


def sums(data_dir: str, names: Sequence[str]) -> Sums:
    """What the logs of the terminals say that they have sold, ever."""
    return {
        name: (len(totals), sum(totals))
        for name in names
        for totals in [[logged.sale.total_minor for logged in Shop(data_dir).sales(name)]]
    }


def disagreeing(data_dir: str, before: Sums, told: Mapping[str, Told]) -> tuple[str, ...]:
    """The tills whose logs hold other sales, or other money, than they say.

    One that ended by a fault is left out: its log may hold a sale that it could not tell of.
    """
    after = sums(data_dir, list(told))
    return tuple(
        name
        for name, one in told.items()
        if one.fault is None
        and after[name]
        != (before[name][0] + one.tally.sales, before[name][1] + one.tally.total_minor)
    )


class _Tills:
    """The processes. Leaving hangs up on all of them and waits until they are gone."""

    def __init__(self, directory: str, names: Sequence[str]) -> None:
        # Forked by a process that has no threads and has loaded the kernel, once for all tills.
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(["posterm.commands.group", "posterm.simulation.till"])
        self._lines: dict[str, Connection[bytes, bytes]] = {}
        self._processes: list[ForkServerProcess] = []
        self._ending = False
        self.ready = 0
        for name in names:
            self._lines[name], theirs = forks.Pipe()
            process = forks.Process(target=work, args=(directory, name, theirs), name=name)
            process.start()
            # Its end is the process's alone: so the line is dead when the process is.
            theirs.close()
            self._processes.append(process)

    def __enter__(self) -> _Tills:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()
        for process in self._processes:
            process.join(_LOOK_EVERY_S if fault else _FAREWELL_S)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    def brief(self, plan: Plan, pin: str | None) -> None:
        """Give each till its orders; the seed of each is its own."""
        for number, (name, line) in enumerate(self._lines.items(), 1):
            orders = Orders(
                seed=f"{plan.seed}:{name}",
                rate=plan.rate,
                seconds=plan.seconds,
                store=plan.store,
                currency=plan.currency,
                operator=f"{number:04d}" if pin is None else CASHIER,
                pin=pin,
                baskets=plan.baskets,
            )
            _tell(line, msgspec.json.encode(orders))

    def greet(self, watch: Watch) -> dict[str, Told]:
        """Wait until all are ready, or the caller wants to end; the last words of who can't be."""
        last_words: dict[str, Told] = {}
        for name, line in self._lines.items():
            if watch.wants_end():
                break
            said = _hear(line)
            if said == READY:
                self.ready += 1
            elif said is not None:
                last_words[name] = msgspec.json.decode(said, type=Told)
        return last_words

    def sell(self, seconds: float, watch: Watch) -> dict[str, Told]:
        """What the tills tell, by name; who dies or stays silent for too long is not in it."""
        told: dict[str, Told] = {}
        begun_s = time.monotonic()
        deadline_s = begun_s + seconds + _FAREWELL_S
        for line in self._lines.values():
            _tell(line, b"sell")
        waiting = dict(self._lines)
        while waiting and time.monotonic() < deadline_s:
            speaking = wait(waiting.values(), _LOOK_EVERY_S)
            for name in [name for name, line in waiting.items() if line in speaking]:
                said = _hear(waiting.pop(name))
                if said is not None:
                    told[name] = msgspec.json.decode(said, type=Told)
            watch.passed(min(seconds, time.monotonic() - begun_s))
            if watch.wants_end():
                deadline_s = min(deadline_s, time.monotonic() + _FAREWELL_S)
                self._end_early()
        return told

    def _end_early(self) -> None:
        """Tell all to stop at a whole sale: any word does, while they sell."""
        if not self._ending:
            self._ending = True
            for line in self._lines.values():
                _tell(line, b"end")

    def _hang_up(self) -> None:
        for line in self._lines.values():
            line.close()


def _tell(line: Connection[bytes, bytes], words: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it is gone; its last words are heard
        line.send_bytes(words)


def _hear(line: Connection[bytes, bytes]) -> bytes | None:
    """What the till says next; None where it died."""
    try:
        return line.recv_bytes()
    except (EOFError, ConnectionResetError):
        return None
