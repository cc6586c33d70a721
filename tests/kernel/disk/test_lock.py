"""One process for each terminal, one operation at a time, and nobody locked out by the dead."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Callable
from errno import EIO
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.codec.documents import encode_identity
from kernel.disk.files import EXCLUSIVE, SHARED, UNLOCK, RealDisk, read_file, replace_file
from kernel.disk.lock import Holder, OperationLock, ProcessLock, probe
from kernel.errors import BadConfiguration, Contention, TerminalInUse
from tests.support.clock import ManualClock
from tests.support.faults import Fails, FaultyDisk
from tests.support.identities import identity_of
from tests.support.memory_disk import Machine, MemoryDisk
from tests.support.processes import python_child

LOCK = "/terminal.lock"
WORKER = ["-m", "tests.support.lock_worker"]


def acquire(disk: MemoryDisk, pid: int = 1, *, retry_s: float = 0.3) -> ProcessLock:
    clock = ManualClock()
    return ProcessLock.acquire(
        disk, LOCK, identity_of(pid), clock=clock, retry_s=retry_s, pause=clock.advance
    )


class RacingDisk(MemoryDisk):
    """A process that is overtaken: `before_lock` happens just before its next exclusive lock."""

    before_lock: Callable[[], object] | None = None

    def flock(self, descriptor: int, operation: int) -> bool:
        if operation == EXCLUSIVE and self.before_lock is not None:
            happens, self.before_lock = self.before_lock, None
            happens()
        return super().flock(descriptor, operation)


def racing(other: MemoryDisk) -> RacingDisk:
    machine: Machine = other._machine
    return RacingDisk(machine)


# --- the lock of a terminal ---


def test_second_process_is_refused_and_told_who_runs_the_terminal() -> None:
    disk = MemoryDisk()
    acquire(disk, pid=4711)
    since = identity_of(1).started_at.astimezone().strftime("%Y-%m-%d %H:%M")
    with pytest.raises(TerminalInUse) as refusal:
        acquire(disk.process())
    assert str(refusal.value) == (
        f"TILL is already running as process 4711 on backroom since {since}; "
        "close it there, or start this till under another id"
    )


def test_second_lock_in_the_same_process_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "terminal.lock")
    first = ProcessLock.acquire(RealDisk(), path, identity_of(1), clock=SystemClock())
    with pytest.raises(TerminalInUse):
        ProcessLock.acquire(RealDisk(), path, identity_of(2), clock=SystemClock(), retry_s=0)
    first.release()


def test_released_lock_leaves_no_file_and_is_free_for_the_next() -> None:
    disk = MemoryDisk()
    lock = acquire(disk, pid=1)
    lock.release()
    assert disk.listdir("/") == []
    assert acquire(disk.process(), pid=2).stale is None


def test_releasing_twice_leaves_the_next_holder_alone() -> None:
    disk = MemoryDisk()
    first = acquire(disk)
    first.release()
    second = acquire(disk.process())
    first.release()
    assert second.still_ours()
    assert probe(disk, LOCK) is not None


def test_lock_of_a_killed_process_is_free_and_says_whose_it_was() -> None:
    disk = MemoryDisk()
    killed = disk.process()
    acquire(killed, pid=4711)
    killed.kill()
    lock = acquire(disk, pid=2, retry_s=0)
    assert lock.stale == Holder(identity_of(4711))
    assert probe(disk.process(), LOCK) == Holder(identity_of(2))


def test_process_that_ended_by_sigkill_leaves_a_free_lock(tmp_path: Path) -> None:
    path = str(tmp_path / "terminal.lock")
    with python_child(*WORKER, "hold", path) as holder:
        holder.wait_for_line("holding")
        with pytest.raises(TerminalInUse, match=f"process {holder.pid} "):
            ProcessLock.acquire(RealDisk(), path, identity_of(1), clock=SystemClock(), retry_s=0)
        holder.kill()
    lock = ProcessLock.acquire(RealDisk(), path, identity_of(1), clock=SystemClock())
    assert lock.stale is not None and lock.stale.identity is not None
    assert lock.stale.identity.pid == holder.pid
    lock.release()


@pytest.mark.parametrize("text", [b"garbage\n", b"\xff" * 5000, b"4711", b"{}"])
def test_stale_lock_with_an_unreadable_text_is_taken_all_the_same(text: bytes) -> None:
    disk = MemoryDisk()
    replace_file(disk, LOCK, text, scratch="/scratch")
    lock = acquire(disk)
    assert lock.stale == Holder(None)
    assert str(lock.stale) == "an unknown process"
    assert read_file(disk, LOCK, 5000) == encode_identity(identity_of(1))


def test_empty_lock_file_is_no_crash() -> None:
    disk = MemoryDisk()
    replace_file(disk, LOCK, b"", scratch="/scratch")
    assert acquire(disk).stale is None


def test_a_clock_that_stands_still_lets_nobody_wait_for_ever() -> None:
    disk = MemoryDisk()
    acquire(disk, pid=4711)
    paused_s: list[float] = []

    def pause(seconds: float) -> None:
        paused_s.append(seconds)
        assert sum(paused_s) < 10, "it waits for ever"

    with pytest.raises(TerminalInUse):
        ProcessLock.acquire(disk.process(), LOCK, identity_of(1), clock=ManualClock(), pause=pause)
    assert sum(paused_s) == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize(("probed_s", "starts"), [(0.0, True), (0.29, True), (0.4, False)])
def test_starter_waits_300_ms_for_a_probe_to_end(probed_s: float, starts: bool) -> None:
    disk = MemoryDisk()
    acquire(disk, pid=4711)
    disk.kill()
    prober = disk.process()
    probed = prober.open(LOCK, os.O_RDONLY)
    assert prober.flock(probed, SHARED)
    clock = ManualClock()
    ends_s = clock.monotonic_s() + probed_s

    def pause(seconds: float) -> None:
        clock.advance(seconds)
        if clock.monotonic_s() >= ends_s:
            prober.flock(probed, UNLOCK)

    if starts:
        ProcessLock.acquire(disk, LOCK, identity_of(1), clock=clock, pause=pause)
    else:
        with pytest.raises(TerminalInUse, match="process 4711"):
            ProcessLock.acquire(disk, LOCK, identity_of(1), clock=clock, pause=pause)


def test_starter_that_opened_the_file_before_its_release_ends_up_with_the_new_file() -> None:
    holder = MemoryDisk()
    lock = acquire(holder)
    starter = racing(holder)
    starter.before_lock = lock.release
    assert acquire(starter).still_ours()
    assert probe(holder, LOCK) is not None


def test_starter_overtaken_between_release_and_lock_is_refused() -> None:
    holder, third = MemoryDisk(), None
    lock = acquire(holder, pid=1)
    third = holder.process()
    winners: list[ProcessLock] = []

    def overtake() -> None:
        lock.release()
        winners.append(acquire(third, pid=3))

    starter = racing(holder)
    starter.before_lock = overtake
    with pytest.raises(TerminalInUse, match="process 3 "):
        acquire(starter, pid=2)
    assert winners[0].still_ours()


def test_lock_is_no_longer_ours_once_its_path_is_gone_replaced_or_released() -> None:
    for change in (
        lambda disk, lock: disk.unlink(LOCK),
        lambda disk, lock: disk.rename(LOCK, "/elsewhere"),
        lambda disk, lock: replace_file(disk, LOCK, b"", scratch="/scratch"),
        lambda disk, lock: lock.release(),
    ):
        disk = MemoryDisk()
        lock = acquire(disk)
        assert lock.still_ours()
        change(disk, lock)
        assert not lock.still_ours()


def test_release_leaves_a_file_that_is_not_ours() -> None:
    disk = MemoryDisk()
    lock = acquire(disk)
    replace_file(disk, LOCK, b"another's", scratch="/scratch")
    lock.release()
    assert read_file(disk, LOCK, 100) == b"another's"


def test_lock_file_is_for_its_user_and_group_only(tmp_path: Path) -> None:
    path = tmp_path / "terminal.lock"
    lock = ProcessLock.acquire(RealDisk(), str(path), identity_of(1), clock=SystemClock())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    lock.release()
    assert not path.exists()


def test_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "transaction.wal", tmp_path / "terminal.lock"
    victim.write_bytes(b"sales")
    path.symlink_to(victim)
    with pytest.raises(BadConfiguration, match=r"terminal\.lock can't be locked"):
        ProcessLock.acquire(RealDisk(), str(path), identity_of(1), clock=SystemClock())
    with pytest.raises(BadConfiguration, match=r"terminal\.lock can't be locked"):
        probe(RealDisk(), str(path))
    assert victim.read_bytes() == b"sales"


def test_directory_in_place_of_the_lock_or_missing_above_it_is_an_error_that_names_it() -> None:
    disk = MemoryDisk()
    disk.make_directory(LOCK, 0o750)
    with pytest.raises(BadConfiguration, match=r"/terminal\.lock can't be locked: Is a directory"):
        acquire(disk)
    with pytest.raises(BadConfiguration, match="No such file or directory"):
        ProcessLock.acquire(disk, "/none/lock", identity_of(1), clock=ManualClock())


def test_full_disk_does_not_keep_a_till_from_starting() -> None:
    disk = MemoryDisk()
    disk.limit_capacity(0)
    assert acquire(disk).still_ours()
    with pytest.raises(TerminalInUse, match="already running as an unknown process"):
        acquire(disk.process(), pid=2)


def test_whoever_does_not_get_the_lock_closes_what_it_opened() -> None:
    holder = MemoryDisk()
    acquire(holder)
    disk = FaultyDisk(holder.process())
    with pytest.raises(TerminalInUse):
        ProcessLock.acquire(disk, LOCK, identity_of(2), clock=ManualClock(), retry_s=0)
    probe(disk, LOCK)
    assert disk.calls["open"] == disk.calls["close"] > 0


@pytest.mark.parametrize("call", ["pwrite", "ftruncate", "pread", "flock"])
def test_failing_disk_is_an_error_and_leaves_the_lock_free(call: str) -> None:
    inner = MemoryDisk()
    replace_file(inner, LOCK, b"stale", scratch="/scratch")
    disk = FaultyDisk(inner, Fails(call, 1, EIO))
    with pytest.raises(BadConfiguration, match="Input/output error"):
        ProcessLock.acquire(disk, LOCK, identity_of(1), clock=ManualClock())
    assert acquire(inner.process()).still_ours()


def test_forked_child_neither_keeps_the_lock_nor_can_give_it_back(tmp_path: Path) -> None:
    path = str(tmp_path / "terminal.lock")
    with python_child(*WORKER, "fork", path) as holder:
        # The child has tried to release the lock of its parent by now.
        holder.wait_for_line("child: ours False")
        with pytest.raises(TerminalInUse):
            ProcessLock.acquire(RealDisk(), path, identity_of(1), clock=SystemClock(), retry_s=0)
        holder.say("end the parent")
        holder.wait_for_line("parent: ours True")
        assert holder.wait() == 0
        child = int(holder.wait_for_line("child: pid").split()[-1])
        try:
            ProcessLock.acquire(RealDisk(), path, identity_of(1), clock=SystemClock()).release()
        finally:
            # It still ran, and would have kept what it had not closed.
            os.kill(child, signal.SIGKILL)


# --- probes ---


def test_probe_names_the_holder_of_a_held_lock_only() -> None:
    disk = MemoryDisk()
    assert probe(disk, LOCK) is None
    assert disk.listdir("/") == []
    killed = disk.process()
    acquire(killed, pid=4711)
    assert probe(disk, LOCK) == Holder(identity_of(4711))
    killed.kill()
    assert probe(disk, LOCK) is None
    assert read_file(disk, LOCK, 5000) == encode_identity(identity_of(4711))


def test_probes_do_not_take_each_other_for_holders() -> None:
    disk = MemoryDisk()
    replace_file(disk, LOCK, b"", scratch="/scratch")
    other = disk.process()
    assert other.flock(other.open(LOCK, os.O_RDONLY), SHARED)
    assert probe(disk, LOCK) is None


def test_probe_leaves_no_descriptor_and_no_lock_behind() -> None:
    disk = MemoryDisk()
    replace_file(disk, LOCK, b"", scratch="/scratch")
    probe(disk, LOCK)
    assert acquire(disk.process(), retry_s=0).still_ours()


# --- operation locks ---


def operation(disk: MemoryDisk, clock: ManualClock | None = None) -> OperationLock:
    clock = clock or ManualClock()
    return OperationLock(disk, LOCK, clock=clock, pause=clock.advance)


def test_operation_lock_lets_one_in_at_a_time_and_keeps_its_file() -> None:
    disk = MemoryDisk()
    with operation(disk):
        inode = disk.stat(LOCK).st_ino
        with pytest.raises(Contention, match=r"/terminal\.lock has been locked .* for 5 s"):
            operation(disk.process()).__enter__()
        with pytest.raises(Contention):
            operation(disk).__enter__()
    with operation(disk.process()):
        assert disk.stat(LOCK).st_ino == inode


def test_operation_lock_is_free_after_an_error_inside() -> None:
    disk = MemoryDisk()
    with pytest.raises(ZeroDivisionError), operation(disk):
        _ = 1 / 0
    with operation(disk):
        pass


def test_operation_lock_waits_until_the_other_is_done() -> None:
    disk, clock = MemoryDisk(), ManualClock()
    other = disk.process()
    held = other.open(LOCK, os.O_RDWR | os.O_CREAT)
    assert other.flock(held, EXCLUSIVE)
    began_s = clock.monotonic_s()

    def pause(seconds: float) -> None:
        clock.advance(seconds)
        if clock.monotonic_s() >= began_s + 4:
            other.close(held)

    with OperationLock(disk, LOCK, clock=clock, pause=pause):
        assert 4 <= clock.monotonic_s() - began_s < 5


def test_operation_lock_whose_file_is_replaced_meanwhile_is_taken_on_the_new_file() -> None:
    disk = MemoryDisk()
    replace_file(disk, LOCK, b"", scratch="/scratch")
    late = racing(disk)
    late.before_lock = lambda: disk.unlink(LOCK)
    with operation(late), pytest.raises(Contention):
        operation(disk).__enter__()


def test_operation_lock_can_be_taken_by_every_user_of_the_group(tmp_path: Path) -> None:
    path = tmp_path / "registry.lock"
    with OperationLock(RealDisk(), str(path), clock=SystemClock()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


# --- what it costs ---


def test_importing_the_locks_loads_no_heavy_module() -> None:
    heavy = "{'importlib.metadata', 'portalocker', 'psutil', 'pydantic', 'asyncio', 'logging'}"
    script = f"import sys, kernel.disk.lock; print('heavy', sorted({heavy} & set(sys.modules)))"
    with python_child("-c", script) as child:
        assert child.wait_for_line("heavy") == "heavy []"
