"""A till's life in a crash test: each answer that it gave, and what its log then held.

A `Story` runs the real terminal on a disk in memory. After every call it notes how many changes
the disk had seen and which entries stood in the log, so that a crash at any change can be held
against what had been promised by then. A call's entries are known from what was handed to the
disk, not only from what is read back. This module must never judge an image: `crash_check` does.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from errno import EOPNOTSUPP
from functools import partial
from random import Random

from kernel import Host, Sale, SaleRefused, State, Terminal
from kernel.codec.frame import HEAD_BYTES
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import Layout
from kernel.disk.recovery import sealed_segments
from tests.support.clock import ManualClock
from tests.support.memory_disk import Machine, MemoryDisk

__all__ = [
    "LAYOUT",
    "PATHS",
    "TILL",
    "Moment",
    "Shown",
    "Story",
    "TillDisk",
    "business",
    "frames_in",
    "log_of",
    "start_till",
]

TILL = "TILL"
LAYOUT = Layout("/shop")
PATHS = LAYOUT.terminal(TILL)
_BY_ITSELF = frozenset({b"segment", b"seal", b"start", b"recovery", b"stop", b"clock"})
"""Kinds that nobody rings: the process writes them for its own needs."""
_KIND = re.compile(rb'"k":"(\w+)"')
_LIMIT_BYTES = 1 << 26

Bodies = tuple[bytes, ...]
Shown = tuple[str, State, int, int, tuple[object, ...]]


class TillDisk(MemoryDisk):
    """Notes what is handed over to be logged, with the number of changes before it."""

    can_reserve = True

    def __init__(self, machine: Machine | None = None, *, uid: int = 0) -> None:
        super().__init__(machine, uid=uid)
        self.handed: list[tuple[int, Bodies]] = []

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if not self._opened(descriptor).path.endswith(".torn"):
            self.handed.append((len(self.operations), business(frames_in(data))))
        return super().pwrite(descriptor, data, offset)

    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        if not self.can_reserve:
            raise OSError(EOPNOTSUPP, os.strerror(EOPNOTSUPP))
        super().reserve(descriptor, offset, size)


def frames_in(data: bytes) -> Bodies:
    """The bodies of whole frames; other bytes are passed over. No checksum is looked at."""
    lines = data.split(b"\n")[:-1]
    return tuple(line[HEAD_BYTES:] for line in lines if line[HEAD_BYTES:].startswith(b'{"n":'))


def business(bodies: Bodies) -> Bodies:
    """Those that somebody asked for."""
    kinds = ((body, _KIND.search(body)) for body in bodies)
    return tuple(body for body, kind in kinds if kind is None or kind[1] not in _BY_ITSELF)


def log_of(disk: Disk) -> Bodies:
    """All entries of the till's log, sealed segments first."""
    paths = [*map(PATHS.segment, sealed_segments(disk, PATHS)), PATHS.wal]
    found = (read_file(disk, path, _LIMIT_BYTES) for path in paths)
    return frames_in(b"".join(data for data in found if data is not None))


def start_till(
    disk: Disk, *, terminal: str = TILL, segment_bytes: int = 1 << 22, boot_id: str = ""
) -> Terminal:
    """The real start. The clock stands still and chance is seeded: the same again each time."""
    host = Host(
        disk=disk,
        clock=ManualClock(),
        random_bytes=Random(0).randbytes,
        boot_id=boot_id or (disk.boot_id if isinstance(disk, MemoryDisk) else "boot"),
    )
    return Terminal.start(
        terminal, LAYOUT.root, host=host, allow_unsound_locks=True, segment_bytes=segment_bytes
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """After `at` changes of the disk somebody had been told of all of `log`.

    The first `synced` entries must survive a power cut too. `sales` is what the till showed,
    None where nobody looked. `kept` are the torn bytes that a start said it had set aside.
    """

    at: int
    log: Bodies
    synced: int
    sales: tuple[Shown, ...] | None = None
    kept: tuple[tuple[str, bytes], ...] = ()


def shown(till: Terminal) -> tuple[Shown, ...]:
    return tuple(
        (sale.id, sale.state, sale.total_minor, sale.tendered_minor, sale.lines)
        for sale in till.open_sales
    )


@dataclass(slots=True)
class Story:
    """A till on a disk, and all moments at which it had answered. `pending` may be there too:
    entries of an earlier, crashed run that nobody had been told of. `relaxed_lines`: durability
    `commit`, which lets a power cut take the lines of an open sale."""

    disk: TillDisk
    segment_bytes: int = 1 << 22
    moments: list[Moment] = field(default_factory=lambda: [Moment(0, (), 0)])
    pending: Bodies = ()
    relaxed_lines: bool = False
    refusals: int = 0
    _till: Terminal | None = None

    @property
    def till(self) -> Terminal:
        assert self._till is not None, "not started"
        return self._till

    def start(self) -> None:
        self._till = start_till(self.disk, segment_bytes=self.segment_bytes)
        kept = self.moments[-1].kept
        if (path := self.till.recovery.set_aside) is not None:
            data = read_file(self.disk, path, _LIMIT_BYTES)
            assert data is not None and len(data) == self.till.recovery.torn_bytes
            kept = (*kept, (path, data))
        self._note(kept=kept)

    def stop(self) -> None:
        self.till.stop()
        self._note()

    def kill(self) -> None:
        self.disk.kill()

    def settle(self) -> None:
        """What was before is set-up and survives everything."""
        self.disk.settle()
        self.disk.handed.clear()
        log = log_of(self.disk)
        self.moments = [Moment(0, log, len(log), shown(self.till))]

    def do(self, call: Callable[[], object], *, relaxed: bool = False) -> None:
        """Call it; a refusal must leave the log as it was."""
        before = self.moments[-1]
        try:
            call()
        except SaleRefused:
            self.refusals += 1
            log = log_of(self.disk)
            assert business(log) == business(before.log), "something refused is in the log"
            self._note(synced=len(log))
        else:
            self._note(synced=before.synced if relaxed else None)

    def _note(
        self, synced: int | None = None, kept: tuple[tuple[str, bytes], ...] | None = None
    ) -> None:
        last, log = self.moments[-1], log_of(self.disk)
        assert log[: len(last.log)] == last.log, "the log was rewritten"
        self.moments.append(
            Moment(
                at=len(self.disk.operations),
                log=log,
                synced=len(log) if synced is None else synced,
                sales=shown(self.till),
                kept=last.kept if kept is None else kept,
            )
        )

    def moment(self, at: int) -> int:
        """The place of the last moment not after `at` changes."""
        return bisect_right(self.moments, at, key=lambda moment: moment.at) - 1

    def under_way(self, place: int) -> Bodies:
        """What was handed over after that moment and before the next: may be in the log."""
        begin = self.moments[place].at
        end = self.moments[place + 1].at if place + 1 < len(self.moments) else 1 << 62
        found = [body for at, bodies in self.disk.handed if begin <= at < end for body in bodies]
        return (*(self.pending if place == 0 else ()), *found)

    # --- what cashiers do ---

    def begin(self) -> Sale:
        self.do(lambda: self.till.begin("S1", "EUR", "anna"))
        return self.till.open_sales[-1]

    def line(self, sale: Sale, price_minor: int = 250) -> None:
        post = partial(sale.add_line, "4006381333931", 2, price_minor)
        self.do(post, relaxed=self.relaxed_lines)

    def pay(self, sale: Sale) -> None:
        self.do(lambda: sale.tender_cash(sale.balance_minor + 100))
