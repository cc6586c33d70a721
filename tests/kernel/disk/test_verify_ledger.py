"""Entries that are chained and contradict each other: found by replay alone."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import pytest

from kernel import Terminal
from kernel.disk.layout import Layout
from tests.support.verified import edit, rechained, sell, verdict_of


@pytest.mark.parametrize(
    ("was", "becomes", "meaning"),
    [
        (rb'"u":399,"tot":399', b'"u":398,"tot":398', "its lines come to 398"),
        (rb'"no":1,', b'"no":7,', "receipt 7 where 1 is next"),
        (rb'"chg":101', b'"chg":100', "less change of 100"),
        (rb'"k":"begin","x":1,', b'"k":"begin","x":3,', "it contradicts the entries before it"),
    ],
)
def test_sums_and_numbers_that_contradict_the_entries_are_found_by_replay_alone(
    tmp_path: Path, was: bytes, becomes: bytes, meaning: str
) -> None:
    with Terminal.start("TILL", tmp_path) as till:
        sell(till)
    wal = Layout(str(tmp_path)).terminal("TILL").wal
    edit(wal, lambda data: rechained(re.sub(was, becomes, data, count=1)))
    assert verdict_of(tmp_path).sound
    found = verdict_of(tmp_path, ledger=True).damages
    assert any(meaning in damage.meaning for damage in found), found


def test_a_z_that_is_not_the_sum_of_its_sales_is_found(tmp_path: Path) -> None:
    with Terminal.start("TILL", tmp_path) as till:
        sell(till)
        till.z_report()
    paths = Layout(str(tmp_path)).terminal("TILL")
    Path(paths.durable).unlink()
    forged = Path(paths.segment(1)).read_bytes()
    forged = forged[: forged.rindex(b"\n", 0, -1) + 1]  # without its seal it is the open one
    Path(paths.segment(1)).unlink()
    Path(paths.wal).write_bytes(
        rechained(re.sub(rb'("totals":.*"total_minor":)399', rb"\g<1>1", forged))
    )
    assert verdict_of(tmp_path).sound
    found = verdict_of(tmp_path, ledger=True).damages
    assert any("the Z states totals" in damage.meaning for damage in found), found


def test_a_checkpoint_that_lies_under_its_right_digest_is_found(shop: Path) -> None:
    paths = Layout(str(shop)).terminal("TILL")
    lie = re.sub(b'"next_receipt":', b"\\g<0>1", Path(paths.checkpoint).read_bytes()[9:])
    lie = b"%08x %b" % (crc32(lie), lie)
    before = sha256(Path(paths.checkpoint).read_bytes()).hexdigest().encode()
    Path(paths.checkpoint).write_bytes(lie)
    named = sha256(lie).hexdigest().encode()
    edit(paths.wal, lambda data: rechained(data.replace(before, named)))
    assert verdict_of(shop).sound and not verdict_of(shop).notes
    (damage,) = verdict_of(shop, ledger=True).damages
    assert "the checkpoint that it names" in damage.meaning
