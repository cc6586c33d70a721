"""Processes that fight for locks: `python -m tests.support.lock_worker KIND ...`.

Each talks to its test in lines. What happens inside a critical section is written to a page of
memory that all of them share, never concluded from the lock itself.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kernel.clock import SystemClock
from kernel.codec.documents import ProcessIdentity
from kernel.coordination.registry import Registry
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock, probe
from kernel.disk.process import this_process
from kernel.errors import KernelError, TerminalInUse

__all__ = ["LocklessDisk", "Page", "main"]

_WORD = struct.Struct("=q")
_REPORT_EVERY = 50


class LocklessDisk(RealDisk):
    """The control: a disk on which every lock is granted at once."""

    def flock(self, descriptor: int, operation: int) -> bool:
        return True


class Page:
    """Shared numbers: who is inside, and for each worker what it has done and seen."""

    WORKERS = 8
    SIZE_BYTES = _WORD.size * (1 + 3 * WORKERS)

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), self.SIZE_BYTES)

    @classmethod
    def create(cls, lock_path: Path) -> Page:
        path = cls.beside(str(lock_path))
        path.write_bytes(bytes(cls.SIZE_BYTES))
        return cls(path)

    @staticmethod
    def beside(lock_path: str) -> Path:
        return Path(f"{lock_path}.page")

    @property
    def inside(self) -> int:
        """The process id of who is inside; 0 when nobody is."""
        return self._get(0)

    @inside.setter
    def inside(self, pid: int) -> None:
        self._set(0, pid)

    def count(self, worker: int, *, double: bool, stale: bool) -> None:
        """One more acquisition by this worker, after that of a living or a killed process."""
        for offset, step in enumerate((1, int(double), int(stale))):
            self._add(1 + 3 * worker + offset, step)

    def count_double(self, worker: int) -> None:
        """Somebody came in while this worker was inside."""
        self._add(2 + 3 * worker, 1)

    def acquired(self, worker: int) -> int:
        return self._get(1 + 3 * worker)

    def doubles(self) -> int:
        """How many acquisitions were not alone."""
        return sum(self._get(2 + 3 * worker) for worker in range(self.WORKERS))

    def stale(self) -> int:
        """How often the lock of a killed process was taken over."""
        return sum(self._get(3 + 3 * worker) for worker in range(self.WORKERS))

    def _add(self, word: int, step: int) -> None:
        self._set(word, self._get(word) + step)

    def _get(self, word: int) -> int:
        number: int = _WORD.unpack_from(self._memory, _WORD.size * word)[0]
        return number

    def _set(self, word: int, number: int) -> None:
        _WORD.pack_into(self._memory, _WORD.size * word, number)


def main(kind: str, *arguments: str) -> None:
    _KINDS[kind](*arguments)


def _identity(terminal: str = "TILL") -> ProcessIdentity:
    now_ms = SystemClock().wall_ms()
    return this_process(terminal, version="1", boot="1", incarnation="ab", started_ms=now_ms)


def _yield(seconds: float) -> None:
    os.sched_yield()


def _hold(path: str) -> None:
    """Lock, say so, and hold it until the input ends."""
    lock = ProcessLock.acquire(RealDisk(), path, _identity(), clock=SystemClock())
    print("holding")
    sys.stdin.read()
    lock.release()


def _fork(path: str) -> None:
    """Lock, fork a child that outlives this process, and go without a release."""
    lock = ProcessLock.acquire(RealDisk(), path, _identity(), clock=SystemClock())
    child = os.fork()
    if child == 0:
        lock.release()
        print(f"child: ours {lock.still_ours()}")
        signal.alarm(60)  # should the test not end it
        signal.pause()
    sys.stdin.readline()
    print(f"parent: ours {lock.still_ours()}")
    print(f"child: pid {child}")


def _claim(path: str) -> None:
    """For each line of input try the lock once; hold it, once won, to the end."""
    for _ in sys.stdin:
        try:
            lock = ProcessLock.acquire(
                RealDisk(), path, _identity(), clock=SystemClock(), retry_s=0
            )
        except TerminalInUse:
            print("claim: refused")
        else:
            print(f"claim: won from {lock.stale}")


def _probe(path: str) -> None:
    """Probe without a pause until killed."""
    print("probing")
    while True:
        probe(RealDisk(), path)


def _register(root: str, terminal: str, locked: str) -> None:
    """For each line of input enter the terminal into the registry."""
    disk = RealDisk() if locked == "locked" else LocklessDisk()
    registry = Registry(disk, Layout(root), clock=SystemClock())
    print("ready")
    for _ in sys.stdin:
        # Without the lock anything may go wrong; the test counts what is left.
        with suppress(KernelError):
            registry.register(_identity(terminal))
        print("registered")


@contextmanager
def _process_lock(path: str, identity: ProcessIdentity) -> Iterator[bool]:
    lock = ProcessLock.acquire(
        RealDisk(), path, identity, clock=SystemClock(), retry_s=120, pause=_yield
    )
    yield lock.stale is not None
    lock.release()


@contextmanager
def _unlocked_then_unlinked(path: str, identity: ProcessIdentity) -> Iterator[bool]:
    """The control: no look at the inode, and the file goes after the lock."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        os.close(descriptor)
        os.sched_yield()
    yield False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    with suppress(FileNotFoundError):
        os.unlink(path)
    os.close(descriptor)


_LOCKS = {"process": _process_lock, "unlock-then-unlink": _unlocked_then_unlinked}


def _fight(lock: str, path: str, worker: str, times: str, dies_at: str) -> None:
    """Lock and unlock until `times` is reached; die holding the lock at number `dies_at`."""
    page, me, pid = Page(Page.beside(path)), int(worker), os.getpid()
    identity = _identity()
    print("ready")
    while (done := page.acquired(me)) < int(times):
        with _LOCKS[lock](path, identity) as stale:
            before = page.inside
            alone = before == 0 or _died(page, before)
            page.inside = pid
            page.count(me, double=not alone, stale=stale)
            if done + 1 == int(dies_at):
                os.kill(pid, signal.SIGKILL)
            os.sched_yield()
            if alone and page.inside != pid:
                page.count_double(me)
            page.inside = 0
        if done % _REPORT_EVERY == 0:
            print(f"at {done}")


def _died(page: Page, pid: int) -> bool:
    """Whether who stands inside is dead or dying; not when it goes out by itself.

    A killed process loses its locks a moment before it shows as dead, hence the loop.
    """
    while page.inside == pid:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in "ZX":
            return True
        os.sched_yield()
    return False


_KINDS: dict[str, Callable[..., None]] = {
    "claim": _claim,
    "fight": _fight,
    "fork": _fork,
    "hold": _hold,
    "probe": _probe,
    "register": _register,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
