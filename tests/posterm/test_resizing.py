"""The terminal is made far too small and big again, wherever the register stands."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from posterm.app import RegisterApp
from tests.posterm.test_app import SIZE, rows, type_in
from tests.support.register_shop import make_shop, on_thread

WAYS: dict[str, tuple[str, ...]] = {
    "a sale": (),
    "half typed": ("2*12",),
    "total": ("enter",),
    "an error": ("X", "enter"),
    "a question": ("/23", "enter"),
    "a price asked": ("GIFT", "enter"),
    "a search": ("/3", "enter", "co"),
    "the help": ("/1", "enter"),
    "the count": ("/53", "enter"),
    "a card": ("enter", "/10", "enter"),
}


@pytest.fixture
def app(data_dir: Path) -> Iterator[RegisterApp]:
    make_shop(data_dir)
    with ThreadPoolExecutor(1) as thread:
        session = on_thread(thread, data_dir)
        yield RegisterApp(session, thread, theme="mono")
        thread.submit(session.stop, "test").result()


async def test_a_terminal_that_was_too_small_shows_again_what_it_showed(app: RegisterApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await type_in(pilot, "0001", "enter")
        for way, keys in WAYS.items():
            before = await type_in(pilot, "COFFEE", "enter", *keys)
            await pilot.resize_terminal(20, 5)
            small = await type_in(pilot)
            assert any("too small" in row for row in small), (way, small)
            await pilot.resize_terminal(132, 43)
            await pilot.resize_terminal(*SIZE)
            await type_in(pilot)
            assert rows(app) == before, way
            await type_in(pilot, "escape", "escape", "n", "escape", "escape")
        assert app.fault is None
