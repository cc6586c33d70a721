"""Opening what the last process left: restored, set aside, or refused and left as it is."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import pytest

from kernel.codec.entries import body_of, encode_act
from kernel.codec.frame import FIRST_CHAIN, seal_frame
from kernel.codec.scan import first_position, read_frames
from kernel.disk.files import read_file
from kernel.disk.recovery import sealed_segments
from kernel.errors import BadConfiguration, LogDamaged, TerminalInUse
from kernel.model.entries import Stamp
from kernel.model.ledger import Ledger
from kernel.model.till_entries import SegmentOpened
from tests.support.tills import TillMachine

SMALL = 2_000


@pytest.fixture
def machine() -> TillMachine:
    """A till that crashed with an open sale, after several rotations."""
    machine = TillMachine()
    till = machine.start(segment_bytes=SMALL)
    for amount in range(1, 15):
        sale = till.begin("S1", "EUR", "0001", f"R{amount}")
        sale.add_line("TEA", 1, amount)
        if amount > 1:
            sale.tender_cash(amount)
    machine.kill()
    return machine


def ledger_of(machine: TillMachine) -> Ledger:
    """What the log says, from its first entry on."""
    ledger = Ledger()
    for entry in machine.entries():
        ledger.apply(entry.act, entry.stamp)
    return ledger


def tree(machine: TillMachine) -> dict[str, bytes | None]:
    """The terminal's log files."""
    disk = machine.disk.process()
    names = [name for name in disk.listdir(machine.paths.directory) if "wal" in name]
    names += ["checkpoint", "durable"]
    directory = PurePosixPath(machine.paths.directory)
    return {name: read_file(disk, str(directory / name), 1 << 24) for name in sorted(names)}


def refused(machine: TillMachine, kind: type[Exception], match: str) -> None:
    before = tree(machine)
    with pytest.raises(kind, match=match):
        machine.start(segment_bytes=SMALL)
    assert tree(machine) == before, "a refused start touched the log"


def changed(machine: TillMachine, path: str, old: bytes, new: bytes) -> None:
    data = read_file(machine.disk.process(), path, 1 << 24)
    assert data is not None and old in data
    machine.write(path, data.replace(old, new))


def test_the_fixture_has_many_segments(machine: TillMachine) -> None:
    assert len(sealed_segments(machine.disk, machine.paths)) > 2


def test_a_checkpoint_and_the_open_segment_give_what_the_whole_log_gives(
    machine: TillMachine,
) -> None:
    till = machine.start(segment_bytes=SMALL)
    assert till.journal.read(lambda ledger: ledger.fork()) == ledger_of(machine)
    assert till.recovery.open_sales == ("TILL-1",)
    assert not till.recovery.checkpoint_rebuilt


@pytest.mark.parametrize("damage", ["missing", "flipped", "empty"])
def test_a_checkpoint_that_cannot_be_used_is_rebuilt(machine: TillMachine, damage: str) -> None:
    expected = ledger_of(machine)
    if damage == "missing":
        machine.disk.unlink(machine.paths.checkpoint)
    elif damage == "flipped":
        changed(machine, machine.paths.checkpoint, b'"schema":1', b'"schema":7')
    else:
        machine.write(machine.paths.checkpoint, b"")
    till = machine.start()
    assert till.recovery.checkpoint_rebuilt
    assert till.x_report().perpetual_minor == expected.perpetual
    assert till.begin("S1", "EUR", "0001", "R9").number == 9


def resealed(data: bytes, old: bytes, new: bytes) -> bytes:
    """The segment as a posterm would have written it that says `new` where this one says `old`."""
    found = first_position(data)
    assert found is not None and old in data
    chain, frames = found[0].chain, []
    for frame in read_frames(data, found[0]).frames:
        sealed, chain = seal_frame(chain, frame.body.replace(old, new))
        frames.append(sealed)
    return b"".join(frames)


def test_an_older_segment_of_a_newer_version_asks_for_that_version(machine: TillMachine) -> None:
    machine.disk.unlink(machine.paths.checkpoint)
    path = machine.paths.segment(1)
    data = read_file(machine.disk, path, 1 << 24)
    assert data is not None
    machine.write(path, resealed(data, b'"k":"begin"', b'"k":"bogin"'))
    refused(machine, BadConfiguration, "start the posterm that wrote it")


def test_an_empty_sealed_segment_is_damage_and_no_bug(machine: TillMachine) -> None:
    machine.disk.unlink(machine.paths.checkpoint)
    machine.write(machine.paths.segment(1), b"")
    refused(machine, LogDamaged, "LSN 1")


def test_a_lost_checkpoint_and_a_lost_segment_stop_the_till(machine: TillMachine) -> None:
    machine.disk.unlink(machine.paths.checkpoint)
    machine.disk.unlink(machine.paths.segment(1))
    refused(machine, LogDamaged, r"incomplete|does not follow|LSN")


def test_the_segment_before_must_end_with_its_seal(machine: TillMachine) -> None:
    last = sealed_segments(machine.disk, machine.paths)[-1]
    changed(machine, machine.paths.segment(last), b'"k":"seal"', b'"k":"sael"')
    refused(machine, LogDamaged, "lacks its seal")


def test_a_log_of_another_terminal_is_refused(machine: TillMachine) -> None:
    other = TillMachine("OTHER")
    other.disk, other.clock = machine.disk.process(), machine.clock
    other.start().stop()
    other.disk.kill()
    foreign = read_file(machine.disk, other.paths.wal, 1 << 20)
    assert foreign is not None
    machine.write(machine.paths.wal, foreign)
    refused(machine, LogDamaged, "the log is of terminal OTHER")


def test_an_older_copy_of_the_log_is_refused(machine: TillMachine) -> None:
    first = read_file(machine.disk, machine.paths.segment(1), 1 << 20)
    assert first is not None
    machine.write(machine.paths.wal, first)
    refused(machine, LogDamaged, r"entries up to LSN \d+ were acknowledged")


def test_bytes_below_the_mark_are_never_taken_for_a_torn_tail(machine: TillMachine) -> None:
    data = read_file(machine.disk, machine.paths.wal, 1 << 20)
    assert data is not None
    machine.write(machine.paths.wal, data[:-3])
    refused(machine, LogDamaged, "which was durable")


def test_a_missing_open_segment_means_an_unfinished_rotation_not_a_new_log(
    machine: TillMachine,
) -> None:
    """Only where the last sealed one is what the mark names; else entries were lost."""
    machine.disk.unlink(machine.paths.wal)
    refused(machine, LogDamaged, "were acknowledged")


def test_a_log_of_a_newer_format_asks_for_the_newer_version() -> None:
    machine = TillMachine()
    machine.start().stop()
    newer = SegmentOpened(format=2, schema=1, terminal="TILL", previous_chain=FIRST_CHAIN.decode())
    machine.write(
        machine.paths.wal, seal_frame(FIRST_CHAIN, body_of(1, 0, Stamp(), encode_act(newer)))[0]
    )
    with pytest.raises(BadConfiguration, match="written by a newer posterm"):
        machine.start()


def test_an_old_process_with_the_log_in_hand_keeps_a_new_one_out(machine: TillMachine) -> None:
    old = machine.disk.process()
    descriptor = old.open(machine.paths.wal, os.O_RDWR)
    assert old.flock(descriptor, 2)
    refused(machine, TerminalInUse, "held by another process")


def test_a_torn_tail_is_kept_before_it_is_cut_off_and_a_second_start_finds_none(
    machine: TillMachine,
) -> None:
    data = read_file(machine.disk, machine.paths.wal, 1 << 20)
    assert data is not None
    machine.cut_power()
    machine.write(machine.paths.wal, data + b"deadbeef half a frame")
    till = machine.start()
    aside = till.recovery.set_aside
    assert aside is not None
    assert read_file(machine.disk, aside, 99) == b"deadbeef half a frame"
    machine.cut_power()
    assert read_file(machine.disk, aside, 99) == b"deadbeef half a frame"
    again = machine.start()
    assert (again.recovery.crashed, again.recovery.torn_bytes) == (True, 0)
    assert again.recovery.open_sales == ("TILL-1",)


def test_what_only_the_page_cache_had_is_durable_after_the_next_start() -> None:
    machine = TillMachine()
    machine.start().stop()
    machine.write(machine.paths.local_config, b'{"durability":"commit"}')
    sale = machine.start().begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    machine.kill()
    machine.start()
    machine.cut_power()
    (again,) = machine.start().open_sales
    assert again.total_minor == 500
