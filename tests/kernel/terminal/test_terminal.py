"""A till's start, its stop and its end, by a hostile caller."""

from __future__ import annotations

import errno
import gc
import os
from pathlib import Path
from typing import Any

import pytest

from kernel import (
    BadConfiguration,
    BadInput,
    Damage,
    Host,
    KernelError,
    LogDamaged,
    Poisoned,
    State,
    Stopped,
    Terminal,
    TerminalInUse,
)
from kernel.codec.documents import decode_registry
from kernel.codec.frame import seal_frame
from kernel.disk.files import read_file
from kernel.disk.layout import Layout
from kernel.model.till_entries import ClockStepped, Recovered, Started
from kernel.model.till_entries import Stopped as StopEntry
from tests.support.faults import Fails, FaultyDisk
from tests.support.tills import ROOT, TillMachine, sell

# --- start -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../x", "", "x" * 33, "é", "CON", "COM1", "till", "A/B", "A\n", "-A", ".", None, 5]
)
def test_a_name_that_could_leave_its_directory_is_refused(data_dir: Path, name: Any) -> None:
    with pytest.raises(BadInput, match="terminal id"):
        Terminal.start(name, data_dir)
    assert not data_dir.exists()


def test_one_process_runs_a_terminal(machine: TillMachine, till: Terminal) -> None:
    with pytest.raises(TerminalInUse, match="already running as process"):
        Terminal.start(
            "TILL", ROOT, host=Host(disk=machine.disk.process()), allow_unsound_locks=True
        )
    till.begin("S1", "EUR", "0001")


def test_a_stop_takes_lock_and_registry_entry_away(machine: TillMachine) -> None:
    registry = Layout(ROOT).active_terminals
    with machine.start() as till:
        entered = read_file(machine.disk, registry, 1 << 20)
        assert entered is not None
        assert [entry.terminal for entry in decode_registry(entered)] == ["TILL"]
        assert "terminal.lock" in machine.disk.listdir(machine.paths.directory)
    left = read_file(machine.disk, registry, 1 << 20)
    assert left is not None
    assert decode_registry(left) == ()
    assert "terminal.lock" not in machine.disk.listdir(machine.paths.directory)
    till.stop()


def test_a_stop_parks_what_is_open_and_the_next_start_is_a_clean_one(machine: TillMachine) -> None:
    with machine.start() as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
    assert machine.entries()[-1].act == StopEntry(parked=(1,))
    with machine.start() as till:
        assert str(till.recovery) == "clean start"
        assert till.recovery.open_sales == ("TILL-1",)
        assert till.open_sales[0].tender_cash(500) is State.COMMITTED


def test_a_fault_in_the_block_is_the_reason_of_the_stop(machine: TillMachine) -> None:
    with pytest.raises(ZeroDivisionError), machine.start():
        raise ZeroDivisionError
    assert machine.entries()[-1].act == StopEntry(reason="ZeroDivisionError")


@pytest.mark.parametrize("end", ["kill", "power"])
def test_a_crash_is_reported_and_logged(machine: TillMachine, end: str) -> None:
    till = machine.start()
    till.begin("S1", "EUR", "0001").add_line("TEA", 1, 500)
    if end == "kill":
        machine.kill()
    else:
        machine.cut_power()
    with machine.start() as till:
        assert till.recovery.crashed
        assert till.recovery.open_sales == ("TILL-1",)
        assert "recovered after a crash" in str(till.recovery)
        assert ("of process" in str(till.recovery)) == (end == "kill"), "the lock's text was synced"
        assert till.open_sales[0].total_minor == 500
        started, recovered = [entry.act for entry in machine.entries()[-2:]]
        assert isinstance(started, Started) and started.epoch == 2
        assert isinstance(recovered, Recovered) and recovered.open == (1,)


def test_every_start_has_an_epoch_and_an_incarnation_of_its_own(machine: TillMachine) -> None:
    for _ in range(3):
        machine.start().stop()
    starts = [entry.act for entry in machine.entries() if isinstance(entry.act, Started)]
    assert [start.epoch for start in starts] == [1, 2, 3]
    assert len({start.incarnation for start in starts}) == 3


def test_a_torn_tail_is_kept_and_reported(machine: TillMachine) -> None:
    machine.start()
    log = machine.log()
    machine.cut_power()
    machine.write(machine.paths.wal, log + b'00000000 torn {"n":')
    with machine.start() as till:
        assert till.recovery.torn_bytes == 19
        assert till.recovery.possibly_acknowledged
        assert till.recovery.set_aside is not None
        assert read_file(machine.disk, till.recovery.set_aside, 99) == b'00000000 torn {"n":'
        assert "possibly acknowledged" in str(till.recovery)
    assert machine.log().startswith(log)


def test_a_lost_log_stops_the_till(machine: TillMachine) -> None:
    machine.start().stop()
    machine.disk.unlink(machine.paths.wal)
    with pytest.raises(LogDamaged, match="the log is gone"):
        machine.start()
    assert "transaction.wal" not in machine.disk.listdir(machine.paths.directory)


@pytest.mark.parametrize("garbage", [b"", b"\0" * 99, b"[]", b'{"format":9}', b"\xff", b"[" * 9999])
def test_a_registry_of_garbage_keeps_no_till_from_starting(
    machine: TillMachine, garbage: bytes
) -> None:
    machine.start().stop()
    machine.write(Layout(ROOT).active_terminals, garbage)
    with machine.start() as till:
        sell(till, 100)
    written = read_file(machine.disk, Layout(ROOT).active_terminals, 1 << 20)
    assert written is not None
    assert decode_registry(written) == ()


# --- time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_steps_is_logged_and_the_order_stays(
    machine: TillMachine, till: Terminal, step_ms: int
) -> None:
    sell(till, 100)
    machine.clock.advance(1)
    machine.clock.step_ms += step_ms
    sell(till, 200)
    sell(till, 300)
    entries = machine.entries()
    steps = [entry.act for entry in entries if isinstance(entry.act, ClockStepped)]
    assert steps == [ClockStepped(step_ms=step_ms)]
    assert [entry.stamp.lsn for entry in entries] == list(range(1, len(entries) + 1))
    walls = [entry.stamp.wall_ms for entry in entries]
    assert (walls == sorted(walls)) == (step_ms > 0)


def test_a_till_whose_lock_was_replaced_writes_no_more_within_seconds(
    machine: TillMachine,
) -> None:
    till = machine.start()
    sale = till.begin("S1", "EUR", "0001")
    machine.disk.unlink(machine.paths.lock)
    machine.write(machine.paths.lock, b"{}")
    machine.clock.advance(2.5)
    before = machine.log()
    with pytest.raises(Poisoned, match="removed or replaced"):
        sale.add_line("TEA", 1, 100)
    with pytest.raises(Poisoned):
        till.begin("S1", "EUR", "0001")
    till.stop()
    assert machine.log() == before
    assert "terminal.lock" in machine.disk.listdir(machine.paths.directory)


# --- after the end ---------------------------------------------------------------------------


def test_a_stopped_till_writes_nothing_and_still_answers(machine: TillMachine) -> None:
    with machine.start() as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
    before = machine.log()
    for act in (
        lambda: sale.add_line("TEA", 1, 100),
        lambda: sale.tender_cash(500),
        lambda: till.begin("S1", "EUR", "0001"),
        till.z_report,
        lambda: till.move_cash("no_sale", 0, "EUR", "0001"),
    ):
        with pytest.raises(Stopped):
            act()
    assert (sale.total_minor, till.x_report().open[0].tx) == (500, 1)
    till.stop()
    assert machine.log() == before


def test_a_disk_that_fails_a_sync_poisons_the_till_and_shows_nothing(machine: TillMachine) -> None:
    counted = FaultyDisk(machine.disk)
    till = machine.start(disk=counted)
    sale = till.begin("S1", "EUR", "0001")
    till.stop()
    syncs = counted.calls["fdatasync"]
    machine.kill()
    till = machine.start(
        disk=FaultyDisk(machine.disk, Fails("fdatasync", syncs, errno.EIO, last=syncs))
    )
    sale = till.open_sales[0]
    with pytest.raises(Poisoned, match="recover"):
        for _ in range(syncs):
            shown = sale.total_minor
            sale.add_line("TEA", 1, 100)
    assert sale.total_minor == shown
    with pytest.raises(Damage):
        sale.tender_cash(100)
    till.stop()


def test_a_forked_child_cannot_write_and_takes_nothing_from_its_parent(tmp_path: Path) -> None:
    gc.collect()  # tills of other tests would answer the fork too
    store = tmp_path / "store"
    layout = Layout(str(store))
    with Terminal.start("TILL", store) as till:
        sale = till.begin("S1", "EUR", "0001")
        child = os.fork()
        if child == 0:
            wrong = 0
            for act in (
                lambda: sale.add_line("TEA", 1, 1),
                lambda: till.begin("S1", "EUR", "0001"),
                lambda: sale.abort("child"),
            ):
                try:
                    act()
                    wrong += 1
                except KernelError:
                    pass
            try:
                till.stop()
            except BaseException:  # noqa: BLE001  # a child must leave by _exit alone
                wrong += 10
            os._exit(wrong)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        registry = Path(layout.active_terminals).read_bytes()
        assert [entry.terminal for entry in decode_registry(registry)] == ["TILL"]
        assert Path(layout.terminal("TILL").lock).exists()
        assert sale.add_line("TEA", 1, 100) == 1
    with Terminal.start("TILL", store) as till:
        assert not till.recovery.crashed
        assert till.open_sales[0].total_minor == 100


def test_an_entry_of_a_kind_not_known_here_asks_for_the_version_that_wrote_it(
    machine: TillMachine,
) -> None:
    machine.start().stop()
    log = machine.log()
    chain = log.splitlines()[-1][9:31]
    lsn = log.count(b"\n") + 1
    frame, _ = seal_frame(chain, b'{"n":%d,"e":0,"t":0,"m":0,"d":0,"k":"hologram"}' % lsn)
    machine.write(machine.paths.wal, log + frame)
    with pytest.raises(BadConfiguration, match="start the posterm that wrote it"):
        machine.start()
    assert machine.log() == log + frame


class _OutOfDescriptors(Terminal):
    """One whose making fails at its end, as where no file can be opened for its doorbell."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_start_that_fails_at_its_end_gives_lock_and_log_back(machine: TillMachine) -> None:
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        _OutOfDescriptors.start(machine.terminal, ROOT, host=machine.host())
    assert not machine.start().stopped
