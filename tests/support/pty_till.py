"""A register in a real pseudo-terminal of 80x24, as a cashier has it: bytes in, a screen out."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte

from tests.support.processes import _LEASH, CHECKOUT

__all__ = ["PtyTill", "pty_till"]

_LOOK_S = 0.05


class PtyTill:
    """Make one with `pty_till`. `beeps` counts the bells so far."""

    def __init__(self, child: pexpect.spawn) -> None:
        self.child = child
        self.beeps = 0
        self.received = 0
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    @property
    def rows(self) -> list[str]:
        return list(self._screen.display)

    def send(self, data: bytes) -> None:
        self.child.send(data)

    def read(self) -> None:
        """Take what has come, or wait a moment for it."""
        try:
            data = self.child.read_nonblocking(65_536, _LOOK_S)
        except pexpect.TIMEOUT:
            return
        except pexpect.EOF:
            return
        self.received += len(data)
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
def pty_till(*arguments: str | Path, term: str = "xterm-256color") -> Iterator[PtyTill]:
    """Run `python -m posterm *arguments` there, and kill it on the way out."""
    child = pexpect.spawn(
        sys.executable,
        ["-I", "-S", "-c", _LEASH, str(os.getpid()), "-m", "posterm", *map(str, arguments)],
        dimensions=(24, 80),
        cwd=str(CHECKOUT),
        env={**os.environ, "TERM": term},
        encoding=None,
    )
    child.delaybeforesend = None
    try:
        yield PtyTill(child)
    finally:
        if child.isalive():
            child.kill(signal.SIGKILL)
        child.close(force=True)
