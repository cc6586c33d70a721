"""The ledger as bytes: one CRC'd line of JSON that a segment's first entry names by its SHA-256.

A checkpoint only saves time: what it holds can be had again by replaying the log, so whatever
is wrong with one is answered by doing that.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct

from kernel.codec.typed import convert
from kernel.model.entries import Line
from kernel.model.ledger import Ledger
from kernel.model.postings import Postings

__all__ = ["SCHEMA", "Checkpoint", "decode_checkpoint", "encode_checkpoint"]

SCHEMA = 1
"""Of the ledger: a checkpoint of another schema is rebuilt by replay."""


class Checkpoint(Struct, frozen=True):
    """The ledger after the entry `lsn`, whose chain value is `chain`."""

    schema: int
    lsn: int
    chain: str
    ledger: Ledger


def _encode_postings(value: Any) -> list[Line]:
    if isinstance(value, Postings):
        return list(value)
    raise NotImplementedError(type(value))


def _decode_postings(kind: type, value: Any) -> Postings:
    if kind is not Postings:
        raise NotImplementedError(kind)
    return Postings.of(convert(value, list[Line]))


_encode = msgspec.json.Encoder(enc_hook=_encode_postings).encode
_decoder = msgspec.json.Decoder(Checkpoint, dec_hook=_decode_postings)


def encode_checkpoint(ledger: Ledger, lsn: int, chain: bytes) -> bytes:
    body = _encode(Checkpoint(SCHEMA, lsn, chain.decode(), ledger)) + b"\n"
    return b"%08x %b" % (crc32(body), body)


def decode_checkpoint(data: bytes) -> Checkpoint | None:
    """None if it is damaged or of another schema."""
    if data[:9] != b"%08x " % crc32(data[9:]):
        return None
    try:
        checkpoint = _decoder.decode(data[9:])
    except msgspec.DecodeError:
        return None
    return checkpoint if checkpoint.schema == SCHEMA else None
