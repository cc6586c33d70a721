"""Documents of operators and keys: what this shop wrote is read back, anything else is refused."""

from __future__ import annotations

import json

import pytest

from kernel.codec.operators import (
    OPERATORS_LIMIT,
    decode_key,
    decode_operators,
    encode_key,
    encode_operators,
)
from kernel.errors import BadConfiguration
from kernel.model.operators import Role
from tests.support.staff import ANNA, BO, CLEO, cheap_hash, operators_json

GOOD = {"number": "1", "name": "A", "role": "cashier", "pin": cheap_hash("1111"), "active": True}


def document(*records: dict[str, object], **fields: object) -> bytes:
    return json.dumps({"format": 1, "operators": list(records), **fields}).encode()


def test_operators_are_read_back_as_they_were_written() -> None:
    records = decode_operators(operators_json(disabled=(BO,)), "o")
    assert [(one.number, one.role, one.active) for one in records] == [
        (ANNA, Role.CASHIER, True), (BO, Role.SUPERVISOR, False), (CLEO, Role.MANAGER, True)
    ]  # fmt: skip
    assert encode_operators(records) == operators_json(disabled=(BO,))
    assert decode_operators(encode_operators(()), "o") == ()


def test_what_people_see_of_an_operator_holds_no_hash() -> None:
    record = decode_operators(operators_json(), "o")[0]
    assert "argon2" not in repr(record.public)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"[" * 100_000,
        b"\xff",
        document(GOOD, format=2),
        document(GOOD, GOOD),
        document(GOOD, extra=1),
        document({**GOOD, "extra": 1}),
        document({**GOOD, "number": "4111111111111111"}),
        document({**GOOD, "name": "A\x1b[2J"}),
        document({**GOOD, "role": "owner"}),
        document({**GOOD, "active": "yes"}),
        document({**GOOD, "pin": "1111"}),
        document({**GOOD, "pin": GOOD["pin"].replace("argon2id", "argon2i")}),  # type: ignore[attr-defined]
        document({**GOOD, "pin": "$argon2id$v=19$m=99999,t=1,p=1$c2FsdHNhbHQ$" + "A" * 43}),
        document({**GOOD, "pin": "$argon2id$v=19$m=8,t=999,p=1$c2FsdHNhbHQ$" + "A" * 43}),
        document({**GOOD, "pin": "$argon2id$v=19$m=8,t=1,p=9$c2FsdHNhbHQ$" + "A" * 43}),
        document(*({**GOOD, "number": str(n)} for n in range(OPERATORS_LIMIT + 1))),
    ],
    ids=lambda data: repr(data[-40:]),
)
def test_operators_that_cannot_be_used_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"^operators\.json can't be used"):
        decode_operators(data, "operators.json")


def test_each_half_of_the_key_is_read_back_as_itself_only() -> None:
    key = bytes(range(32))
    assert decode_key(encode_key("public", key), "public", "k") == key
    with pytest.raises(BadConfiguration, match="no private key"):
        decode_key(encode_key("public", key), "private", "k")


@pytest.mark.parametrize("key", ["A" * 43 + "=", "A" * 44, "!" * 44, "", "A" * 1000])
def test_a_key_of_other_bytes_is_refused_without_showing_it(key: str) -> None:
    short = {"format": 1, "algorithm": "ed25519", "half": "private", "key": key[:40]}
    with pytest.raises(BadConfiguration) as refused:
        decode_key(json.dumps(short).encode(), "private", "k")
    assert not key or key[:40] not in str(refused.value)
