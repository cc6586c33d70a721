"""A till whose log lacks what the audit log has of it may not start; any other may."""

from __future__ import annotations

import pytest

from kernel.disk.files import read_file
from kernel.errors import LogDamaged
from tests.support.audits import LAYOUT, AuditedShop, collector_on, drain, sell


@pytest.fixture
def shop() -> AuditedShop:
    return AuditedShop("A", "B")


def day(shop: AuditedShop, name: str, sales: int = 1) -> None:
    with shop.tills[name].start() as till:
        for _ in range(sales):
            sell(till)


def test_a_log_replaced_by_an_older_copy_is_refused_and_not_touched(shop: AuditedShop) -> None:
    till = shop.tills["A"]
    day(shop, "A")
    names = (till.paths.wal, till.paths.durable)
    older = [read_file(shop.view(), path, 1 << 20) for path in names]
    day(shop, "A")
    shop.collect()
    for path, data in zip(names, older, strict=True):
        assert data is not None
        till.write(path, data)
    before = till.log()
    with pytest.raises(LogDamaged, match="the audit log has LSN") as refused:
        till.start()
    assert refused.value.lsn == shop.audited()["A"][-1]
    assert till.log() == before


def test_a_log_that_went_another_way_since_is_refused(shop: AuditedShop) -> None:
    till = shop.tills["A"]
    day(shop, "A")
    names = (till.paths.wal, till.paths.durable)
    older = [read_file(shop.view(), path, 1 << 20) for path in names]
    day(shop, "A", sales=3)
    other = [read_file(shop.view(), path, 1 << 20) for path in names]
    for path, data in zip(names, older, strict=True):
        assert data is not None
        till.write(path, data)
    till.clock.advance(60)
    day(shop, "A", sales=3)  # the same numbers, other entries
    shop.collect()
    for path, data in zip(names, other, strict=True):
        assert data is not None
        till.write(path, data)
    with pytest.raises(LogDamaged, match="cut off, or replaced"):
        till.start()


def test_a_log_that_is_gone_is_refused(shop: AuditedShop) -> None:
    till = shop.tills["A"]
    day(shop, "A")
    shop.collect()
    for path in (till.paths.wal, till.paths.durable):
        shop.view().unlink(path)
    with pytest.raises(LogDamaged, match="audit log has LSN"):
        till.start()


def test_a_log_that_went_on_starts_as_ever(shop: AuditedShop) -> None:
    collector = collector_on(shop.view())
    for name in ("A", "B", "A"):
        day(shop, name)
        drain(collector)
        day(shop, name, sales=2)
    for name in ("A", "B"):
        day(shop, name)


def test_a_till_that_was_off_for_days_is_still_known_by_the_newest_file(shop: AuditedShop) -> None:
    till = shop.tills["A"]
    day(shop, "A")
    names = (till.paths.wal, till.paths.durable)
    older = [read_file(shop.view(), path, 1 << 20) for path in names]
    day(shop, "A")
    for date in (20260102, 20260103):
        shop.tills["B"].clock.date = date
        day(shop, "B")
        shop.collect()
        shop.disk.settle()
    for path, data in zip(names, older, strict=True):
        assert data is not None
        till.write(path, data)
    with pytest.raises(LogDamaged, match="audit log has LSN"):
        till.start()


@pytest.mark.parametrize(
    "left", [b"", b"garbage", b"\0" * 500, b'{"audit":1,"date":1,"seen":{}}\n']
)
def test_an_audit_log_that_says_nothing_keeps_nobody_from_starting(
    shop: AuditedShop, left: bytes
) -> None:
    day(shop, "A")
    shop.tills["A"].write(LAYOUT.audit, left)
    day(shop, "A")
