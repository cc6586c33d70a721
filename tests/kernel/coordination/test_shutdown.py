"""The shutdown flag: binds until its deadline, whatever crash or garbage comes in between."""

from __future__ import annotations

import errno

import pytest
from msgspec.structs import replace

from kernel.codec.shutdown import ShutdownOrder, encode_shutdown
from kernel.coordination.shutdown import ShutdownFlag
from kernel.coordination.signatures import Signatures
from kernel.disk.files import read_file
from kernel.disk.layout import Layout
from kernel.errors import Contention, DiskFull, SaleRefused
from tests.support.crash_images import Cut, every_crash_image
from tests.support.faults import Fails, FaultyDisk
from tests.support.tills import ROOT, TillMachine

LAYOUT = Layout(ROOT)
GRACE_MS = 30_000


@pytest.fixture
def machine() -> TillMachine:
    machine = TillMachine()
    LAYOUT.make(machine.disk)
    return machine


def flag_of(machine: TillMachine, terminal: str = "MANAGER") -> ShutdownFlag:
    signatures = Signatures(machine.disk, LAYOUT, terminal, clock=machine.clock)
    return ShutdownFlag(machine.disk, LAYOUT, signatures, clock=machine.clock)


@pytest.fixture
def flag(machine: TillMachine) -> ShutdownFlag:
    return flag_of(machine)


def order_of(machine: TillMachine, number: int = 1, grace_ms: int = GRACE_MS) -> ShutdownOrder:
    now_ms = machine.clock.wall_ms()
    return ShutdownOrder(
        id=f"{number:032x}",
        by="MANAGER",
        ordered_ms=now_ms,
        deadline_ms=now_ms + grace_ms,
        reason="stock-taking",
    )


def test_no_till_starts_under_a_live_flag_but_that_of_whoever_hoisted_it(
    machine: TillMachine, flag: ShutdownFlag
) -> None:
    flag.refuse_start("TILL")
    flag.hoist(order_of(machine))
    with pytest.raises(Contention, match=r"stock-taking.*start TILL after"):
        flag.refuse_start("TILL")
    flag.refuse_start("MANAGER")


def test_an_expired_flag_binds_nobody(machine: TillMachine, flag: ShutdownFlag) -> None:
    flag.hoist(order_of(machine))
    machine.clock.step_ms = GRACE_MS - 1
    assert flag.live() is not None
    machine.clock.step_ms = GRACE_MS
    assert flag.live() is None
    flag.refuse_start("TILL")
    flag.hoist(order_of(machine, 2))


def test_a_flag_from_before_the_clock_was_set_back_binds_nobody(
    machine: TillMachine, flag: ShutdownFlag
) -> None:
    flag.hoist(order_of(machine))
    machine.clock.step_ms = -3_600_000
    flag.refuse_start("TILL")


def test_a_lowered_flag_is_gone_and_stays_gone(machine: TillMachine, flag: ShutdownFlag) -> None:
    order = order_of(machine)
    flag.hoist(order)
    assert flag.lower(order) is True
    assert flag.lower(order) is False
    machine.cut_power()
    assert flag_of(machine).live() is None


def test_a_hoisted_flag_survives_a_power_cut(machine: TillMachine, flag: ShutdownFlag) -> None:
    order = order_of(machine)
    flag.hoist(order)
    machine.cut_power()
    standing = flag_of(machine).live()
    assert standing is not None and standing.id == order.id


def test_only_one_order_is_in_force_and_only_it_can_be_lowered(
    machine: TillMachine, flag: ShutdownFlag
) -> None:
    first, second = order_of(machine, 1), order_of(machine, 2)
    flag.hoist(first)
    with pytest.raises(Contention, match="MANAGER is shutting the shop down already"):
        flag.hoist(second)
    assert flag.lower(second) is False
    standing = flag.live()
    assert standing is not None and standing.id == first.id


@pytest.mark.parametrize("data", [b"", b"shutdown", b"{" * 5000, b'{"format":1}'])
def test_a_flag_that_is_none_is_set_aside_and_keeps_no_till_off(
    machine: TillMachine, flag: ShutdownFlag, data: bytes
) -> None:
    machine.write(LAYOUT.shutdown_flag, data)
    flag.refuse_start("TILL")
    (kept,) = machine.disk.listdir(LAYOUT.cleanup)
    assert kept.startswith("shutdown_signal.flag.")
    assert "shutdown_signal.flag" not in machine.disk.listdir(LAYOUT.coordination)


def test_who_can_not_read_the_flag_just_now_leaves_it_standing(machine: TillMachine) -> None:
    order = order_of(machine)
    flag_of(machine).hoist(order)
    signatures = Signatures(machine.disk, LAYOUT, clock=machine.clock)
    disk = FaultyDisk(machine.disk, Fails("open", 1, errno.EMFILE, last=1))
    out_of_files = ShutdownFlag(disk, LAYOUT, signatures, clock=machine.clock)
    with pytest.raises(Contention, match="Too many open files"):
        out_of_files.refuse_start("TILL")
    with pytest.raises(Contention, match="stock-taking"):
        out_of_files.refuse_start("TILL")
    assert machine.disk.listdir(LAYOUT.cleanup) == []


def test_a_flag_that_came_while_a_forged_one_was_looked_at_is_not_set_aside(
    machine: TillMachine,
) -> None:
    order = order_of(machine)
    flag_of(machine).hoist(order)
    genuine = read_file(machine.disk, LAYOUT.shutdown_flag, 1 << 16) or b""
    machine.write(LAYOUT.shutdown_flag, b"rubbish")

    class Meanwhile(FaultyDisk):
        """The manager hoists his flag when the bad one has just been read."""

        def close(self, descriptor: int) -> None:
            super().close(descriptor)
            if self.calls["close"] == 1:
                machine.write(LAYOUT.shutdown_flag, genuine)

    signatures = Signatures(machine.disk, LAYOUT, clock=machine.clock)
    late = ShutdownFlag(Meanwhile(machine.disk), LAYOUT, signatures, clock=machine.clock)
    with pytest.raises(Contention, match="stock-taking"):
        late.refuse_start("TILL")
    assert machine.disk.listdir(LAYOUT.cleanup) == []


def test_no_terminal_but_the_manager_s_hoists_a_flag(machine: TillMachine) -> None:
    with pytest.raises(SaleRefused, match="only MANAGER signs"):
        flag_of(machine, "TILL").hoist(order_of(machine))
    assert flag_of(machine).live() is None


@pytest.mark.parametrize("signature", [None, "", "AAAA", "x" * 100])
def test_a_forged_flag_is_set_aside_and_keeps_no_till_off(
    machine: TillMachine, flag: ShutdownFlag, signature: str | None
) -> None:
    flag.hoist(order_of(machine))
    forged = encode_shutdown(replace(order_of(machine, 2), signature=signature))
    machine.write(LAYOUT.shutdown_flag, forged)
    flag.refuse_start("TILL")
    assert len(machine.disk.listdir(LAYOUT.cleanup)) == 1


def test_the_signature_of_one_order_is_not_good_for_another(
    machine: TillMachine, flag: ShutdownFlag
) -> None:
    flag.hoist(order_of(machine))
    standing = flag.standing()
    assert standing is not None
    longer = replace(standing, deadline_ms=standing.deadline_ms + 1)
    machine.write(LAYOUT.shutdown_flag, encode_shutdown(longer))
    assert flag.standing() is None


def test_an_order_that_nobody_would_follow_hoists_no_flag(
    machine: TillMachine, flag: ShutdownFlag
) -> None:
    with pytest.raises(SaleRefused):
        flag.hoist(replace(order_of(machine), reason="\n"))
    assert flag.live() is None


@pytest.mark.parametrize("call", ["pwrite", "fsync", "rename"])
def test_a_full_disk_hoists_no_flag_and_says_so(machine: TillMachine, call: str) -> None:
    signatures = Signatures(machine.disk, LAYOUT, clock=machine.clock)
    signatures.sign(b"so that there is a key")
    disk = FaultyDisk(machine.disk, Fails(call, 1, errno.ENOSPC))
    flag = ShutdownFlag(disk, LAYOUT, signatures, clock=machine.clock)
    with pytest.raises(DiskFull, match="disk is full"):
        flag.hoist(order_of(machine))
    assert flag_of(machine).live() is None


def test_a_crash_leaves_the_flag_up_or_down_and_never_half_a_flag(machine: TillMachine) -> None:
    flag, order = flag_of(machine), order_of(machine)
    Signatures(machine.disk, LAYOUT, clock=machine.clock).sign(b"so that there is a key")
    machine.disk.settle()
    flag.hoist(order)
    hoisted_at = len(machine.disk.operations)
    flag.lower(order)
    lowered_at = len(machine.disk.operations)
    seen = set()
    for image in every_crash_image(machine.disk.recording):
        disk = image.disk()
        signatures = Signatures(disk, LAYOUT, clock=machine.clock)
        standing = ShutdownFlag(disk, LAYOUT, signatures, clock=machine.clock).live()
        assert disk.listdir(LAYOUT.cleanup) == [], image
        assert standing is None or standing.id == order.id, image
        if image.at == hoisted_at:
            assert standing is not None, image
        if image.at >= lowered_at:
            assert standing is None, image
        seen.add((image.cut, standing is None))
    assert len(seen) == 2 * len(Cut), "up and down, after a kill as after a power cut"
