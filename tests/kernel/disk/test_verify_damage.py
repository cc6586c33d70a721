"""What no crash can leave: `verify` finds it and says where."""

from __future__ import annotations

import os
import re
from pathlib import Path
from random import Random
from zlib import crc32

from kernel import Terminal, verify_shop
from kernel.disk.layout import Layout, TerminalPaths
from tests.support.damages import DAMAGES
from tests.support.verified import edit, rechained, segments, verdict_of


def test_a_missing_segment_is_damage_at_the_one_after_it(shop: Path) -> None:
    files = segments(shop)
    gone, after = files[1], files[2]
    first, next_first = int(gone.suffix[1:]), int(after.suffix[1:])
    gone.unlink()
    (damage,) = verdict_of(shop).damages
    assert damage.path == str(after) and damage.lsn == first
    assert f"LSN {first} to {next_first - 1} are missing" in damage.meaning


def test_a_log_that_is_gone_is_damage_not_a_new_terminal(shop: Path) -> None:
    for path in segments(shop):
        path.unlink()
    (damage,) = verdict_of(shop).damages
    assert "the log is gone" in damage.meaning


def test_missing_bytes_below_the_durable_mark_are_damage(shop: Path, paths: TerminalPaths) -> None:
    edit(paths.wal, lambda data: data[: data.rindex(b"\n", 0, -1) + 1])
    (damage,) = verdict_of(shop).damages
    assert "which was durable" in damage.meaning and damage.path == paths.wal


def test_a_changed_entry_with_a_crc_that_fits_breaks_the_chain(
    shop: Path, paths: TerminalPaths
) -> None:
    DAMAGES["edit"](Path(paths.directory), Random(3))
    assert any("follow" in damage.meaning for damage in verdict_of(shop).damages)


def test_a_forged_tail_of_a_sealed_segment_is_found_by_its_seal(shop: Path) -> None:
    """The whole chain made anew after a change: the seal's digest does not follow."""
    target = segments(shop)[0]
    target.write_bytes(rechained(target.read_bytes().replace(b'"u":399', b'"u":199')))
    damages = verdict_of(shop).damages
    assert any("the seal's SHA-256" in damage.meaning for damage in damages)
    assert any("does not follow from the one before" in damage.meaning for damage in damages)


def test_a_forged_z_is_found_by_its_digest(shop: Path) -> None:
    target = next(path for path in segments(shop) if b'"k":"z"' in path.read_bytes())
    target.write_bytes(rechained(target.read_bytes().replace(b'"u":399', b'"u":199')))
    assert any("the Z's SHA-256" in damage.meaning for damage in verdict_of(shop).damages)


def test_an_end_beyond_its_own_frame_and_a_skipped_epoch_are_damage(
    shop: Path, paths: TerminalPaths
) -> None:
    Terminal.start("TILL", shop).stop()
    edit(paths.wal, lambda data: rechained(re.sub(rb'"epoch":2', b'"epoch":4', data)))
    epoch = verdict_of(shop).damages
    edit(paths.wal, lambda data: rechained(re.sub(rb'"e":\d+(.*"begin")', rb'"e":999999\1', data)))
    ends = verdict_of(shop).damages
    assert [damage.meaning for damage in epoch] == ["it starts epoch 4 after epoch 1"]
    assert any("999999 bytes were durable before" in damage.meaning for damage in ends)


def test_what_follows_a_seal_is_damage_even_if_it_is_chained_to_it(shop: Path) -> None:
    target = segments(shop)[1]
    lines = target.read_bytes().splitlines(keepends=True)
    lsn = int(lines[-1].split(b'"n":')[1].split(b",")[0]) + 1
    late = b"%032d" % 0 + b'{"n":%d,"e":0,"t":0,"m":0,"d":0,"k":"stop"}\n' % lsn
    target.write_bytes(rechained(b"".join(lines) + late))
    assert any("entries follow the seal" in one.meaning for one in verdict_of(shop).damages)


def test_a_sealed_segment_that_ends_below_the_durable_mark_is_damage(
    shop: Path, paths: TerminalPaths
) -> None:
    line = b"%016d %016d %016d " % (1, 999_999, 900)
    Path(paths.durable).write_bytes(b"%b%08x\n" % (line, crc32(line)))
    (damage,) = verdict_of(shop).damages
    assert damage.path == str(segments(shop)[0]) and "which was durable" in damage.meaning


def test_a_log_under_another_terminal_s_name_is_damage(shop: Path, paths: TerminalPaths) -> None:
    os.rename(paths.directory, Layout(str(shop)).terminal("TILL_2").directory)
    (verdict,) = verify_shop(shop)
    assert {damage.meaning for damage in verdict.damages} == {"the log is of terminal TILL"}


def test_a_newer_format_is_not_called_sound(shop: Path, paths: TerminalPaths) -> None:
    edit(paths.wal, lambda data: rechained(data.replace(b'"format":1', b'"format":2')))
    assert any("a newer posterm" in damage.meaning for damage in verdict_of(shop).damages)


def test_an_edited_durable_mark_is_damage(shop: Path, paths: TerminalPaths) -> None:
    for seed in range(20):
        before = Path(paths.durable).read_bytes()
        did = DAMAGES["mark"](Path(paths.directory), Random(seed))
        gone_back = did.endswith(", 0]") or "edited to [0" in did
        assert not verdict_of(shop).sound or gone_back or _names_no_segment(shop, did), did
        Path(paths.durable).write_bytes(before)


def _names_no_segment(shop: Path, did: str) -> bool:
    """An older mark that names no segment proves nothing, for or against."""
    segment = int(did.partition("[")[2].partition(",")[0])
    return all(int(path.suffix[1:]) != segment for path in segments(shop)[:-1])
