"""The file of a suspended sale: one CRC'd line of JSON that never changes, whatever its name.

Anybody of the shop's group can write there, so decoding is strict: only bytes that this module
would write itself are taken, every text in them is checked as if it had been typed, and the lines
must come to the total. So no unknown field is dropped on the way through an older till, either.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zlib import crc32

import msgspec
from msgspec import Meta, Struct

from kernel.codec.frame import FRAME_LIMIT_BYTES
from kernel.errors import BadInput, KernelError
from kernel.model.entries import ParkedSale
from kernel.model.identity import TransactionId, short_text
from kernel.model.money import LIMIT
from kernel.model.suspension import check_parked
from kernel.model.ticket import parse_ticket
from kernel.words import gettext as _

__all__ = ["TICKET_LIMIT_BYTES", "Ticket", "decode_ticket", "encode_ticket"]

TICKET_LIMIT_BYTES = FRAME_LIMIT_BYTES - 4096
"""So that the entry with the same sale in it always fits into a frame."""
_REASON_LIMIT = 256
_CRC_BYTES = 9

Instant = Annotated[int, Meta(ge=0, le=LIMIT)]


class Ticket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A suspended sale: where it comes from, until when it waits, and all of it."""

    format: Literal[1]
    ticket: str
    origin: str
    """The transaction that it was. It is suspended once, so this names the sale for ever."""
    suspended_ms: Instant
    expires_ms: Instant
    reason: str | None = None
    sale: ParkedSale


_decoder = msgspec.json.Decoder(Ticket)


def encode_ticket(ticket: Ticket) -> bytes:
    """`<crc32> <json>\\n`. Raises `BadInput` for a sale that is too large to be suspended."""
    body = msgspec.json.encode(ticket) + b"\n"
    if len(body) + _CRC_BYTES > TICKET_LIMIT_BYTES:
        raise BadInput(
            _("the sale has {} bytes; at most {} go to a till").format(
                len(body), TICKET_LIMIT_BYTES
            )
        )
    return b"%08x %b" % (crc32(body), body)


def decode_ticket(data: bytes) -> Ticket:
    """Raises `BadInput`, for a newer format too."""
    if len(data) > TICKET_LIMIT_BYTES or data[:_CRC_BYTES] != b"%08x " % crc32(data[_CRC_BYTES:]):
        raise BadInput(_("the suspended sale is damaged: its CRC does not match"))
    try:
        ticket = _decoder.decode(data[_CRC_BYTES:])
        if encode_ticket(ticket) != data:
            raise BadInput(_("the suspended sale says more than this version knows"))
        parse_ticket(ticket.ticket)
        TransactionId.parse(ticket.origin)
        if ticket.reason is not None:
            short_text(ticket.reason, "reason", _REASON_LIMIT)
        check_parked(ticket.sale)
    except (ValueError, RecursionError, KernelError) as fault:
        raise BadInput(_("the suspended sale can't be used: {}").format(fault)) from fault
    return ticket
