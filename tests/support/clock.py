"""Clocks that the test moves: one that stands still, and one that leaps."""

from __future__ import annotations

import time

from kernel import SystemClock

__all__ = ["LeapingClock", "ManualClock"]


class ManualClock:
    """`kernel.clock.Clock` by hand. `advance` also serves as the pause of whoever waits."""

    def __init__(self) -> None:
        self.now_ms = 1_767_258_000_000  # 2026-01-01 09:00 UTC

    def advance(self, seconds: float) -> None:
        self.now_ms += max(1, round(seconds * 1000))

    def wall_ms(self) -> int:
        return self.now_ms

    def monotonic_s(self) -> float:
        return self.now_ms / 1000

    def business_date(self) -> int:
        return 20260101

    def zone(self) -> str:
        return "UTC"


class LeapingClock(SystemClock):
    """The machine's own, ahead of it by `leap_s`: hours pass all at once."""

    leap_s = 0.0

    def wall_ms(self) -> int:
        return super().wall_ms() + round(self.leap_s * 1000)

    def monotonic_s(self) -> float:
        return time.monotonic() + self.leap_s
