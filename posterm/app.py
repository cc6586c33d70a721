"""The register's screen: keys go to the session in their order, its views come back and are shown.

Every key passes one queue to the till's one thread, and the next goes only when the last is done.
Widgets are painted from a `View` and from nothing else. This module must never call the kernel on
the thread that paints.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ClassVar, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from kernel import KernelError
from kernel import gettext as _
from posterm.completion import hint_row, is_command
from posterm.keypad import Mode
from posterm.painting import body_rows, message_rows, total_rows
from posterm.register.gate import WAITED
from posterm.register.rows import header_row
from posterm.register.session import Session
from posterm.register.view import View
from posterm.widgets.entry_line import EntryLine
from posterm.widgets.panel import STYLES, Panel, Row
from themes import stylesheet
from themes.driver import HungUp, TillDriver

__all__ = ["MINIMUM", "RegisterApp"]

MINIMUM = (60, 16)
_KEYS_LIMIT = 20_000
_BATCH = 256
_BEEP_EVERY_S = 0.5
_SLOW_DISK_S = 0.5
_LOOK_EVERY_S = 1.0
_LEAVE_S = 0.3
_ROOMY = 40
"""Rows of a screen that has room for a second row of keys."""

_GROUP_SEPARATOR = "\x1d"

_T = TypeVar("_T")


def _token(key: events.Key) -> str:
    """One character, or the name of a key."""
    character = key.character
    if character is not None and (character.isprintable() or character == _GROUP_SEPARATOR):
        return character
    return key.key


class SalesScreen(Screen[None], inherit_bindings=False):
    """One screen for everything: nothing opens over it, so no key can go elsewhere."""

    AUTO_FOCUS: ClassVar[str | None] = None
    BLANK: ClassVar[bool] = True
    COMPONENT_CLASSES: ClassVar[set[str]] = set(STYLES)

    def compose(self) -> ComposeResult:
        yield Panel(id="header")
        yield Panel(id="body")
        yield Panel(id="total")
        yield Panel(id="message")
        yield EntryLine(id="entry")
        yield Panel(id="keys")


class RegisterApp(App[None], inherit_bindings=False, inherit_css=False):
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
        self._body: tuple[object, ...] = ()
        """What the rows of the body were made of: most keys change none of it."""
        self._painted = -1
        self._beeped_s = 0.0
        self._touched_s = time.monotonic()
        self.busy = False
        self._turn = asyncio.Lock()
        """Held from a call to the till until what it returned is shown: views keep their order."""
        self._slow = False

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

    async def on_event(self, event: events.Event) -> None:
        """A key goes to the queue at once: no widget has the focus, so none need be asked."""
        if isinstance(event, events.Key):
            self._take(_token(event))
        else:
            await super().on_event(event)

    def _take(self, token: str) -> None:
        if len(self._typed) >= _KEYS_LIMIT:
            self._beep()
            return
        self._touched_s = time.monotonic()
        self._typed.append((token, WAITED if self._slow else self._painted))
        if self._slow and token == "enter":
            self._beep()
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
                    async with self._turn:
                        self._show(await self._on_till(partial(self._session.feed_all, keys)))
                    if any(token == "ctrl+l" for token, _seen in keys):
                        self.refresh(repaint=True, layout=True)
                if self._session.owes_receipts:
                    async with self._turn:
                        self._show(await self._on_till(self._session.print_receipts))
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
        """Say so where the disk holds one key up for long; what is typed then is refused."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, call)
        try:
            while True:
                keys_done = self._session.keys_done
                try:
                    return await asyncio.wait_for(asyncio.shield(done), _SLOW_DISK_S)
                except TimeoutError:
                    if not self._slow and self._session.keys_done == keys_done:
                        self._slow = True
                        self._panel("message").show([Row(_("waiting for disk"), "error")])
        finally:
            self._slow = False

    # --- what is shown -------------------------------------------------------------------

    def _show(self, view: View) -> None:
        if not self.is_running or not self.screen.is_mounted:
            return
        before, self._view = self._view, view
        width, height = self.size
        if width < MINIMUM[0] or height < MINIMUM[1]:
            small = _("too small: {} x {} needed, {} x {} here")
            for name in ("header", "body", "total", "keys"):
                self._panel(name).show([])
            self._body = ()
            self._show_high("message", [Row(small.format(*MINIMUM, width, height), "error")])
            return
        keys = self._session.keypad.keymap.key_rows(width, 1 if height < _ROOMY else 2)
        if is_command(view.entry) and view.mode in (Mode.SELL, Mode.TOTAL):
            keys[0] = hint_row(view.entry, width - 1)
        header = header_row(view.header, view.notice, width - 1)
        self._panel("header").show([Row(header, "quiet")])
        self._show_high("message", message_rows(view, width))
        self._show_high("keys", [Row(row, "quiet") for row in keys])
        taken = sum(self._panel(name).size.height for name in ("header", "total", "entry"))
        taken += len(self._panel("message").rows) + len(keys)
        body = (height - taken, width, *view.body)
        if body != self._body:
            self._body = body
            self._panel("body").show(body_rows(view, height - taken, width))
        self._panel("total").show(total_rows(view, width))
        self.query_one(EntryLine).show_entry(view.entry, height - 1 - len(keys))
        if view.beeps > before.beeps:
            self._beep()
        if view.serial > self._painted:
            self.call_after_refresh(self._note_painted, view.serial)

    def _note_painted(self, serial: int) -> None:
        if self._painted < 0:
            # What a start leaves behind stays to the end; a key need not wait for its inspection.
            gc.freeze()
            gc.enable()
        self._painted = max(self._painted, serial)

    def _show_high(self, name: str, rows: list[Row]) -> None:
        """A panel that takes as many rows as there are."""
        panel = self._panel(name)
        if len(panel.rows) != len(rows):
            panel.styles.height = len(rows)
        panel.show(rows)

    def _panel(self, name: str) -> Panel:
        return self.query_one(f"#{name}", Panel)

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
        if self.waiting or self._turn.locked():
            return
        look: Callable[[], View | None] = self._session.look
        after_s = self._session.till.configuration.settings.lock_after_s
        if after_s and time.monotonic() - self._touched_s > after_s:
            self._touched_s = time.monotonic()
            look = self._session.auto_lock
        elif not self._session.stirred:
            return
        try:
            async with self._turn:
                view = await self._on_till(look)
                if view is not None:
                    self._show(view)
        except KernelError as fault:
            self.fault = fault
            self.exit(return_code=1)

    def _end_by(self, number: signal.Signals) -> None:
        """Park the sale and let the till go before anything else: the line may be gone."""
        self._thread.submit(self._session.stop, number.name).result()
        if number is signal.SIGHUP:
            self._leave(number)
        # A line that is held takes no last words and would keep this process until it is let go.
        threading.Thread(target=self._leave_if_held, args=(number,), daemon=True).start()
        self.exit(return_code=128 + number)

    def _leave_if_held(self, number: signal.Signals) -> None:
        """Beside the app, which may be waiting for the line for ever; it ends with the process."""
        while True:
            time.sleep(_LEAVE_S)
            if isinstance(self._driver, TillDriver) and self._driver.held:
                self._leave(number)

    def _leave(self, number: signal.Signals) -> None:
        """At once: nothing can be written to a line that is gone."""
        if isinstance(self._driver, TillDriver):
            self._driver.let_go()
        os._exit(128 + number)

    def on_hung_up(self, message: HungUp) -> None:
        self._end_by(signal.SIGHUP)
