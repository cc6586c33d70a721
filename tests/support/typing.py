"""Keys as a keyboard and a scanner send them, and the log as the judge of what they did."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.support.pty_till import PtyTill
from tests.support.register_shop import TILL

__all__ = ["CLEAR", "KEYS", "entries", "items_rung", "scans_refused", "send_paced"]

CLEAR = b"\x15"
_CSI = b"\x1b["
KEYS: tuple[bytes, ...] = (
    # Every byte; XOFF is followed by XON, because the two belong to the line.
    *(b"\x13\x11" if byte == 0x13 else bytes([byte]) for byte in range(256)),
    *(b"\x1bO" + bytes([letter]) for letter in b"ABCDFHMPQRSjklmnopqrstuvwxy"),
    *(_CSI + bytes([letter]) for letter in b"ABCDFHPQRSZ"),
    *(_CSI + b"%d~" % number for number in range(1, 35)),
    *(_CSI + b"1;%d%c" % (shift, letter) for shift in (2, 3, 5) for letter in b"ABCDFHPQRS"),
    *(_CSI + b"[" + bytes([letter]) for letter in b"ABCDE"),
    *(b"\x1b" + bytes([letter]) for letter in b"azAZ09[O\x1b\r"),
    _CSI + b"200~4006381333931\r" + _CSI + b"201~",
    _CSI + b"<0;10;10M",
    _CSI + b"M !!",
    b"\x1b]0;title\x07",
    b"\x1bPdevice\x1b\\",
    _CSI + b"9" * 40 + b"~",
)
"""Every key of a keyboard, every byte, and what terminals send besides."""


def send_paced(till: PtyTill, packets: Iterable[bytes], interval_s: float) -> None:
    """One packet every `interval_s`, whatever the register does meanwhile."""
    due_s = time.monotonic()
    for packet in packets:
        till.send(packet)
        due_s += interval_s
        while time.monotonic() < due_s:
            till.read(due_s - time.monotonic())


def entries(data_dir: Path, terminal: str = TILL) -> Iterator[dict]:
    """All that the till's log holds, in order."""
    for log in sorted((data_dir / "terminals" / terminal).glob("transaction*.wal")):
        for frame in log.read_bytes().splitlines():
            yield json.loads(frame.split(b" ", 2)[2])


def items_rung(data_dir: Path) -> Counter[str]:
    """Code -> how many lines of it were posted for a sale, all sales together."""
    return Counter(
        entry["c"]
        for entry in entries(data_dir)
        if entry["k"] == "line" and entry.get("y", "item") == "item"
    )


def scans_refused(data_dir: Path) -> int:
    return sum(
        entry.get("count", 1) for entry in entries(data_dir) if entry.get("what") == "scan_refused"
    )
