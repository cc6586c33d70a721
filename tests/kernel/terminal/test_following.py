"""Following the audit log from the beginning of the day or from now on, while it is written."""

from __future__ import annotations

import os

import pytest

from kernel import AuditTail, BadConfiguration, Host, decode_line
from kernel.coordination.audit import remove_audit
from tests.support.audit_load import sold_lines
from tests.support.audits import LAYOUT, AuditedShop, lines_of, trade
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import ROOT

DAYS = (20260101, 20260102, 20260103)


@pytest.fixture
def shop() -> AuditedShop:
    return AuditedShop("A", "B")


def tail(shop: AuditedShop, *, from_end: bool) -> AuditTail:
    return AuditTail(ROOT, Host(disk=shop.view(), boot_id="boot"), from_end=from_end)


def told(tail: AuditTail, limit_bytes: int = 1 << 20) -> list[tuple[str, int]]:
    """(terminal, LSN) of all that comes until nothing more does."""
    found: list[tuple[str, int]] = []
    while lines := tail.read(limit_bytes):
        found += [(line.terminal, line.lsn) for line in map(decode_line, lines)]
    return found


def written(shop: AuditedShop, *dates: int) -> list[tuple[str, int]]:
    return [(one.terminal, one.lsn) for one in lines_of(shop.view()) if one.date in dates]


def test_the_newest_two_dates_are_told_from_their_beginning_oldest_first(
    shop: AuditedShop,
) -> None:
    for date in DAYS:
        trade(shop.tills["A"], date)
        shop.collect()
    assert told(tail(shop, from_end=False)) == written(shop, *DAYS[1:])


@pytest.mark.parametrize("limit_bytes", [300, 1_000, 1 << 20])
def test_each_line_comes_once_however_little_is_read_at_a_time(
    shop: AuditedShop, limit_bytes: int
) -> None:
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    assert told(tail(shop, from_end=False), limit_bytes) == written(shop, DAYS[0])


def test_from_the_end_only_what_comes_is_told_in_whichever_file(shop: AuditedShop) -> None:
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    following = tail(shop, from_end=True)
    assert told(following) == []
    trade(shop.tills["B"], DAYS[0])
    shop.collect()
    trade(shop.tills["A"], DAYS[1])  # a new file
    shop.collect()
    found = told(following)
    came = [one for one in written(shop, DAYS[0]) if one[0] == "B"]
    assert found == came + written(shop, DAYS[1])
    assert following.business_date == DAYS[1]


def test_a_late_line_of_the_date_before_is_told_even_where_it_makes_that_file(
    shop: AuditedShop,
) -> None:
    trade(shop.tills["B"], DAYS[1])
    shop.collect()
    following = tail(shop, from_end=True)
    told(following)
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    found = told(following) + told(following)
    assert found == written(shop, DAYS[0]) and len(found) > 5


def test_two_are_level_where_nothing_stands_between_them(shop: AuditedShop) -> None:
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    live, beginning = tail(shop, from_end=True), tail(shop, from_end=False)
    live.read(1 << 20)
    assert not live.level_with(beginning)
    told(beginning)
    assert live.level_with(beginning) and beginning.behind_bytes == 0
    trade(shop.tills["B"], DAYS[0])
    shop.collect()
    live.read(1 << 20)
    assert not live.level_with(beginning) and beginning.behind_bytes > 0


def test_what_is_made_anew_is_told_once_more(shop: AuditedShop) -> None:
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    following = tail(shop, from_end=False)
    before = told(following)
    remove_audit(shop.view(), LAYOUT)
    assert told(following) == []
    shop.collect()
    assert told(following) == before


def test_half_a_line_is_told_when_it_is_whole(shop: AuditedShop) -> None:
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    following = tail(shop, from_end=False)
    before = told(following)
    disk = shop.view()
    descriptor = disk.open(LAYOUT.audit, os.O_RDWR)
    (line,) = sold_lines(["B"], 1, date=DAYS[0], at_ms=0)
    size = disk.fstat(descriptor).st_size
    disk.pwrite(descriptor, line[:40], size)
    assert told(following) == []
    disk.pwrite(descriptor, line[40:], size + 40)
    assert told(following) == [("B", 2)] and len(before) > 0


def test_without_an_audit_log_nothing_is_told_until_there_is_one(shop: AuditedShop) -> None:
    following = tail(shop, from_end=True)
    assert told(following) == [] and following.business_date == 0
    trade(shop.tills["A"], DAYS[0])
    shop.collect()
    assert told(following) == written(shop, DAYS[0])


def test_a_disk_that_can_not_be_read_is_named() -> None:
    class Unreadable(MemoryDisk):
        def open(self, path: str, flags: int, mode: int = 0o640) -> int:
            raise PermissionError(13, "Permission denied", path)

    following = AuditTail(ROOT, Host(disk=Unreadable(), boot_id="boot"), from_end=True)
    with pytest.raises(BadConfiguration):
        following.read(1_000)
