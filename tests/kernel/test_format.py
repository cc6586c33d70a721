"""kernel/FORMAT.md tells of every key that is written, and of no other."""

from __future__ import annotations

import re

import pytest

from kernel.codec.frame import FIRST_CHAIN, FRAME_LIMIT_BYTES, HEAD_BYTES
from kernel.codec.scan import first_position, read_frames
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES
from kernel.disk.wal import FORMAT, SEGMENT_BYTES
from tests.support.format_tables import PAGE, tables, with_tables


def test_the_tables_are_those_of_the_structs() -> None:
    page = PAGE.read_text()
    assert with_tables(page) == page, "python -m tests.support.format_tables makes them anew"


def test_a_key_that_is_missing_from_the_page_is_noticed() -> None:
    page = PAGE.read_text()
    row = next(line for line in tables().splitlines() if line.startswith("| `qty` |"))
    spoilt = page.replace(f"{row}\n", "")
    assert spoilt != page and with_tables(spoilt) != spoilt


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("format", f"format {FORMAT}"),
        ("head", f"{HEAD_BYTES} bytes"),
        ("first chain value", f"`{FIRST_CHAIN.decode()}`"),
        ("frame limit", f"{FRAME_LIMIT_BYTES:,} bytes"),
        ("rotation", f"{SEGMENT_BYTES:,} bytes"),
        ("segment limit", f"{SEGMENT_LIMIT_BYTES:,} bytes"),
        ("checkpoint limit", f"{CHECKPOINT_LIMIT_BYTES:,} bytes"),
    ],
)
def test_a_limit_on_the_page_is_the_one_in_the_code(what: str, value: str) -> None:
    assert value in PAGE.read_text(), what


def test_the_example_on_the_page_is_a_sound_segment() -> None:
    (example,) = re.findall(r"```log\n(.*?)```", PAGE.read_text(), re.S)
    data = example.encode()
    found = first_position(data)
    assert found is not None
    reading = read_frames(data, found[0])
    assert reading.fault is None and len(reading.frames) == example.count("\n") > 3
