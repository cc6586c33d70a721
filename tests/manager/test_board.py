"""The board: ticks in, cards, mirrors, figures and alerts out."""

from __future__ import annotations

from msgspec.structs import replace

from kernel import (
    AuditLine,
    AuditVerdict,
    Configuration,
    Finding,
    Host,
    Integrity,
    ShopConfiguration,
    ShopStatus,
    Verdict,
    shop_status,
)
from manager.alerts import found_alerts
from manager.board import Board
from manager.day import Day
from manager.feed import Tick
from tests.support.audited_day import Cashier, told_day
from tests.support.audits import AuditedShop, lines_of
from tests.support.tills import ROOT

AT_MS = 1_767_258_000_000


def raw(lines: list[AuditLine]) -> tuple[bytes, ...]:
    return tuple(line.text.encode() for line in lines)


def tick(
    lines: list[AuditLine] | None = None,
    status: ShopStatus | None = None,
    day: Day | None = None,
    fault: str = "",
) -> Tick:
    return Tick(raw(lines or []), status, AT_MS, day=day, fault=fault)


def host(shop: AuditedShop) -> Host:
    name = next(iter(shop.tills))
    return Host(disk=shop.view(), clock=shop.tills[name].clock, boot_id="boot")


def test_lines_change_the_card_of_their_till_and_no_other() -> None:
    shop = AuditedShop("A", "B")
    lines = told_day(shop, [("A", 0), ("A", 1), ("A", 6), ("B", 0), ("B", 1), ("A", 0), ("A", 2)])
    board = Board()
    board.take(tick(lines))
    a, b = board.cards
    assert (a.sales, a.takings_minor, a.sale_minor, a.lines, a.transaction) == (
        1,
        250,
        398,
        1,
        "A-2",
    )
    assert (b.sales, b.sale_minor, b.currency) == (0, 250, "EUR")
    board.take(tick())
    assert board.cards[0] is a and board.cards[1] is b
    assert board.terminals == ["A", "B"] and board.card("B") is b


def test_the_status_says_who_runs_and_makes_cards_of_tills_that_did_nothing_yet() -> None:
    shop = AuditedShop("A", "B")
    with shop.tills["A"].start():
        board = Board()
        board.take(tick(status=shop_status(ROOT, host=host(shop))))
        (card,) = board.cards
        assert (
            card.terminal == "A" and card.activity in ("idle", "running") and card.pid is not None
        )
        assert card.lag > 0 and card.started_ms is not None and card.last_ms == 0
    board.take(tick(status=shop_status(ROOT, host=host(shop))))
    assert [one.activity for one in board.cards] == ["off"]


def test_a_till_that_died_is_an_alert_once() -> None:
    shop = AuditedShop("A")
    shop.tills["A"].start()
    shop.tills["A"].kill()
    board = Board()
    for _ in range(3):
        board.take(tick(status=shop_status(ROOT, host=host(shop))))
    (alert,) = board.alerts
    assert (alert.terminal, alert.what, alert.at_ms) == ("A", "crashed", AT_MS)
    assert [one.activity for one in board.cards] == ["crashed"]


def test_a_sale_that_was_released_is_no_more_in_the_hands_of_its_dead_till() -> None:
    shop = AuditedShop("A", "B")
    lines = told_day(shop, [("A", 0), ("A", 1)])
    shop.tills["A"].kill()
    board = Board()
    board.take(tick(lines, status=shop_status(ROOT, host=host(shop))))
    assert (board.card("A").transaction, board.card("A").sale_minor) == ("A-1", 250)
    status = shop_status(ROOT, host=host(shop))
    facts = [replace(one, parked=()) for one in status.terminals if one.terminal == "A"]
    board.take(tick(status=replace(status, terminals=tuple(facts))))
    assert (board.card("A").transaction, board.card("A").sale_minor) == (None, 0)


def test_a_log_that_can_not_be_read_or_whose_chain_is_broken_is_an_alert() -> None:
    shop = AuditedShop("A", "B")
    lines = told_day(shop, [("A", 0), ("A", 1), ("B", 0)])
    for till in shop.tills.values():
        till.kill()
    status = shop_status(ROOT, host=host(shop))
    unreadable = [replace(one, parked=None) for one in status.terminals[:1]]
    board = Board()
    board.take(tick(lines, status=replace(status, terminals=(*unreadable, *status.terminals[1:]))))
    assert ("A", "damaged") in [(one.terminal, one.what) for one in board.alerts]
    assert ("B", "damaged") not in [(one.terminal, one.what) for one in board.alerts]
    broken = Finding("transaction.wal", 99, 7, "the chain is broken")
    verdict = Verdict("B", False, 1, 9, 900, 9, "", (broken,), ())
    sound = AuditVerdict(0, 0, 0, (), ())
    for alert in found_alerts(Integrity((verdict,), sound), AT_MS):
        board.alert(alert)
    said = {one.terminal: one.words for one in board.today.alerts if one.what == "damaged"}
    assert "LSN 7" in said["B"]


def test_what_was_alerted_before_the_first_line_stays_with_the_day() -> None:
    shop = AuditedShop("A", "B")
    lines = told_day(shop, [("B", 0), ("B", 1)])
    shop.tills["A"].start()
    shop.tills["A"].kill()
    status = shop_status(ROOT, host=host(shop))
    at_once, adopted = Board(), Board()
    for board in (at_once, adopted):
        board.take(tick(status=status))
    at_once.take(tick(lines))
    day = Day()
    day.take_all([line.text for line in lines])
    adopted.take(tick(day=day))
    for board in (at_once, adopted):
        board.take(tick(status=status))
        assert [(one.terminal, one.what) for one in board.alerts] == [("A", "crashed")]


def test_the_day_from_its_beginning_takes_the_place_of_what_was_seen_since() -> None:
    shop = AuditedShop("A")
    lines = told_day(shop, [("A", number) for number in (0, 1, 6, 0, 1, 2)])
    board = Board()
    board.take(tick(lines[-1:]))
    seen = board.mirror("A")
    assert seen is not None and not seen.whole and len(seen.lines) == 1
    assert not board.cards[0].whole
    before = board.telling
    day = Day()
    day.take_all([line.text for line in lines])
    board.take(tick(lines[-1:], day=day))
    whole = board.mirror("A")
    assert whole is not None and whole.whole and len(whole.lines) == 2
    assert (before, board.telling) == (True, False)
    assert board.today.totals["EUR"].sales == 1 and board.cards[0].whole


def test_the_mirror_follows_the_sale_line_by_line_and_keeps_the_last_one() -> None:
    shop = AuditedShop("A")
    till = shop.tills["A"].start()
    board, told = Board(), 0
    cashier = Cashier(till)
    said: list[tuple[str, int, int]] = []
    for number in (0, 1, 2, 4, 7):
        cashier.do(number)
        shop.collect()
        lines = lines_of(shop.view())
        board.take(tick(lines[told:]))
        told = len(lines)
        sale = board.mirror("A")
        if sale is not None:
            said.append((sale.state, len(sale.lines), sale.total_minor))
    assert said == [
        ("open", 0, 0),
        ("open", 1, 250),
        ("open", 2, 648),
        ("open", 3, 250),
        ("committed", 3, 250),
    ]
    last = board.mirror("A")
    assert last is not None and last.change_minor == 300 and not last.is_open
    assert [one.voided for one in last.lines] == [False, True, False]
    assert last.tenders[0].amount_minor == 550 and last.receipt_number == 1
    assert board.mirror("B") is None


def test_a_fault_is_kept_until_the_next_tick_and_changes_no_figure() -> None:
    shop = AuditedShop("A")
    lines = told_day(shop, [("A", number) for number in (0, 1, 6)])
    board = Board()
    board.take(tick(lines))
    before = board.today
    board.take(tick(fault="/shop can't be read"))
    assert board.fault == "/shop can't be read" and board.today is before
    board.take(tick())
    assert board.fault == ""


def test_thresholds_come_with_the_configuration() -> None:
    shop = AuditedShop("A")
    configuration: Configuration = ShopConfiguration(ROOT, host(shop)).in_force()
    board = Board()
    board.take(Tick((), None, AT_MS, configuration))
    assert board.day.thresholds.no_sales == configuration.settings.alert_no_sales > 0


def test_a_sale_whose_beginning_was_not_seen_is_in_the_currency_of_the_shop() -> None:
    shop = AuditedShop("A")
    lines = told_day(shop, [("A", 0), ("A", 1)])
    configuration = ShopConfiguration(ROOT, host(shop)).in_force()
    board = Board()
    board.take(Tick(raw(lines[-1:]), None, AT_MS, configuration))
    (card,) = board.cards
    assert card.currency == configuration.settings.currency != ""
