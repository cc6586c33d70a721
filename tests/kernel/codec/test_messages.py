"""Messages as bytes: strict about every field, because anybody of the group can write them."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw, Struct
from msgspec.structs import replace

from kernel.codec.messages import (
    BODY_LIMIT_BYTES,
    MESSAGE_LIMIT_BYTES,
    FileName,
    Message,
    ack_message,
    decode_ack,
    decode_message,
    encode_body,
    encode_message,
    signed_bytes,
)
from kernel.errors import BadInput, SaleRefused
from kernel.model.mail import LIFETIME_LIMIT_MS, Ack, message_id

NOW_MS = 1_767_258_000_000
ID = message_id(NOW_MS, b"0123456789")
MESSAGE = Message(
    format=1,
    id=ID,
    sender="REGISTER_01",
    to="REGISTER_02",
    order=7,
    kind="notice",
    created_ms=NOW_MS,
    expires_ms=NOW_MS + 60_000,
    body=Raw(b'{"text":"closing at six"}'),
)


class Text(Struct, forbid_unknown_fields=True):
    text: str


def changed(**fields: object) -> bytes:
    document = json.loads(encode_message(MESSAGE)) | fields
    return json.dumps(document).encode()


def test_a_message_comes_back_as_it_was() -> None:
    again = decode_message(encode_message(MESSAGE))
    assert again == MESSAGE
    assert again.read(Text) == Text("closing at six")


@pytest.mark.parametrize(
    "fields",
    [
        {"format": 2},
        {"format": "1"},
        {"id": ID[:-1]},
        {"id": ID.lower()},
        {"id": "8" + ID[1:]},
        {"id": message_id(NOW_MS + 1, b"0123456789")},
        {"sender": "../x"},
        {"sender": "*"},
        {"sender": ""},
        {"to": "a"},
        {"to": "**"},
        {"to": None},
        {"order": -1},
        {"order": 1.5},
        {"order": "1"},
        {"order": 1 << 54},
        {"type": "Notice"},
        {"type": "notice\n"},
        {"type": "no tice"},
        {"type": ""},
        {"type": "x" * 33},
        {"created_ms": NOW_MS + 1},
        {"expires_ms": NOW_MS},
        {"expires_ms": NOW_MS + LIFETIME_LIMIT_MS + 1},
        {"body": []},
        {"body": "text"},
        {"body": None},
        {"signature": "x" * 257},
        {"signature": 1},
        {"more": 1},
    ],
)
def test_a_field_that_is_not_as_it_must_be_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        decode_message(changed(**fields))


@pytest.mark.parametrize("name", ["format", "id", "sender", "to", "order", "type", "body"])
def test_a_field_that_is_missing_is_refused(name: str) -> None:
    document = json.loads(encode_message(MESSAGE))
    del document[name]
    with pytest.raises(BadInput):
        decode_message(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[" * 100_000,
        changed(body={"a": "x" * MESSAGE_LIMIT_BYTES}),
        encode_message(MESSAGE)[:-5],
        encode_message(MESSAGE).replace(b"six", b"\xff"),
        encode_message(MESSAGE).replace(b'"to":"REGISTER_02"', b'"to":"\xff"'),
        encode_message(MESSAGE).replace(b'{"text":"closing at six"}', b'{"a":' * 5_000),
    ],
)
def test_what_is_no_message_is_refused_before_anybody_uses_it(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode_message(data).read(Text)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode_message(data)


@given(st.integers(0, 200), st.integers(0, 255))
def test_no_changed_byte_raises_anything_else(place: int, byte: int) -> None:
    data = bytearray(encode_message(MESSAGE))
    data[place % len(data)] = byte
    with suppress(BadInput):
        decode_message(bytes(data))


def test_a_body_of_another_shape_is_refused_by_who_reads_it() -> None:
    for body in (b'{"text":1}', b'{"text":"a","more":1}', b"{}"):
        with pytest.raises(BadInput, match="notice"):
            replace(MESSAGE, body=Raw(body)).read(Text)


def test_a_body_is_a_json_object_within_its_limit() -> None:
    assert bytes(encode_body(Text("a"))) == bytes(encode_body({"text": "a"})) == b'{"text":"a"}'
    for body in ({"text": "x" * BODY_LIMIT_BYTES}, {"text": object()}, {"x": float}):
        with pytest.raises(SaleRefused):
            encode_body(body)
    with pytest.raises(SaleRefused, match="object"):
        encode_body([1])  # type: ignore[arg-type]


def test_the_longest_message_fits() -> None:
    longest = replace(
        MESSAGE,
        sender="S" * 32,
        to="T" * 32,
        kind="k" * 32,
        order=(1 << 53) - 1,
        body=encode_body({"a": "x" * (BODY_LIMIT_BYTES - 8)}),
        signature="s" * 256,
    )
    data = encode_message(longest)
    assert len(data) <= MESSAGE_LIMIT_BYTES
    assert decode_message(data) == longest


def test_a_signature_is_made_over_all_but_itself() -> None:
    signed = replace(MESSAGE, signature="abc")
    assert (
        signed_bytes(signed)
        == signed_bytes(MESSAGE)
        == signed_bytes(decode_message(encode_message(signed)))
    )
    for other in (
        replace(MESSAGE, order=8),
        replace(MESSAGE, to="*"),
        replace(MESSAGE, body=Raw(b'{"text":"closing at six!"}')),
    ):
        assert signed_bytes(other) != signed_bytes(MESSAGE)


def test_the_same_acknowledgement_always_has_the_same_id() -> None:
    ack = Ack(ID, "REGISTER_02", "refused", "no")
    first, again = ack_message(ack, "REGISTER_01", NOW_MS + 1), ack_message(ack, "REGISTER_01", 9)
    assert first.id == again.id
    assert decode_ack(decode_message(encode_message(first))) == ack
    for other in (Ack(ID, "REGISTER_03", "refused"), Ack(ID, "REGISTER_02", "applied")):
        assert ack_message(other, "REGISTER_01", NOW_MS + 1).id != first.id


def test_an_acknowledgement_of_another_shape_is_refused() -> None:
    good = ack_message(Ack(ID, "B", "applied"), "A", NOW_MS + 1)
    for body in (b"{}", b'{"message":"x","result":"done"}', b'{"message":1,"result":"applied"}'):
        with pytest.raises(BadInput):
            decode_ack(replace(good, body=Raw(body)))


def test_names_of_terminals_that_begin_alike_are_told_apart() -> None:
    for terminal in ("REGISTER_01", "REGISTER_01_A", "R", "A_" * 16):
        name = FileName(terminal, ID)
        assert FileName.parse(str(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".json",
        "x.json",
        f"{ID}.json",
        f"_{ID}.json",
        f"A{ID}.json",
        f"A_{ID}.jsn",
        f"A_{ID}.json.tmp",
        f"A_{ID.lower()}.json",
        f"A_{ID}\n.json",
        f"A_{ID[:-1]}I.json",
    ],
)
def test_any_other_name_is_none(name: str) -> None:
    assert FileName.parse(name) is None


def test_a_broadcast_is_named_by_its_type_and_any_other_message_by_its_terminal() -> None:
    assert str(FileName.of(MESSAGE)) == f"REGISTER_02_{ID}.json"
    assert str(FileName.of(replace(MESSAGE, to="*"))) == f"notice_{ID}.json"
