"""A console in this process, without a terminal: keys in, rows out, over a real shop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from kernel import Floor
from manager.app import ManagerApp
from manager.console import Console
from manager.widgets.panel import Panel
from tests.support.headless import painted, post, until
from tests.support.processes import Child, python_child

__all__ = ["Desk", "console", "tills"]

SIZE = (80, 24)
_LOOK_S = 0.02
"""Between two looks at what comes by itself."""


class Desk:
    """What a manager has in front of him."""

    def __init__(self, app: ManagerApp) -> None:
        self.app = app
        self.console = app.desk

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
            await self._key(key)
            await painted(self.app)

    async def type(self, text: str, *keys: str) -> None:
        """A text as fast as it is taken, and keys after it."""
        for character in text:
            await self._key(character)
        await painted(self.app)
        await self.press(*keys)

    async def _key(self, key: str) -> None:
        """Once it would be taken, until it is."""
        desk = self.console
        await self.until(lambda: desk.answerable, "answerable question")
        touched_s = desk.touched_s
        post(self.app, key)
        await self.until(lambda: desk.touched_s != touched_s, f"effect of {key}", look_s=0)

    async def command(self, text: str) -> None:
        await self.press(":")
        await self.type(text, "enter")

    async def sees(self, text: str) -> list[str]:
        """The rows of the screen, as soon as one holds `text`."""
        await self.until(lambda: any(text in row for row in self.rows), text)
        return self.rows

    async def until(
        self, condition: Callable[[], bool], what: str = "", *, look_s: float = _LOOK_S
    ) -> None:
        def missing() -> str:
            return f"no {what!r} on\n" + "\n".join(self.rows)

        await until(condition, missing, look_s=look_s)


@asynccontextmanager
async def console(
    data_dir: Path | str, *, watching: bool = False, size: tuple[int, int] = SIZE
) -> AsyncIterator[Desk]:
    """A console on that shop; it has stopped when this is left."""
    floor = Floor.watch(data_dir) if watching else Floor.start(data_dir)
    app = ManagerApp(Console(floor, str(data_dir), watching=watching), theme="mono")
    try:
        async with app.run_test(size=size):
            yield Desk(app)
    finally:
        app.stop()


@contextmanager
def tills(data_dir: Path | str, *names: str) -> Iterator[Child]:
    """Those tills, run by one process that takes commands; see `shop_child`."""
    with python_child("-m", "tests.support.shop_child", data_dir, *names) as child:
        child.wait_for_line("did start")
        yield child
