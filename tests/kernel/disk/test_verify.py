"""`verify` finds what no crash can leave, says where, and calls the rest by its name."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random
from zlib import crc32

import pytest

from kernel import BadConfiguration, BadInput, Host, Terminal, Verdict, verify_shop
from kernel.codec.frame import link, seal_frame
from kernel.codec.scan import first_position, read_frames
from kernel.codec.segment_check import check_segment
from kernel.disk import verify as verify_module
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.verify import verify
from tests.support.damages import DAMAGES, log_files
from tests.support.tills import ROOT, TillMachine

OTHER_BOOT = Host(boot_id="after a restart")


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one stopped till: several segments, a Z, an open sale. Not to be changed."""
    root = tmp_path_factory.mktemp("verify") / "shop"
    with Terminal.start("TILL", root, segment_bytes=1_500) as till:
        for _ in range(6):
            sell(till)
        till.z_report()
        sell(till)
        till.begin("STORE_001", "EUR", "0001").add_line("TEA_001", 1, 299)
    return root


@pytest.fixture
def shop(sold: Path, tmp_path: Path) -> Path:
    shutil.copytree(sold, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def paths(shop: Path) -> TerminalPaths:
    return Layout(str(shop)).terminal("TILL")


def sell(till: Terminal) -> None:
    sale = till.begin("STORE_001", "EUR", "0001")
    sale.add_line("COFFEE_001", 1, 399)
    sale.tender_cash(500)


def verdict_of(shop: Path, *, ledger: bool = False, host: Host = OTHER_BOOT) -> Verdict:
    (verdict,) = verify_shop(shop, host=host, ledger=ledger)
    return verdict


def edit(path: str, change: Callable[[bytes], bytes]) -> None:
    file = Path(path)
    file.write_bytes(change(file.read_bytes()))


def segments(shop: Path) -> list[Path]:
    return log_files(shop / "terminals" / "TILL")


# --- what is sound ----------------------------------------------------------------------------


def test_a_stopped_till_is_sound_and_its_anchor_is_the_end_of_its_log(shop: Path) -> None:
    verdict = verdict_of(shop, ledger=True)
    data = segments(shop)[-1].read_bytes()
    found = first_position(data)
    assert found is not None
    at = read_frames(data, found[0]).at
    assert verdict.sound and not verdict.notes and not verdict.running
    assert verdict.segments == len(segments(shop)) > 3
    assert (verdict.last_lsn, verdict.last_chain) == (at.lsn - 1, at.chain.decode())
    assert verdict.entries == verdict.last_lsn
    assert verdict.size_bytes == sum(path.stat().st_size for path in segments(shop))


def test_every_terminal_is_verified_or_only_the_one_that_is_named(shop: Path) -> None:
    Terminal.start("ANOTHER", shop).stop()
    names = [verdict.terminal for verdict in verify_shop(shop)]
    (one,) = verify_shop(shop, "TILL")
    assert names == ["ANOTHER", "TILL"] and one.terminal == "TILL"


def test_a_terminal_or_a_shop_that_is_not_there_is_refused(shop: Path) -> None:
    with pytest.raises(BadInput, match="it has TILL"):
        verify_shop(shop, "TILL_2")
    with pytest.raises(BadInput, match="not allowed"):
        verify_shop(shop, "../TILL")
    with pytest.raises(BadConfiguration, match="check the data directory"):
        verify_shop(shop / "nowhere")


def test_a_torn_tail_is_a_note(paths: TerminalPaths, shop: Path) -> None:
    edit(paths.wal, lambda data: data + b"0badc0de half an ent")
    verdict = verdict_of(shop)
    assert verdict.sound and "20 bytes after LSN" in verdict.notes[0]


def test_a_whole_bad_line_at_the_end_is_damage_while_the_machine_has_not_restarted(
    paths: TerminalPaths, shop: Path
) -> None:
    edit(paths.wal, lambda data: data + b"0badc0de half an ent\n")
    assert verdict_of(shop).sound
    (damage,) = verdict_of(shop, host=Host()).damages
    assert "no power was cut" in damage.meaning


def test_a_running_till_is_sound_as_far_as_its_mark(shop: Path, paths: TerminalPaths) -> None:
    with Terminal.start("TILL", shop, segment_bytes=1_500) as till:
        sell(till)
        last = till.journal.last_lsn
        edit(paths.wal, lambda data: data + b"an entry that is being written\n")
        running = verdict_of(shop, ledger=True)
        edit(paths.wal, lambda data: data.removesuffix(b"an entry that is being written\n"))
    assert running.sound and running.running and running.last_lsn == last
    assert running.notes == ("the till is running: verified as far as its durable mark",)


def test_a_running_till_without_a_readable_mark_is_read_to_its_last_sound_entry(
    shop: Path, paths: TerminalPaths
) -> None:
    with Terminal.start("TILL", shop) as till:
        mark = Path(paths.durable).read_bytes()
        Path(paths.durable).write_bytes(b"rubbish")
        running = verdict_of(shop)
        assert running.sound and running.last_lsn == till.journal.last_lsn
        Path(paths.durable).write_bytes(mark)


def test_a_till_that_sells_and_rotates_is_sound_whenever_one_looks(tmp_path: Path) -> None:
    done = threading.Event()
    looks: list[Verdict] = []

    def look() -> None:
        while not done.is_set() or len(looks) < 5:
            looks.append(verdict_of(tmp_path, ledger=len(looks) % 2 == 0))

    with Terminal.start("TILL", tmp_path, segment_bytes=1_200) as till:
        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            for _ in range(150):
                sell(till)
        finally:
            done.set()
            watcher.join()
        last = till.journal.last_lsn
    assert [look.damages for look in looks if not look.sound] == []
    ends = [look.last_lsn for look in looks]
    assert ends == sorted(ends) and ends[-1] <= last
    assert looks[-1].segments > looks[0].segments


def test_every_state_of_an_interrupted_rotation_is_a_note() -> None:
    """SIGKILL after each change of the disk, while a till sells across two rotations."""
    notes: set[str] = set()
    machine = TillMachine()
    total = len(_sold(machine))
    assert total > 60
    for kept in range(total):
        machine = TillMachine()
        machine.disk = _KilledAfter(kept)
        with suppress(_Killed):
            _sold(machine)
        reader = machine.disk.process()
        machine.disk.kill()
        layout = Layout(ROOT)
        with suppress(FileNotFoundError):
            reader.listdir(layout.terminals)
            for verdict in verify(reader, layout, boot_id=reader.boot_id):
                assert verdict.sound, (kept, verdict)
                notes.update(re.sub("^.*: ", "", note) for note in verdict.notes)
    assert {
        "no log yet",
        "a rotation was not finished; the next start finishes it",
        "left by a crash, never part of the log; the next rotation replaces it",
    } <= notes


def _sold(machine: TillMachine) -> list[object]:
    till = machine.start(segment_bytes=1_200)
    for _ in range(4):
        sell(till)
    till.stop()
    return list(machine.disk.operations)


class _Killed(BaseException):
    pass


class _KilledAfter(TillMachine().disk.__class__):  # type: ignore[misc]
    """A disk under which the process is killed once that many changes are made."""

    def __init__(self, changes: int) -> None:
        super().__init__()
        self.changes = changes

    def _do(self, operation: object) -> None:
        if len(self.operations) >= self.changes:
            raise _Killed
        super()._do(operation)


def test_a_checkpoint_that_is_not_the_log_s_is_a_note(shop: Path, paths: TerminalPaths) -> None:
    edit(paths.checkpoint, lambda data: data[:-10] + b"x" + data[-9:])
    wrong = verdict_of(shop)
    os.unlink(paths.checkpoint)
    missing = verdict_of(shop)
    for verdict in (wrong, missing):
        assert verdict.sound and "will be rebuilt from the log" in verdict.notes[0]
    assert Terminal.start("TILL", shop).recovery.checkpoint_rebuilt


# --- what is damage ---------------------------------------------------------------------------


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


# --- the ledger -------------------------------------------------------------------------------


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


# --- how --------------------------------------------------------------------------------------


def rechained(data: bytes) -> bytes:
    """The same bodies with chain values and CRCs made anew, as only a forger would."""
    found = first_position(data) or first_position(_resealed(data))
    assert found is not None
    chain, frames = found[0].chain, []
    for line in data.splitlines():
        frame, chain = seal_frame(chain, line[32:])
        frames.append(frame)
    return b"".join(frames)


def _resealed(data: bytes) -> bytes:
    line = data.split(b"\n", 1)[0]
    return seal_frame(link(b"A" * 22, line[32:]), line[32:])[0]


def test_both_readers_of_a_segment_stop_at_the_same_entry_for_the_same_reason(sold: Path) -> None:
    """What `verify` finds and what recovery reads rest on one walk; neither may end it early."""
    data = segments(sold)[1].read_bytes()
    dice = Random(11)
    for _ in range(2_000):
        spoilt = bytearray(data)
        bit = dice.randrange(len(data) * 8)
        spoilt[bit // 8] ^= 1 << bit % 8
        cut = bytes(spoilt[: dice.randrange(len(data) * 2)])
        found = first_position(cut)
        facts = check_segment(cut)
        if found is None:
            assert facts.opened is None
            continue
        reading = read_frames(cut, found[0])
        assert (facts.at, facts.stopped) == (reading.at, reading.fault)
        assert facts.entries == len(reading.frames)


def test_other_processes_come_to_the_same_verdict(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DAMAGES["flip"](shop / "terminals" / "TILL", Random(5))
    steps: list[tuple[int, int]] = []
    alone = verify_shop(shop, workers=1, progress=lambda *step: steps.append(step))
    monkeypatch.setattr(verify_module, "PARALLEL_ABOVE_BYTES", 0)
    together = verify_shop(shop, workers=2)
    assert alone == together and not alone[0].sound
    assert steps[-1][0] == steps[-1][1] == alone[0].size_bytes
    assert steps == sorted(steps)


def test_verify_changes_nothing_and_leaves_no_lock(shop: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in shop.rglob("*")}
    verify_shop(shop, ledger=True)
    assert {path: path.stat().st_mtime_ns for path in shop.rglob("*")} == before
