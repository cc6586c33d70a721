"""The register's screen: keys go to the session in their order, its views come back and are shown.

Every key passes one queue to the till's one thread, and the next goes only when the last is done.
Widgets are painted from a `View` and from nothing else. This module must never call the kernel on
the thread that paints.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from gettext import gettext as _
from typing import ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from kernel import KernelError, format_minor
from posterm.keypad import Mode
from posterm.register.rows import line_row, total_caption, total_minor
from posterm.register.session import Session
from posterm.register.view import View
from posterm.widgets.entry_line import EntryLine
from posterm.widgets.panel import Panel, Row
from themes import stylesheet
from themes.digits import large
from themes.driver import HungUp, TillDriver

__all__ = ["MINIMUM", "RegisterApp"]

MINIMUM = (60, 16)
_KEYS_LIMIT = 20_000
_BATCH = 256
_BEEP_EVERY_S = 0.5
_SLOW_DISK_S = 0.5
_LOOK_EVERY_S = 1.0
_CAPTION = 30

_T = TypeVar("_T")


class SalesScreen(Screen[None], inherit_bindings=False):
    """One screen for everything: nothing opens over it, so no key can go elsewhere."""

    AUTO_FOCUS: ClassVar[str] = "EntryLine"

    def compose(self) -> ComposeResult:
        yield Panel(id="header")
        yield Panel(id="body")
        yield Panel(id="total")
        yield Panel(id="message")
        yield EntryLine(id="entry")
        yield Panel(id="keys")


class RegisterApp(App[None], inherit_bindings=False):
    """Shows one `Session`. `thread` is the only one that touches it."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, session: Session, thread: ThreadPoolExecutor, *, theme: str) -> None:
        mono = theme == "mono"
        super().__init__(
            driver_class=TillDriver, css_path=[stylesheet(theme)], ansi_color=True if mono else None
        )
        self.fault: BaseException | None = None
        self._session = session
        self._thread = thread
        self._typed: deque[tuple[str, int]] = deque()
        self._arrived = asyncio.Event()
        self._view = session.view
        self._painted = -1
        self._beeped_s = 0.0
        self._touched_s = time.monotonic()
        self.busy = False

    def get_default_screen(self) -> Screen[None]:
        return SalesScreen()

    def on_mount(self) -> None:
        self.run_worker(self._serve(), exit_on_error=False)
        self.set_interval(_LOOK_EVERY_S, self._look)
        self.call_after_refresh(self._show, self._view)
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, self._end_by, number)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show, self._view)

    # --- keys ----------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether keys are not done yet."""
        return bool(self._typed) or self.busy

    def on_entry_line_typed(self, message: EntryLine.Typed) -> None:
        if len(self._typed) >= _KEYS_LIMIT:
            self._beep()
            return
        self._touched_s = time.monotonic()
        self._typed.append((message.token, self._painted))
        self._arrived.set()

    async def _serve(self) -> None:
        """The one place from which keys reach the till."""
        try:
            while not self._view.ended:
                await self._arrived.wait()
                self._arrived.clear()
                while self._typed:
                    self.busy = True
                    keys = [self._typed.popleft() for _n in range(min(len(self._typed), _BATCH))]
                    view = await self._on_till(partial(self._session.feed_all, keys))
                    self._show(view)
                    if any(token == "ctrl+l" for token, _seen in keys):
                        self.refresh(repaint=True, layout=True)
                self.busy = False
        finally:
            self.busy = False
        self.exit(return_code=0)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A disk that failed, or a fault of posterm: the command says it, in one line."""
        if event.state is WorkerState.ERROR:
            self.fault = event.worker.error
            self.exit(return_code=1)

    async def _on_till(self, call: Callable[[], _T]) -> _T:
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, call)
        try:
            return await asyncio.wait_for(asyncio.shield(done), _SLOW_DISK_S)
        except TimeoutError:
            self._panel("message").show([Row(_("waiting for disk"), "error")])
            return await done

    # --- what is shown -------------------------------------------------------------------

    def _show(self, view: View) -> None:
        if not self.is_running or not self.screen.is_mounted:
            return
        before, self._view = self._view, view
        width, height = self.size
        if width < MINIMUM[0] or height < MINIMUM[1]:
            small = _("too small: {} x {} needed").format(*MINIMUM)
            self._panel("message").show([Row(small, "error")])
            return
        self._panel("header").show([Row(view.header[: width - 1], "quiet")])
        self._panel("body").show(self._body(view, self._panel("body").size.height, width))
        self._panel("total").show(_total_rows(view, width))
        role = "error" if view.mode is Mode.HELD else "strong"
        self._panel("message").show([Row(view.message[: width - 1], role)])
        self._panel("keys").show([Row(self._session.keypad.keymap.key_row(width), "quiet")])
        self.query_one(EntryLine).show_entry(view.entry)
        if view.beeps > before.beeps:
            self._beep()
        self.call_after_refresh(self._note_painted, view.serial)

    def _note_painted(self, serial: int) -> None:
        self._painted = max(self._painted, serial)

    def _panel(self, name: str) -> Panel:
        return self.query_one(f"#{name}", Panel)

    def _body(self, view: View, height: int, width: int) -> list[Row]:
        if view.page is not None:
            first = max(0, (view.marked or 0) - height + 1)
            shown = view.page[first : first + height]
            return [
                _page_row(text, number == view.marked, width)
                for number, text in enumerate(shown, first)
            ]
        if view.sale is None:
            return [Row("")] * height
        lines = view.sale.lines
        numbers = range(max(1, len(lines) - height + 1), len(lines) + 1)
        rows = [
            Row(
                line_row(
                    lines.line(number),
                    number,
                    view.sale.currency,
                    width,
                    newest=number == len(lines),
                )
            )
            for number in numbers
        ]
        return rows + [Row("")] * (height - len(rows))

    def _beep(self) -> None:
        now_s = time.monotonic()
        if now_s - self._beeped_s >= _BEEP_EVERY_S:
            self._beeped_s = now_s
            self.bell()

    # --- the end -------------------------------------------------------------------------

    async def _look(self) -> None:
        if self._session.till.stopped:
            self.exit(return_code=0)
            return
        after_s = self._session.till.configuration.settings.lock_after_s
        if after_s and time.monotonic() - self._touched_s > after_s and not self.waiting:
            self._touched_s = time.monotonic()
            try:
                self._show(await self._on_till(self._session.auto_lock))
            except KernelError as fault:
                self.fault = fault
                self.exit(return_code=1)

    def _end_by(self, number: signal.Signals) -> None:
        """Park the sale and let the till go before anything else: the line may be gone."""
        self._thread.submit(self._session.stop, number.name).result()
        if number is signal.SIGHUP:
            # Nothing can be written to a line that is gone, and waiting for it would be for ever.
            if isinstance(self._driver, TillDriver):
                self._driver.let_go()
            os._exit(128 + number)
        self.exit(return_code=128 + number)

    def on_hung_up(self, message: HungUp) -> None:
        self._end_by(signal.SIGHUP)


def _page_row(text: str, marked: bool, width: int) -> Row:
    gutter = "> " if marked else "  "
    return Row((gutter + text)[: width - 1], "strong" if marked else "")


def _total_rows(view: View, width: int) -> list[Row]:
    """The caption at the left, the amount in large digits at the right."""
    rule = Row("-" * (width - 1), "quiet")
    if view.sale is None:
        return [rule, Row(""), Row("" if view.mode is Mode.PROMPT else _("READY")), Row("")]
    caption = total_caption(view.sale, totalled=view.totalled)
    digits = large(format_minor(total_minor(view.sale), view.sale.currency))
    return [
        rule,
        *(
            Row(f"{left:<{_CAPTION}.{_CAPTION}}{right:>{width - 1 - _CAPTION}}", "strong")
            for left, right in zip(caption, digits, strict=True)
        ),
    ]
