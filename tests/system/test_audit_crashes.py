"""Cut off the collector at every change of the disk: the audit log comes out whole, once.

Two tills trade on several dates, one of them late, while a collector drains them; then the machine
is cut at every change, by kill and by power cut, in all bounded ways. After fresh starts of both
tills, none of which the witness may refuse, and a new collector, every entry must stand in the
audit log once, in the order of its till. A disk that does not sync must fail.
"""

from __future__ import annotations

import pytest

from kernel import LogDamaged
from tests.support.audits import AuditedShop, collector_on, drain, trade
from tests.support.crash_images import Bounds, Cut, Image, every_crash_image
from tests.support.memory_disk import MemoryDisk

QUICK = Bounds(limit_per_point=10, versions_per_file=4, cuts_per_write=2, names_window=1)
THOROUGH = Bounds(limit_per_point=60, versions_per_file=8, cuts_per_write=3, names_window=3)
WIDE = Bounds(limit_per_point=60, versions_per_file=4, cuts_per_write=2, names_window=1)
NAMES = ("A", "B")
DAYS = ((1, "A"), (2, "A"), (1, "B"), (2, "B"), (3, "A"), (1, "B"))


class Broken(AssertionError):
    """A line is missing, twice, or a till was refused for nothing."""


class Unsynced(MemoryDisk):
    """Forgets to sync files, as a disk that lies does."""

    def fdatasync(self, descriptor: int) -> None:
        pass

    def fsync(self, descriptor: int) -> None:
        pass


def story(collecting: type[MemoryDisk]) -> AuditedShop:
    """Trading is set-up, all of it durable; what is recorded is the collecting, day by day."""
    shop = AuditedShop(*NAMES)
    collector = collector_on(collecting(shop.disk._machine))
    for date, name in DAYS[:2]:
        trade(shop.tills[name], 20260100 + date)
    drain(collector)
    shop.disk.settle()
    for date, name in DAYS[2:]:
        trade(shop.tills[name], 20260100 + date)
        drain(collector, limit=9)
    collector.release()
    return shop


def judge(image: Image) -> None:
    shop = AuditedShop(*NAMES, disk=image.disk())
    try:
        for name in NAMES:
            trade(shop.tills[name], 20260104)
    except LogDamaged as refusal:
        raise Broken(f"{image}: {refusal}") from refusal
    shop.collect()
    verdict = shop.verdict()
    found = {name: sorted(lsns) for name, lsns in shop.audited().items()}
    if found != shop.entries() or not verdict.sound or verdict.waiting:
        raise Broken(f"{image}: {verdict.damages}, {found} of {shop.entries()}")


def audit_points(shop: AuditedShop, every: int) -> list[int]:
    """After how many changes to look: around each change of an audit file."""
    touched = {
        at
        for at, operation in enumerate(shop.disk.operations)
        if "audit" in str(operation)
        for at in (at, at + 1)
    }
    return sorted(touched)[::every]


def test_a_collector_cut_off_anywhere_leaves_every_entry_once() -> None:
    shop = story(MemoryDisk)
    images = 0
    for image in every_crash_image(shop.disk.recording, QUICK, points=audit_points(shop, 3)):
        judge(image)
        images += 1
    assert images > 30


@pytest.mark.torture
@pytest.mark.parametrize("part", range(8))
def test_a_collector_cut_off_at_every_change_leaves_every_entry_once(part: int) -> None:
    shop = story(MemoryDisk)
    points = audit_points(shop, 1)[part::8]
    for image in every_crash_image(shop.disk.recording, THOROUGH, points=points):
        judge(image)


def test_a_collector_that_does_not_sync_loses_lines() -> None:
    shop = story(Unsynced)
    points = audit_points(shop, 1)
    with pytest.raises(Broken):
        for image in every_crash_image(shop.disk.recording, WIDE, points=points):
            if image.cut is Cut.POWER:
                judge(image)
