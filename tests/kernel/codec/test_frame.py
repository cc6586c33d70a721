"""One frame: what is sound, what is not, and how frames are found again."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from kernel.codec.frame import (
    FIRST_CHAIN,
    FRAME_LIMIT_BYTES,
    HEAD_BYTES,
    link,
    next_frame_after,
    open_frame,
    seal_frame,
)

BODY = b'{"n":1,"k":"event","what":"x"}'


def test_a_frame_is_what_the_format_says() -> None:
    frame, chain = seal_frame(FIRST_CHAIN, BODY)
    expected = b64encode(sha256(b"A" * 22 + b" " + BODY).digest()[:16])[:22]
    covered = expected + b" " + BODY + b"\n"
    assert chain == link(FIRST_CHAIN, BODY) == expected
    assert frame == f"{crc32(covered):08x} ".encode() + covered
    assert frame[HEAD_BYTES:-1] == BODY


def test_the_same_body_after_another_has_another_chain() -> None:
    _, one = seal_frame(FIRST_CHAIN, BODY)
    _, two = seal_frame(one, BODY)
    assert one != two


@given(st.integers(0, 62 * 8 - 1))
def test_no_flipped_bit_goes_unseen(bit: int) -> None:
    frame, _ = seal_frame(FIRST_CHAIN, BODY)
    place, one = divmod(bit % (len(frame) * 8), 8)
    damaged = bytearray(frame)
    damaged[place] ^= 1 << one
    assert open_frame(frame, 0) == len(frame)
    assert open_frame(bytes(damaged), 0) == -1


def test_a_crc_in_capitals_is_damage() -> None:
    for number in range(99):
        frame, _ = seal_frame(FIRST_CHAIN, b'{"n":%d}' % number)
        if frame[:8].upper() != frame[:8]:
            assert open_frame(frame[:8].upper() + frame[8:], 0) == -1
            return
    raise AssertionError("no CRC with a letter in it")


def test_a_frame_that_is_cut_short_is_none() -> None:
    frame, _ = seal_frame(FIRST_CHAIN, BODY)
    assert all(open_frame(frame[:size], 0) == -1 for size in range(len(frame)))
    assert open_frame(frame, len(frame)) == -1
    assert open_frame(b"\n" * 99, 0) == -1


def test_what_is_no_json_object_is_no_frame() -> None:
    frame, _ = seal_frame(FIRST_CHAIN, b"[1]")
    assert open_frame(frame, 0) == -1


def test_a_frame_beyond_the_limit_is_none() -> None:
    body = b'{"%b"}' % (b"x" * FRAME_LIMIT_BYTES)
    frame, _ = seal_frame(FIRST_CHAIN, body)
    assert open_frame(frame, 0) == -1


def test_frames_are_found_again_though_the_newline_before_them_is_the_damaged_byte() -> None:
    one, chain = seal_frame(FIRST_CHAIN, BODY)
    two, chain = seal_frame(chain, BODY)
    three, _ = seal_frame(chain, BODY)
    data = one[:-1] + b"X" + two + b"garbage" + three
    found = list(next_frame_after(data, 0))
    start = len(one)
    assert found == [(start, start + len(two)), (len(data) - len(three), len(data))]
    assert list(next_frame_after(data, len(data) - len(three))) == []
