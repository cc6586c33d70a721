"""Charts of characters, and Today as rows of any size."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from manager.alerts import Alert, Thresholds
from manager.charts import ASCII, BLOCKS, bar, glyphs_for, percent, sparkline
from manager.day import Day
from manager.today import NOTHING, Today, today_of
from manager.today_rows import day_text, today_rows
from tests.support.audited_day import told_day
from tests.support.audits import AuditedShop


def test_what_is_more_than_nothing_shows_and_the_most_is_full() -> None:
    assert sparkline([0, 1, 500, 1_000, -5], ASCII) == " .=@ "
    assert sparkline([], BLOCKS) == "" and sparkline([0, 0], BLOCKS) == "  "
    assert bar(1, 1_000_000, 10, ASCII) == "#" and bar(10, 10, 10, ASCII) == "#" * 10
    assert bar(0, 10, 10, ASCII) == bar(-1, 10, 10, ASCII) == ""


@pytest.mark.parametrize(("part", "whole", "said"), [(1, 3, 33), (2, 3, 67), (1, 2, 50), (0, 0, 0)])
def test_percents_are_whole(part: int, whole: int, said: int) -> None:
    assert percent(part, whole) == said


def test_a_line_without_the_glyphs_gets_ascii() -> None:
    assert glyphs_for("utf-8") is BLOCKS
    assert glyphs_for("iso8859-1") is glyphs_for(None) is glyphs_for("nonsense") is ASCII


@pytest.fixture(scope="module")
def today() -> Today:
    tills = [f"T{number:02}" for number in range(30)]
    acts = [(name, act) for act in (0, 1, 2, 17, 17, 7, 0, 1, 4) for name in tills[:6]]
    day = Day(Thresholds(no_sales=1), "EUR")
    day.take_all([line.text for line in told_day(AuditedShop(*tills), acts)])
    day.add_alert(day.business_date, Alert("T05", "silent", 0, "silent for 61 s"))
    return today_of(day)


@pytest.mark.parametrize("size", [(80, 19), (80, 6), (132, 38), (60, 11)])
@pytest.mark.parametrize("operators", [False, True])
def test_rows_fit_any_size_and_hold_figures_and_alerts(
    today: Today, size: tuple[int, int], operators: bool
) -> None:
    width, height = size
    rows = today_rows(today, width, height, ASCII, operators=operators)
    assert len(rows) == height and all(len(row.text) < width for row in rows)
    assert all(row.text.isascii() for row in rows)
    said = "\n".join(row.text for row in rows)
    assert "takings 38.88 EUR" in said and "sales 6" in said
    if height > 8:
        assert "! " in rows[-1].text and "silent for 61 s" in rows[-1].text


def test_a_figure_is_never_cut(today: Today) -> None:
    whole = [row.text.strip() for row in today_rows(today, 300, 30, ASCII)[:4]]
    figures = [figure for row in whole for figure in row.split("   ")]
    assert len(figures) > 10
    for width in range(40, 90):
        rows = [row.text.strip() for row in today_rows(today, width, 30, ASCII)]
        said = [figure for row in rows for figure in row.split("   ")]
        assert said[: len(figures)] == figures, f"at {width} columns"


def test_a_till_of_another_currency_is_listed_with_its_name(today: Today) -> None:
    foreign = replace(today.tills[0], terminal="ABROAD", currency="JPY")
    both = replace(today, tills=(foreign, *today.tills))
    for width in (60, 80, 132):
        rows = [row.text for row in today_rows(both, width, 19, ASCII)]
        assert any("ABROAD" in row and "648 JPY " in row for row in rows), rows
        assert any("T01" in row and "6.48 " in row for row in rows)
        assert not any("6.48 EUR" in row for row in rows[5:])


def test_a_list_that_is_longer_than_the_screen_can_be_moved(today: Today) -> None:
    rows = [row.text for row in today_rows(today, 80, 12, ASCII, first=4)]
    assert any("T04" in row for row in rows) and not any("T00 " in row for row in rows)


def test_before_the_first_sale_there_is_something_to_read() -> None:
    rows = [row.text for row in today_rows(NOTHING, 80, 19, ASCII)]
    assert any("no sale yet" in row for row in rows) and "no alerts" in rows[-1]
    assert day_text(0) == "-" and day_text(20260131) == "2026-01-31"
