"""Looking at the audit log page by page, searching it, writing out what was found."""

from __future__ import annotations

import csv
import json
import os
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import AuditFilter, AuditLine, AuditView, BadInput, Host
from kernel.codec.audit import Cursor, encode_seen
from kernel.disk.audit_places import FOUND_LIMIT
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from tests.support.audit_load import names, sold_lines
from tests.support.audited_day import told_day
from tests.support.audits import AuditedShop, trade
from tests.support.tills import ROOT

DATE = 20260101


def host(shop: AuditedShop) -> Host:
    return Host(disk=shop.view(), boot_id="boot")


@pytest.fixture(scope="module")
def traded() -> tuple[AuditedShop, list[AuditLine]]:
    shop = AuditedShop("A", "B")
    numbers = [0, 1, 2, 5, 6, 0, 1, 9, 17, 0, 3, 7, 0, 2, 13, 0, 1, 14, 15, 18]
    return shop, told_day(shop, [(name, number) for number in numbers for name in ("A", "B")])


def everything(view: AuditView) -> list[int]:
    while view.look(700):
        pass
    return [place for place, _ in view.last(100_000)]


def test_pages_back_from_the_end_and_forth_from_the_beginning_are_all_lines(
    traded: tuple[AuditedShop, list[AuditLine]],
) -> None:
    shop, lines = traded
    view = AuditView(ROOT, AuditFilter(), host(shop))
    back = view.last(7)
    while older := view.before(back[0][0], 7):
        back = older + back
    assert [(one.terminal, one.lsn) for _, one in back] == [(o.terminal, o.lsn) for o in lines]
    forth = view.first(5)
    while newer := view.after(forth[-1][0], 5):
        forth += newer
    assert forth == back and view.found is None


FILTERS = st.builds(
    AuditFilter,
    terminal=st.sampled_from([None, "A", "B", "C"]),
    operator=st.sampled_from([None, "0001", "0002", "9"]),
    kind=st.sampled_from([None, "item_sold", "sale_closed", "13012", "13", "discount_given"]),
    min_minor=st.sampled_from([None, -100, 100, 250]),
    max_minor=st.sampled_from([None, 0, 250, 400]),
    since=st.sampled_from([None, "2026", "2026-01-01T09:00", "2027"]),
    until=st.sampled_from([None, "2026-01-01", "2025"]),
    text=st.sampled_from([None, "tea", "WRONG item", "Dent", '"', "customer", "\\"]),
)


@given(FILTERS, st.integers(1, 5_000))
@settings(max_examples=60)
def test_a_search_finds_what_the_filter_shows_and_nothing_else(
    traded: tuple[AuditedShop, list[AuditLine]], wanted: AuditFilter, piece_bytes: int
) -> None:
    shop, lines = traded
    view = AuditView(ROOT, wanted, host(shop))
    while view.look(piece_bytes):
        pass
    found = [(line.terminal, line.lsn) for _, line in view.last(10_000)]
    assert found == [(one.terminal, one.lsn) for one in lines if wanted.shows(one)]


def test_what_is_appended_is_found_and_a_page_of_the_found_can_be_turned() -> None:
    shop = AuditedShop("A", "B")
    trade(shop.tills["A"], DATE)
    shop.collect()
    view = AuditView(ROOT, AuditFilter(kind="sale_closed"), host(shop))
    while view.look(400):
        pass
    assert view.found == 2
    trade(shop.tills["B"], DATE)
    shop.collect()
    view.look(1 << 20)
    assert view.found == 4
    newest = view.last(1)
    assert newest[0][1].terminal == "B"
    older = view.before(newest[0][0], 2)
    assert len(older) == 2 and view.after(older[-1][0], 10) == newest


def test_a_new_date_is_told_so_that_who_follows_opens_it() -> None:
    shop = AuditedShop("A")
    trade(shop.tills["A"], DATE)
    shop.collect()
    view = AuditView(ROOT, AuditFilter(), host(shop))
    before = view.turned
    trade(shop.tills["A"], DATE + 1)
    shop.collect()
    assert (before, view.turned) == (False, True)
    assert {line.date for _, line in view.last(1_000)} == {DATE}
    older = AuditView(ROOT, AuditFilter(), host(shop), business_date=DATE)
    assert not older.turned and older.last(1_000) == view.last(1_000)
    newest = AuditView(ROOT, AuditFilter(), host(shop), business_date=DATE + 1)
    assert {line.date for _, line in newest.last(1_000)} == {DATE + 1}
    with pytest.raises(BadInput, match=r"of 2026-01-10; .*: 2026-01-01, 2026-01-02"):
        AuditView(ROOT, AuditFilter(), host(shop), business_date=DATE + 9)


def test_without_an_audit_log_there_are_no_lines() -> None:
    shop = AuditedShop("A")
    view = AuditView(ROOT, AuditFilter(), host(shop))
    assert view.last(5) == [] and view.first(5) == [] and view.size_bytes == 0
    assert not view.turned
    searching = AuditView(ROOT, AuditFilter(text="x"), host(shop))
    assert not searching.look(100) and searching.last(5) == []


def test_a_line_longer_than_any_piece_is_paged_and_searched_like_others(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path))
    layout.make(RealDisk())
    short = list(sold_lines(["A"], 6, date=DATE, at_ms=0))
    long = short[2].replace(b"MILK", b"MILK" * 50_000)
    first = encode_seen(DATE, {"A": Cursor(1, "A" * 22, 1)})
    Path(layout.audit).write_bytes(first + b"".join([*short[:2], long, short[3]]))
    view = AuditView(tmp_path, AuditFilter())
    assert [line.lsn for _, line in view.first(9)] == [2, 3, 4, 5]
    assert [line.lsn for _, line in view.last(9)] == [2, 3, 4, 5]
    search = AuditView(tmp_path, AuditFilter(terminal="A"))
    while search.look(300):
        pass
    assert [line.lsn for _, line in search.last(9)] == [2, 3, 4, 5]
    with open(layout.audit, "ab") as file:
        file.write(long.replace(b'"lsn":4', b'"lsn":6') + short[5])
    for _ in range(900):
        search.look(300)
    assert [line.lsn for _, line in search.last(9)] == [2, 3, 4, 5, 6, 7]


class CountingDisk(RealDisk):
    """Counts the bytes that are read."""

    def __init__(self) -> None:
        self.read_bytes = 0

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        data = os.pread(descriptor, size, offset)
        self.read_bytes += len(data)
        return data


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("long") / "shop"
    layout = Layout(str(root))
    layout.make(RealDisk())
    tills = names(3)
    cursors = {name: Cursor(1, "A" * 22, 1) for name in tills}
    with open(layout.audit, "wb") as file:
        file.write(encode_seen(DATE, cursors))
        file.writelines(sold_lines(tills, 30_000, date=DATE, at_ms=1_767_258_000_000))
    return root


def test_the_end_of_a_long_log_is_there_without_reading_the_rest(long_log: Path) -> None:
    disk = CountingDisk()
    view = AuditView(long_log, AuditFilter(), Host(disk=disk))
    assert len(view.last(40)) == 40
    assert view.size_bytes > 5_000_000 and disk.read_bytes < 300_000


def test_a_search_reads_on_in_the_pieces_that_it_is_given(long_log: Path) -> None:
    disk = CountingDisk()
    view = AuditView(long_log, AuditFilter(terminal="LOAD_002"), Host(disk=disk))
    assert view.look(1 << 18) and disk.read_bytes < 3 << 18
    assert 0 < (view.found or 0) < 2_000 and view.looked_bytes > 1 << 17


def test_a_search_keeps_so_many_of_the_newest_and_no_more(long_log: Path) -> None:
    from kernel.disk import audit_places

    assert FOUND_LIMIT >= 100_000
    before, audit_places.FOUND_LIMIT = audit_places.FOUND_LIMIT, 500
    try:
        view = AuditView(long_log, AuditFilter(kind="item_sold"))
        while view.look(1 << 16):
            pass
        assert view.found == 500
        assert view.last(1)[0][1].lsn == max(line.lsn for _, line in view.last(500))
    finally:
        audit_places.FOUND_LIMIT = before


def test_an_export_is_what_is_filtered_as_a_table_or_as_lines(
    long_log: Path, tmp_path: Path
) -> None:
    wanted = AuditFilter(kind="sale_closed", terminal="LOAD_001")
    view = AuditView(long_log, wanted)
    as_lines, as_table = tmp_path / "out.jsonl", tmp_path / "out.csv"
    as_array = tmp_path / "out.JSON"
    seen: list[tuple[int, int]] = []

    def go_on(done: int, size: int) -> bool:
        seen.append((done, size))
        return True

    assert view.export(str(as_lines), go_on) == view.export(str(as_table)) == 1_250
    assert view.export(str(as_array)) == 1_250
    objects = [json.loads(row) for row in as_lines.read_text().splitlines()]
    assert {(one["terminal"], one["event"]) for one in objects} == {("LOAD_001", "sale_closed")}
    assert json.loads(as_array.read_text()) == objects
    rows = list(csv.DictReader(StringIO(as_table.read_text())))
    assert [json.loads(row["line"]) for row in rows] == objects
    assert {row["amount_minor"] for row in rows} == {"1194"}
    assert len(seen) > 3 and seen[-1][0] == seen[-1][1]


def test_an_export_of_nothing_is_an_empty_array(long_log: Path, tmp_path: Path) -> None:
    nothing = AuditView(long_log, AuditFilter(text="no such words"))
    assert nothing.export(str(tmp_path / "out.json")) == 0
    assert json.loads((tmp_path / "out.json").read_text()) == []


def test_an_export_that_is_broken_off_leaves_nothing_and_none_is_overwritten(
    long_log: Path, tmp_path: Path
) -> None:
    view = AuditView(long_log, AuditFilter())
    assert view.export(str(tmp_path / "out.json"), lambda done, size: False) is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept.json").write_text("mine")
    with pytest.raises(BadInput, match="not there yet"):
        view.export(str(tmp_path / "kept.json"))
    assert (tmp_path / "kept.json").read_text() == "mine"
