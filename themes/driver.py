"""The terminal as both apps use it: keys by `KeyDecoder`, and nothing asked of the terminal that
an old one would print or beep at.

No mouse, no queries, no focus reports, no keyboard protocol, no bracketed paste; XON and XOFF
belong to the line. A line that hangs up is told to the app, which parks the sale. This module must
never end the process.
"""

from __future__ import annotations

import os
import select
import selectors
import termios
from contextlib import suppress

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from themes.glyphs import ascii_text, has_unicode
from themes.keys import KeyDecoder

__all__ = ["HungUp", "TillDriver"]

_READ_BYTES = 4096
_LOOK_S = 0.1
_ESCAPE_S = 0.05
"""How long the rest of a key's sequence may take after its ESC."""
_KEPT_OUT = frozenset({"\x1b[?1004h", "\x1b[?1004l", "\x1b[<u", "\x1b[?25l"})
_KEYBOARD_PROTOCOL = "\x1b[>"
_POINTER_SHAPE = "\x1b]22;"


class HungUp(Message, bubble=False):
    """The line is gone: nobody will type any more."""


class TillDriver(LinuxDriver):
    """A `LinuxDriver` for tills: `App(driver_class=TillDriver)`."""

    _unicode = has_unicode(os.environ)

    def write(self, data: str) -> None:
        if data not in _KEPT_OUT and not data.startswith((_KEYBOARD_PROTOCOL, _POINTER_SHAPE)):
            super().write(data if self._unicode else ascii_text(data))

    def run_input_thread(self) -> None:
        """Read bytes, send keys, until the app ends or the line is gone."""
        decoder = KeyDecoder()
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if not selector.select(_ESCAPE_S if decoder.waiting else _LOOK_S):
                    self._send(decoder.pause())
                    continue
                try:
                    data = os.read(self.fileno, _READ_BYTES)
                except OSError:
                    data = b""
                if not data:
                    self.process_message(HungUp())
                    return
                self._send(decoder.feed(data))

    @property
    def held(self) -> bool:
        """Whether the line takes nothing now: its reader is stopped, or not there any more."""
        try:
            return not select.select([], [self.fileno], [], 0)[1]
        except (OSError, ValueError):
            return True

    def let_go(self) -> None:
        """Leave the line as it was found, at once: what was not sent yet is dropped."""
        with suppress(termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            termios.tcflush(self.fileno, termios.TCOFLUSH)

    def _send(self, keys: list[str]) -> None:
        for key in keys:
            self.process_message(events.Key(key, key if len(key) == 1 else None))

    def _enable_mouse_support(self) -> None:
        """Keyboards only."""

    def _disable_mouse_support(self) -> None:
        """Keyboards only."""

    def _enable_bracketed_paste(self) -> None:
        """A paste is typing."""

    def _disable_bracketed_paste(self) -> None:
        """A paste is typing."""

    def _query_in_band_window_resize(self) -> None:
        """SIGWINCH tells."""

    def _request_terminal_sync_mode_support(self) -> None:
        """Old terminals would print the question."""
