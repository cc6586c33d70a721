"""What a till does in a crash test, told as a story: each answer it gave and what its log then held.

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
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EOPNOTSUPP
from random import Random

from kernel import DiskFull, Host, Sale, SaleRefused, State, Terminal
from kernel.codec.frame import HEAD_BYTES
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import Layout
from kernel.disk.recovery import sealed_segments
from tests.support.clock import ManualClock
from tests.support.memory_disk import MemoryDisk

__all__ = [
    "LAYOUT",
    "PATHS",
    "STORIES",
    "TILL",
    "Moment",
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

    handed: list[tuple[int, Bodies]]

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
        if not hasattr(self, "handed"):
            self.handed = []
        if not self._opened(descriptor).path.endswith(".torn"):
            self.handed.append((len(self.operations), business(frames_in(data))))
        return super().pwrite(descriptor, data, offset)


class WithoutReserve(TillDisk):
    """A file system that can't reserve blocks."""

    def reserve(self, descriptor: int, offset: int, size: int) -> None:
        raise OSError(EOPNOTSUPP, os.strerror(EOPNOTSUPP))


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
    disk: MemoryDisk, *, terminal: str = TILL, segment_bytes: int = 1 << 22, boot_id: str = ""
) -> Terminal:
    """The real start. The clock stands still and chance is seeded: the same again each time."""
    host = Host(
        disk=disk,
        clock=ManualClock(),
        random_bytes=Random(0).randbytes,
        boot_id=boot_id or disk.boot_id,
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
    entries of an earlier, crashed run that nobody had been told of."""

    disk: TillDisk
    segment_bytes: int = 1 << 22
    moments: list[Moment] = field(default_factory=lambda: [Moment(0, (), 0)])
    pending: Bodies = ()
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
        self.disk.handed = []
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

    def line(self, sale: Sale, price_minor: int = 250, *, relaxed: bool = False) -> None:
        self.do(lambda: sale.add_line("4006381333931", 2, price_minor), relaxed=relaxed)

    def pay(self, sale: Sale) -> None:
        self.do(lambda: sale.tender_cash(sale.balance_minor + 100))


def _opened(disk: TillDisk | None = None, *, segment_bytes: int = 1 << 22) -> Story:
    story = Story(disk or TillDisk(), segment_bytes)
    story.start()
    story.settle()
    return story


def first_day() -> Story:
    story = Story(TillDisk())
    story.start()
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    return story


def one_sale() -> Story:
    story = _opened()
    sale = story.begin()
    for price in (199, 250, 1_000):
        story.line(sale, price)
    story.do(lambda: sale.void_line(2, reason="wrong item"))
    story.do(lambda: sale.discount(50, line=3, reason="dent"))
    story.do(lambda: sale.void_line(9))
    story.pay(sale)
    return story


def several_sales() -> Story:
    story = _opened()
    first, second, third = (story.begin() for _ in range(3))
    for sale in (second, first, third, first):
        story.line(sale)
    story.do(lambda: first.tender_cash(100))
    story.do(lambda: third.abort("customer left"))
    story.do(lambda: first.void_tender(1, reason="other card"))
    story.pay(second)
    return story


def cards() -> Story:
    story = _opened()
    first, second = story.begin(), story.begin()
    story.line(first)
    story.line(second)
    story.do(lambda: first.request_card(500))
    story.do(lambda: first.settle_card(1, last_four="1234", authorisation="77"))
    story.do(lambda: second.request_card(400))
    story.do(lambda: second.decline_card(1, reason="no cover"))
    story.do(lambda: second.request_card(500))
    story.do(lambda: second.card_unknown(2))
    story.pay(second)
    return story


def z_and_rotation() -> Story:
    story = _opened()
    for _ in range(2):
        parked, sale = story.begin(), story.begin()
        story.line(parked)
        story.line(sale)
        story.pay(sale)
        story.do(lambda: story.till.z_report("anna"))
    return story


def rotation_by_size() -> Story:
    story = _opened(segment_bytes=900)
    for _ in range(3):
        sale = story.begin()
        story.line(sale)
        story.line(sale)
        story.pay(sale)
    return story


def stopped_and_started() -> Story:
    story = _opened()
    sale = story.begin()
    story.line(sale)
    story.stop()
    story.start()
    story.line(story.till.open_sales[0])
    story.pay(story.till.open_sales[0])
    story.stop()
    return story


def killed_and_started() -> Story:
    story = _opened(segment_bytes=1_200)
    story.line(story.begin())
    for _ in range(3):
        story.kill()
        story.start()
        story.line(story.till.open_sales[0])
    story.pay(story.till.open_sales[0])
    return story


def full_without_reserve() -> Story:
    """The file system fills up in mid-batch: a whole entry of the refused batch is written."""
    story = _opened(WithoutReserve())
    while (size := story.disk.stat(PATHS.wal).st_size % 4096) < 3_900:
        story.till.count_drawer(0, "EUR", "anna"[: 1 + size % 4])
    story.settle()
    story.disk.limit_capacity(story.disk.used_bytes)
    for _ in range(3):
        story.do(lambda: story.till.begin("S1", "EUR", "a"))
    story.disk.limit_capacity(story.disk.used_bytes + 4096)
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    return story


def full_with_reserve() -> Story:
    """A start without room for a reservation: open sales can be paid, none is begun."""
    story = _opened()
    sale = story.begin()
    story.line(sale)
    story.stop()
    story.disk.limit_capacity(story.disk.used_bytes + 3 * 4096)
    story.start()
    open_sale = story.till.open_sales[0]
    story.do(lambda: story.till.begin("S1", "EUR", "anna"))
    story.line(open_sale)
    story.pay(open_sale)
    return story


def full_at_rotation() -> Story:
    """No room for another segment: the open one grows on."""
    story = _opened(segment_bytes=900)
    story.disk.limit_capacity(story.disk.used_bytes + 3 * 4096)
    sale = story.begin()
    for _ in range(5):
        story.line(sale)
    story.pay(sale)
    story.do(lambda: story.till.z_report("anna"))
    return story


def relaxed_lines() -> Story:
    """Durability `commit`: a power cut may take the lines of an open sale, a kill may not."""
    disk = TillDisk()
    LAYOUT.make(disk)
    LAYOUT.make_terminal(disk, TILL)
    descriptor = disk.open(PATHS.local_config, os.O_RDWR | os.O_CREAT)
    disk.pwrite(descriptor, b'{"durability":"commit"}', 0)
    disk.close(descriptor)
    story = _opened(disk)
    first, second = story.begin(), story.begin()
    for sale in (first, second, first, first):
        story.line(sale, relaxed=True)
    story.pay(first)
    story.line(second, relaxed=True)
    return story


def a_neighbour_comes_and_goes() -> Story:
    """Two tills of one shop: they share the registry and nothing else."""
    story = _opened()
    story.line(story.begin())
    neighbour = start_till(story.disk, terminal="OTHER")
    story.line(story.till.open_sales[0])
    neighbour.stop()
    story.pay(story.till.open_sales[0])
    story.stop()
    return story


STORIES: dict[str, Callable[[], Story]] = {
    tell.__name__: tell
    for tell in (
        first_day,
        one_sale,
        several_sales,
        cards,
        z_and_rotation,
        rotation_by_size,
        stopped_and_started,
        killed_and_started,
        full_without_reserve,
        full_with_reserve,
        full_at_rotation,
        relaxed_lines,
        a_neighbour_comes_and_goes,
    )
}
