"""How far the audit log has each terminal, asked again and again."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kernel.coordination.audit import remove_audit
from kernel.disk.audit_progress import AuditProgress
from kernel.disk.audit_reader import last_seen
from tests.support.audits import LAYOUT, AuditedShop, trade
from tests.support.memory_disk import MemoryDisk

DATE = 20260101


class CountingDisk(MemoryDisk):
    """Counts the bytes that are read."""

    read_bytes = 0

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        data = super().pread(descriptor, size, offset)
        self.read_bytes += len(data)
        return data


@pytest.fixture
def shop() -> AuditedShop:
    return AuditedShop("A", "B")


def expected(shop: AuditedShop) -> Mapping[str, int]:
    seen = last_seen(shop.view(), LAYOUT, ["A", "B"])
    return {terminal: cursor.lsn for terminal, cursor in seen.items()}


def ends(shop: AuditedShop) -> dict[str, int]:
    return {name: max(lsns, default=0) for name, lsns in shop.entries().items()}


def test_it_says_what_a_look_at_the_whole_file_says_whatever_is_done_to_it(
    shop: AuditedShop,
) -> None:
    progress = AuditProgress(shop.view(), LAYOUT)
    assert progress.read({}) == {}
    for name, date in (("A", DATE), ("B", DATE), ("A", DATE + 1), ("B", DATE), ("B", DATE + 1)):
        trade(shop.tills[name], date)
        shop.collect()
        assert (
            progress.read(ends(shop))
            == expected(shop)
            == {name: lsn for name, lsn in ends(shop).items() if lsn}
        )
    remove_audit(shop.view(), LAYOUT)
    assert progress.read(ends(shop)) == {}
    shop.collect()
    assert progress.read(ends(shop)) == expected(shop)


def test_the_second_time_only_what_was_appended_is_read(shop: AuditedShop) -> None:
    for _ in range(20):
        trade(shop.tills["A"], DATE)
    shop.collect()
    disk = CountingDisk(shop.disk._machine)
    progress = AuditProgress(disk, LAYOUT)
    progress.read(ends(shop))
    disk.read_bytes = 0
    progress.read(ends(shop))
    assert disk.read_bytes == 0
    trade(shop.tills["A"], DATE)
    shop.collect()
    progress.read(ends(shop))
    assert 0 < disk.read_bytes < 10_000
    disk.read_bytes = 0
    progress.read(ends(shop))
    assert disk.read_bytes == 0
