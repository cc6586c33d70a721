"""The columns find sound what is sound frame by frame, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec import walk as walking
from kernel.codec.entries import body_of, decode_stamp, encode_act
from kernel.codec.frame import FIRST_CHAIN, HEAD_BYTES, link, open_frame, seal_frame
from kernel.codec.walk import Position, Walk
from kernel.model.entries import Line, Stamp
from kernel.model.till_entries import Event

Frame = tuple[int, int, bytes, bytes]
"""Start, LSN, body, chain value."""
Walked = tuple[list[Frame], Position, str | None]
"""The frames, where they end, and why."""
START = Position(0, FIRST_CHAIN, 1)


def log(entries: int, first: Position = START) -> bytes:
    """Entries of many sizes, one of them larger than a run."""
    chain, frames = first.chain, []
    for lsn in range(first.lsn, first.lsn + entries):
        size = 50_000 if lsn == 40 else lsn * 37 % 400
        act = Line(tx=1, code="TEA", total_minor=lsn, description="x" * size)
        frame, chain = seal_frame(chain, body_of(lsn, 0, Stamp(), encode_act(act)))
        frames.append(frame)
    return b"".join(frames)


LOG = log(300)


def walked(data: bytes, at: Position = START, base: int = 0) -> Walked:
    walk = Walk(data, at, decode_stamp, base=base)
    found: list[Frame] = []
    for run in walk.runs():
        assert len(run.starts) == len(run.said) + 1
        columns = zip(run.starts, run.said, run.spaced, run.chains, strict=False)
        found += [(start, said.lsn, spaced[1:], chain) for start, said, spaced, chain in columns]
        assert run.starts[-1] == walk.at.offset
    return found, walk.at, walk.fault


def by_the_book(data: bytes, at: Position = START) -> Walked:
    """As FORMAT.md says it: one frame after the other."""
    found: list[Frame] = []
    offset, chain, lsn = at
    while offset < len(data):
        if data.find(b"\n", offset) < 0:
            return found, Position(offset, chain, lsn), walking.CUT_SHORT
        end = open_frame(data, offset)
        if end < 0:
            return found, Position(offset, chain, lsn), walking.WRONG_CRC
        body = data[offset + HEAD_BYTES : end - 1]
        if data[offset + 9 : offset + 31] != link(chain, body):
            return found, Position(offset, chain, lsn), walking.WRONG_CHAIN
        try:
            stamp = decode_stamp(body)
        except msgspec.DecodeError:
            return found, Position(offset, chain, lsn), walking.NO_ENTRY
        if stamp.lsn != lsn:
            return found, Position(offset, chain, lsn), walking.WRONG_LSN
        chain = data[offset + 9 : offset + 31]
        found.append((offset, lsn, body, chain))
        offset, lsn = end, lsn + 1
    return found, Position(offset, chain, lsn), None


def test_a_sound_log_is_walked_to_its_end_in_several_runs() -> None:
    assert len(LOG) > 3 * walking.RUN_BYTES
    assert walked(LOG) == by_the_book(LOG)
    assert walked(LOG)[2] is None


@given(at=st.integers(0, len(LOG) * 8 - 1))
def test_a_flipped_bit_stops_it_where_it_stops_any_reader(at: int) -> None:
    data = bytearray(LOG)
    data[at // 8] ^= 1 << at % 8
    found = walked(bytes(data))
    assert found == by_the_book(bytes(data))
    assert found[2] is not None and found[1].offset <= at // 8


@given(size=st.integers(0, len(LOG)))
def test_a_log_that_was_cut_off_anywhere_ends_alike(size: int) -> None:
    assert walked(LOG[:size]) == by_the_book(LOG[:size])


@given(offset=st.integers(0, len(LOG)), junk=st.binary(max_size=80), overwrite=st.booleans())
def test_any_bytes_in_it_stop_it_alike(offset: int, junk: bytes, overwrite: bool) -> None:
    data = LOG[:offset] + junk + LOG[offset + (len(junk) if overwrite else 0) :]
    assert walked(data) == by_the_book(data)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"n":7}', walking.WRONG_LSN),
        (b'{"n":"7"}', walking.NO_ENTRY),
        (b"{", walking.NO_ENTRY),
        (b"[]", walking.WRONG_CRC),  # no head of a frame is followed by that
        (b"", walking.WRONG_CRC),
    ],
)
def test_a_frame_that_is_sealed_well_and_wrong_stops_it(body: bytes, fault: str) -> None:
    good = log(5)
    _, at, _ = walked(good)
    data = good + seal_frame(at.chain, body)[0] + log(2)
    assert walked(data) == by_the_book(data)
    assert walked(data)[1:] == (at, fault)


def test_frames_that_change_places_stop_it() -> None:
    starts = [start for start, *_ in walked(log(6))[0]] + [len(log(6))]
    frames = [log(6)[begin:end] for begin, end in pairwise(starts)]
    for order in ((0, 2, 1, 3), (1, 0, 2), (0, 1, 1, 2), (0, 1, 3)):
        data = b"".join(frames[place] for place in order)
        assert walked(data) == by_the_book(data)
        assert walked(data)[2] == walking.WRONG_CHAIN


def test_it_goes_on_where_it_stopped_in_bytes_that_begin_there() -> None:
    head, at, _ = walked(LOG[: len(LOG) // 2])
    tail, end, fault = walked(LOG[at.offset :], at, base=at.offset)
    assert (head + tail, end, fault) == walked(LOG)


def test_what_one_decoder_does_not_know_another_may() -> None:
    def known(body: bytes) -> Stamp:
        if b"strange" in body:
            raise msgspec.DecodeError("of a newer kind")
        return decode_stamp(body)

    payload = encode_act(Event(what="strange"))
    data = LOG + seal_frame(walked(LOG)[1].chain, body_of(301, 0, Stamp(), payload))[0]
    walk = Walk(data, START, known, otherwise=decode_stamp)
    assert sum(len(run.said) for run in walk.runs()) == 301
    assert walk.fault is None
    assert list(Walk(data, START, known).runs())[-1].starts[-1] == len(LOG)


def test_a_body_begins_with_its_brace_or_is_none() -> None:
    body = body_of(1, 0, Stamp(), encode_act(Event(what="a")))
    frame, _ = seal_frame(FIRST_CHAIN, b" " + body)
    assert walked(frame) == by_the_book(frame)
    assert walked(frame)[0] == []
