"""The register's screen, headless: keys in, what stands on the screen out."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.pilot import Pilot

from kernel import Host, Poisoned, Shop, Terminal
from kernel.disk.files import RealDisk
from posterm.app import RegisterApp
from posterm.widgets.panel import Panel
from tests.support.faults import Fails, FaultyDisk
from tests.support.headless import painted, post, taken, until
from tests.support.register_shop import make_shop, on_thread, open_session

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

SIZE = (80, 24)
NAMES = frozenset({"enter", "escape", "tab", "shift+tab", "f9"})


@contextmanager
def register(
    data_dir: Path, theme: str = "dark", *, operators: bool = False, host: Host | None = None
) -> Iterator[RegisterApp]:
    make_shop(data_dir, operators=operators)
    with ThreadPoolExecutor(1) as thread:
        session = on_thread(thread, data_dir, host)
        try:
            yield RegisterApp(session, thread, theme=theme)
        finally:
            thread.submit(session.stop, "test").result()


async def type_in(pilot: Pilot[None], *keys: str) -> list[str]:
    """Type each once all before it is shown; the rows of the screen once all is done."""
    app = pilot.app
    assert isinstance(app, RegisterApp)
    await _done(app)
    for key in keys:
        type_ahead(app, key)
        await _done(app)
    return rows(app)


async def _done(app: RegisterApp) -> None:
    """All that was typed is, and stands on the screen."""
    await taken(app)
    await until(lambda: not app.waiting, lambda: "the register is never done")
    await painted(app)


def type_ahead(app: RegisterApp, *keys: str) -> None:
    """Send them, a text key by key, whatever the register is doing."""
    for key in keys:
        for one in [key] if key in NAMES or key.startswith("ctrl") else key:
            post(app, one)


def rows(app: RegisterApp) -> list[str]:
    return [
        strip.text
        for panel in app.screen.query(Panel)
        for strip in panel.render_lines(panel.size.region)
    ]


@pytest.mark.parametrize("theme", ["dark", "mono"])
async def test_a_whole_sale_from_sign_on_to_change(data_dir: Path, theme: str) -> None:
    with register(data_dir, theme) as app:
        async with app.run_test(size=SIZE) as pilot:
            assert any("operator number" in row for row in await type_in(pilot))
            shown = await type_in(pilot, "0001", "enter", "COFFEE", "enter", "2*MILK", "enter")
            assert shown[1].split() == ["1", "COFFEE", "BEANS", "500", "G", "3.99"]
            assert shown[2].startswith(">") and "2 x 1.19" in shown[2]
            shown = await type_in(pilot, "+", "1000", "f9")
            assert any("CHANGE EUR" in row for row in shown)
            assert any("6.37 / 10.00" in row for row in shown)


async def test_the_screen_is_80_by_24_and_every_row_is_used_once(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            shown = await type_in(pilot, "0001", "enter")
            assert len(shown) == SIZE[1]
            assert shown[-1].startswith("1Help 2Price") and "12Menu" in shown[-1]
            assert all(len(row) == SIZE[0] for row in shown)


async def test_an_error_says_so_in_a_word_until_clear(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            shown = await type_in(pilot, "0001", "enter", "NOTHING", "enter")
            assert any("ERROR NOTHING is not on file" in row for row in shown)
            assert not any("ERROR" in row for row in await type_in(pilot, "escape"))


async def test_more_lines_than_the_screen_shows_scroll_the_newest_in(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter")
            shown = await type_in(pilot, *["COFFEE", "enter"] * 20)
            assert any(row.startswith(">  20 COFFEE") for row in shown)
            assert not any(row.startswith("    1 COFFEE") for row in shown)


async def test_a_pin_is_stars_on_the_screen(data_dir: Path) -> None:
    with register(data_dir, operators=True) as app:
        async with app.run_test(size=SIZE) as pilot:
            shown = await type_in(pilot, "0001", "enter", "1111")
            assert "> ****" in shown[-2] and not any("1111" in row for row in shown)


async def test_a_resize_in_mid_sale_keeps_it_and_too_small_says_so(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter", "COFFEE", "enter")
            await pilot.resize_terminal(40, 10)
            assert any("too small" in row for row in await type_in(pilot))
            await pilot.resize_terminal(132, 43)
            shown = await type_in(pilot)
            assert len(shown) == 43 and any("COFFEE BEANS" in row for row in shown)
            assert not any("too small" in row for row in shown)


async def test_no_key_of_textual_leaves_the_register(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            shown = await type_in(
                pilot,
                "ctrl+c",
                "ctrl+q",
                "ctrl+p",
                "ctrl+z",
                "tab",
                "shift+tab",
                "escape",
                "0001",
                "enter",
            )
            assert app.is_running and any("operator 0001" in row for row in shown)


async def test_sign_off_and_close_end_it(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter", ":off", "enter", ":close", "enter")
        assert app.return_code == 0


async def test_a_disk_that_fails_ends_the_register_with_the_reason(
    data_dir: Path, tmp_path: Path
) -> None:
    make_shop(tmp_path / "dry")
    counted = FaultyDisk(RealDisk())
    dry = open_session(tmp_path / "dry", Host(disk=counted))
    fails = Fails("fdatasync", counted.calls["fdatasync"] + 1, errno.EIO, last=10**6)
    dry.stop("test")
    with register(data_dir, host=Host(disk=FaultyDisk(RealDisk(), fails))) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter", "COFFEE", "enter")
        assert isinstance(app.fault, Poisoned) and app.return_code == 1


class _HeldUp(RealDisk):
    """A disk whose syncs wait at a gate."""

    def __init__(self) -> None:
        self.open_gate = threading.Event()
        self.open_gate.set()

    def fdatasync(self, descriptor: FileDescriptorLike) -> None:
        assert self.open_gate.wait(30.0), "the gate was never opened"
        os.fdatasync(descriptor)


async def test_scans_while_the_disk_is_slow_are_refused_and_all_are_accounted_for(
    data_dir: Path,
) -> None:
    disk = _HeldUp()
    with register(data_dir, host=Host(disk=disk)) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter", "COFFEE", "enter")
            disk.open_gate.clear()
            type_ahead(app, "COFFEE", "enter")
            async with asyncio.timeout(20):
                while not any("waiting for disk" in row for row in rows(app)):
                    await pilot.pause(0.05)
            type_ahead(app, "MILK", "enter", "MILK", "enter")
            await taken(app)
            disk.open_gate.set()
            shown = await type_in(pilot)
            assert any("waited for its disk" in row and "2 refused" in row for row in shown)
            shown = await type_in(pilot, "escape", "COFFEE", "enter")
            assert any(row.startswith(">   3 COFFEE") for row in shown)
            assert not any("MILK" in row for row in shown)
    log = (data_dir / "terminals" / "REGISTER_01" / "transaction.wal").read_bytes()
    assert log.count(b'"what":"scan_refused","count":2') == 1


async def test_a_message_comes_into_the_header_by_itself_and_leaves_the_entry(
    data_dir: Path,
) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            await type_in(pilot, "0001", "enter", "COFFEE", "enter", "40")
            with Terminal.start("MANAGER", data_dir) as manager:
                manager.send("REGISTER_01", "notice", {"text": "call the office"}, 60)
                async with asyncio.timeout(20):
                    while "MESSAGES 1 /41" not in rows(app)[0]:
                        await pilot.pause(0.05)
            assert rows(app)[0].startswith("REGISTER_01   operator 0001")
            assert any(row.startswith("> 40") for row in rows(app))


async def test_the_receipt_goes_to_the_printer_once_the_change_is_shown(data_dir: Path) -> None:
    with register(data_dir) as app:
        async with app.run_test(size=SIZE) as pilot:
            shown = await type_in(pilot, "0001", "enter", "COFFEE", "enter", "+", "f9")
            assert any("CHANGE EUR" in row for row in shown)
            assert len(Shop(data_dir).spool("REGISTER_01").waiting()) == 1
