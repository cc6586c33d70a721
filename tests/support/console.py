"""A console in this process, without a terminal: keys in, rows out, over a real shop."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from textual.pilot import Pilot

from kernel import Floor
from manager.app import ManagerApp
from manager.console import Console
from manager.widgets.panel import Panel
from tests.support.processes import Child, python_child

__all__ = ["Desk", "console", "tills"]

SIZE = (80, 24)
_PATIENCE_S = 20.0
_LOOK_S = 0.05


class Desk:
    """What a manager has in front of him."""

    def __init__(self, app: ManagerApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.console = app.desk
        self._pilot = pilot

    @property
    def rows(self) -> list[str]:
        return [
            panel.render_line(y).text.rstrip()
            for panel in self.app.screen.query(Panel)
            for y in range(panel.size.height)
        ]

    async def press(self, *keys: str) -> None:
        """Each key once everything before it is on the screen."""
        for key in keys:
            await self.until(lambda: self.console.answerable)
            await self._pilot.press(key)

    async def type(self, text: str, *keys: str) -> None:
        """A text, and keys after it."""
        await self.press(*text, *keys)

    async def command(self, text: str) -> None:
        await self.press(":")
        await self.type(text, "enter")

    async def sees(self, text: str) -> list[str]:
        """The rows of the screen, as soon as one holds `text`."""
        await self.until(lambda: any(text in row for row in self.rows), text)
        return self.rows

    async def until(self, condition: Callable[[], bool], what: str = "") -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, f"no {what!r} on\n" + "\n".join(self.rows)
            await self._pilot.pause(_LOOK_S)


@asynccontextmanager
async def console(
    data_dir: Path | str, *, watching: bool = False, size: tuple[int, int] = SIZE
) -> AsyncIterator[Desk]:
    """A console on that shop; it has stopped when this is left."""
    floor = Floor.watch(data_dir) if watching else Floor.start(data_dir)
    app = ManagerApp(Console(floor, str(data_dir), watching=watching), theme="mono")
    try:
        async with app.run_test(size=size) as pilot:
            yield Desk(app, pilot)
    finally:
        app.stop()


@contextmanager
def tills(data_dir: Path | str, *names: str) -> Iterator[Child]:
    """Those tills, run by one process that takes commands; see `shop_child`."""
    with python_child("-m", "tests.support.shop_child", data_dir, *names) as child:
        child.wait_for_line("did start")
        yield child
