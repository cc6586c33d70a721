"""Several tills over one disk in memory, and where a sale is after any of them died.

A sale is known by the code of an item in it. `places` looks into every log and at every file and
tells each place where the sale is now; one is right, none is a loss, two are money twice. This
module must never look at what a till says it did: only logs, files and fresh starts count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

from kernel import Host, KernelError, Sale, SaleRefused, State, Terminal
from kernel.coordination.returns import BookingState, Returns
from kernel.coordination.suspended import Place, SuspendedSales
from kernel.coordination.verify_shared import check_shared
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.ledger import Ledger
from kernel.model.transaction import Transaction
from kernel.terminal.returning import live_bookings
from tests.support.clock import ManualClock
from tests.support.crash_images import Image
from tests.support.faults import PowerCut
from tests.support.memory_disk import Machine, MemoryDisk
from tests.support.volume import Operation

__all__ = [
    "GOODS",
    "LAYOUT",
    "Broken",
    "Floor",
    "Mortal",
    "Told",
    "begin",
    "judge_sale",
    "judge_shared",
]

LAYOUT = Layout("/shop")
GOODS = "GOODS-1"
"""The code of the item by which the sale is known."""
_FIRST_DRAW = {"A": 1, "B": 2, "C": 3}


class Broken(AssertionError):
    """A sale that is nowhere or in two places, or an item given back twice."""


class Mortal(MemoryDisk):
    """A process that makes `changes_left` more changes (None: for ever).

    Then it dies or, where `error` is set, that one change fails with it and all is well again.
    """

    changes_left: int | None = None
    error: int | None = None

    def _do(self, operation: Operation) -> None:
        if self.changes_left == 0:
            if self.error is None:
                raise PowerCut
            self.changes_left = None
            raise OSError(self.error, os.strerror(self.error), str(operation))
        if self.changes_left is not None:
            self.changes_left -= 1
        super()._do(operation)


@dataclass(slots=True)
class Floor:
    """One machine with tills; `disk` makes the view that each process has of it."""

    machine: Machine
    disk: Callable[[Machine], Mortal] = Mortal
    clock: ManualClock = field(default_factory=ManualClock)
    draws: int = 0
    processes: dict[str, Mortal] = field(default_factory=dict)

    @classmethod
    def new(cls, disk: Callable[[Machine], Mortal] = Mortal) -> Floor:
        return cls(MemoryDisk()._machine, disk)

    @classmethod
    def after(cls, image: Image, clock: ManualClock) -> Floor:
        return cls(image.disk()._machine, clock=clock, draws=image.at + 1)

    def start(self, till: str, changes_left: int | None = None) -> Terminal:
        """The real start, in a process of its own. Chance is seeded, but no two starts share it:
        a process that draws what an earlier one drew is not what is tested here."""
        process = self.disk(self.machine)
        process.changes_left = changes_left
        self.processes[till] = process
        self.draws += 1
        host = Host(
            disk=process,
            clock=self.clock,
            random_bytes=Random(_FIRST_DRAW[till] * 1_000_003 + self.draws).randbytes,
            boot_id=process.boot_id,
        )
        return Terminal.start(till, LAYOUT.root, host=host, allow_unsound_locks=True)

    def kill(self, till: str) -> None:
        self.processes.pop(till).kill()

    def view(self) -> MemoryDisk:
        """For looking: a process that holds nothing."""
        return MemoryDisk(self.machine)

    def sales(self, till: str) -> list[Transaction]:
        """Every sale of a till's log, as it is after the last entry."""
        ledger, found = Ledger(), dict[int, Transaction]()
        log = read_log(self.view(), LAYOUT.terminal(till), terminal_is_free=True)
        for entry in log:
            sale = ledger.apply(entry.act, entry.stamp)
            if sale is not None:
                found[sale.number] = sale
        return list(found.values())

    def places(self, code: str, tills: Iterable[str]) -> list[str]:
        """Where the sale with that item is: `A-1 open`, `floor`, `B-2 committed` and so on."""
        found = []
        for till in tills:
            for sale in self.sales(till):
                if sale.lines and sale.lines.line(1).code == code:
                    if sale.state is State.TENDERED or sale.state is State.OPEN:
                        found.append(f"{till}-{sale.number} open")
                    elif sale.state is not State.SUSPENDED:
                        found.append(f"{till}-{sale.number} {sale.state.value}")
        suspended = SuspendedSales(self.view(), LAYOUT)
        for file in suspended.files():
            if suspended.read(file).sale.lines[0].code == code:
                found.append("floor" if file.place is Place.READY else str(file))
        return found

    def bookings(self, tills: Iterable[str]) -> tuple[set[str], set[str]]:
        """(ids in the directory, ids that lines in the logs stand for)."""
        returns = Returns(self.view(), LAYOUT, clock=self.clock)
        found = returns.bookings()
        if unsettled := [str(one) for one in found if one.state is not BookingState.READY]:
            raise Broken(f"not settled by any start: {unsettled}")
        stand: set[str] = set()
        for till in tills:
            for sale in self.sales(till):
                if sale.state not in (State.ABORTED, State.SUSPENDED):
                    stand.update(live_bookings(sale))
        suspended = SuspendedSales(self.view(), LAYOUT)
        for file in suspended.files():
            if file.place is Place.READY:
                stand.update(
                    line.booking for line in suspended.read(file).sale.lines if line.booking
                )
        return {one.id for one in found}, stand


@dataclass(slots=True)
class Told:
    """What somebody had been told after so many changes of the disk: the sale is at `stages[n]`."""

    floor: Floor
    stages: list[tuple[int, str]] = field(default_factory=list)

    def now(self, stage: str) -> None:
        self.stages.append((len(self.floor.machine.recording.operations), stage))

    def place(self, at: int) -> int:
        """Number of the stage that had been told of by then."""
        return max((n for n, (told, _) in enumerate(self.stages) if told <= at), default=0)

    def allowed(self, at: int) -> set[str]:
        """The stage told of, or the next one, which was under way; `|` parts its alternatives."""
        place = self.place(at)
        return {one for _, stage in self.stages[place : place + 2] for one in stage.split("|")}


def begin(till: Terminal) -> Sale:
    """The sale that everything here is about."""
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line(GOODS, 2, 250)
    sale.add_line("MORE", 1, 100)
    return sale


def judge_shared(floor: Floor, what: object) -> None:
    """What a crash leaves is never damage to `verify`: the next start has yet to settle it."""
    found = check_shared(floor.view(), LAYOUT)
    if not found.sound:
        raise Broken(f"{what}: verify calls it damaged: {found.damages}")


def judge_sale(floor: Floor, tills: Sequence[str], allowed: set[str], what: object) -> None:
    """Start the tills in that order: the sale is in one allowed place, and can be sold there."""
    judge_shared(floor, what)
    started = [floor.start(till) for till in tills]
    judge_shared(floor, what)
    found = floor.places(GOODS, sorted(tills))
    if len(found) != 1 or found[0] not in allowed:
        raise Broken(f"{what}: the sale is in {found}, started {tills}, allowed {allowed}")
    for till in tills:
        floor.kill(till)
    started = [floor.start(till) for till in tills]
    if floor.places(GOODS, sorted(tills)) != found:
        raise Broken(f"{what}: {found} at the first start, then {floor.places(GOODS, tills)}")
    _sell(started, found[0], what)
    after = floor.places(GOODS, sorted(tills))
    if len(after) != 1 or not after[0].endswith(("committed", "aborted")):
        raise Broken(f"{what}: sold, and in {after}")


def _sell(tills: Sequence[Terminal], place: str, what: object) -> None:
    if place == "floor":
        (waiting,) = tills[0].suspended()
        try:
            sale = tills[-1].recall(waiting.ticket)
        except SaleRefused:
            tills[-1].expire_suspended()  # its time was over
            return
    elif place.endswith("open"):
        (sale,) = (sale for till in tills for sale in till.open_sales)
    else:
        return
    try:
        sale.tender_cash(sale.balance_minor)
    except KernelError as refusal:
        raise Broken(f"{what}: {sale!r} can't be paid: {refusal}") from refusal
