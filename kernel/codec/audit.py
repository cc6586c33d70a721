"""The audit log's lines: what stands in one, how it is read back, and the cursors between them.

A line says what a log entry says, in the shop's own words, with terminal, epoch, LSN and chain
value before it. docs/audit.md describes every field and event. This module must never open a
file nor trust one: other programs of the shop's group may have written what is read here.
"""

# Annotations stand here as values, not as words (no `annotations` from `__future__`): msgspec
# would compile each of those again, and a till waits for that at its start.

import re
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from kernel.errors import BadInput
from kernel.words import gettext as _

__all__ = [
    "LINE",
    "AuditLine",
    "Cursor",
    "Seen",
    "decode_line",
    "decode_seen",
    "encode_seen",
    "utc_text",
]

FORMAT = 1
_LAST_SECOND = 253_402_300_799
"""Of the year 9999: a broken clock must not stop the collector."""

LINE = re.compile(
    rb'\{"terminal":"([A-Z0-9][A-Z0-9_-]{0,31})","epoch":(\d{1,16}),"lsn":(\d{1,16}),'
    rb'"chain":"([A-Za-z0-9+/]{22})","date":(\d{1,16}),"at":"[^"\n]{1,40}","event":"[^\x00-\x1f]+\}'
)
"""A line without its newline; the groups are terminal, epoch, LSN, chain value, business date.

JSON escapes control characters: one in a line is what a power cut left of it.
"""


class Cursor(NamedTuple):
    """The last entry of a terminal that was taken: the next one follows it."""

    lsn: int
    chain: str
    epoch: int


class Seen(Struct, frozen=True, kw_only=True):
    """The audit log's own line: everything up to these cursors is written.

    The first line of each file, with its date and every terminal. Further on, with an older
    date: the entries up to here went into that date's file.
    """

    audit: int = FORMAT
    date: int
    seen: dict[str, Cursor]


class ClosedSale(Struct, frozen=True, gc=False):
    """The close of a sale, inside the line of the tender that covered it."""

    receipt: int
    total_minor: int
    change_minor: int = 0


class AuditLine(Struct, frozen=True, kw_only=True, gc=False):
    """A line as it is read back. Amounts are minor units, `at` is UTC, `date` YYYYMMDD.

    What is not named here is in `text`, the line itself.
    """

    terminal: str
    epoch: int
    lsn: int
    chain: str
    date: int
    at: str
    event: str
    event_code: int | None = None
    transaction: str | None = None
    operator: str | None = None
    approver: str | None = None
    currency: str | None = None
    total_minor: int | None = None
    amount_minor: int | None = None
    commit: ClosedSale | None = None
    text: str = ""

    @property
    def about_minor(self) -> int | None:
        """The amount that the event is about: of a close the sale's total."""
        if self.commit is not None:
            return self.commit.total_minor
        return self.amount_minor if self.total_minor is None else self.total_minor


class _Named(Struct, frozen=True):
    """A line's first fields, which mean the same in every line."""

    terminal: str
    epoch: int
    lsn: int
    chain: str
    date: int
    at: str
    event: str


_decode = msgspec.json.Decoder(AuditLine).decode
_decode_named = msgspec.json.Decoder(_Named).decode
_decode_seen = msgspec.json.Decoder(Seen).decode
_encode = msgspec.json.Encoder().encode


def decode_line(line: bytes) -> AuditLine:
    """One line of an audit file. Raises `BadInput`."""
    text = line.rstrip(b"\n").decode(errors="replace")
    try:
        try:
            return msgspec.structs.replace(_decode(line), text=text)
        except msgspec.ValidationError:
            # A kind of a newer posterm, whose field of the same name is another thing.
            named = _decode_named(line)
            return AuditLine(**msgspec.structs.asdict(named), text=text)
    except (ValueError, RecursionError) as fault:
        raise BadInput(
            _("an audit line can't be read ({}); run posterm verify").format(fault)
        ) from fault


def encode_seen(date: int, cursors: dict[str, Cursor]) -> bytes:
    """With its newline; terminals in order, so that the same state gives the same bytes."""
    return _encode(Seen(date=date, seen=dict(sorted(cursors.items())))) + b"\n"


def decode_seen(line: bytes) -> Seen | None:
    """None if it is no such line, or of a format that is not known here."""
    try:
        seen = _decode_seen(line)
    except (ValueError, RecursionError):
        return None
    return seen if seen.audit == FORMAT else None


def utc_text(second: int) -> str:
    """`2026-01-01T09:00:00` of seconds since 1970."""
    at = datetime.fromtimestamp(max(0, min(second, _LAST_SECOND)), UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S")
