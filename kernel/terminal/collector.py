"""The collector as a duty of a running terminal: a thread that gives way to the sale.

Where nobody else collects, a till does; MANAGER does wherever it runs. It may take a share of the
processor and no more, in pieces so short that a commit hardly waits: the interpreter runs one
thread at a time. It must never stop a till: whatever goes wrong here is tried again later.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread

from kernel.clock import Clock
from kernel.codec.documents import ProcessIdentity
from kernel.coordination.audit import Collector
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.errors import KernelError
from kernel.model.operators import MANAGER_TERMINAL
from kernel.terminal.host import Host

__all__ = ["CollectorDuty", "start_collecting"]

TILL_LINES = 100
"""About a millisecond's work: what a till collects before it looks whether it has to wait."""
MANAGER_LINES = 2_000
TILL_REST = 9.0
"""A till rests that many times as long as it has worked."""
FRESH_S = 0.2
"""How old a line may get before it is collected, in a shop that sells."""
IDLE_S = 1.0
STANDBY_S = 8.0
"""How soon after a collector's death another till takes over; MANAGER looks every `IDLE_S`. Of a
hundred idle tills all but one stand by, and each look costs a third of a millisecond."""
AFTER_FAULT_S = 5.0
_STOP_S = 2.0


class CollectorDuty:
    """A thread of its own, from `start` to `stop`."""

    def __init__(self, collector: Collector, *, clock: Clock, manager: bool) -> None:
        self._collector = collector
        self._clock = clock
        self._lines = MANAGER_LINES if manager else TILL_LINES
        self._rest = 0.0 if manager else TILL_REST
        self._standby_s = IDLE_S if manager else STANDBY_S
        # Held until the end. To wait for it is one call; for an event it is six, and of a hundred
        # tills that stand by each pays for them.
        self._going_on = Lock()
        self._going_on.acquire()
        self._thread = Thread(target=self._run, name="collector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let another process collect. A disk that hangs doesn't keep a till from stopping."""
        if self._going_on.locked():
            self._going_on.release()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        pause_s = IDLE_S
        try:
            while not self._going_on.acquire(timeout=pause_s):
                pause_s = self._step(pause_s)
        finally:
            with suppress(OSError):
                self._collector.release()

    def _step(self, pause_s: float) -> float:
        """Collect once; how long to wait then."""
        begun_s = self._clock.monotonic_s()
        try:
            collected = self._collector.collect(self._lines)
        except (OSError, KernelError):
            with suppress(OSError):
                self._collector.release()  # perhaps another one can
            return AFTER_FAULT_S
        if collected >= self._lines:
            return (self._clock.monotonic_s() - begun_s) * self._rest
        if collected:
            return FRESH_S
        return (
            min(max(pause_s, FRESH_S) * 2, IDLE_S) if self._collector.elected else self._standby_s
        )


def start_collecting(host: Host, layout: Layout, identity: ProcessIdentity) -> Callable[[], None]:
    """Begin the duty; what ends it. On a disk in memory there is nobody to collect for."""
    if not isinstance(host.disk, RealDisk):
        return lambda: None
    collector = Collector(host.disk, layout, identity, clock=host.clock)
    duty = CollectorDuty(collector, clock=host.clock, manager=identity.terminal == MANAGER_TERMINAL)
    duty.start()
    return duty.stop
