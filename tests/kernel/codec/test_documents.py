"""Documents that anybody may have written: read back exactly, or refused as bad input."""

from __future__ import annotations

import json
from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec.documents import (
    REGISTRY_LIMIT_BYTES,
    SESSION_LIMIT_BYTES,
    SessionData,
    decode_identity,
    decode_registry,
    decode_session,
    encode_identity,
    encode_registry,
    encode_session,
)
from kernel.errors import BadInput
from tests.support.identities import identity_of

IDENTITY = identity_of(4711, terminal="REGISTER_01")
SESSION = SessionData(
    terminal="REGISTER_01",
    incarnation="ab",
    activity="selling",
    operator="0001",
    transaction="REGISTER_01-17",
    lines=3,
    total_minor=-1250,
    currency="EUR",
    last_lsn=4096,
    heartbeat_ms=1_767_258_000_000,
)


@dataclass(frozen=True)
class Changed:
    """The JSON of a document with one field changed, or taken out."""

    name: str
    value: object = None
    gone: bool = False

    def of(self, data: bytes) -> bytes:
        fields = json.loads(data)
        fields[self.name] = self.value
        if self.gone:
            del fields[self.name]
        return json.dumps(fields).encode()


WRONG_IDENTITIES = [
    *[Changed("terminal", wrong) for wrong in ("../REGISTER_01", "", "register", 1, None, "CON")],
    *[Changed("pid", wrong) for wrong in ("4711", -1, 1.5, True, None, 2**54)],
    *[Changed("started_at", wrong) for wrong in ("9:12", "2026-01-01T09:00:00", 0, None)],
    *[Changed("started_at", f"{year}-01-01T00:00:00Z") for year in ("0001", "9999")],
    *[Changed("host", wrong) for wrong in ("a\x1b[2J", "a\nb", "", "a" * 129, None)],
    *[Changed(name, "a\x1b[2J") for name in ("version", "boot_id", "incarnation")],
    *[Changed(name, gone=True) for name in ("terminal", "pid", "started_at", "incarnation")],
]
NO_DOCUMENTS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"garbage",
    b"\xff\xfe",
    b'{"terminal":"\xff"}',
    b'{"newer":' + b"[" * 3000,
    b"[" * 4000,
    b"\0" * 4000,
]


def test_identity_is_one_line_and_reads_back_as_itself() -> None:
    data = encode_identity(IDENTITY)
    assert data.count(b"\n") == 1 and data.endswith(b"\n")
    assert decode_identity(data) == IDENTITY


@pytest.mark.parametrize("change", WRONG_IDENTITIES, ids=str)
def test_identity_with_a_wrong_field_is_refused(change: Changed) -> None:
    with pytest.raises(BadInput):
        decode_identity(change.of(encode_identity(IDENTITY)))


def test_field_of_a_newer_version_is_let_through() -> None:
    assert decode_identity(Changed("shift", 3).of(encode_identity(IDENTITY))) == IDENTITY


@pytest.mark.parametrize("data", NO_DOCUMENTS, ids=lambda data: repr(data[:20]))
def test_what_is_no_document_is_refused(data: bytes) -> None:
    for decode in (decode_identity, decode_registry, decode_session):
        with pytest.raises(BadInput):
            decode(data)


@given(st.binary(max_size=200))
def test_bytes_are_a_document_or_bad_input(data: bytes) -> None:
    for decode in (decode_identity, decode_registry, decode_session):
        with pytest.raises(BadInput):
            decode(data)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_registry_reads_back_as_itself_a_line_for_each_terminal(count: int) -> None:
    identities = tuple(identity_of(pid, terminal=f"TILL_{pid}") for pid in range(count))
    data = encode_registry(identities)
    assert decode_registry(data) == identities
    assert sum(b'"TILL_' in line for line in data.splitlines()) == count


def test_one_wrong_identity_refuses_the_registry() -> None:
    data = encode_registry((IDENTITY, identity_of(1)))
    with pytest.raises(BadInput, match="terminal id"):
        decode_registry(data.replace(b'"TILL"', b'"../x"'))


def test_newer_format_of_the_registry_is_refused() -> None:
    with pytest.raises(BadInput):
        decode_registry(Changed("format", 2).of(encode_registry((IDENTITY,))))


def test_documents_beyond_their_limits_are_refused() -> None:
    registry = encode_registry((IDENTITY,))
    with pytest.raises(BadInput, match="larger than 1048576 bytes"):
        decode_registry(registry.ljust(REGISTRY_LIMIT_BYTES + 1))
    assert decode_registry(registry.ljust(REGISTRY_LIMIT_BYTES)) == (IDENTITY,)
    with pytest.raises(BadInput, match="larger than 4096 bytes"):
        decode_session(encode_session(SESSION).ljust(SESSION_LIMIT_BYTES + 1))


def test_session_reads_back_as_itself_with_and_without_a_sale() -> None:
    idle = SessionData(terminal="TILL", incarnation="ab", activity="idle", heartbeat_ms=0)
    for session in (SESSION, idle):
        assert decode_session(encode_session(session)) == session


@pytest.mark.parametrize(
    "change",
    [
        *[Changed("terminal", "../x"), Changed("activity", "dancing"), Changed("operator", "\x1b")],
        *[Changed("transaction", "17"), Changed("currency", "ABC"), Changed("lines", -1)],
        *[Changed("total_minor", 1.5), Changed("total_minor", 2**54), Changed("last_lsn", "1")],
        *[Changed("heartbeat_ms", gone=True), Changed("incarnation", "")],
    ],
    ids=str,
)
def test_session_with_a_wrong_field_is_refused(change: Changed) -> None:
    with pytest.raises(BadInput):
        decode_session(change.of(encode_session(SESSION)))


def test_texts_at_their_limits_still_fit_into_the_document() -> None:
    longest = msgspec.structs.replace(
        IDENTITY,
        terminal="T" * 32,
        **dict.fromkeys(("host", "version", "boot_id", "incarnation"), "商" * 128),
    )
    assert decode_identity(encode_identity(longest)) == longest
