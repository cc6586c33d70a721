"""Rows that repaint only what changed, and no more than a slow line carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from manager.widgets.panel import Allowance, Listing, Panel, Row


class Painted(Panel):
    """Keeps which regions were painted."""

    regions: tuple[Region, ...] = ()

    def refresh(self, *regions: Region, **how: bool) -> Painted:
        self.regions += regions
        return self

    def painted(self, *rows: Row) -> tuple[Region, ...]:
        """Show those rows; what was painted for it."""
        self.regions = ()
        self.show(rows)
        return self.regions


class Board(App[None]):
    def compose(self) -> ComposeResult:
        yield Painted(id="panel")
        yield Listing(id="list")

    CSS = "#panel { height: 4; } #list { height: 4; }"


async def test_only_the_columns_that_changed_are_painted() -> None:
    async with Board().run_test(size=(40, 10)) as pilot:
        panel = pilot.app.query_one(Painted)
        panel.show([Row("TILL   12.50  idle"), Row("other")])
        digits = panel.painted(Row("TILL   13.70  idle"), Row("other"))
        assert digits == (Region(8, 0, 3, 1),)
        coloured = panel.painted(Row("TILL   13.70  idle", "error"), Row("other"))
        assert coloured == (Region(0, 0, 18, 1),), "other colours, so all of it"


async def test_what_the_line_does_not_carry_now_comes_with_the_next_paint() -> None:
    async with Board().run_test(size=(40, 10)) as pilot:
        panel = pilot.app.query_one(Painted)
        rows = [Row(f"row {number} is long enough") for number in range(4)]
        paints = 0
        while panel.rows != tuple(rows):
            panel.allowance = Allowance(30)
            assert len(panel.painted(*rows)) == 1
            paints += 1
        assert paints == 4 and not panel.behind


async def test_a_mark_that_moved_is_painted_whatever_the_line_carries() -> None:
    async with Board().run_test(size=(40, 10)) as pilot:
        panel = pilot.app.query_one(Painted)
        panel.show([Row(">one   1"), Row(" two   1"), Row(" three 1")])
        panel.allowance = Allowance(0)
        marks = panel.painted(Row(" one   2"), Row(">two   2"), Row(" three 2"))
        assert set(marks) == {Region(0, 0, 1, 1), Region(0, 1, 1, 1)} and panel.behind
        assert [row.text for row in panel.rows] == [" one   1", ">two   1", " three 1"]
        panel.allowance = Allowance(1)
        panel.painted(Row(" one   2"), Row(">two   2"), Row(" three 2"))
        texts = [row.text for row in panel.rows]
        assert texts == [" one   1", ">two   2", " three 1"], "the marked row before all others"


async def test_all_panels_of_a_screen_spend_one_allowance() -> None:
    async with Board().run_test(size=(40, 10)) as pilot:
        first, second = pilot.app.query_one(Painted), pilot.app.query_one(Listing)
        first.allowance = second.allowance = Allowance(30)
        first.show([Row("so much")])
        second.show_items([Row("and no more")])
        assert first.rows and not first.behind and second.behind


@pytest.fixture
def long() -> Iterator[list[Row]]:
    yield [Row(f"item {number}") for number in range(10)]


async def test_the_mark_stays_in_sight_and_on_its_place(long: list[Row]) -> None:
    async with Board().run_test(size=(40, 10)) as pilot:
        listing = pilot.app.query_one(Listing)
        listing.show_items(long)
        assert listing.rows[0].text == ">item 0"
        for key in ("end", "up", "pageup"):
            assert listing.feed(key)
        assert listing.marked == 5
        assert ">item 5" in [row.text for row in listing.rows]
        assert not listing.feed("x")
        listing.show_items(long[:2])
        assert [row.text for row in listing.rows] == [" item 0", ">item 1", *[""] * 2][:4]


async def test_a_row_that_is_too_long_says_that_there_is_more() -> None:
    async with Board().run_test(size=(12, 10)) as pilot:
        panel = pilot.app.query_one(Painted)
        texts = ("takings 2.50", "takings 12.50", "\u00e4pfel \u5bff\u53f8 12.50")
        panel.show([Row(text) for text in texts])
        assert [row.text for row in panel.rows] == [
            "takings 2.50",
            "takings 12.~",
            "\u00e4pfel \u5bff\u53f8 ~",
        ]
