"""From frames to audit lines, verifying each frame on the way: the collector's inner loop.

A line is a function of its entry, the terminal and its epoch alone, so that an audit log can be
thrown away and made again to the same lines. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from kernel.codec.audit import utc_text
from kernel.codec.audit_words import Whose, epoch_begun, read, read_known, write
from kernel.codec.walk import Position, Walk

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


def tell(data: bytes, at: Position, terminal: str, epoch: int) -> Told:
    """The lines of the frames in `data`, whose first byte stands at `at` in its segment.

    `epoch` is that of the entry before: a `start` entry begins the next.
    """
    lines: list[ToldLine] = []
    second, time_text = -1, ""
    tx, transaction = 0, ""
    whose = Whose(terminal, epoch)
    walk = Walk(data, at, read_known, otherwise=read, base=at.offset)
    for run in walk.runs():
        chains = b" ".join(run.chains).decode().split()
        for said, chain in zip(run.said, chains, strict=True):
            wall_ms, sale = said.wall_ms, None
            at_second, ms = divmod(wall_ms, 1000)
            if at_second != second:
                second = at_second
                time_text = utc_text(second)
            if said.tx is None:
                begun = epoch_begun(said)
                if begun is not None:
                    whose = Whose(terminal, begun)
            else:
                if said.tx != tx:
                    tx = said.tx
                    transaction = f"{terminal}-{tx}" if tx > 0 else f"{terminal}-T{-tx}"
                sale = transaction
            line = write(said, whose, chain, time_text + _MS_TEXTS[ms], sale)
            lines.append((said.business_date, wall_ms, terminal, line))
    return Told(lines, walk.at, whose.epoch, walk.fault)
