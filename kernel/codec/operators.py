"""The documents of operators, keys and approvals: `operators.json`, both halves of the manager's
key, and the bodies of the two messages about approvals.

Decoding is strict and bounded, unknown fields are wrong: each of these says who may do what. A
PIN hash is checked to be one that this shop's machines can afford to compute, because argon2 does
whatever a hash asks of it, gigabytes included. This module must never see a PIN.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from kernel.codec.typed import convert, decode
from kernel.errors import BadConfiguration, BadInput, KernelError
from kernel.model.approvals import Approvable
from kernel.model.identity import short_text
from kernel.model.operators import Operator, Role, operator_number
from kernel.words import gettext as _

__all__ = [
    "KEY_LIMIT_BYTES",
    "OPERATORS_LIMIT",
    "OPERATORS_LIMIT_BYTES",
    "ApprovalAnswer",
    "ApprovalRequest",
    "KeyDocument",
    "OperatorRecord",
    "OperatorsDocument",
    "decode_answer",
    "decode_key",
    "decode_operators",
    "decode_request",
    "encode_key",
    "encode_operators",
    "operator_name",
    "pin_hash",
]

OPERATORS_LIMIT = 1_000
OPERATORS_LIMIT_BYTES = 1 << 20
KEY_LIMIT_BYTES = 1 << 12
_NAME_LIMIT = 64
_KEY_BYTES = 32
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=(?P<memory>[0-9]{1,5}),t=(?P<passes>[0-9]{1,2}),p=1"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)
_MEMORY_LIMIT_KIB = 64 * 1024

Text = Annotated[str, Meta(min_length=1, max_length=64)]
Count = Annotated[int, Meta(ge=0, le=1 << 53)]


class OperatorRecord(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operator. `pin` is an argon2id hash in its usual text form."""

    number: Text
    name: Text
    role: Role
    pin: Annotated[str, Meta(max_length=256)]
    active: bool = True

    @property
    def public(self) -> Operator:
        return Operator(self.number, self.name, self.role, self.active)


class OperatorsDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: Literal[1] = 1
    operators: Annotated[tuple[OperatorRecord, ...], Meta(max_length=OPERATORS_LIMIT)]


class KeyDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One half of the manager's key: `key` is 32 bytes in base64."""

    format: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    half: Literal["public", "private"]
    key: Annotated[str, Meta(min_length=44, max_length=44)]


class ApprovalRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A till asks, or takes back what it asked under that token."""

    token: Text
    what: Approvable
    operator: Text | None = None
    transaction: Text | None = None
    line: Count | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Annotated[str, Meta(max_length=256)] | None = None
    withdrawn: bool = False


class ApprovalAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The manager answers: all that was asked comes back, so that the signature covers it."""

    token: Text
    granted: bool
    approver: Text
    what: Approvable
    transaction: Text | None = None
    line: Count | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Annotated[str, Meta(max_length=256)] | None = None


Document = TypeVar("Document", bound=Struct)


def encode_operators(records: tuple[OperatorRecord, ...]) -> bytes:
    """JSON for `operators.json`, a line for each operator."""
    lines = b",\n".join(msgspec.json.encode(record) for record in records)
    return b'{"format":1,"operators":[\n%b\n]}\n' % lines


def decode_operators(data: bytes, path: str) -> tuple[OperatorRecord, ...]:
    """Raises `BadConfiguration`; `path` is what the error calls the document."""
    records = _decode(data, OperatorsDocument, path).operators
    numbers = {record.number for record in records}
    if len(numbers) != len(records):
        raise BadConfiguration(
            _("{} can't be used: a number stands in it twice; correct it").format(path)
        )
    for record in records:
        try:
            operator_number(record.number)
            operator_name(record.name)
        except KernelError as fault:
            raise BadConfiguration(_("{} can't be used: {}").format(path, fault)) from fault
        if not _affordable(record.pin):
            raise BadConfiguration(
                _(
                    "{} can't be used: the PIN of {} is no argon2id hash of at most {} "
                    "KiB; set it anew with `posterm operator set-pin`"
                ).format(path, record.number, _MEMORY_LIMIT_KIB)
            )
    return records


def operator_name(value: object) -> str:
    return short_text(value, "operator's name", _NAME_LIMIT)


def pin_hash(value: str) -> str:
    """`value` if it is a hash that may stand in `operators.json`. Raises `BadInput`."""
    if not _affordable(value):
        raise BadInput(_("the PIN's hash can't be used; give the PIN again"))
    return value


def _affordable(kept: str) -> bool:
    found = _HASH.fullmatch(kept)
    return found is not None and int(found["memory"]) <= _MEMORY_LIMIT_KIB


def encode_key(half: Literal["public", "private"], key: bytes) -> bytes:
    document = KeyDocument(half=half, key=base64.b64encode(key).decode())
    return msgspec.json.encode(document) + b"\n"


def decode_key(data: bytes, half: Literal["public", "private"], path: str) -> bytes:
    """The 32 bytes of that half. Raises `BadConfiguration`, which never holds any of them."""
    document = _decode(data, KeyDocument, path)
    try:
        key = base64.b64decode(document.key, validate=True)
    except (ValueError, binascii.Error):
        key = b""
    if document.half != half or len(key) != _KEY_BYTES:
        raise BadConfiguration(
            _("{} can't be used: it holds no {} key; restore it").format(path, half)
        )
    return key


def decode_request(body: Any) -> ApprovalRequest:
    """From a message's JSON object, raw or decoded. Raises `BadInput`."""
    return _convert(body, ApprovalRequest)


def decode_answer(body: Any) -> ApprovalAnswer:
    """From a message's JSON object, raw or decoded. Raises `BadInput`."""
    return _convert(body, ApprovalAnswer)


def _convert(body: Any, kind: type[Document]) -> Document:
    raw = isinstance(body, (bytes, msgspec.Raw))
    try:
        document: Document = decode(body, kind) if raw else convert(body, kind)
    except (ValueError, RecursionError) as fault:
        raise BadInput(_("an approval's message can't be read: {}").format(fault)) from fault
    return document


def _decode(data: bytes, kind: type[Document], path: str) -> Document:
    try:
        document: Document = decode(data, kind)
    except (ValueError, RecursionError) as fault:
        raise BadConfiguration(_("{} can't be used: {}; restore it").format(path, fault)) from fault
    return document
