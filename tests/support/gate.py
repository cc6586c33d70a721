"""A disk that holds a sync up until a test lets it go, and threads that meet there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kernel.model.entries import Act
from kernel.model.till_entries import Event
from tests.support.memory_disk import MemoryDisk

__all__ = ["Gate", "noted", "started"]


def noted(what: Any) -> tuple[Act, ...]:
    return (Event(what=what),)


class Gate(MemoryDisk):
    """Holds its first armed sync until it is let go; then that sync fails, if told so."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.armed = False
        self.error = 0
        self.reached = threading.Event()
        self.go = threading.Event()

    def fdatasync(self, descriptor: int) -> None:
        if self.armed:
            self.armed = False
            self.reached.set()
            assert self.go.wait(20)
            if self.error:
                raise OSError(self.error, "planned")
        super().fdatasync(descriptor)


def started(call: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=call, args=arguments, daemon=True)
    thread.start()
    return thread
