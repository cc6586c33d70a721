"""Child processes for tests: real interpreters that can't outlive the test that started them.

A child dies with the process that started it (PR_SET_PDEATHSIG), so that a killed test run
leaves no till behind, and it leads a process group of its own, so that killing it kills whatever
it started. Tests wait for what a child says, never for time to pass.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["CHECKOUT", "Child", "python_child"]

CHECKOUT = Path(__file__).resolve().parents[2]

# Runs in the child before the real program. A `preexec_fn` would run Python between fork and exec
# of a process that has threads, which can deadlock and which Python 3.12 warns of. The signal
# outlives exec. A parent that died before prctl is noticed by its missing process id.
_LEASH = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
    sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
if os.getppid() != int(sys.argv[1]):
    sys.exit("the test that started this process is gone")
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class Child:
    """A running Python child. Make one with `python_child`."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.process = process
        self.pid = process.pid
        self._stdin = process.stdin
        self._stdout = process.stdout
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
        self._stdin.write(line.encode() + b"\n")
        self._stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the child alone, as `kill` and a closed terminal do."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End the child and all it started, at once and without a chance to tidy up."""
        # Until the leader is waited for, its id cannot name anybody else's group.
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self, *, timeout_s: float = 20.0) -> int:
        """The exit code (`-n` after signal n), once the child has ended by itself."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"process {self.pid} still runs after {timeout_s} s\n{self.story()}"
            ) from None

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
            received = os.read(self._stdout.fileno(), 65536)
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
    """Run `python *arguments` and kill it, with all it started, on the way out.

    `environment` is added to the test's own. Start children from the thread that runs the test:
    the kernel counts the end of the starting *thread* as the death of the parent.
    """
    command = [sys.executable, "-I", "-S", "-c", _LEASH, str(os.getpid())]
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            start_new_session=True,
        ) as process:
            child = Child(process, errors)
            try:
                yield child
            finally:
                child.kill()
