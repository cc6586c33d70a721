"""A shop in memory for tests of tills: a machine whose disk, clock and dice are the test's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

import pytest
from msgspec import UNSET

from kernel import Host, SaleRefused, Terminal
from kernel.codec.entries import decode_act
from kernel.codec.scan import first_position, read_frames
from kernel.disk.files import Disk, read_file
from kernel.disk.history import LoggedEntry, read_log
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.recovery import sealed_segments
from kernel.model.entries import Act
from tests.support.clock import ManualClock
from tests.support.memory_disk import MemoryDisk

__all__ = ["ROOT", "SteppingClock", "TillMachine", "refused", "sell"]

ROOT = "/shop"


class SteppingClock(ManualClock):
    """One whose wall time can be set while its monotonic time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.step_ms = 0
        self.date = 20260101

    def wall_ms(self) -> int:
        return super().wall_ms() + self.step_ms

    def business_date(self) -> int:
        return self.date


class TillMachine:
    """One machine, one till process at a time; `kill` and `cut_power` leave what they leave."""

    def __init__(self, terminal: str = "TILL") -> None:
        self.terminal = terminal
        self.disk = MemoryDisk()
        self.clock = SteppingClock()
        self._dice = Random(1)

    @property
    def paths(self) -> TerminalPaths:
        return Layout(ROOT).terminal(self.terminal)

    def host(self, disk: Disk | None = None) -> Host:
        return Host(
            disk=disk if disk is not None else self.disk,
            clock=self.clock,
            random_bytes=self._dice.randbytes,
            boot_id=self.disk.boot_id,
        )

    def start(self, *, disk: Disk | None = None, segment_bytes: int = 4 << 20) -> Terminal:
        return Terminal.start(
            self.terminal,
            ROOT,
            host=self.host(disk),
            allow_unsound_locks=True,
            segment_bytes=segment_bytes,
        )

    def kill(self) -> None:
        """SIGKILL: the process is gone, the machine and its page cache are not."""
        self.disk.kill()
        self.disk = self.disk.process()

    def cut_power(self) -> None:
        """The machine starts again with nothing but what was synced."""
        volume = self.disk.volume.copy()
        volume.nodes = dict(volume.durable)
        volume.unsynced.clear()
        volume.unsynced_names.clear()
        volume.reserved.clear()
        self.disk = MemoryDisk.started_from(volume, self.disk.recording.boots + 1)

    def log(self) -> bytes:
        """All bytes of the log, as processes of this machine see them."""
        reader = self.disk.process()
        segments = [self.paths.segment(lsn) for lsn in sealed_segments(reader, self.paths)]
        found = (read_file(reader, path, 1 << 30) for path in (*segments, self.paths.wal))
        return b"".join(data for data in found if data is not None)

    def entries(self) -> list[LoggedEntry]:
        """Every sound entry of the log."""
        return list(read_log(self.disk.process(), self.paths, terminal_is_free=True))

    def writes(self) -> list[tuple[int, Act]]:
        """The open segment's entries, each with the offset at which its write began.

        Not for durability `commit`: there an entry tells what is durable, not what was written.
        """
        data = read_file(self.disk.process(), self.paths.wal, 1 << 30) or b""
        found = first_position(data)
        assert found is not None
        return [
            (frame.start if frame.stamp.end is UNSET else frame.stamp.end, decode_act(frame.body))
            for frame in read_frames(data, found[0]).frames
        ]

    def write(self, path: str, data: bytes) -> None:
        """Put a file there, durable, as an editor would."""
        disk = self.disk.process()
        descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        disk.pwrite(descriptor, data, 0)
        disk.fsync(descriptor)
        disk.sync_directory(os.path.dirname(path))
        disk.close(descriptor)


def refused(machine: TillMachine, act: Callable[[], object], match: str = ".") -> None:
    """The till refuses that, and its log stays as it was, to the byte."""
    before = machine.log()
    with pytest.raises(SaleRefused, match=match):
        act()
    assert machine.log() == before


def sell(till: Terminal, amount_minor: int, currency: str = "EUR") -> None:
    """A whole sale of one item, paid in cash."""
    sale = till.begin("S1", currency, "0001")
    sale.add_line("TEA", 1, amount_minor)
    sale.tender_cash(amount_minor)
