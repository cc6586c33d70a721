"""Audit lines read back, whoever wrote them."""

from __future__ import annotations

import pytest

from kernel.codec.audit import (
    LINE,
    AuditLine,
    Cursor,
    decode_line,
    decode_seen,
    encode_seen,
    utc_text,
)
from kernel.errors import BadInput

HEAD = (
    b'{"terminal":"T","epoch":1,"lsn":7,"chain":"AAAAAAAAAAAAAAAAAAAAAA","date":20260101,"at":"x"'
)


def test_the_amount_of_a_close_is_the_sales_total() -> None:
    line = decode_line(
        HEAD
        + b',"event":"sale_closed","amount_minor":500,"commit":{"receipt":1,"total_minor":399}}'
    )
    assert line.about_minor == 399


def test_the_amount_of_a_line_is_its_own() -> None:
    assert decode_line(HEAD + b',"event":"item_sold","total_minor":5}').about_minor == 5
    assert decode_line(HEAD + b',"event":"cash_paid_in","amount_minor":7}').about_minor == 7
    assert decode_line(HEAD + b',"event":"noted"}').about_minor is None


def test_a_field_that_means_something_else_hides_the_rest_but_not_the_line() -> None:
    data = HEAD + b',"event":"unheard_of","amount_minor":"many"}'
    line = decode_line(data)
    assert (line.lsn, line.event, line.amount_minor) == (7, "unheard_of", None)
    assert line.text == data.decode()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", HEAD + b"}", b"\xff", b'{"a":' * 5000])
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="verify"):
        decode_line(data)


@pytest.mark.parametrize(
    "hole", [HEAD + b',"event":"a\0b"}', HEAD + b',"event":"ab"', b"\0" * 200, b" " + HEAD]
)
def test_what_a_power_cut_leaves_of_a_line_does_not_look_like_one(hole: bytes) -> None:
    assert LINE.fullmatch(hole) is None


def test_cursors_come_back_and_their_order_is_fixed() -> None:
    one, two = Cursor(5, "A" * 22, 1), Cursor(9, "B" * 22, 2)
    data = encode_seen(20260101, {"B": two, "A": one})
    assert data == encode_seen(20260101, {"A": one, "B": two})
    seen = decode_seen(data)
    assert seen is not None and seen.date == 20260101 and seen.seen == {"A": one, "B": two}


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"audit":2,"date":1,"seen":{}}', b'{"audit":1,"date":1,"seen":{"A":5}}']
)
def test_cursors_of_another_format_are_none(data: bytes) -> None:
    assert decode_seen(data) is None


@pytest.mark.parametrize(
    ("second", "text"),
    [(0, "1970-01-01T00:00:00"), (-5, "1970-01-01T00:00:00"), (1 << 60, "9999-12-31T23:59:59")],
)
def test_a_broken_clock_has_a_time_too(second: int, text: str) -> None:
    assert utc_text(second) == text


def test_a_line_holds_its_own_text() -> None:
    assert isinstance(decode_line(HEAD + b',"event":"noted"}\n'), AuditLine)
    assert decode_line(HEAD + b',"event":"noted"}\n').text.endswith("}")
