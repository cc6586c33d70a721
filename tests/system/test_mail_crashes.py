"""Cut two tills that write to each other off at every change of their disk.

Whatever `send` had returned for takes effect exactly once and in order, whoever starts first
afterwards and whichever of the two died.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from dataclasses import dataclass, field

import pytest

from kernel import LogDamaged, Terminal
from kernel.disk.files import Disk
from tests.support.crash_images import Bounds, Image, every_crash_image
from tests.support.faults import FaultyDisk, PowerCut, PowerOff
from tests.support.memory_disk import Machine, MemoryDisk
from tests.support.posts import Shop, applied_notes, deliver_all

BOUNDS = Bounds(limit_per_point=8, versions_per_file=8)
LIFETIME_S = 86_400.0


class Lost(AssertionError):
    """What was promised is not there, or there is more, or it is in another order."""


class PostDisk(MemoryDisk):
    """One whose processes are all of its kind, so that a lie is told to both tills."""

    def __init__(self, machine: Machine | None = None, *, uid: int = 0) -> None:
        super().__init__(machine, uid=uid)

    def process(self, uid: int | None = None) -> MemoryDisk:
        return type(self)(self._machine, uid=self._uid if uid is None else uid)


@dataclass
class Correspondence:
    """Two tills, what was sent so far, and at which change of the disk it was promised."""

    shop: Shop
    sent: int = 0
    promised: list[int] = field(default_factory=list)
    """Number of changes of the disk when the n-th `send` had returned."""

    def send(self, a: Terminal, to: str) -> None:
        a.send(to, "note", {"n": self.sent}, LIFETIME_S)
        self.sent += 1
        self.promised.append(len(self.shop.disk.operations))

    def promises(self, at: int) -> int:
        return bisect_right(self.promised, at)


def tell(shop: Shop, *, a_disk: Disk | None = None, b_disk: Disk | None = None) -> Correspondence:
    """A sends, to one and to all; B takes, once with several waiting; A hears the answers."""
    a, b = shop.start("A", disk=a_disk), shop.start("B", disk=b_disk)
    shop.disk.settle()
    told = Correspondence(shop)
    converse(told, a, b)
    return told


def converse(told: Correspondence, a: Terminal, b: Terminal) -> None:
    told.send(a, "B")
    deliver_all(b, a)
    for to in ("B", "*", "B"):
        told.send(a, to)
    deliver_all(b)
    told.send(a, "B")
    deliver_all(a, b)


def judge(shop: Shop, promised: int, sent: int, *, first: str = "A") -> None:
    """Start both, `first` first; in the end all that was promised stands in B's log, once."""
    order = ("A", "B") if first == "A" else ("B", "A")
    tills = [shop.start(name) for name in order]
    tills[0].postman.deliver()
    deliver_all(*tills)
    notes = applied_notes(shop.disk, "B")
    expected = [f'{{"n":{n}}}' for n in range(sent)]
    if not (promised <= len(notes) <= sent and notes == expected[: len(notes)]):
        raise Lost(f"{promised} of {sent} were promised, B has {notes}")
    if shop.inbox:
        raise Lost(f"left over: {shop.inbox}")
    (a,) = [till for till in tills if till.id == "A"]
    waiting = a.journal.read(lambda ledger: [one.to for one in ledger.mail.sent.values()])
    if any(to != "*" for to in waiting):
        raise Lost(f"no answer came for {waiting}")


def judge_all(told: Correspondence) -> int:
    judged = 0
    images = every_crash_image(told.shop.disk.recording, BOUNDS, promise=told.promises)
    for number, image in enumerate(images):
        judged_image(told, image, "AB"[number % 2])
        judged += 1
    return judged


def judged_image(told: Correspondence, image: Image, first: str) -> None:
    promised = told.promises(image.at)
    try:
        judge(Shop(image.disk(), seed=2), promised, told.sent, first=first)
    except Lost as loss:
        raise Lost(f"{image}, {first} first: {loss}") from None


def test_what_was_sent_takes_effect_once_and_in_order_after_a_crash_anywhere() -> None:
    assert judge_all(tell(Shop(PostDisk()))) > 300


@pytest.mark.parametrize("dies", ["A", "B"])
def test_either_side_may_die_at_any_call_while_the_other_lives(dies: str) -> None:
    """The other goes on selling, and hears of nothing."""
    total = 0
    for after in range(1, 400):
        shop = Shop(PostDisk())
        for name in ("A", "B"):
            shop.start(name).stop()  # so that the calls of the first start don't count
        process = shop.disk.process()
        dying = FaultyDisk(process, PowerOff(after))
        told = Correspondence(shop)
        survivor: Terminal | None = None
        try:
            a = shop.start("A", disk=dying if dies == "A" else None)
            survivor = None if dies == "A" else a
            b = shop.start("B", disk=dying if dies == "B" else None)
            survivor = survivor or b
            converse(told, a, b)
        except PowerCut:
            process.kill()
        else:
            break
        total += 1
        # What A was sending when it died is sent, or it is not.
        again = shop.start(dies)
        while survivor is None or survivor.id == dies:
            survivor = shop.start("B" if dies == "A" else "A")
        deliver_all(survivor, again)
        deliver_all(again, survivor)
        notes = applied_notes(shop.disk, "B")
        assert notes == [f'{{"n":{n}}}' for n in range(len(notes))], after
        assert told.sent <= len(notes) <= told.sent + 1, after
        assert shop.inbox == []
    assert total > 40


# --- controls: what must be caught ---------------------------------------------------------------


class NoFdatasync(PostDisk):
    def fdatasync(self, descriptor: int) -> None:
        self._opened(descriptor)


class NoFsync(PostDisk):
    """A message gets its name before its bytes are on the disk."""

    def fsync(self, descriptor: int) -> None:
        if not self._opened(descriptor).path.endswith(".message.next"):
            super().fsync(descriptor)


class KeepsNothingOfB(PostDisk):
    """B acknowledges what is not durable in its log."""

    def fdatasync(self, descriptor: int) -> None:
        if os.path.join("terminals", "B") not in self._opened(descriptor).path:
            super().fdatasync(descriptor)


@pytest.mark.parametrize("lies", [NoFdatasync, NoFsync, KeepsNothingOfB])
def test_a_disk_that_lies_is_caught(lies: type[PostDisk]) -> None:
    with pytest.raises((Lost, LogDamaged)):
        judge_all(tell(Shop(lies())))


def test_an_effect_that_came_twice_is_caught() -> None:
    """A sender that numbers its messages anew when it puts them out again."""
    shop = Shop(PostDisk())
    a, b = shop.start("A"), shop.start("B")
    told = Correspondence(shop)
    told.send(a, "B")
    deliver_all(b)
    a.send("B", "note", {"n": 0}, LIFETIME_S)
    shop.disk.kill()
    a.stop()
    b.stop()
    with pytest.raises(Lost):
        judge(shop, 1, 2)
