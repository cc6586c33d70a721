"""Reading a segment, and the verdict on what stands at its end."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from kernel.codec.entries import body_of, encode_act
from kernel.codec.frame import FIRST_CHAIN, seal_frame
from kernel.codec.scan import Position, damage_in_tail, first_position, read_frames
from kernel.model.entries import Act, Stamp
from kernel.model.till_entries import Event, SegmentOpened

START = Position(0, FIRST_CHAIN, 1)
OPENED = SegmentOpened(format=1, schema=1, terminal="T", previous_chain=FIRST_CHAIN.decode())


def frames(*ends: int, first: int = 1, chain: bytes = FIRST_CHAIN) -> list[bytes]:
    """A segment's frames; each states that `end`, and those with one below zero state none."""
    made: list[bytes] = []
    for number, end in enumerate(ends):
        act: Act = OPENED if number == 0 else Event(what=f"e{number}")
        said = UNSET if end < 0 else end
        frame, chain = seal_frame(chain, body_of(first + number, said, Stamp(), encode_act(act)))
        made.append(frame)
    return made


def verdict(data: bytes, *, durable: int = 0, same_boot: bool = False) -> str | None:
    return damage_in_tail(data, read_frames(data, START), durable=durable, same_boot=same_boot)


def test_a_sound_segment_is_read_to_its_end() -> None:
    data = b"".join(frames(-1, -1, -1))
    reading = read_frames(data, START)
    assert reading.fault is None
    assert [frame.stamp.lsn for frame in reading.frames] == [1, 2, 3]
    assert (reading.at.offset, reading.at.lsn) == (len(data), 4)
    assert reading.at.chain == data.splitlines()[-1][9:31]
    assert verdict(data, durable=len(data), same_boot=True) is None


def test_a_first_frame_says_where_a_segment_begins() -> None:
    data = b"".join(frames(0, -1, first=9))
    assert first_position(data) == (Position(0, FIRST_CHAIN, 9), OPENED)
    second = frames(0, -1)[1]
    for wrong in (b"", b"\n", second, data[1:], b"x" + data):
        assert first_position(wrong) is None


def test_a_reading_goes_on_where_another_ended() -> None:
    made = frames(-1, -1, -1)
    data = b"".join(made)
    reading = read_frames(data[: -len(made[-1])], START)
    assert read_frames(data, reading.at).frames == read_frames(data, START).frames[2:]


@pytest.mark.parametrize("cut", [1, 5, 31, 40])
def test_an_entry_that_is_cut_short_is_a_torn_tail(cut: int) -> None:
    made = frames(-1, -1, -1)
    data = b"".join(made)[:-cut]
    assert read_frames(data, START).fault == "the entry is cut short"
    assert verdict(data) is None
    assert verdict(data, same_boot=True) is None


def test_bytes_that_are_missing_below_the_durable_mark_are_damage() -> None:
    data = b"".join(frames(-1, -1, -1))
    assert "which was durable" in (verdict(data[:-1], durable=len(data)) or "")
    shorter = b"".join(frames(-1, -1))
    assert "the file ends below offset" in (verdict(shorter, durable=len(data)) or "")


def test_a_bad_frame_before_a_good_one_that_knew_it_durable_is_damage() -> None:
    made = frames(-1, -1, -1, -1)
    data = bytearray(b"".join(made))
    data[len(made[0]) + 40] ^= 1
    assert "states it was durable" in (verdict(bytes(data)) or "")


def test_a_bad_frame_before_a_good_one_of_the_same_write_is_torn_after_a_power_cut() -> None:
    first = len(frames(0)[0])
    made = frames(0, first, first, first)
    data = bytearray(b"".join(made))
    data[first + 40] ^= 1
    assert verdict(bytes(data)) is None
    assert "no power was cut" in (verdict(bytes(data), same_boot=True) or "")


@pytest.mark.parametrize("byte", [0, 8, 9, 31, 32, 50, -1])
def test_a_flipped_byte_of_an_acknowledged_frame_is_damage_wherever_it_is(byte: int) -> None:
    made = frames(-1, -1, -1, -1)
    start = len(made[0])
    place = start + byte if byte >= 0 else start + len(made[1]) - 1
    data = bytearray(b"".join(made))
    data[place] ^= 0x20
    assert verdict(bytes(data)) is not None


def test_a_frame_that_was_left_out_moved_or_exchanged_is_damage() -> None:
    made = frames(-1, -1, -1, -1)
    other = frames(-1, 7, -1)
    for data, fault in (
        (made[0] + made[2] + made[3], "does not follow"),
        (made[0] + made[2] + made[1], "does not follow"),
        (made[0] + other[1] + made[2], "does not follow"),
        (made[0] + made[1] + made[1], "does not follow"),
    ):
        assert fault in (verdict(data) or "")


def test_a_right_chain_over_a_wrong_number_is_damage() -> None:
    first = frames(0)[0]
    frame, _ = seal_frame(first[9:31], body_of(3, 0, Stamp(), encode_act(Event(what="x"))))
    assert verdict(first + frame) == "the entry's LSN is not the next one"


def test_a_right_chain_over_no_stamp_is_damage() -> None:
    first = frames(0)[0]
    frame, _ = seal_frame(first[9:31], b'{"n":"2"}')
    assert verdict(first + frame) == "the entry's JSON can't be read"


def test_zeros_after_the_end_are_torn() -> None:
    data = b"".join(frames(-1, -1)) + bytes(5_000)
    assert verdict(data) is None
    assert verdict(data, same_boot=True) is None
