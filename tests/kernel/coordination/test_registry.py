"""The registry names who runs; the locks decide; what it says never stops a start."""

from __future__ import annotations

import os
from errno import EACCES, EIO, ENOSPC

import pytest

from kernel.codec.documents import REGISTRY_LIMIT_BYTES, ProcessIdentity
from kernel.coordination.registry import Registry, TerminalState, TerminalStatus
from kernel.disk.files import EXCLUSIVE, read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock
from kernel.errors import BadConfiguration, Contention, DiskFull
from tests.support.clock import ManualClock
from tests.support.crash_images import Cut, every_crash_image
from tests.support.faults import Fails, FaultyDisk
from tests.support.identities import identity_of
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")


class Shop:
    """A data directory on a disk in memory."""

    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.clock = ManualClock()
        LAYOUT.make(self.disk)
        self.registry = self.registry_on(self.disk)

    def registry_on(self, disk: MemoryDisk | FaultyDisk) -> Registry:
        return Registry(disk, LAYOUT, clock=self.clock, pause=self.clock.advance)

    def lock(self, identity: ProcessIdentity) -> MemoryDisk:
        """A process that runs this terminal; `kill` crashes it."""
        process = self.disk.process()
        paths = LAYOUT.make_terminal(process, identity.terminal)
        ProcessLock.acquire(process, paths.lock, identity, clock=self.clock)
        return process

    def start(self, identity: ProcessIdentity) -> MemoryDisk:
        process = self.lock(identity)
        self.registry_on(process).register(identity)
        return process

    def write(self, data: bytes) -> None:
        replace_file(self.disk, LAYOUT.active_terminals, data, scratch="/shop/scratch")

    def states(self) -> dict[str, TerminalState]:
        return {status.terminal: status.state for status in self.registry.status()}


TILL_1 = identity_of(101, terminal="TILL_1")
TILL_2 = identity_of(102, terminal="TILL_2")
RUNNING, CRASHED = TerminalState.RUNNING, TerminalState.CRASHED


# --- entering and leaving ---


def test_registry_of_a_new_shop_is_empty() -> None:
    shop = Shop()
    assert shop.registry.read() == ()
    assert shop.registry.status() == ()


def test_registered_terminals_are_read_until_they_leave() -> None:
    shop = Shop()
    shop.registry.register(TILL_1)
    shop.registry.register(TILL_2)
    assert shop.registry.read() == (TILL_1, TILL_2)
    shop.registry.unregister(TILL_1)
    assert shop.registry.read() == (TILL_2,)
    shop.registry.unregister(TILL_1)
    assert shop.registry.read() == (TILL_2,)


def test_next_start_of_a_terminal_replaces_its_entry() -> None:
    shop = Shop()
    restarted = identity_of(201, terminal="TILL_1")
    for identity in (TILL_1, TILL_2, restarted):
        shop.registry.register(identity)
    assert shop.registry.read() == (TILL_2, restarted)


def test_process_does_not_take_out_the_entry_of_its_successor() -> None:
    shop = Shop()
    restarted = identity_of(201, terminal="TILL_1")
    shop.registry.register(restarted)
    shop.registry.unregister(TILL_1)
    assert shop.registry.read() == (restarted,)


def test_registry_changes_only_under_the_operation_lock() -> None:
    shop = Shop()
    other = shop.disk.process()
    held = other.open(LAYOUT.operation_lock("registry"), os.O_RDWR | os.O_CREAT)
    assert other.flock(held, EXCLUSIVE)
    for change in (shop.registry.register, shop.registry.unregister):
        with pytest.raises(Contention, match="registry"):
            change(TILL_1)
    with pytest.raises(Contention):
        shop.registry.forget_crashed()
    assert shop.registry.read() == ()
    other.close(held)
    shop.registry.register(TILL_1)
    assert shop.registry.read() == (TILL_1,)


def test_registry_is_for_every_user_of_the_group() -> None:
    shop = Shop()
    shop.registry.register(TILL_1)
    assert shop.disk.stat(LAYOUT.active_terminals).st_mode & 0o7777 == 0o660


def test_power_cut_while_registering_leaves_the_old_or_the_new_registry() -> None:
    shop = Shop()
    shop.registry.register(TILL_1)
    shop.disk.settle()
    shop.registry.register(TILL_2)
    registered_at = len(shop.disk.operations)
    seen = set()
    for image in every_crash_image(shop.disk.recording):
        entries = shop.registry_on(image.disk()).read()
        assert entries in ((TILL_1,), (TILL_1, TILL_2)), image
        assert image.at < registered_at or entries == (TILL_1, TILL_2), image
        seen.add((image.cut, entries))
    assert len(seen) == 2 * len(Cut)  # both, after a kill as after a power cut


# --- a file that can't be used ---

GARBAGE = [
    b"",
    b"garbage",
    b"[]",
    b"\0" * 4096,
    b'{"format":2,"terminals":[]}',
    b'{"format":1,"terminals":[{"terminal":"../x"}]}',
    b" " * (REGISTRY_LIMIT_BYTES + 1),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda data: repr(data[:20]))
def test_garbage_is_set_aside_and_rebuilt_from_the_locks(garbage: bytes) -> None:
    shop = Shop()
    shop.start(TILL_1)
    shop.start(TILL_2).kill()
    shop.write(garbage)
    started = identity_of(103, terminal="TILL_3")
    shop.registry.register(started)
    assert shop.registry.read() == (TILL_1, started)
    (aside,) = shop.disk.listdir(LAYOUT.cleanup)
    assert aside == f"active_terminals.json.{shop.clock.wall_ms()}"
    assert read_file(shop.disk, f"{LAYOUT.cleanup}/{aside}", 1 << 21) == garbage


def test_reading_garbage_changes_nothing() -> None:
    shop = Shop()
    shop.start(TILL_1)
    shop.write(b"garbage")
    assert shop.registry.read() == (TILL_1,)
    assert shop.states() == {"TILL_1": RUNNING}
    assert read_file(shop.disk, LAYOUT.active_terminals, 100) == b"garbage"
    assert shop.disk.listdir(LAYOUT.cleanup) == []


def test_directory_in_place_of_the_registry_is_set_aside() -> None:
    shop = Shop()
    shop.disk.make_directory(LAYOUT.active_terminals, 0o770)
    shop.registry.register(TILL_1)
    assert shop.registry.read() == (TILL_1,)
    assert len(shop.disk.listdir(LAYOUT.cleanup)) == 1


def test_garbage_that_cannot_be_moved_is_written_over() -> None:
    shop = Shop()
    shop.write(b"garbage")
    disk = FaultyDisk(shop.disk, Fails("rename", 1, EACCES, last=1))
    shop.registry_on(disk).register(TILL_1)
    assert shop.registry.read() == (TILL_1,)


def test_missing_registry_is_rebuilt_from_the_locks() -> None:
    shop = Shop()
    shop.start(TILL_1)
    shop.disk.unlink(LAYOUT.active_terminals)
    shop.registry.register(TILL_2)
    assert shop.registry.read() == (TILL_1, TILL_2)


def test_lock_that_names_another_terminal_is_not_believed() -> None:
    shop = Shop()
    process = shop.disk.process()
    paths = LAYOUT.make_terminal(process, "TILL_1")
    ProcessLock.acquire(process, paths.lock, TILL_2, clock=shop.clock)
    assert shop.registry.read() == ()


def test_other_directories_beside_the_terminals_are_passed_over() -> None:
    shop = Shop()
    shop.disk.make_directory("/shop/terminals/lost+found", 0o700)
    assert shop.registry.status() == ()


@pytest.mark.parametrize(
    ("error", "raised"), [(ENOSPC, DiskFull), (EIO, BadConfiguration), (EACCES, BadConfiguration)]
)
def test_registry_that_cannot_be_written_stays_as_it_was_and_unlocked(
    error: int, raised: type[Exception]
) -> None:
    shop = Shop()
    shop.registry.register(TILL_1)
    disk = FaultyDisk(shop.disk.process(), Fails("pwrite", 1, error, last=1))
    with pytest.raises(raised, match=r"active_terminals\.json can't be written"):
        shop.registry_on(disk).register(TILL_2)
    assert shop.registry.read() == (TILL_1,)
    shop.registry.register(TILL_2)
    assert shop.registry.read() == (TILL_1, TILL_2)


# --- entries against locks ---


def test_terminal_whose_lock_is_free_has_crashed() -> None:
    shop = Shop()
    shop.start(TILL_1)
    shop.start(TILL_2).kill()
    assert shop.registry.status() == (
        TerminalStatus("TILL_1", RUNNING, TILL_1, registered=True),
        TerminalStatus("TILL_2", CRASHED, TILL_2, registered=True),
    )


def test_terminal_that_has_not_registered_yet_runs() -> None:
    shop = Shop()
    shop.lock(TILL_1)
    assert shop.registry.status() == (TerminalStatus("TILL_1", RUNNING, TILL_1, registered=False),)


def test_running_process_is_the_one_that_its_lock_names() -> None:
    shop = Shop()
    shop.start(TILL_1).kill()
    restarted = identity_of(201, terminal="TILL_1")
    shop.lock(restarted)
    assert shop.registry.status() == (TerminalStatus("TILL_1", RUNNING, restarted, True),)


def test_terminal_whose_lock_cannot_be_read_is_not_called_crashed() -> None:
    shop = Shop()
    shop.registry.register(TILL_1)
    LAYOUT.make_terminal(shop.disk, "TILL_1")
    shop.disk.make_directory(LAYOUT.terminal("TILL_1").lock, 0o750)
    disk = FaultyDisk(shop.disk, Fails("flock", 1, EIO))
    assert Registry(disk, LAYOUT, clock=shop.clock).status() == (
        TerminalStatus("TILL_1", RUNNING, TILL_1, True),
    )


def test_terminal_that_stops_while_it_is_looked_at_has_not_crashed() -> None:
    shop = Shop()
    till = shop.start(TILL_1)

    class StopsWhenProbed(MemoryDisk):
        stopped = False

        def open(self, path: str, flags: int, mode: int = 0o640) -> int:
            if path == LAYOUT.terminal("TILL_1").lock and not self.stopped:
                self.stopped = True
                shop.registry_on(till).unregister(TILL_1)
                till.kill()
            return super().open(path, flags, mode)

    watcher = StopsWhenProbed(shop.disk._machine)
    assert shop.registry_on(watcher).status() == ()
    assert watcher.stopped


def test_forgetting_the_crashed_leaves_the_running() -> None:
    shop = Shop()
    shop.start(TILL_1)
    shop.start(TILL_2).kill()
    assert shop.registry.forget_crashed() == (TILL_2,)
    assert shop.registry.read() == (TILL_1,)
    assert shop.states() == {"TILL_1": RUNNING}
    assert shop.registry.forget_crashed() == ()
