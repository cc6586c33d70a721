"""Today and Audit while the console stays open: a new business date, a clock put back, zones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel import AuditLine, decode_line
from kernel.codec.audit import Cursor, encode_seen
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from manager.audit_browser import AuditBrowser
from manager.audit_rows import audit_row, columns_row
from manager.board import Board
from manager.charts import glyphs_for
from manager.feed import Tick
from manager.today import Today, today_of
from manager.today_rows import today_rows
from tests.support.audit_load import names, sold_lines
from tests.support.audits import AuditedShop, lines_of, sell, trade

DATE, NEXT = 20260101, 20260102
HOUR_MS = 3_600_000


def board_of(lines: list[AuditLine]) -> Board:
    board = Board()
    board.take(Tick(tuple(line.text.encode() for line in lines), None, 0))
    return board


def takings(today: Today) -> dict[str, int]:
    return {one.terminal: one.totals.total_minor for one in today.tills}


def test_today_turns_to_the_new_date_with_the_first_till_that_does() -> None:
    shop = AuditedShop("A", "B")
    trade(shop.tills["A"], DATE)
    shop.tills["B"].clock.date = DATE
    with shop.tills["B"].start() as late:
        sell(late, 700)
        shop.collect()
        before = lines_of(shop.view())
        board = board_of(before)
        assert board.today.business_date == DATE
        assert takings(board.today) == {"A": 500, "B": 700}
        trade(shop.tills["A"], NEXT)
        sell(late, 300)  # its date has not been closed yet
        shop.collect()
    told = {(line.terminal, line.lsn) for line in before}
    fresh = [one for one in lines_of(shop.view()) if (one.terminal, one.lsn) not in told]
    board.take(Tick(tuple(line.text.encode() for line in fresh), None, 0))
    assert board.today.business_date == NEXT
    assert takings(board.today) == {"A": 500}
    assert takings(today_of(board.day, DATE)) == {"A": 500, "B": 1_000}
    assert board.card("A").takings_minor == 500 and board.card("B").takings_minor == 0


def test_a_clock_put_back_an_hour_takes_nothing_from_the_figures() -> None:
    shop = AuditedShop("A")
    machine = shop.tills["A"]
    with machine.start() as till:
        sell(till)
        machine.clock.step_ms = -HOUR_MS
        sell(till)
        machine.clock.step_ms = HOUR_MS
        sell(till)
        shop.collect()
        board = board_of(lines_of(shop.view()))
        assert board.today.totals == till.x_report().totals and board.today.whole
    assert sum(board.today.quarters["EUR"].values()) == 750
    assert len(board.today.quarters["EUR"]) == 3


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield use
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "hour"),
    [("UTC", "09"), ("Asia/Kolkata", "14"), ("America/New_York", "04"), ("Asia/Kathmandu", "14")],
)
def test_hours_begin_where_the_clock_on_the_wall_says(
    zone: Callable[[str], None], name: str, hour: str
) -> None:
    """09:00 and 09:20 UTC are one hour, in a zone of half and of quarter hours too."""
    zone(name)
    shop = AuditedShop("A")
    machine = shop.tills["A"]
    with machine.start() as till:
        sell(till, 250)
        machine.clock.step_ms = 20 * 60_000 if name != "Asia/Kathmandu" else 10 * 60_000
        sell(till, 300)
        shop.collect()
    today = board_of(lines_of(shop.view())).today
    rows = [row.text for row in today_rows(today, 80, 18, glyphs_for(None))]
    assert [row[:16].split() for row in rows if row[1:3].isdigit()] == [[hour, "5.50"]], rows


def test_an_audit_log_that_follows_goes_on_in_the_file_of_the_new_date(tmp_path: Path) -> None:
    layout, tills = Layout(str(tmp_path)), names(2)
    layout.make(RealDisk())

    def write(date: int, from_lsn: int) -> None:
        first = encode_seen(date, {name: Cursor(1, "A" * 22, 1) for name in tills})
        lines = sold_lines(tills, 20, date=date, from_lsn=from_lsn, at_ms=1_767_258_000_000)
        Path(layout.audit).write_bytes(first + b"".join(lines))

    write(DATE, 2)
    browser = AuditBrowser(layout.root)
    assert {line.date for line in browser.look("", 10).lines} == {DATE}
    stands = browser.look("up", 10)
    Path(layout.audit).rename(layout.audit_of(DATE))
    write(NEXT, 12)
    assert browser.look("", 10).lines == stands.lines, "who stands still is not moved"
    followed = browser.look("end", 10)
    assert followed.following
    assert {line.date for line in browser.look("", 10).lines} == {NEXT}
    browser.close()


def test_no_column_is_lost_on_a_narrow_screen() -> None:
    raw = next(line for line in sold_lines(["REGISTER_01"], 2, date=DATE) if b"MILK" in line)
    line = decode_line(raw.rstrip())
    for width in (60, 80, 132):
        row = audit_row(line, "GBP", width)[: width - 2]
        for said in ("REGISTER_01", "item sold", "0007", "1.99", "SEMI"):
            assert said in row, (width, row)
        assert columns_row(width)[: width - 2].endswith("what")
