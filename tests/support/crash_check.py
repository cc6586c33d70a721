"""The judge of crash images: starts the real terminal on one and holds it to what was promised.

Whatever is acknowledged is there; of what was under way, at most a beginning; nothing else. All
that this module asks is asked of every image: a shortcut here would be a hole in the proof.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kernel import DiskFull, State, Terminal
from kernel.codec.checkpoint import encode_checkpoint
from kernel.codec.entries import decode_act, decode_stamp
from kernel.coordination.registry import Registry
from kernel.disk.files import read_file
from kernel.model.ledger import Ledger
from tests.support.clock import ManualClock
from tests.support.crash_images import Bounds, Cut, Image, every_crash_image
from tests.support.memory_disk import Machine, MemoryDisk, Recording
from tests.support.story import (
    LAYOUT,
    PATHS,
    TILL,
    Bodies,
    Moment,
    Shown,
    Story,
    TillDisk,
    business,
    log_of,
    shown,
    start_till,
)
from tests.support.volume import ROOT, Attributes, Volume

__all__ = ["BrokenPromise", "Judge", "contents", "images_of", "retold"]

_BEGUN = re.compile(rb'"k":"begin"')
_TRAINED = b'"x":-'
_RECEIPT = re.compile(rb'"commit":\{"no":(\d+)')
_KEPT_LIMIT_BYTES = 1 << 22


class BrokenPromise(AssertionError):
    """An image that the till does not recover from as it promised."""


def images_of(story: Story, bounds: Bounds, *, part: int = 0, parts: int = 1) -> Iterator[Image]:
    """The images of a crash anywhere in the story, or in one of `parts` equal shares of it."""
    points = [
        at for at in range(len(story.disk.operations) + 1) if story.moment(at) % parts == part
    ]
    return every_crash_image(story.disk.recording, bounds, points=points, promise=story.moment)


def contents(volume: Volume) -> frozenset[tuple[str, bytes | None, Attributes]]:
    """Every path, what is there and its attributes: equal for equal disks of any two recordings.

    Not the times of changes, which no start goes by.
    """
    nodes, attributes = volume.nodes, volume.attributes
    found: list[tuple[str, bytes | None, Attributes]] = []
    waiting = [("", ROOT)]
    while waiting:
        path, inode = waiting.pop()
        content = nodes[inode]
        if isinstance(content, bytes):
            found.append((path, content, attributes[inode]))
        else:
            found.append((path, None, attributes[inode]))
            waiting += [(f"{path}/{name}", child) for name, child in content.items()]
    return frozenset(found)


@dataclass(slots=True)
class Judge:
    """Judges the images of one story; `disk` makes the machine that recovers.

    Judges of several stories may share `recovered`: the recoveries that a second start has
    followed. Many images recover to the same disk, and from there all goes the same way.
    """

    story: Story
    disk: Callable[[Image], MemoryDisk] = Image.disk
    recovered: set[int] = field(default_factory=set)
    _ledgers: dict[int, Ledger] = field(default_factory=dict)

    def check(self, image: Image) -> None:
        """Raise `BrokenPromise`, or whatever the start raises, for an image with a loss."""
        place = self.story.moment(image.at)
        told = self.story.moments[place]
        disk = self.disk(image)
        for path, data in told.kept:
            if read_file(disk, path, _KEPT_LIMIT_BYTES) != data:
                raise BrokenPromise(f"{image}: the torn bytes at {path} are gone")
        till = self._started(disk)
        log = log_of(disk)
        whole = self._same_entries(image, told, log, self.story.under_way(place))
        if whole and told.sales is not None and shown(till) != told.sales:
            raise BrokenPromise(f"{image}: {shown(till)} was {told.sales}")
        self._same_ledger(image, till, told, log)
        if till.recovery.checkpoint_rebuilt:
            raise BrokenPromise(f"{image}: the checkpoint did not fit the log")
        before = shown(till)
        disk.kill()
        disk.limit_capacity(None)
        state = hash((contents(disk.volume), disk.boot_id, self.story.segment_bytes, before))
        if state not in self.recovered:
            self._starts_again(image, disk, before, log)
            self.recovered.add(state)

    def _starts_again(
        self, image: Image, disk: MemoryDisk, before: tuple[Shown, ...], log: Bodies
    ) -> None:
        """After the recovery: the next start finds just that, and the till sells."""
        again = start_till(disk, segment_bytes=self.story.segment_bytes)
        if shown(again) != before or business(log_of(disk)) != business(log):
            raise BrokenPromise(f"{image}: the second start differs")
        self._sells_on(image, again, disk, log)
        disk.kill()

    def _started(self, disk: MemoryDisk) -> Terminal:
        try:
            return start_till(disk, segment_bytes=self.story.segment_bytes)
        except DiskFull:
            # Said, not suffered: with room it starts, and nothing was lost meanwhile.
            if os.path.basename(PATHS.lock) in disk.listdir(PATHS.directory):
                raise BrokenPromise("a start that was refused left its lock") from None
            disk.limit_capacity(None)
            return start_till(disk, segment_bytes=self.story.segment_bytes)

    def _same_entries(self, image: Image, told: Moment, log: Bodies, under_way: Bodies) -> bool:
        """All that was told, then a beginning of what was under way: whether it is just the one."""
        floor = told.synced if image.cut is Cut.POWER else len(told.log)
        common = len(told.log)
        if log[:common] != told.log:
            common = next(i for i, body in enumerate((*log, b"")) if body != told.log[i])
        if common < floor:
            raise BrokenPromise(
                f"{image}: entry {common + 1} of {floor} acknowledged ones is gone or differs"
            )
        more = business(log[common:])
        allowed = (*business(told.log[common:]), *under_way)
        if more != allowed[: len(more)]:
            raise BrokenPromise(f"{image}: {more} is in the log, {allowed} was under way")
        return common == len(told.log) and not more

    def _same_ledger(self, image: Image, till: Terminal, told: Moment, log: Bodies) -> None:
        expected = encode_checkpoint(self._folded(told.log, log), 0, b"")
        if till.journal.read(lambda ledger: encode_checkpoint(ledger, 0, b"")) != expected:
            raise BrokenPromise(f"{image}: the ledger is not the sum of the entries")

    def _folded(self, told: Bodies, log: Bodies) -> Ledger:
        """Of all entries from LSN 1 on; what was told at that moment is folded once."""
        if log[: len(told)] != told:
            return _applied(Ledger(), log, 1)
        if len(told) not in self._ledgers:
            self._ledgers[len(told)] = _applied(Ledger(), told, 1)
        return _applied(self._ledgers[len(told)].fork(), log[len(told) :], len(told) + 1)

    def _sells_on(self, image: Image, till: Terminal, disk: MemoryDisk, log: Bodies) -> None:
        for sign in (-1, 1):  # what is trained has series of its own
            own = b"\n".join(body for body in log if (_TRAINED in body) == (sign < 0))
            begun, receipts = len(_BEGUN.findall(own)), list(map(int, _RECEIPT.findall(own)))
            if receipts != list(range(1, len(receipts) + 1)):
                raise BrokenPromise(f"{image}: receipts {receipts}")
            if (sign < 0) == till.training:
                self._sells_one(image, till, sign * (begun + 1), len(receipts) + 1)
        if TILL not in {entry.terminal for entry in _registry(disk).read()}:
            raise BrokenPromise(f"{image}: the running till is not in the registry")

    def _sells_one(self, image: Image, till: Terminal, number: int, receipt: int) -> None:
        sale = till.begin("S1", "EUR", "bert")
        sale.add_line("4006381333931", 1, 300)
        if sale.tender_cash(300) is not State.COMMITTED:
            raise BrokenPromise(f"{image}: a new sale can't be paid")
        if (sale.number, sale.receipt_number) != (number, receipt):
            raise BrokenPromise(f"{image}: {sale!r} where sale {number}, receipt {receipt} is next")


def _applied(ledger: Ledger, log: Bodies, first_lsn: int) -> Ledger:
    for lsn, body in enumerate(log, first_lsn):
        stamp = decode_stamp(body)
        if stamp.lsn != lsn:
            raise BrokenPromise(f"entry {lsn} has LSN {stamp.lsn}")
        ledger.apply(decode_act(body), stamp)
    return ledger


def _registry(disk: MemoryDisk) -> Registry:
    return Registry(disk, LAYOUT, clock=ManualClock())


def retold(story: Story, image: Image) -> Story:
    """The same crash, gone through: a till starts from the image and sells; a story of its own."""
    place = story.moment(image.at)
    told = story.moments[place]
    left = told.synced if image.cut is Cut.POWER else len(told.log)
    disk = TillDisk(Machine(image.volume.copy(), Recording(image.volume, image.boots)))
    disk.limit_capacity(None)
    again = Story(
        disk,
        story.segment_bytes,
        moments=[Moment(0, told.log[:left], told.synced, None, told.kept)],
        relaxed_lines=story.relaxed_lines,
        pending=(*business(told.log[left:]), *story.under_way(place)),
    )
    again.start()
    again.line(again.begin())
    return again
