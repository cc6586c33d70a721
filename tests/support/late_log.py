"""A till that has sold for a long time: its numbers are long, its past is not there."""

from __future__ import annotations

from kernel.codec.frame import FIRST_CHAIN
from kernel.codec.scan import Position
from kernel.disk.durable import DurableMark
from kernel.disk.wal import SEGMENT_BYTES, Wal
from kernel.model.entries import Stamp
from kernel.model.ledger import Ledger
from tests.support.tills import TillMachine

__all__ = ["resume_late"]


def resume_late(machine: TillMachine, *, lsn: int, sale: int) -> None:
    """Give the machine's till a log whose next entry has about that LSN, and whose next sale that
    number; receipts and sales have kept step. It starts; `verify` would miss all that is before."""
    machine.start().stop()  # makes the directories
    disk, paths = machine.disk, machine.paths
    disk.unlink(paths.wal)
    disk.unlink(paths.durable)
    wal = Wal(disk, paths, DurableMark(disk, paths.durable), segment_bytes=SEGMENT_BYTES)
    now = Stamp(wall_ms=machine.clock.wall_ms(), business_date=20260101)
    wal.create(Position(0, FIRST_CHAIN, lsn), machine.terminal, now)
    assert wal.rotate(Ledger(epoch=1, next_transaction=sale, next_receipt=sale), now)
    wal.close()
