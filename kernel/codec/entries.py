"""Entries to bodies and back: the JSON inside a frame.

A body is the stamp's keys in their fixed order, then the act's: an outsider needs no more than
a JSON parser, and the writer can encode the act before it knows the entry's number.
"""

from __future__ import annotations

import msgspec

from kernel.model.entries import Act, Stamp
from kernel.model.till_entries import AnyAct

__all__ = ["body_of", "decode_act", "decode_stamp", "encode_act"]

encode_act = msgspec.json.Encoder().encode
"""An act's JSON object, `{"k":...}`."""

_stamps = msgspec.json.Decoder(Stamp)
_acts: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)

decode_stamp = _stamps.decode
"""The stamp of a body. Raises `msgspec.DecodeError`."""
decode_act = _acts.decode
"""The act of a body. Raises `msgspec.DecodeError`, for an unknown kind too."""


def body_of(stamp: Stamp, act: bytes) -> bytes:
    """The body of one entry from its stamp and its encoded act."""
    return b'{"n":%d,"e":%d,"t":%d,"m":%d,"d":%d,%b' % (
        stamp.lsn,
        stamp.end,
        stamp.wall_ms,
        stamp.uptime_ms,
        stamp.business_date,
        act[1:],
    )


def size_of(act: Act) -> int:
    """Bytes of the act's JSON."""
    return len(encode_act(act))
