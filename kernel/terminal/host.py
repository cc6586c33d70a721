"""What a terminal process stands on: disk, clock, randomness and this boot of the machine.

Handed in as one value, so that a test can cut the power, turn the clock and repeat the dice.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Struct, field

from kernel.clock import Clock, SystemClock
from kernel.disk.files import Disk, RealDisk
from kernel.disk.process import boot_id

__all__ = ["Host"]


class Host(Struct, frozen=True):
    """`random_bytes(n)` gives n of them; `boot_id` changes with every restart of the machine."""

    disk: Disk = field(default_factory=RealDisk)
    clock: Clock = field(default_factory=SystemClock)
    random_bytes: Callable[[int], bytes] = os.urandom
    boot_id: str = field(default_factory=boot_id)
