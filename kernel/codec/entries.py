"""Entries to bodies and back: the JSON inside a frame.

A body is the stamp's keys in their fixed order, then the act's: an outsider needs no more than
a JSON parser, and the writer can encode the act before it knows the entry's number.
"""

from __future__ import annotations

import msgspec
from msgspec import UnsetType

from kernel.codec.frame import FRAME_LIMIT_BYTES
from kernel.errors import SaleRefused
from kernel.model.entries import Act, Stamp
from kernel.model.till_entries import AnyAct, PeriodClosed
from kernel.words import gettext as _

__all__ = ["body_of", "decode_act", "decode_stamp", "encode_act", "payload_of"]

_HEAD_ROOM_BYTES = 512
_encode = msgspec.json.Encoder().encode

encode_act = _encode
"""An act's JSON object, `{"k":...}`."""

_stamps = msgspec.json.Decoder(Stamp)
_acts: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)

decode_stamp = _stamps.decode
"""The stamp of a body. Raises `msgspec.DecodeError`."""
decode_act = _acts.decode
"""The act of a body. Raises `msgspec.DecodeError`, for an unknown kind too."""


def body_of(lsn: int, end: int | UnsetType, now: Stamp, act: bytes) -> bytes:
    """The body of one entry: its place, the time of it, and its encoded act."""
    stamp = Stamp(lsn, end, now.wall_ms, now.uptime_ms, now.business_date)
    return _encode(stamp)[:-1] + b"," + act[1:]


def payload_of(act: Act) -> bytes | None:
    """The act as it will stand in the log; None for a Z, which gets its digest there.

    Raises `SaleRefused` where it could not be read back: one argument of a wrong type, once in the
    log, would keep this terminal from ever starting again.
    """
    if isinstance(act, PeriodClosed):
        return None
    try:
        payload = encode_act(act)
        decode_act(payload)
    except (TypeError, ValueError) as fault:
        raise SaleRefused(
            _("this can't be kept in the log: {}; correct it").format(fault)
        ) from fault
    if len(payload) > FRAME_LIMIT_BYTES - _HEAD_ROOM_BYTES:
        raise SaleRefused(_("the entry has {} bytes; shorten its texts").format(len(payload)))
    return payload
