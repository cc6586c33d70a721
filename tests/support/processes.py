"""Child processes for tests: real ones that can't outlive the test that started them.

A child is forked by the nursery, which has the kernel imported already. It dies with the process
that started it (PR_SET_PDEATHSIG), so that a killed test run leaves no till behind, and it leads
a process group of its own, so that killing it kills whatever it started. Tests wait for what a
child says, never for time to pass.
"""

from __future__ import annotations

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

from tests.support.nursery import LIMIT_BYTES, Birth

__all__ = ["CHECKOUT", "LEASH", "Child", "python_child"]

CHECKOUT = Path(__file__).resolve().parents[2]

# Runs in an interpreter of its own before the real program. A `preexec_fn` would run Python between
# fork and exec of a process that has threads, which can deadlock and which Python 3.12 warns of.
# The signal outlives exec. A parent that died before prctl is noticed by its missing process id.
LEASH = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
if os.getppid() != int(sys.argv[1]):
    sys.exit("the test that started this process is gone")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class _Nursery:
    """One for each process that runs tests, which starts children from one thread at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = str(theirs.fileno())
            leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())]
            self._process = subprocess.Popen(
                [*leash, "-m", "tests.support.nursery", number],
                cwd=CHECKOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._socket = ours

    def born(self, birth: Birth, streams: list[int]) -> int:
        """The id of a new child that leads a group of its own."""
        socket.send_fds(self._socket, [json.dumps(["born", *birth]).encode()], streams)
        return self._answer()

    def reaped(self, pid: int) -> int:
        """How a child ended, once it has: its exit code, `-n` after signal n."""
        self._socket.send(json.dumps(["ended", pid]).encode())
        return os.waitstatus_to_exitcode(self._answer())

    def wait_until_stopped(self, pid: int) -> None:
        self._socket.send(json.dumps(["stopped", pid]).encode())
        self._answer()

    def _answer(self) -> int:
        answer = self._socket.recv(LIMIT_BYTES)
        assert answer, "the nursery of this test run is gone"
        return int(answer)


@cache
def _nursery(of: int) -> _Nursery:
    """That of process `of`, the one that asks: a fork gets another one."""
    return _Nursery()


class Child:
    """A running Python child. Make one with `python_child`.

    `exit_code` is None until somebody has seen it end.
    """

    def __init__(self, birth: Birth, errors: IO[bytes]) -> None:
        taken, self._stdin = os.pipe()
        self._stdout, given = os.pipe()
        try:
            self.pid = _nursery(os.getpid()).born(birth, [taken, given, errors.fileno()])
        finally:
            os.close(taken)
            os.close(given)
        self.exit_code: int | None = None
        # Until the nursery is asked for it, its id cannot be anybody else's.
        self._process = os.pidfd_open(self.pid)
        self._errors = errors
        self._unread = b""
        self._seen: list[str] = []

    def wait_for_line(self, text: str, *, timeout_s: float = 20.0) -> str:
        """The next line of the child's output that contains `text`, without its newline."""
        deadline = time.monotonic() + timeout_s
        while (line := self._next_line(deadline)) is not None:
            if text in line:
                return line
        raise AssertionError(
            f"process {self.pid} did not print {text!r} within {timeout_s} s\n{self.story()}"
        )

    def say(self, line: str) -> None:
        """Send one line to the child's input."""
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._stdin, data) :]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child alone, as `kill` and a closed terminal do."""
        if not self._ended(0):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the child and all it started, at once and without a chance to tidy up."""
        if not self._ended(0):
            os.killpg(self.pid, signal.SIGKILL)
            self._ended(None)

    def wait(self, *, timeout_s: float = 20.0) -> int:
        """The exit code (`-n` after signal n), once the child has ended by itself."""
        if not self._ended(timeout_s) or self.exit_code is None:
            raise AssertionError(
                f"process {self.pid} still runs after {timeout_s} s\n{self.story()}"
            )
        return self.exit_code

    def wait_until_stopped(self) -> None:
        """Until a signal, its own perhaps, has stopped it."""
        _nursery(os.getpid()).wait_until_stopped(self.pid)

    def close(self) -> None:
        """Kill it, if need be, and let go of it."""
        self.kill()
        for descriptor in (self._stdin, self._stdout, self._process):
            os.close(descriptor)

    def _ended(self, timeout_s: float | None) -> bool:
        """Whether it has ended, or does in time."""
        if self.exit_code is None:
            readable, _, _ = select.select([self._process], [], [], timeout_s)
            if readable:
                self.exit_code = _nursery(os.getpid()).reaped(self.pid)
        return self.exit_code is not None

    def errors(self) -> str:
        """What the child has written to its error stream so far."""
        # `pread`: the child writes at the offset that both descriptors share.
        size_bytes = os.fstat(self._errors.fileno()).st_size
        return os.pread(self._errors.fileno(), size_bytes, 0).decode(errors="replace")

    def story(self) -> str:
        """All that was read of the child's output, and its errors: for a failed test."""
        return "\n".join(["--- output", *self._seen, "--- errors", self.errors()])

    def _next_line(self, deadline: float) -> str | None:
        """The next whole line; None when the time is over or the output has ended."""
        while b"\n" not in self._unread:
            with selectors.DefaultSelector() as selector:
                selector.register(self._stdout, selectors.EVENT_READ)
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
            received = os.read(self._stdout, 65536)
            if not received:
                return None
            self._unread += received
        line, self._unread = self._unread.split(b"\n", 1)
        self._seen.append(line.decode(errors="replace"))
        return self._seen[-1]


@contextmanager
def python_child(
    *arguments: str | Path,
    cwd: Path = CHECKOUT,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """Run `python *arguments`, `-m` or `-c`; kill it, with all it started, on the way out.

    `environment` is added to the test's own. Start children from the thread that runs the test:
    the kernel counts the end of the starting *thread* as the death of the parent.
    """
    with tempfile.TemporaryFile() as errors:
        surroundings = {**os.environ, **(environment or {})}
        child = Child(Birth([*map(str, arguments)], str(cwd), surroundings), errors)
        try:
            yield child
        finally:
            child.close()
