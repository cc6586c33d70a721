"""Messages between terminals as bytes: the envelope, what an acknowledgement holds, file names.

Anybody of the shop's group can put a file where messages are read. So decoding is strict and
bounded, unknown fields are refused, and every name in an envelope is checked as if a person had
typed it. This module must never open a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field
from msgspec.structs import replace

from kernel.codec.typed import decode
from kernel.errors import BadInput, KernelError, SaleRefused
from kernel.model.identity import terminal_id
from kernel.model.mail import (
    EVERYBODY,
    LIFETIME_LIMIT_MS,
    MESSAGE_ID,
    RANDOM_BYTES,
    Ack,
    created_ms_of,
    message_id,
)
from kernel.model.money import LIMIT
from kernel.words import gettext as _

__all__ = [
    "ACK",
    "BODY_LIMIT_BYTES",
    "FORMAT",
    "MESSAGE_KIND",
    "MESSAGE_LIMIT_BYTES",
    "REASON_LIMIT",
    "FileName",
    "Message",
    "ack_message",
    "decode_ack",
    "decode_message",
    "encode_body",
    "encode_message",
    "signed_bytes",
]

MESSAGE_LIMIT_BYTES = 1 << 16
BODY_LIMIT_BYTES = MESSAGE_LIMIT_BYTES - 2048
"""What is left when the rest of the envelope is as long as it can be."""
REASON_LIMIT = 300
ACK = "ack"
FORMAT: Final = 1
_SUFFIX = ".json"
_ID_CHARACTERS = 26

Count = Annotated[int, Meta(ge=0, le=LIMIT)]
MESSAGE_KIND = re.compile(r"[a-z][a-z_]{0,31}")
Kind = Annotated[str, Meta(pattern=rf"^{MESSAGE_KIND.pattern}$")]
Body = TypeVar("Body", bound=Struct)


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message. `order` rises by one from message to message of a sender; an acknowledgement
    has none, 0. `body` is a JSON object; `read` makes a value of it."""

    format: Literal[1]
    id: str
    sender: str
    to: str
    """A terminal, or `*`."""
    order: Count
    kind: Kind = field(name="type")
    created_ms: Count
    expires_ms: Count
    body: Raw
    signature: Annotated[str, Meta(max_length=256)] | None = None

    def read(self, kind: type[Body]) -> Body:
        """The body as a value of that kind. Raises `BadInput`."""
        return _decode(bytes(self.body), kind, _("the body of {} {}").format(self.kind, self.id))


class _AckBody(Struct, frozen=True, forbid_unknown_fields=True):
    message: Annotated[str, Meta(max_length=_ID_CHARACTERS)]
    result: Annotated[str, Meta(pattern="^(received|applied|refused)$")]
    reason: Annotated[str, Meta(max_length=REASON_LIMIT)] = ""


class FileName(Struct, frozen=True):
    """`<TO>_<id>.json` in the inbox, `<type>_<id>.json` among the broadcasts.

    The id is of a fixed width, so that `REGISTER_01` and `REGISTER_01_A` never share mail.
    """

    label: str
    message: str

    def __str__(self) -> str:
        return f"{self.label}_{self.message}{_SUFFIX}"

    @classmethod
    def of(cls, message: Message) -> FileName:
        return cls(message.kind if message.to == EVERYBODY else message.to, message.id)

    @classmethod
    def parse(cls, name: str) -> FileName | None:
        """None for a name that no message has."""
        stem, suffix = name[: -len(_SUFFIX)], name[-len(_SUFFIX) :]
        label, separator, identity = stem[: -_ID_CHARACTERS - 1], stem[-27:-26], stem[-26:]
        if suffix != _SUFFIX or separator != "_" or not label:
            return None
        return cls(label, identity) if MESSAGE_ID.fullmatch(identity) else None


def encode_body(body: Mapping[str, object] | Struct) -> Raw:
    """The JSON object of a message's body. Raises `SaleRefused` for what can't be one."""
    try:
        data = msgspec.json.encode(body)
    except (TypeError, ValueError, RecursionError) as fault:
        raise SaleRefused(_("this can't be sent: {}; correct it").format(fault)) from fault
    if len(data) > BODY_LIMIT_BYTES:
        raise SaleRefused(
            _("the message has {} bytes; shorten it to {}").format(len(data), BODY_LIMIT_BYTES)
        )
    if not data.startswith(b"{"):
        raise SaleRefused(_("the body of a message is a JSON object; name what it holds"))
    return Raw(data)


def encode_message(message: Message) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(message) + b"\n"


def signed_bytes(message: Message) -> bytes:
    """What a signature is made over: the message as it is written, without the signature."""
    return encode_message(replace(message, signature=None))


def decode_message(data: bytes) -> Message:
    """Raises `BadInput`."""
    message = _decode(data, Message, _("the message"))
    try:
        if not MESSAGE_KIND.fullmatch(message.kind):
            raise BadInput(_("type {!r:.40}").format(message.kind))  # `$` lets a newline through
        terminal_id(message.sender)
        if message.to != EVERYBODY:
            terminal_id(message.to)
    except KernelError as fault:
        raise BadInput(_("the message can't be used: {}").format(fault)) from fault
    if not MESSAGE_ID.fullmatch(message.id) or created_ms_of(message.id) != message.created_ms:
        raise BadInput(_("the message's id is not one of its time"))
    if not 0 < message.expires_ms - message.created_ms <= LIFETIME_LIMIT_MS:
        raise BadInput(_("the message's lifetime is out of range"))
    if not bytes(message.body).startswith(b"{"):
        raise BadInput(_("the message's body is no JSON object"))
    return message


def ack_message(ack: Ack, to: str, expires_ms: int) -> Message:
    """`ack` for the sender `to`; it lives until then, but not for longer than any message may.

    Its id follows from what it says, so that one that is sent again replaces itself; the time in
    it is that of the message that it answers.
    """
    created_ms = created_ms_of(ack.message)
    chance = sha256(f"{ack.message} {ack.terminal} {ack.result}".encode()).digest()
    return Message(
        format=FORMAT,
        id=message_id(created_ms, chance[:RANDOM_BYTES]),
        sender=ack.terminal,
        to=to,
        order=0,
        kind=ACK,
        created_ms=created_ms,
        expires_ms=min(expires_ms, created_ms + LIFETIME_LIMIT_MS),
        body=Raw(msgspec.json.encode(_AckBody(ack.message, ack.result, ack.reason[:REASON_LIMIT]))),
    )


def decode_ack(message: Message) -> Ack:
    """What an acknowledgement says. Raises `BadInput`."""
    body = message.read(_AckBody)
    return Ack(body.message, message.sender, body.result, body.reason)


def _decode(data: bytes, kind: type[Body], name: str) -> Body:
    if len(data) > MESSAGE_LIMIT_BYTES:
        raise BadInput(_("{} is larger than {} bytes").format(name, MESSAGE_LIMIT_BYTES))
    try:
        body: Body = decode(data, kind)
    except (ValueError, RecursionError) as fault:
        # ValueError: msgspec's own errors and broken UTF-8. RecursionError: nesting without end.
        raise BadInput(_("{} can't be read: {}").format(name, fault)) from fault
    return body
