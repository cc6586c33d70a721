"""A till's start, stop, period and reports, by a hostile caller."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from kernel import (
    BadConfiguration,
    BadInput,
    Damage,
    DiskFull,
    Host,
    KernelError,
    LogDamaged,
    Poisoned,
    SaleRefused,
    State,
    Stopped,
    Terminal,
    TerminalInUse,
)
from kernel.codec.documents import decode_registry
from kernel.codec.frame import seal_frame
from kernel.disk.files import read_file
from kernel.disk.layout import Layout
from kernel.model.till_entries import ClockStepped, PeriodClosed, Recovered, Started
from kernel.model.till_entries import Stopped as StopEntry
from tests.support.faults import Fails, FaultyDisk
from tests.support.tills import ROOT, TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    return machine.start()


def refused(machine: TillMachine, act: Callable[[], object], match: str = ".") -> None:
    before = machine.log()
    with pytest.raises(SaleRefused, match=match):
        act()
    assert machine.log() == before


def sell(till: Terminal, amount: int, currency: str = "EUR") -> None:
    sale = till.begin("S1", currency, "0001")
    sale.add_line("TEA", 1, amount)
    sale.tender_cash(amount)


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


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b'{"durabilty":"entry"}', b'{"durability":"sometimes"}'),
        *(b'{"drawer":""}', b'{"drawer":5}', b'"\xff"', b"[" * 60_000, b" " * 70_000),
    ],
)
def test_a_bad_local_config_stops_the_start_with_78(machine: TillMachine, text: bytes) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, text)
    with pytest.raises(BadConfiguration, match=r"local_config\.json.*correct it or remove it") as e:
        machine.start()
    assert e.value.exit_code == 78
    machine.write(machine.paths.local_config, b"{}")
    machine.start().stop()


def test_durability_commit_says_so_and_loses_no_commit(machine: TillMachine) -> None:
    machine.start().stop()
    machine.write(machine.paths.local_config, b'{"durability":"commit","drawer":"D7"}')
    till = machine.start()
    (*_, started) = [entry.act for entry in machine.entries() if isinstance(entry.act, Started)]
    assert started.durability == "commit"
    paid, left = (till.begin("S1", "EUR", "0001") for _ in range(2))
    paid.add_line("TEA", 1, 500)
    syncs = sum(str(done).startswith("fdatasync") for done in machine.disk.operations)
    left.add_line("TEA", 1, 100)
    left.discount(10)
    left.void_line(2)
    assert syncs == sum(str(done).startswith("fdatasync") for done in machine.disk.operations)
    paid.tender_cash(500)
    left.add_line("TEA", 1, 100)
    assert till.x_report().drawer == "D7"
    machine.cut_power()
    with machine.start() as till:
        assert till.sale(paid.id).state is State.COMMITTED
        (again,) = till.open_sales
        assert len(again.lines) == 3


def test_without_durability_commit_every_line_is_synced(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    for _ in range(4):
        sale.add_line("TEA", 1, 100)
        wal = machine.disk.stat(machine.paths.wal).st_ino
        assert machine.disk.volume.durable[wal] == machine.disk.volume.nodes[wal]


# --- directories -----------------------------------------------------------------------------


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_data_directory_that_is_a_file_is_a_bad_configuration(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(BadConfiguration, match=r"data-dir|directory above") as refusal:
        Terminal.start("TILL", tmp_path / "file" / below)
    assert refusal.value.exit_code == 78
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_data_directory_without_a_parent_is_a_bad_configuration(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="make the directory above it first"):
        Terminal.start("TILL", tmp_path / "none" / "store")


@pytest.mark.parametrize("error", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_data_directory_that_cannot_be_written_is_a_bad_configuration(
    machine: TillMachine, error: int
) -> None:
    disk = FaultyDisk(machine.disk, Fails("make_directory", 1, error))
    with pytest.raises(BadConfiguration, match="make it writable"):
        machine.start(disk=disk)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real tmpfs of 2 MiB, where the machine lets us have one."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "posterm-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", str(mount)], check=True, capture_output=True)


def test_a_read_only_disk_is_a_bad_configuration(small_disk: Path) -> None:
    Terminal.start("TILL", small_disk / "store").stop()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(BadConfiguration, match="Read-only"):
        Terminal.start("TILL", small_disk / "store")


def test_a_full_disk_refuses_new_sales_closes_the_open_one_and_recovers(small_disk: Path) -> None:
    store, ballast = small_disk / "store", small_disk / "ballast"
    with Terminal.start("TILL", store) as till:
        sale = till.begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, 500)
        with pytest.raises(OSError, match="No space left"), ballast.open("wb", 0) as file:
            while True:
                file.write(bytes(4096))
        with pytest.raises(DiskFull):
            while True:
                till.begin("S1", "EUR", "0001").add_line("TEA", 1, 500, description="x" * 256)
        assert sale.tender_cash(500) is State.COMMITTED
        ballast.unlink()
        till.begin("S1", "EUR", "0001")
    with Terminal.start("TILL", store) as till:
        assert not till.recovery.crashed
        assert till.sale(sale.id).state is State.COMMITTED


def test_a_start_on_a_full_disk_is_refused_and_leaves_no_lock(small_disk: Path) -> None:
    store, ballast = small_disk / "store", small_disk / "ballast"
    ballast.write_bytes(bytes((2 << 20) - 4096 * 40))
    with pytest.raises(DiskFull):
        Terminal.start("TILL", store)
    ballast.unlink()
    with Terminal.start("TILL", store) as till:
        assert not till.recovery.crashed
        sell(till, 500)


# --- begin -----------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["EURO", "eur", "XXX", "XAU", "", "E\n", None, 5, ["EUR"]])
def test_a_currency_that_nobody_pays_in_is_refused(
    machine: TillMachine, till: Terminal, currency: Any
) -> None:
    refused(machine, lambda: till.begin("S1", currency, "0001"), "currency")


@pytest.mark.parametrize("currency", ["JPY", "KWD", "EUR"])
def test_minor_units_are_summed_by_currency(till: Terminal, currency: str) -> None:
    sell(till, 1, "USD")
    sell(till, 500, currency)
    sell(till, 7, currency)
    x = till.x_report()
    assert {name: sums.total_minor for name, sums in x.totals.items()} == {"USD": 1, currency: 507}
    assert x.perpetual_minor == {"USD": 1, currency: 507}


@pytest.mark.parametrize(
    "arguments",
    [
        {name: bad}
        for name in ("store", "operator", "reference", "customer", "price_list", "tax_profile")
        for bad in ("", " ", "a\nb", "x" * 65, 5, "\ud800", "\x9b")
    ]
    + [{"configuration": 1.5}, {"catalogue": "1"}, {"catalogue": True}, {"store": None}],
    ids=ascii,
)
def test_an_argument_of_begin_that_is_wrong_is_refused_and_the_till_goes_on(
    machine: TillMachine, till: Terminal, arguments: dict[str, Any]
) -> None:
    right: dict[str, Any] = {"store": "S1", "currency": "EUR", "operator": "0001"}
    refused(machine, lambda: till.begin(**{**right, **arguments}))
    assert till.begin(**right).number == 1


def test_a_reference_names_one_sale_through_commit_and_kill(machine: TillMachine) -> None:
    till = machine.start()
    first = till.begin("S1", "EUR", "0001", "INV-1")
    first.add_line("TEA", 1, 500)
    assert till.begin("S1", "EUR", "0002", "INV-1").id == first.id
    first.tender_cash(500)
    machine.kill()
    with machine.start() as till:
        again = till.begin("S1", "EUR", "0001", "INV-1")
        assert (again.id, again.state) == (first.id, State.COMMITTED)
        refused(machine, lambda: till.begin("S2", "EUR", "0001", "INV-1"), "another reference")
        refused(machine, lambda: till.begin("S1", "USD", "0001", "INV-1"), "another reference")


def test_a_reference_of_an_aborted_sale_is_free_again(machine: TillMachine, till: Terminal) -> None:
    first = till.begin("S1", "EUR", "0001", "INV-1")
    first.abort("left")
    second = till.begin("S1", "USD", "0001", "INV-1")
    assert (first.number, second.number) == (1, 2)
    assert till.begin("S1", "USD", "0001", "INV-1").number == 2


# --- the period ------------------------------------------------------------------------------


def test_a_drawer_holds_what_came_in_less_what_went_out(till: Terminal) -> None:
    till.open_period("0001", 10_000, "EUR", drawer="D1")
    sell(till, 500)
    till.move_cash("pay_in", 300, "EUR", "0001", reason="coins")
    till.move_cash("pay_out", 200, "EUR", "0001")
    till.move_cash("pickup", 5_000, "EUR", "0001")
    till.move_cash("no_sale", 0, "EUR", "0001")
    x = till.x_report()
    assert x.expected_drawer_minor == {"EUR": 10_000 + 500 + 300 - 200 - 5_000}
    assert (x.drawer, x.no_sales) == ("D1", 1)


def test_wrong_cash_leaves_no_trace(machine: TillMachine, till: Terminal) -> None:
    wrong: list[Callable[[], object]] = [
        lambda: till.open_period("0001", -1, "EUR"),
        lambda: till.open_period("0001", True, "EUR"),
        lambda: till.open_period("", 0, "EUR"),
        lambda: till.open_period("0001", 0, "EUR", drawer="a\nb"),
        lambda: till.open_period("0001", 0, "EUR", drawer=""),
        lambda: till.move_cash("pay_in", 0, "EUR", "0001"),
        lambda: till.move_cash("pay_in", -5, "EUR", "0001"),
        lambda: till.move_cash("no_sale", 5, "EUR", "0001"),
        lambda: till.move_cash("theft", 5, "EUR", "0001"),
        lambda: till.move_cash("pay_in", 1.5, "EUR", "0001"),  # type: ignore[arg-type]
        lambda: till.move_cash("pay_in", 5, "EUR", "0001", reason="\x1b[2J"),
        lambda: till.move_cash("pay_in", 5, "EUR", "0001", approver="\n"),
        lambda: till.count_drawer(True, "EUR", "0001"),
        lambda: till.count_drawer(5, "EUR", "0001", pieces={"1": 1.5}),  # type: ignore[dict-item]
        lambda: till.z_report("a\nb"),
        till.z_report,
    ]
    for act in wrong:
        refused(machine, act)
    till.open_period("0001", 0, "EUR")
    refused(machine, lambda: till.open_period("0001", 0, "EUR"), "close it with a Z first")


def test_a_z_names_what_is_open_and_the_tender_falls_into_the_next_period(
    machine: TillMachine, till: Terminal
) -> None:
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    sell(till, 100)
    machine.clock.date = 20260102
    z = till.z_report("0001")
    assert [(left.tx, left.balance_minor) for left in z.open] == [(1, 500)]
    assert (z.z_number, z.business_date, z.totals["EUR"].total_minor) == (1, 20260101, 100)
    sale.tender_cash(500)
    x = till.x_report()
    assert (x.period, x.business_date, x.totals["EUR"].total_minor) == (2, 20260102, 500)
    assert (x.first_receipt, x.last_receipt) == (2, 2)
    assert x.perpetual_minor == {"EUR": 600}
    assert sale.value.business_date == 20260102


def test_a_z_seals_the_segment_under_its_digest(machine: TillMachine, till: Terminal) -> None:
    sell(till, 100)
    till.z_report()
    sealed = read_file(machine.disk.process(), machine.paths.segment(1), 1 << 20)
    assert sealed is not None
    z, seal = sealed.splitlines(keepends=True)[-2:]
    (closed,) = [e.act for e in machine.entries() if isinstance(e.act, PeriodClosed)]
    assert closed.sha256 == sha256(sealed[: -len(z) - len(seal)]).hexdigest()
    assert b'"k":"seal"' in seal


def test_sums_beyond_64_bits_still_make_a_z_and_a_checkpoint(machine: TillMachine) -> None:
    till = machine.start()
    for _ in range(1_030):
        sell(till, 2**53)
    z = till.z_report()
    assert z.perpetual_minor == {"EUR": 1_030 * 2**53}
    machine.kill()
    with machine.start() as till:
        assert not till.recovery.checkpoint_rebuilt
        assert till.x_report().perpetual_minor == {"EUR": 1_030 * 2**53}


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
