"""The shutdown order as bytes: read back as it was, and strictly."""

from __future__ import annotations

import json

import msgspec
import pytest

from kernel.codec.shutdown import (
    GRACE_LIMIT_S,
    SHUTDOWN_LIMIT_BYTES,
    ShutdownOrder,
    decode_shutdown,
    encode_shutdown,
    shutdown_bytes,
)
from kernel.errors import BadInput, SaleRefused

ORDER = ShutdownOrder(
    id="0" * 32, by="MANAGER", ordered_ms=1_000_000, deadline_ms=1_030_000, reason="stock-taking"
)


def test_an_order_is_read_back_as_it_was() -> None:
    assert decode_shutdown(encode_shutdown(ORDER)) == ORDER


@pytest.mark.parametrize(
    ("now_ms", "live"),
    [(939_999, False), (940_000, True), (1_029_999, True), (1_030_000, False)],
)
def test_an_order_binds_until_its_deadline(now_ms: int, live: bool) -> None:
    assert ORDER.live(now_ms) is live


def test_a_signature_is_over_all_but_itself() -> None:
    signed = msgspec.structs.replace(ORDER, signature="abc")
    assert shutdown_bytes(signed) == shutdown_bytes(ORDER)
    longer = msgspec.structs.replace(ORDER, deadline_ms=1_040_000)
    assert shutdown_bytes(longer) != shutdown_bytes(ORDER)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"id": "../../x"},
        {"id": "0" * 31},
        {"by": "../x"},
        {"ordered_ms": -1},
        {"deadline_ms": 999_999},
        {"deadline_ms": 1_000_001 + GRACE_LIMIT_S * 1000},
        {"deadline_ms": 1.5},
        {"reason": ""},
        {"reason": "x" * 201},
        {"reason": "two\nlines"},
        {"signature": "x" * 129},
        {"more": 1},
    ],
)
def test_an_order_that_says_what_none_may_is_refused(change: dict[str, object]) -> None:
    document = json.loads(encode_shutdown(ORDER))
    with pytest.raises(BadInput):
        decode_shutdown(json.dumps(document | change).encode())


@pytest.mark.parametrize("data", [b"", b"\xff", b"[" * 10_000, b" " * (SHUTDOWN_LIMIT_BYTES + 1)])
def test_what_is_no_order_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        decode_shutdown(data)


def test_an_order_that_nobody_would_follow_is_not_given() -> None:
    with pytest.raises(SaleRefused, match="grace period of -1 s"):
        encode_shutdown(msgspec.structs.replace(ORDER, deadline_ms=999_000))
