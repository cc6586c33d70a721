"""Where till periods are opened and closed, found in a log without reading the sales between.

It says which day is due, and so is asked of every till of the shop: for 100 tills half a second of
CPU, where folding their newest segments takes twelve. A frame is as good as its checksum here. This
module must never be what a sum is made of: `day_closes` is, and passes over nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import msgspec

from kernel.codec.checkpoint import decode_checkpoint
from kernel.codec.entries import decode_act, decode_stamp
from kernel.codec.frame import HEAD_BYTES, open_frame
from kernel.disk.files import Disk, read_file
from kernel.disk.layout import TerminalPaths
from kernel.disk.newest_segments import newest_first, open_segment
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES
from kernel.errors import LogDamaged
from kernel.model.entries import Stamp
from kernel.model.till_entries import PeriodClosed, PeriodOpened

__all__ = ["open_period_date", "z_count"]

_TURNS = (b'"k":"z"', b'"k":"period"')


def open_period_date(disk: Disk, paths: TerminalPaths) -> int | None:
    """The business date of the till period that is open there; None where none is, or where only
    the terminal's next start can tell. Raises `OSError`."""
    try:
        segment = open_segment(disk, paths)
    except LogDamaged:
        return None
    if segment is None:
        return None
    turned = next(_turns(segment.data), None)
    if turned is not None:
        return turned[1].date if isinstance(turned[1], PeriodOpened) else None
    return _period_of_checkpoint(disk, paths, segment.opened.checkpoint)


def z_count(disk: Disk, paths: TerminalPaths, business_date: int) -> int:
    """How many Z it has of that date. Raises `LogDamaged`, `OSError`."""
    count = 0
    for segment in newest_first(disk, paths):
        count += sum(
            isinstance(act, PeriodClosed) and stamp.business_date == business_date
            for stamp, act in _turns(segment.data)
        )
        if segment.begun < business_date:
            break
    return count


def _period_of_checkpoint(disk: Disk, paths: TerminalPaths, digest: str | None) -> int | None:
    data = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES) if digest else None
    if data is None or sha256(data).hexdigest() != digest:
        return None
    checkpoint = decode_checkpoint(data)
    period = checkpoint.ledger.period if checkpoint is not None else None
    return None if period is None or period.training else period.date


def _turns(data: bytes) -> Iterator[tuple[Stamp, PeriodOpened | PeriodClosed]]:
    """The entries that open or close a till period, the newest first."""
    end = len(data)
    while (place := max(data.rfind(word, 0, end) for word in _TURNS)) >= 0:
        end = data.rfind(b"\n", 0, place) + 1
        frame_end = open_frame(data, end)
        if frame_end < 0:
            continue
        body = data[end + HEAD_BYTES : frame_end - 1]
        try:
            act, stamp = decode_act(body), decode_stamp(body)
        except msgspec.DecodeError:
            continue
        if isinstance(act, PeriodClosed) or (isinstance(act, PeriodOpened) and not act.training):
            yield stamp, act
