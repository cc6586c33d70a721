"""A register in a real pseudo-terminal of 80x24, as a cashier has it: bytes in, a screen out."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.support.processes import CHECKOUT, LEASH

__all__ = ["PtyTill", "pty_till"]

_LOOK_S = 0.05
_KEPT_BYTES = 4096
_TRIES = 10
_HEARD_S = 2.0
_SIZES = ("COLUMNS", "LINES")
"""A shell may say them of its own terminal, which is another one."""


class PtyTill:
    """Make one with `pty_till`. `beeps` counts the bells so far."""

    def __init__(self, child: pexpect.spawn, columns: int, rows: int) -> None:
        self.child = child
        self.beeps = 0
        self.received = 0
        self.raw = b""
        """The last that came, for what a screen doesn't show."""
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def rows(self) -> list[str]:
        return list(self._screen.display)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 1."""
        return self._screen.cursor.y + 1, self._screen.cursor.x + 1

    def resize(self, columns: int, rows: int) -> None:
        """As a terminal emulator does whose window is pulled."""
        self._screen.resize(rows, columns)
        self.child.setwinsize(rows, columns)

    def send(self, data: bytes) -> None:
        self.child.send(data)

    def read(self, wait_s: float = _LOOK_S) -> None:
        """Take what has come, or wait a moment for it."""
        try:
            data = self.child.read_nonblocking(65_536, max(wait_s, 0))
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            return
        self.received += len(data)
        self.raw = (self.raw + data)[-_KEPT_BYTES:]
        self.beeps += data.count(b"\x07")
        self._stream.feed(data)

    def wait_for(self, text: str, *, timeout_s: float = 30.0) -> None:
        """Until some row of the screen holds `text`."""
        deadline_s = time.monotonic() + timeout_s
        while not any(text in row for row in self.rows):
            assert time.monotonic() < deadline_s, f"no {text!r} on\n" + "\n".join(self.rows)
            self.read()

    def wait_until_gone(self, text: str, *, timeout_s: float = 30.0) -> None:
        """Until no row of the screen holds `text`."""
        deadline_s = time.monotonic() + timeout_s
        while any(text in row for row in self.rows):
            assert time.monotonic() < deadline_s, f"{text!r} stays on\n" + "\n".join(self.rows)
            self.read()

    def answer(self, question: str, key: bytes = b"y") -> None:
        """Press `key` until the question is gone: one that meets its first frame is no answer."""
        self.wait_for(question)
        for _try in range(_TRIES):
            if not self._shows(question):
                return
            self.send(key)
            heard_s = time.monotonic() + _HEARD_S
            while self._shows(question) and time.monotonic() < heard_s:
                self.read()
        assert not self._shows(question), f"{key!r} is not heard\n" + "\n".join(self.rows)

    def _shows(self, text: str) -> bool:
        return self.child.isalive() and any(text in row for row in self.rows)

    def end(self, number: signal.Signals, *, timeout_s: float = 10.0) -> int:
        """Signal it and wait; its exit code."""
        self.child.kill(number)
        deadline_s = time.monotonic() + timeout_s
        while self.child.isalive():
            assert time.monotonic() < deadline_s, f"it still runs after {number.name}"
            self.read()
        assert self.child.exitstatus is not None, f"killed by {self.child.signalstatus}"
        return int(self.child.exitstatus)


@contextmanager
def pty_till(
    *arguments: str | Path,
    term: str = "xterm-256color",
    size: tuple[int, int] = (80, 24),
    environment: Mapping[str, str] | None = None,
) -> Iterator[PtyTill]:
    """Run `python -m posterm *arguments` there, and kill it on the way out.

    `size` is columns and rows; `environment` is added to the test's own.
    """
    columns, rows = size
    inherited = {key: value for key, value in os.environ.items() if key not in _SIZES}
    child = pexpect.spawn(
        sys.executable,
        ["-I", "-S", "-c", LEASH, str(os.getpid()), "-m", "posterm", *map(str, arguments)],
        dimensions=(rows, columns),
        cwd=str(CHECKOUT),
        env={**inherited, "TERM": term, **(environment or {})},
        encoding=None,
    )
    child.delaybeforesend = None
    try:
        yield PtyTill(child, columns, rows)
    finally:
        if child.isalive():
            child.kill(signal.SIGKILL)
        child.close(force=True)
