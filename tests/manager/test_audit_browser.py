"""Where in the audit log a manager looks: windows that follow, stand still and search."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kernel import AuditFilter, AuditLine, BadInput, decode_line
from kernel.codec.audit import Cursor, encode_seen
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from manager.audit_browser import AuditBrowser, Window
from manager.audit_query import AuditQuery
from manager.audit_rows import audit_row, detail_of
from tests.support.audit_load import names, sold_lines

DATE = 20260101
TILLS = names(2)
HEIGHT = 10


class Log:
    """An audit log that grows by itself."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(str(root))
        self.layout.make(RealDisk())
        self.lsn = 2
        first = encode_seen(DATE, {name: Cursor(1, "A" * 22, 1) for name in TILLS})
        Path(self.layout.audit).write_bytes(first)

    def grow(self, lines: int) -> None:
        with open(self.layout.audit, "ab") as file:
            file.writelines(
                sold_lines(TILLS, lines, date=DATE, from_lsn=self.lsn, at_ms=1_767_258_000_000)
            )
        self.lsn += lines // len(TILLS)


@pytest.fixture
def log(data_dir: Path) -> Log:
    log = Log(data_dir)
    log.grow(100)
    return log


@pytest.fixture
def browser(log: Log) -> AuditBrowser:
    return AuditBrowser(log.layout.root)


def lsns(window: Window) -> list[int]:
    return [line.lsn for line in window.lines]


def test_it_follows_what_comes_until_somebody_looks_up(log: Log, browser: AuditBrowser) -> None:
    assert lsns(browser.look("", HEIGHT))[-1] == 51
    log.grow(4)
    window = browser.look("", HEIGHT)
    assert window.following and lsns(window)[-1] == 53 and window.marked == HEIGHT - 1
    window = browser.look("up", HEIGHT)
    assert not window.following and window.marked == HEIGHT - 2
    log.grow(4)
    assert browser.look("", HEIGHT).lines == window.lines
    window = browser.look("follow", HEIGHT)
    assert window.following and lsns(window)[-1] == 55
    assert not browser.look("follow", HEIGHT).following
    log.grow(4)
    assert lsns(browser.look("", HEIGHT))[-1] == 55
    assert lsns(browser.look("end", HEIGHT))[-1] == 57


def test_the_mark_moves_to_an_edge_and_takes_the_lines_with_it(browser: AuditBrowser) -> None:
    whole = [(line.terminal, line.lsn) for line in browser.look("", 1_000).lines]
    browser.look("end", HEIGHT)
    for _ in range(HEIGHT + 2):
        window = browser.look("up", HEIGHT)
    first = whole.index((window.lines[0].terminal, window.lines[0].lsn))
    assert window.marked == 0 and first == len(whole) - HEIGHT - 3
    window = browser.look("pageup", HEIGHT)
    assert [(o.terminal, o.lsn) for o in window.lines] == whole[first - 9 : first + 1]
    window = browser.look("home", HEIGHT)
    assert [(o.terminal, o.lsn) for o in window.lines] == whole[:HEIGHT]
    assert len(browser.look("pageup", HEIGHT).lines) == HEIGHT
    window = browser.look("pagedown", HEIGHT)
    assert [(o.terminal, o.lsn) for o in window.lines] == whole[9 : 9 + HEIGHT]
    for _ in range(3):
        window = browser.look("down", HEIGHT)
    assert [(o.terminal, o.lsn) for o in window.lines] == whole[12 : 12 + HEIGHT]


def test_a_screen_of_another_height_keeps_the_marked_line(browser: AuditBrowser) -> None:
    for _ in range(4):
        window = browser.look("up", HEIGHT)
    marked = window.line
    for height in (30, 3, 200, HEIGHT):
        window = browser.look("", height)
        assert window.line == marked and len(window.lines) == min(height, 100)


def test_a_search_goes_on_by_itself_and_follows(log: Log, browser: AuditBrowser) -> None:
    query = AuditQuery(AuditFilter(terminal=TILLS[0], kind="sale_closed"), typed="till=...")
    window = browser.search(query, HEIGHT)
    assert {(line.terminal, line.event) for line in window.lines} == {(TILLS[0], "sale_closed")}
    assert window.found == len(window.lines) == 6 and not window.more
    log.grow(32)
    assert browser.look("", HEIGHT).found == 8
    browser.search(AuditQuery(), HEIGHT)
    assert browser.look("", HEIGHT).found is None


def test_a_search_that_can_not_be_begun_changes_nothing(browser: AuditBrowser) -> None:
    before = browser.look("", HEIGHT)
    with pytest.raises(BadInput):
        browser.search(AuditQuery(business_date=20250101), HEIGHT)
    assert browser.look("", HEIGHT).lines == before.lines and browser.query == AuditQuery()


def test_a_new_business_date_is_followed_into_its_file(log: Log, browser: AuditBrowser) -> None:
    browser.look("", HEIGHT)
    Path(log.layout.audit).rename(log.layout.audit_of(DATE))
    first = encode_seen(DATE + 1, {TILLS[0]: Cursor(51, "A" * 22, 1)})
    (line,) = sold_lines(TILLS, 1, date=DATE + 1, from_lsn=52, at_ms=1_767_258_000_000)
    Path(log.layout.audit).write_bytes(first + line)
    assert lsns(browser.look("", HEIGHT)) == [52]


def test_before_there_is_a_log_there_is_nothing_to_move_in(tmp_path: Path) -> None:
    browser = AuditBrowser(str(tmp_path))
    for move in ("", "up", "pagedown", "home", "follow", "end"):
        assert browser.look(move, HEIGHT).line is None


def line_of(**said: object) -> AuditLine:
    head = {"terminal": "A", "epoch": 1, "lsn": 2, "chain": "x", "date": DATE}
    whole = {**head, "at": "2026-01-01T09:00:00.000Z", **said}
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    return decode_line(text.encode())


def test_a_row_says_when_where_what_who_how_much_and_fits_the_columns() -> None:
    line = line_of(
        event="item_sold", operator="0007", total_minor=199, code="501", description="MILK 2 L"
    )
    row = audit_row(line, "EUR")
    assert row.split()[1:] == ["A", "item", "sold", "0007", "1.99", "MILK", "2", "L"]
    assert "199" in audit_row(line, "no currency")


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        ({"event": "noted", "what": "pin_failed"}, "pin_failed"),
        ({"event": "noted", "detail": "A-1 as 1", "what": "released"}, "released: A-1 as 1"),
        ({"event": "item_sold", "code": "501", "description": 'A "B" \u20ac'}, 'A "B" \u20ac'),
        ({"event": "item_sold", "description": "\x1b[2J"}, "?[2J"),
        ({"event": "sale_begun", "transaction": "A-7"}, "A-7"),
        ({"event": "terminal_stopped"}, ""),
    ],
)
def test_what_says_most_is_shown_and_nothing_that_steers_a_screen(
    said: dict[str, object], detail: str
) -> None:
    assert detail_of(line_of(**said)) == detail
