"""Small JSON documents that the processes of a shop show each other: who runs, and what it does.

All of these are hints (a lock or a log is the truth), and anybody of the shop's group can write
them. So decoding is strict and bounded, and each name in it is checked as if a person had typed
it: a terminal id leads to a path, a text to a manager's screen. Unknown fields are let through,
because a newer version may run beside this one. This module must never open a file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from kernel.codec.typed import decode
from kernel.errors import BadInput, KernelError
from kernel.model.identity import OPERATOR_LIMIT, TransactionId, short_text, terminal_id
from kernel.model.money import LIMIT, exponent
from kernel.words import gettext as _

__all__ = [
    "IDENTITY_LIMIT_BYTES",
    "REGISTRY_LIMIT_BYTES",
    "SESSION_LIMIT_BYTES",
    "Activity",
    "ProcessIdentity",
    "SessionData",
    "decode_identity",
    "decode_registry",
    "decode_session",
    "encode_identity",
    "encode_registry",
    "encode_session",
]

IDENTITY_LIMIT_BYTES = 4096
SESSION_LIMIT_BYTES = 4096
REGISTRY_LIMIT_BYTES = 1 << 20
_REGISTRY_FORMAT: Final = 1
_NAME_LIMIT = 128

Count = Annotated[int, Meta(ge=0, le=LIMIT)]
Amount = Annotated[int, Meta(ge=-LIMIT, le=LIMIT)]
Instant = Annotated[datetime, Meta(tz=True)]
Activity = Literal["idle", "selling", "locked", "parked", "stopping"]


class ProcessIdentity(Struct, frozen=True, kw_only=True):
    """Which process runs, or ran, a terminal: the text of its lock, its line in the registry.

    A process id alone names nobody for long; with the boot and the ticks from that boot to the
    start of the process it names one process for ever. `incarnation` is what the start entry in
    the terminal's log says.
    """

    terminal: str
    pid: Count
    start_ticks: Count
    boot_id: str
    host: str
    version: str
    started_at: Instant
    incarnation: str


class SessionData(Struct, frozen=True, kw_only=True):
    """What a running terminal does at this moment, at most a second or so old."""

    terminal: str
    incarnation: str
    activity: Activity
    operator: str | None = None
    transaction: str | None = None
    lines: Count = 0
    total_minor: Amount = 0
    currency: str | None = None
    last_lsn: Count = 0
    configuration: Count = 0
    """Version of the shop's configuration that new sales bind."""
    heartbeat_ms: Count


class _Registry(Struct, frozen=True):
    format: Literal[1]
    terminals: tuple[ProcessIdentity, ...]


Document = TypeVar("Document", bound=Struct)


def encode_identity(identity: ProcessIdentity) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(identity) + b"\n"


def decode_identity(data: bytes) -> ProcessIdentity:
    """Raises `BadInput`."""
    identity = _decode(data, ProcessIdentity, IDENTITY_LIMIT_BYTES)
    _check_identity(identity)
    return identity


def encode_registry(identities: tuple[ProcessIdentity, ...]) -> bytes:
    """JSON for `active_terminals.json`, a line for each terminal."""
    lines = b",\n".join(msgspec.json.encode(identity) for identity in identities)
    return b'{"format":%d,"terminals":[\n%b\n]}\n' % (_REGISTRY_FORMAT, lines)


def decode_registry(data: bytes) -> tuple[ProcessIdentity, ...]:
    """Raises `BadInput`, for a newer format too."""
    identities = _decode(data, _Registry, REGISTRY_LIMIT_BYTES).terminals
    for identity in identities:
        _check_identity(identity)
    return identities


def encode_session(session: SessionData) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(session) + b"\n"


def decode_session(data: bytes) -> SessionData:
    """Raises `BadInput`."""
    session = _decode(data, SessionData, SESSION_LIMIT_BYTES)
    try:
        terminal_id(session.terminal)
        short_text(session.incarnation, "incarnation", _NAME_LIMIT)
        if session.operator is not None:
            short_text(session.operator, "operator", OPERATOR_LIMIT)
        if session.transaction is not None:
            TransactionId.parse(session.transaction)
        if session.currency is not None:
            exponent(session.currency)
    except KernelError as fault:
        raise BadInput(_("session data can't be used: {}").format(fault)) from fault
    return session


def _decode(data: bytes, kind: type[Document], limit_bytes: int) -> Document:
    if len(data) > limit_bytes:
        raise BadInput(_("document is larger than {} bytes").format(limit_bytes))
    try:
        document: Document = decode(data, kind)
    except (ValueError, RecursionError) as fault:
        # ValueError: msgspec's own errors and broken UTF-8. RecursionError: nesting without end.
        raise BadInput(_("document can't be read: {}").format(fault)) from fault
    return document


def _check_identity(identity: ProcessIdentity) -> None:
    try:
        terminal_id(identity.terminal)
        for name in ("boot_id", "host", "version", "incarnation"):
            short_text(getattr(identity, name), name, _NAME_LIMIT)
    except KernelError as fault:
        raise BadInput(_("process identity can't be used: {}").format(fault)) from fault
    if not 1970 <= identity.started_at.year < 9999:
        raise BadInput(_("process identity can't be used: it started in no year of ours"))
