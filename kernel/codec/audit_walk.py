"""From frames to audit lines, verifying each frame on the way: the collector's inner loop.

A line is a function of its entry, the terminal and its epoch alone, so that an audit log can be
thrown away and made again to the same lines. The checks are those of `scan.read_frames`, and stop
at the same entry for the same reason (a test compares them); they stand here once more because
calls would cost half of the speed at which a shop's audit log is rebuilt. Pure.
"""

from __future__ import annotations

from binascii import b2a_base64
from hashlib import sha256
from typing import NamedTuple
from zlib import crc32

import msgspec

from kernel.codec.audit import utc_text
from kernel.codec.audit_words import epoch_begun, read, write
from kernel.codec.scan import CUT_SHORT, NO_ENTRY, WRONG_CHAIN, WRONG_CRC, WRONG_LSN, Position

__all__ = ["Told", "ToldLine", "tell"]

ToldLine = tuple[int, int, str, bytes]
"""(business date, UTC time in ms, terminal, the line without its newline).

A bare tuple, one an entry: the lines of a shop sort by the first three.
"""


_MS_TEXTS = tuple(f".{ms:03d}Z" for ms in range(1000))


class Told(NamedTuple):
    """The lines of all sound frames; `at` and `epoch` where they end, `fault` what is there."""

    lines: list[ToldLine]
    at: Position
    epoch: int
    fault: str | None


def tell(  # noqa: PLR0915  # one loop, written flat for its speed
    data: bytes, at: Position, terminal: str, epoch: int
) -> Told:
    """The lines of the frames in `data`, whose first byte stands at `at` in its segment.

    `epoch` is that of the entry before: a `start` entry begins the next.
    """
    lines: list[ToldLine] = []
    chain, lsn = at.chain, at.lsn
    offset, size, find = 0, len(data), data.find
    fault: str | None = None
    second, time_text = -1, ""
    tx, transaction = 0, ""
    while offset < size:
        newline = find(b"\n", offset)
        if newline < 0:
            fault = CUT_SHORT
            break
        covered = data[offset + 9 : newline + 1]
        if data[offset : offset + 9] != b"%08x " % crc32(covered) or covered[22:24] != b" {":
            fault = WRONG_CRC
            break
        spaced = covered[22:-1]
        value = b2a_base64(sha256(chain + spaced).digest()[:16], newline=False)[:22]
        if not covered.startswith(value):
            fault = WRONG_CHAIN
            break
        try:
            said = read(spaced)
        except msgspec.DecodeError:
            fault = NO_ENTRY
            break
        if said.lsn != lsn:
            fault = WRONG_LSN
            break
        if said.tx is None:
            epoch = epoch_begun(said) or epoch
        elif said.tx != tx:
            tx = said.tx
            transaction = f"{terminal}-{tx}" if tx > 0 else f"{terminal}-T{-tx}"
        wall_ms = said.wall_ms
        this_second, ms = divmod(wall_ms, 1000)
        if this_second != second:
            second = this_second
            time_text = utc_text(second)
        sale = None if said.tx is None else transaction
        line = write(said, terminal, epoch, value.decode(), time_text + _MS_TEXTS[ms], sale)
        lines.append((said.business_date, wall_ms, terminal, line))
        offset, chain, lsn = newline + 1, value, lsn + 1
    return Told(lines, Position(at.offset + offset, chain, lsn), epoch, fault)
