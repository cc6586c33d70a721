"""The console's screens: keys go to the console, ticks to the board, and both are shown.

One place takes keys, whatever screen is in front. The screen is painted at once after a key, and
at most ten times a second for what changed by itself. This module must never call the kernel on
the thread that paints, but to end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import App
from textual.geometry import Offset
from textual.screen import Screen

from kernel import Floor
from kernel import gettext as _
from manager.actions import help_rows
from manager.acts import staff
from manager.console import Console
from manager.dialogs import Prompt, Question
from manager.feed import Feed
from manager.frame import header_text, paint_frame
from manager.line import PacedDriver
from manager.page import Page
from manager.pages import page_about, page_of
from manager.screens.palette import PalettePage
from manager.screens.sign import SignPage
from manager.screens.text import ReportPage, TextPage
from manager.signing import Signing
from manager.widgets.panel import Allowance, Panel
from themes import stylesheet
from themes.driver import HungUp

if TYPE_CHECKING:
    from manager.feed import Tick

__all__ = ["ManagerApp"]

MINIMUM = (60, 16)
_PAINT_EVERY_S = 0.1
_PAINT_GAP_S = 0.05
"""What is new is painted as it comes, but twenty times a second is enough."""
_LOOK_EVERY_S = 1.0
_SHARE = 0.004
"""Of the bits of a second, in bytes: what is painted at once holds a key up for a tenth."""
_ANSWERS = frozenset(("heading", "hint", "message"))
"""What says first that a key was heard; a slow line carries these whatever else waits."""
_BEEP_EVERY_S = 0.5


class ManagerApp(App[None], inherit_bindings=False, inherit_css=False):
    """Shows one `Console`. `fault` is what ended it, if anything did."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, console: Console, *, theme: str, baud: int = 0) -> None:
        super().__init__(
            driver_class=PacedDriver,
            css_path=[stylesheet(theme)],
            ansi_color=True if theme == "mono" else None,
        )
        self.desk = console
        self.fault: BaseException | None = None
        self._baud = baud
        self._pages: dict[str, Page] = {}
        self._feed = Feed(console.data_dir, self._ticked)
        self._changed = False
        self._beeped_s = 0.0
        self._painted_s = 0.0
        console.attach(self)

    def get_default_screen(self) -> Screen[None]:
        return self._page_of("terminals")

    def on_mount(self) -> None:
        self._begin_line()
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.add_signal_handler(number, self._end_by, number)
        if self.desk.signing.shut:
            self.veil()
            staff.sign_on(self.desk)
        self._listen()
        self.set_interval(_PAINT_EVERY_S, self._paint_changes)
        self.set_interval(_LOOK_EVERY_S, self._look)
        self.call_after_refresh(self.paint)
        # The first frame stands before the shop is read, however large the shop is. Not after a
        # refresh: that of a screen which a quick key has covered may be long in coming.
        self.set_timer(_PAINT_EVERY_S / 2, self._feed.start)

    # --- in ------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        character = event.character
        printable = character is not None and character.isprintable()
        self.desk.feed(character if printable and character else event.key, event.time)
        self.paint()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        for character in event.text:
            if character.isprintable():
                self.desk.feed(character, event.time)
        self.paint()

    def on_resize(self) -> None:
        self._begin_line()
        self.call_after_refresh(self.paint)

    def _ticked(self, tick: Tick) -> None:
        """On the feed's thread."""
        self.post(partial(self._take, tick))

    def _take(self, tick: Tick) -> None:
        self.desk.take(tick)
        self._changed = True
        if not (self._stands and self.page.news()):
            self._paint_changes()

    def post(self, call: Callable[[], object]) -> None:
        self.call_later(self._called, call)

    def _called(self, call: Callable[[], object]) -> None:
        call()
        self._changed = True
        self._paint_changes()

    # --- out -----------------------------------------------------------------------------

    @property
    def page(self) -> Page:
        page = self.screen
        assert isinstance(page, Page), "every screen here is a page"
        return page

    @property
    def _stands(self) -> bool:
        """Whether there is a screen to paint on: not before the first, nor after the last."""
        return self.is_running and bool(self.screen_stack) and bool(self.screen.children)

    def paint(self) -> None:
        """All that stands in the console, where it differs from the screen; on a slow line what
        it can carry now, and the rest as it gets free."""
        if not self._stands:
            return
        self._changed, self._painted_s = False, time.monotonic()
        page, desk = self.page, self.desk
        line = self._driver
        busy = isinstance(line, PacedDriver) and line.busy
        left_bytes = 0 if busy else round(self._baud * _SHARE)
        allowance = Allowance(left_bytes) if self._baud else None
        for panel in page.query(Panel):
            panel.allowance = None if panel.id in _ANSWERS else allowance
        width, height = self.size
        if width < MINIMUM[0] or height < MINIMUM[1]:
            paint_frame(page, desk, _("too small: {} x {} needed").format(*MINIMUM))
            return
        page.show(desk.board)
        paint_frame(page, desk, header_text(desk, width), thrifty=self._baud > 0)
        message = page.panel("message")
        self.cursor_position = Offset(
            min(len(message.rows[0].text), width - 1) if desk.dialog is not None else 0,
            message.region.y,
        )
        self._changed = any(panel.behind for panel in page.query(Panel))
        self.call_after_refresh(self._note_painted, desk.dialog)

    def _note_painted(self, dialog: Prompt | Question | None) -> None:
        self.desk.painted(dialog, time.monotonic())

    def _paint_changes(self) -> None:
        if self._changed and time.monotonic() - self._painted_s >= _PAINT_GAP_S:
            self.paint()

    def _begin_line(self) -> None:
        if isinstance(self._driver, PacedDriver):
            self._driver.use(self._baud, self.size.width)

    def repaint(self) -> None:
        self._begin_line()
        self.refresh(repaint=True, layout=True)

    def beep(self) -> None:
        now_s = time.monotonic()
        if now_s - self._beeped_s >= _BEEP_EVERY_S:
            self._beeped_s = now_s
            self.bell()

    # --- screens -------------------------------------------------------------------------

    def show_page(self, name: str) -> None:
        """The terminals are always the lowest level; every other screen stands on them."""
        page = self._page_of(name)
        self._empty(page)
        while len(self.screen_stack) > (1 if name == "terminals" else 2):
            self.pop_screen()
        if len(self.screen_stack) == 1 and self.screen is not page:
            self.push_screen(page)
        elif self.screen is not page:
            self.switch_screen(page)
        self._after_opening()

    def push(self, page: Page) -> None:
        self.push_screen(page)
        self._after_opening()

    def back(self) -> bool:
        if len(self.screen_stack) == 1:
            return False
        below = self.screen_stack[-2]
        assert isinstance(below, Page), "every screen here is a page"
        self._empty(below)
        self.pop_screen()
        self._after_opening()
        return True

    def _empty(self, page: Page) -> None:
        """A slow line must not carry what stood there when this screen was left."""
        if self._baud and page is not self.page:
            for panel in page.query("#body").results(Panel):
                panel.forget()

    def _after_opening(self) -> None:
        self.page.look()
        self.call_after_refresh(self.paint)

    def veil(self) -> None:
        if not isinstance(self.screen, SignPage):
            self.push_screen(SignPage(self.desk))
        self.call_after_refresh(self.paint)

    def unveil(self) -> None:
        if isinstance(self.screen, SignPage):
            self.back()

    def show_text(self, caption: str, rows: Sequence[str]) -> None:
        self.push(ReportPage(self.desk, caption, lambda: rows))

    def show_help(self) -> None:
        name = self.page.page_name
        rows = list(help_rows(name, self.page.own_keys))
        self.push(TextPage(self.desk, _("HELP   arrows show more, Esc goes back"), lambda: rows))

    def show_palette(self) -> None:
        self.push(PalettePage(self.desk, self.page.page_name))

    def page_about(self, name: str, subject: str) -> Page:
        return page_about(name, self.desk, subject)

    def _page_of(self, name: str) -> Page:
        if name not in self._pages:
            self._pages[name] = page_of(name, self.desk)
            self.install_screen(self._pages[name], name)
        return self._pages[name]

    # --- its end -------------------------------------------------------------------------

    def take_over(self, floor: Floor) -> None:
        desk = self.desk
        desk.floor, desk.watching = floor, False
        desk.signing = Signing(floor, desk.data_dir, watching=False)
        desk.say(_("this console is MANAGER now"))
        self._listen()
        if desk.signing.shut:
            self.veil()
            staff.sign_on(desk)

    def _listen(self) -> None:
        """What tills ask shows in the header as it comes."""
        if not self.desk.watching:
            self.desk.floor.manager.approvals.requests.heard = lambda: self.post(lambda: None)

    def leave(self) -> None:
        self.exit(return_code=0)

    def fail(self, fault: BaseException | None) -> None:
        """A fault of posterm, or of a disk, on some thread: the entry point says it."""
        self.fault = fault
        self.exit(return_code=1)

    def _handle_exception(self, error: Exception) -> None:
        """One line is enough on the terminal; the entry point keeps the traceback in a file."""
        self.fault = self.fault or error
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def _look(self) -> None:
        desk = self.desk
        if not self.screen_stack:
            return  # it is ending
        # What is counted down or grows old changes by itself.
        self._changed = self._changed or bool(desk.work.under_way()) or self.page.ages
        if desk.watching:
            return
        manager = desk.floor.manager
        if manager.stopped:
            self.exit(return_code=0)
            return
        if desk.signing.shut or not desk.signing.asks:
            return
        after_s = manager.configuration.settings.lock_after_s
        if after_s and time.monotonic() - desk.touched_s > after_s:
            staff.lock(desk)

    def stop(self) -> None:
        """Let the terminal go; what acts have begun goes on. Doing it again does nothing."""
        self.desk.work.ending = True
        self._feed.stop()
        self.desk.floor.stop()

    def _end_by(self, number: signal.Signals) -> None:
        """Let the terminal go before anything else: the line may be gone."""
        self.stop()
        from multiprocessing import active_children  # 10 ms that no start needs to spend

        for helper in active_children():
            helper.kill()  # what checks a large store; nothing is lost by that
        # Not by the app's own end: a line that is gone or held would keep it for ever.
        if isinstance(self._driver, PacedDriver):
            self._driver.give_back()
        os._exit(128 + number)

    def on_hung_up(self, message: HungUp) -> None:
        self._end_by(signal.SIGHUP)
