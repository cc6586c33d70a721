"""One frame of the log: `<crc32> <chain> <json>\\n`, as kernel/FORMAT.md lays it down.

CRC-32 finds a damaged frame, the chain (128 bits of SHA-256 over the previous chain value and
this body) finds a frame that was replaced, left out or moved. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator
from hashlib import sha256
from zlib import crc32

__all__ = [
    "FIRST_CHAIN",
    "FRAME_LIMIT_BYTES",
    "HEAD_BYTES",
    "link",
    "next_frame_after",
    "open_frame",
    "seal_frame",
]

FRAME_LIMIT_BYTES = 1 << 20
"""No frame is longer; a longer entry is refused before it is written."""
FIRST_CHAIN = b"A" * 22
"""The chain value before the first entry: 128 zero bits."""
HEAD_BYTES = 32
"""CRC, space, chain, space."""

_HEAD = re.compile(rb"[0-9a-f]{8} [A-Za-z0-9+/]{22} \{")


def link(chain: bytes, body: bytes) -> bytes:
    """The chain value (22 base64 characters) of `body` after the frame whose value is `chain`."""
    return b2a_base64(sha256(chain + b" " + body).digest()[:16], newline=False)[:22]


def seal_frame(chain: bytes, body: bytes) -> tuple[bytes, bytes]:
    """(the frame of `body`, its chain value)."""
    value = link(chain, body)
    covered = value + b" " + body + b"\n"
    return b"%08x %b" % (crc32(covered), covered), value


def open_frame(data: bytes, offset: int) -> int:
    """The offset after the sound frame at `offset`, or -1. The chain isn't checked here."""
    newline = data.find(b"\n", offset, offset + FRAME_LIMIT_BYTES)
    if newline < offset + HEAD_BYTES:
        return -1
    covered = data[offset + 9 : newline + 1]
    if data[offset : offset + 9] != b"%08x " % crc32(covered) or covered[22:24] != b" {":
        return -1
    return newline + 1


def next_frame_after(data: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """(start, end) of every sound frame that starts beyond `offset`, found by its head.

    The newline before a frame may itself be the damaged byte, so it isn't looked for.
    """
    for head in _HEAD.finditer(data, offset + 1):
        end = open_frame(data, head.start())
        if end >= 0:
            yield head.start(), end
