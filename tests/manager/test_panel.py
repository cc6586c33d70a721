"""Rows that repaint only what changed, and no more than a slow line carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from manager.widgets.panel import Listing, Panel, Row


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
        panel.allowance_bytes = 30
        rows = [Row(f"row {number} is long enough") for number in range(4)]
        paints = 0
        while panel.rows != tuple(rows):
            assert len(panel.painted(*rows)) <= 2
            paints += 1
        assert paints == 4 and not panel.behind


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
