"""Bytes to keys: sequences split anywhere, Escape before a scan, garbage."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from themes.keys import KeyDecoder


def decoded(data: bytes) -> list[str]:
    decoder = KeyDecoder()
    return decoder.feed(data) + decoder.pause()


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"\x1bOP", "f1"),
        (b"\x1b[11~", "f1"),
        (b"\x1b[[A", "f1"),
        (b"\x1b[15~", "f5"),
        (b"\x1b[20~", "f9"),
        (b"\x1b[24~", "f12"),
        (b"\x1b[A", "up"),
        (b"\x1bOB", "down"),
        (b"\x1bOM", "enter"),
        (b"\r", "enter"),
        (b"\n", "ctrl+j"),
        (b"\x15", "ctrl+u"),
        (b"\x7f", "backspace"),
        (b"\x1b", "escape"),
        ("é".encode(), "é"),
        (b"\x1d", "\x1d"),
        (b"\x1b[200~", "unknown"),
    ],
)
def test_each_sequence_is_its_key(data: bytes, key: str) -> None:
    assert decoded(data) == [key]


def test_escape_before_a_scan_is_clear_and_the_whole_scan() -> None:
    assert decoded(b"\x1b4006\r") == ["escape", "4", "0", "0", "6", "enter"]


def test_a_function_key_in_one_packet_with_digits_stays_in_its_place() -> None:
    assert decoded(b"20\x1b[20~31\x1bOP") == ["2", "0", "f9", "3", "1", "f1"]


@given(st.lists(st.sampled_from([b"1", b"\r", b"\x1bOP", b"\x1b[20~", b"\x1b[A"])), st.data())
def test_where_a_packet_is_split_makes_no_difference(
    parts: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(parts)
    place = data.draw(st.integers(0, len(whole)))
    decoder = KeyDecoder()
    assert decoder.feed(whole[:place]) + decoder.feed(whole[place:]) == KeyDecoder().feed(whole)


@given(st.binary(max_size=300))
def test_no_byte_breaks_it_and_a_scan_after_escapes_is_whole(garbage: bytes) -> None:
    decoder = KeyDecoder()
    decoder.feed(garbage)
    decoder.pause()
    assert decoder.feed(b"\x1b\x1b42\r")[-3:] == ["4", "2", "enter"]
