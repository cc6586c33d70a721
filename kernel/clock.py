"""Time as an argument: wall clock, monotonic clock and zone behind one small interface.

Nothing else in the kernel reads a clock, so that a sale can be replayed to the same screen
and receipt with a clock of the caller's own.
"""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """What the kernel asks of time."""

    def wall_ms(self) -> int:
        """Milliseconds of UTC since 1970-01-01; may step back."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step back, from an origin of the clock's own."""
        ...

    def business_date(self) -> int:
        """Today in the shop's zone as YYYYMMDD."""
        ...

    def zone(self) -> str:
        """The IANA name of the shop's zone, else its offset such as `+01:00`."""
        ...


class SystemClock:
    """The machine's clocks. The zone is `TZ`, else what `/etc/localtime` links to."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    monotonic_s = staticmethod(time.monotonic)

    def business_date(self) -> int:
        now = time.localtime()
        return now.tm_year * 10_000 + now.tm_mon * 100 + now.tm_mday

    def zone(self) -> str:
        named = os.environ.get("TZ", "").lstrip(":")
        if named:
            return named
        target = os.path.realpath(os.path.join(os.sep, "etc", "localtime"))
        _, found, name = target.partition("zoneinfo/")
        return name if found else datetime.now().astimezone().strftime("%:z") or "UTC"
