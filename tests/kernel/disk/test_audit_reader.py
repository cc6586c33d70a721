"""Reading the audit log's files from the end, and while they grow and turn."""

from __future__ import annotations

import pytest

from kernel.codec.audit import decode_line
from kernel.disk.audit_reader import AuditFollower, last_seen
from kernel.disk.files import read_file
from tests.support.audits import LAYOUT, AuditedShop, lines_of, sell, trade


@pytest.fixture
def shop() -> AuditedShop:
    return AuditedShop("A", "B")


def expected(shop: AuditedShop) -> dict[str, int]:
    return {name: found[-1] for name, found in shop.entries().items() if found}


@pytest.mark.parametrize("chunk_bytes", [64, 777, 1 << 20])
def test_the_last_of_each_till_is_found_from_the_end(
    shop: AuditedShop, chunk_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.disk.audit_reader._CHUNK_BYTES", chunk_bytes)
    for name, date in (("A", 20260101), ("B", 20260102), ("B", 20260103)):
        trade(shop.tills[name], date)
        shop.collect()
        found = last_seen(shop.view(), LAYOUT, ["A", "B", "C"])
        assert {name: cursor.lsn for name, cursor in found.items()} == expected(shop)
    by_lsn = {(line.terminal, line.lsn): line for line in lines_of(shop.view())}
    for name, cursor in found.items():
        assert by_lsn[name, cursor.lsn].chain == cursor.chain


def test_half_a_line_at_the_end_is_passed_over(shop: AuditedShop) -> None:
    trade(shop.tills["A"], 20260101)
    shop.collect()
    data = read_file(shop.view(), LAYOUT.audit, 1 << 20)
    assert data is not None
    shop.tills["A"].write(LAYOUT.audit, data[:-9])
    assert last_seen(shop.view(), LAYOUT, ["A"])["A"].lsn == expected(shop)["A"] - 1


def test_without_an_audit_log_nothing_was_seen(shop: AuditedShop) -> None:
    trade(shop.tills["A"], 20260101)
    assert last_seen(shop.view(), LAYOUT, ["A"]) == {}


def test_a_follower_shows_each_new_line_once_over_all_dates(shop: AuditedShop) -> None:
    trade(shop.tills["A"], 20260101)
    shop.collect()
    follower = AuditFollower(shop.view(), LAYOUT)
    assert list(follower.poll()) == []
    before = len(lines_of(shop.view()))
    found = []
    for name, date in (("A", 20260102), ("B", 20260101), ("A", 20260103), ("B", 20260102)):
        trade(shop.tills[name], date)
        shop.collect()
        found += [decode_line(line) for line in follower.poll()]
    assert len(found) == len(lines_of(shop.view())) - before
    assert len({(line.terminal, line.lsn) for line in found}) == len(found)


def test_a_follower_that_began_before_the_first_line_misses_none(shop: AuditedShop) -> None:
    follower = AuditFollower(shop.view(), LAYOUT)
    assert list(follower.poll()) == []
    with shop.tills["A"].start() as till:
        sell(till)
        shop.collect()
        assert len(list(follower.poll())) == len(lines_of(shop.view()))
