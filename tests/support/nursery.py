"""Where test children are born: a process that has imported the kernel and forks on request.

A child is a real process with an id, descriptors, locks and an end of its own; it only saves the
start of an interpreter and its imports, which were a third of the time of all tests. The nursery
has no threads and never runs a program itself. It dies with the process that started it, and its
children with it (PR_SET_PDEATHSIG).

    python -m tests.support.nursery DESCRIPTOR

The socket behind that descriptor brings requests: `["born", *Birth]` with the child's standard
streams, answered with its id; `["ended", id]`, answered with its wait status when it has ended;
and `["stopped", id]`, answered when it has been stopped.
"""

from __future__ import annotations

import ctypes
import gc
import io
import json
import os
import runpy
import signal
import socket
import sys
import time
from types import ModuleType
from typing import BinaryIO, NamedTuple, TextIO, cast

__all__ = ["LIMIT_BYTES", "Birth"]

LIMIT_BYTES = 1 << 17
"""No request is longer."""
_PR_SET_PDEATHSIG = 1
_STREAMS = ("stdin", "stdout", "stderr")


class Birth(NamedTuple):
    """Run `python *arguments` there, with just that environment."""

    arguments: list[str]
    cwd: str
    environment: dict[str, str]


def main(descriptor: str) -> None:
    """Serve until the other side is gone; in a child, run what it was born for."""
    import click  # noqa: F401

    import kernel  # noqa: F401

    gc.freeze()  # a collection in a child would copy every page of what stands here
    with socket.socket(fileno=int(descriptor)) as tests:
        born = _serve(tests)
    if born is not None:
        _run(born)


def _serve(tests: socket.socket) -> Birth | None:
    """The birth of the process that it returns in: each child does; None at the end."""
    nursery = os.getpid()
    while True:
        request, streams, _, _ = socket.recv_fds(tests, LIMIT_BYTES, 3)
        if not request:
            return None
        match json.loads(request):
            case ["ended", pid]:
                tests.send(b"%d" % os.waitpid(pid, 0)[1])
            case ["stopped", pid]:
                os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
                tests.send(b"%d" % pid)
            case ["born", *birth] if not os.fork():
                _settle_in(born := Birth(*birth), streams, nursery)
                tests.send(b"%d" % os.getpid())
                return born
        for stream in streams:
            os.close(stream)


def _settle_in(birth: Birth, streams: list[int], nursery: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit("prctl: " + os.strerror(ctypes.get_errno()))
    if os.getppid() != nursery:
        sys.exit("the nursery of this process is gone")
    os.setsid()
    for number, (stream, name) in enumerate(zip(streams, _STREAMS, strict=True)):
        os.dup2(stream, number)
        os.close(stream)
        setattr(sys, name, _opened(number, getattr(sys, name)))
    os.environ.clear()
    os.environ.update(birth.environment)
    time.tzset()
    os.chdir(birth.cwd)


def _opened(number: int, like: TextIO) -> TextIO:
    """What Python makes of a standard stream that is not buffered."""
    raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedReader(raw) if number == 0 else cast(BinaryIO, raw),
        encoding=like.encoding,
        errors=like.errors,
        write_through=number > 0,
    )


def _run(birth: Birth) -> None:
    """As `python` would, from here to its end."""
    how, what, *arguments = birth.arguments
    sys.argv = [how, *arguments]
    if how == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    assert how == "-c", f"{how}: a child runs a module or a program"
    program = ModuleType("__main__")
    sys.modules["__main__"] = program
    exec(compile(what, "<string>", "exec"), program.__dict__)


if __name__ == "__main__":
    main(*sys.argv[1:])
