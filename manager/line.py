"""A line that takes its time: how much of what was written it has not carried yet.

On a pty or over SSH nothing tells, so the speed is given (`--baud`). A console that repaints for
every sale would answer its keys seconds later; so what only changed by itself waits until the
line is free. This module must never hold back what a key brought.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from manager.thin import Thinner
from themes.driver import TillDriver

__all__ = ["PacedDriver"]

_LAST_WORDS = b"\x1b[?1049l\x1b[?25h"
"""The screen that was there before, and its cursor."""
_BITS = 10
"""Of a byte on a serial line: a start and a stop bit come with it."""


class PacedDriver(TillDriver):
    """A `TillDriver` that counts. `baud` 0 is a line that is always free."""

    baud = 0
    _free_s = 0.0
    _thinner: Thinner | None = None

    def use(self, baud: int, columns: int) -> None:
        """From now on: that speed, that width, and a screen that may show anything."""
        self.baud = baud
        self._thinner = Thinner(columns) if baud else None

    def write(self, data: str) -> None:
        if self._thinner is not None:
            data = self._thinner.thin(data)
            carry_s = len(data.encode(errors="replace")) * _BITS / self.baud
            self._free_s = max(self._free_s, time.monotonic()) + carry_s
        super().write(data)

    def give_back(self) -> None:
        """Leave the line as it was found, and the screen too where the line still takes it."""
        self.let_go()
        if not self.held:
            with suppress(OSError):
                os.write(self.fileno, _LAST_WORDS)

    @property
    def busy(self) -> bool:
        """Whether the line still carries what was written."""
        return self._free_s > time.monotonic()
