"""`python -m tests.support.pictures DIRECTORY`: pictures of the register and of the console.

Both run headless on the demo's catalogue. Dates, times
and whatever else differs from run to run is replaced in the picture, so that the same screens give
the same files.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from textual.app import App

from kernel import AuditTrail, Floor, Host, Terminal
from manager.app import ManagerApp
from manager.console import Console
from posterm.app import RegisterApp
from posterm.catalog import open_catalog
from posterm.commands.demo import seed
from posterm.keymap import KEYMAPS
from posterm.register.session import Session
from tests.support.console import Desk
from tests.support.headless import painted, post, taken, until

__all__ = ["take_pictures"]

SIZE = (80, 24)
THEME = "dark"
TILL = "REGISTER_01"
TILLS = (TILL, "REGISTER_02", "REGISTER_03")
SALES = 24
_CODES = ("101", "102", "2100000001378", "2100000005482", "2100000006854", "2100000009596")
_SAME = (
    (re.compile(r"20\d\d-\d\d-\d\d"), "2026-01-31"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "09:30:00"),
    (re.compile(r"\b\d\d:\d\d\b"), "09:30"),
    (re.compile(r">&#160;\d\d&#160;"), ">&#160;09&#160;"),
    (re.compile(r"terminal-\d+-"), "posterm-"),
)


def _keep(app: App[None], directory: Path, name: str) -> None:
    text = app.export_screenshot(title="posterm", simplify=True)
    for pattern, same in _SAME:
        text = pattern.sub(same, text)
    (directory / f"{name}.svg").write_text(text)


async def _register(data_dir: str, directory: Path) -> None:
    with ThreadPoolExecutor(1) as thread:
        till = thread.submit(Terminal.start, TILL, data_dir).result()
        session = thread.submit(Session, till, data_dir, KEYMAPS["pc"]).result()
        app = RegisterApp(session, thread, theme=THEME)
        try:
            async with app.run_test(size=SIZE):
                for typed in ("0001", "1111", *_CODES[:3], "3*102", "0.5*4811", *_CODES[3:]):
                    await _press(app, *typed, "enter")
                _keep(app, directory, "register-sale")
                await _press(app, "enter")
                _keep(app, directory, "register-total")
        finally:
            thread.submit(session.stop, "stop").result()


async def _press(app: RegisterApp, *keys: str) -> None:
    for key in keys:
        post(app, key)
    await taken(app)
    await until(lambda: not app.waiting, lambda: "the register is still busy")
    await painted(app)


def _sell(data_dir: str, tills: dict[str, Terminal]) -> None:
    """The same baskets each time."""
    chance = random.Random(1)
    with open_catalog(data_dir) as catalog:
        found = [catalog.item(code) for code in _CODES]
    items = [(one, one.price_minor) for one in found if one is not None and one.price_minor]
    for number in range(SALES):
        till = tills[TILLS[number % len(TILLS)]]
        sale = till.begin("STORE_001", "EUR", f"000{1 + number % 3}")
        for _ in range(chance.randint(1, 6)):
            one, price_minor = chance.choice(items)
            sale.add_line(one.sku, 1, price_minor, description=one.description, input_origin="scan")
        if number < SALES - 2:
            sale.tender_cash(sale.balance_minor)


async def _console(data_dir: str, directory: Path) -> None:
    with ExitStack() as stack:
        tills = {one: stack.enter_context(Terminal.start(one, data_dir)) for one in TILLS}
        _sell(data_dir, tills)
        AuditTrail(data_dir, Host()).bring_up_to_date()
        floor = Floor.watch(data_dir)
        app = ManagerApp(Console(floor, data_dir, watching=True), theme=THEME)
        try:
            async with app.run_test(size=SIZE):
                desk = Desk(app)
                await _screen(desk, directory, "console-terminals", "", "selling", "2 selling")
                await _screen(desk, directory, "console-audit", "2", "REGISTER_01-8 #8")
                await _screen(desk, directory, "console-today", "3", f"sales {SALES - 2}")
        finally:
            app.stop()


async def _screen(desk: Desk, directory: Path, name: str, key: str, *until: str) -> None:
    if key:
        await desk.press(key)
    await desk.until(lambda: not desk.console.board.telling, "the day")
    for text in until:
        await desk.sees(text)
    _keep(desk.app, directory, name)


def take_pictures(directory: Path) -> None:
    """Each in a shop of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    made: tuple[Callable[[str, Path], Awaitable[None]], ...] = (_register, _console)
    for make in made:
        with tempfile.TemporaryDirectory() as shop:
            seed(shop)
            asyncio.run(_made(make, shop, directory))


async def _made(make: Callable[[str, Path], Awaitable[None]], shop: str, directory: Path) -> None:
    await make(shop, directory)


if __name__ == "__main__":
    take_pictures(Path(sys.argv[1]))
