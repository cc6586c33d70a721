"""The audit trail as the apps see it: filters, state, up to date, made anew."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import AuditFilter, AuditTrail, BadInput, Host
from tests.support.audits import AuditedShop, collector_on, sell, trade
from tests.support.tills import ROOT


@pytest.fixture
def shop() -> AuditedShop:
    shop = AuditedShop("A", "B")
    trade(shop.tills["A"], 20260101)
    shop.tills["B"].clock.advance(3600)
    trade(shop.tills["B"], 20260102)
    with shop.tills["B"].start() as till:
        till.move_cash("pay_in", 7_000, "EUR", "bert", reason="Change")
        sell(till, 999)
    return shop


@pytest.fixture
def trail(shop: AuditedShop) -> AuditTrail:
    trail = AuditTrail(ROOT, Host(disk=shop.view(), clock=shop.tills["A"].clock, boot_id="b"))
    assert trail.bring_up_to_date() > 0
    return trail


def shown(trail: AuditTrail, limit: int = 1_000, **wanted: Any) -> list[str]:
    lines = trail.newest(AuditFilter(**wanted), limit)
    return [f"{line.terminal} {line.event}" for line in lines]


def test_all_is_shown_oldest_file_first(trail: AuditTrail, shop: AuditedShop) -> None:
    lines = trail.newest(AuditFilter(), 1_000)
    assert len(lines) == sum(map(len, shop.entries().values()))
    assert [line.date for line in lines] == sorted(line.date for line in lines)


def test_a_limit_keeps_the_newest_over_all_files(trail: AuditTrail) -> None:
    whole = trail.newest(AuditFilter(), 1_000)
    for limit in (0, 1, 5, len(whole) - 3):
        assert trail.newest(AuditFilter(), limit) == whole[len(whole) - limit :]


def test_filters_show_what_they_name(trail: AuditTrail) -> None:
    assert set(shown(trail, terminal="A", kind="sale_closed")) == {"A sale_closed"}
    assert shown(trail, kind="13012") == shown(trail, kind="sale_closed")
    assert len(shown(trail, kind="13012")) == 5
    assert shown(trail, operator="bert") == ["B period_opened", "B cash_paid_in"]
    assert shown(trail, min_minor=7_000) == ["B cash_paid_in"]
    assert shown(trail, min_minor=999, max_minor=999) == ["B item_sold", "B sale_closed"]
    assert shown(trail, text="cHANGE", kind="cash_paid_in") == ["B cash_paid_in"]
    assert shown(trail, terminal="C") == []


def test_times_are_prefixes_and_both_ends_are_included(trail: AuditTrail) -> None:
    whole = trail.newest(AuditFilter(), 1_000)
    early, late = min(line.at for line in whole), max(line.at for line in whole)
    for since in (early, early[:10], "2026", early[:16] + "Z"):
        assert len(shown(trail, since=since)) == len(whole)
    for until in (late, late[:10], "2026", late[:16] + "Z", late[:-1]):
        assert len(shown(trail, until=until)) == len(whole)
    assert shown(trail, until=early[:13], terminal="B") == []
    assert shown(trail, since=late[:13], terminal="A") == []


@pytest.mark.parametrize("when", ["today", "2026-1-1", "20260101", "2026-01-01 09:00", ""])
def test_what_is_no_time_is_refused(when: str) -> None:
    with pytest.raises(BadInput, match="no time"):
        AuditFilter(since=when)


def test_state_says_who_collects_and_what_waits(shop: AuditedShop, trail: AuditTrail) -> None:
    assert trail.state().collector is None and trail.state().waiting == {}
    with shop.tills["A"].start() as till:
        sell(till)
        waiting = trail.state().waiting
        assert list(waiting) == ["A"] and waiting["A"] == trail.state().lag > 3
        collector = collector_on(shop.view(), "A")
        collector.collect()
        state = trail.state()
        assert state.collector is not None and state.collector.terminal == "A"
        assert state.lag == 0


def test_bringing_it_up_to_date_leaves_it_to_who_collects(
    shop: AuditedShop, trail: AuditTrail
) -> None:
    collector_on(shop.view(), "A").collect()
    with shop.tills["A"].start() as till:
        sell(till)
    assert trail.bring_up_to_date() == 0


def test_a_rebuild_here_or_by_who_collects_gives_all_lines(
    shop: AuditedShop, trail: AuditTrail
) -> None:
    entries = sum(map(len, shop.entries().values()))
    assert trail.rebuild() == entries
    collector = collector_on(shop.view(), "A")
    collector.collect()
    assert trail.rebuild() is None
    assert trail.newest(AuditFilter(), 1_000) == []
    assert collector.collect() == entries
    assert shop.verdict().sound


def test_polling_gives_what_came_since(shop: AuditedShop, trail: AuditTrail) -> None:
    wanted = AuditFilter(kind="sale_closed")
    assert trail.poll(wanted) == []
    trade(shop.tills["A"], 20260103)
    trail.bring_up_to_date()
    assert [line.event for line in trail.poll(wanted)] == ["sale_closed"] * 2
    assert trail.poll(wanted) == []


def test_a_shop_without_terminals_has_an_empty_trail(data_dir: Any) -> None:
    trail = AuditTrail(data_dir)
    assert trail.bring_up_to_date() == 0
    assert trail.newest(AuditFilter(), 10) == []
    assert trail.state().lag == 0
    assert not data_dir.exists()
