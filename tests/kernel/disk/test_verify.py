"""`verify` calls by its name what a crash can leave, and changes nothing."""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from kernel import BadConfiguration, BadInput, Host, Terminal, Verdict, verify_shop
from kernel.codec.scan import first_position, read_frames
from kernel.codec.segment_check import check_segment
from kernel.disk import verify as verify_module
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.verify import verify
from tests.support.damages import DAMAGES
from tests.support.tills import ROOT, TillMachine
from tests.support.verified import edit, segments, sell, verdict_of

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


# --- how --------------------------------------------------------------------------------------


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
