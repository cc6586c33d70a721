"""The disk in memory answers as the real one does, and keeps the books of locks and space."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from errno import EBADF, EEXIST, EISDIR, ENOENT, ENOSPC, ENOTDIR
from itertools import product
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kernel.disk.files import EXCLUSIVE, SHARED, UNLOCK, Disk, RealDisk, Status, read_file
from tests.support.memory_disk import MemoryDisk
from tests.support.volume import BLOCK_BYTES

READ_WRITE = os.O_RDWR | os.O_CREAT

# The file that is always there makes most examples do something.
FILE = "/a"
paths = st.just(FILE) | st.lists(st.sampled_from("abd"), min_size=1, max_size=3).map(
    lambda names: "/" + "/".join(names)
)
FLAGS = [
    access | create | exclusive | truncate | os.O_NOFOLLOW
    for access in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR)
    for create in (0, os.O_CREAT)
    for exclusive in (0, os.O_EXCL)
    for truncate in (0, os.O_TRUNC)
]
flags = st.sampled_from(FLAGS)
places = st.integers(-1, 20) | st.sampled_from([511, 512, 5000])
picks = st.integers(0, 1000)


def outcome(call: Callable[[], object]) -> object:
    """What the caller of a disk learns: a result, or an errno."""
    try:
        return call()
    except OSError as refused:
        return f"errno {refused.errno}"


def facts(status: Status) -> tuple[int, int]:
    """What both disks must agree on; the size of a directory is the file system's own affair."""
    return status.st_mode, 0 if stat.S_ISDIR(status.st_mode) else status.st_size


def tree(disk: Disk, root: str) -> dict[str, object]:
    """Everything below `root`."""
    found: dict[str, object] = {}
    for name in disk.listdir(root or "/"):
        path = f"{root}/{name}"
        found[name] = (
            tree(disk, path)
            if stat.S_ISDIR(disk.stat(path).st_mode)
            else read_file(disk, path, 1 << 20)
        )
    return found


class TwoDisks(RuleBasedStateMachine):
    """Every call goes to both disks; both must give the same result or the same errno."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.mkdtemp()
        self.memory = MemoryDisk(uid=os.geteuid())
        self.real = RealDisk()
        self.pairs: list[tuple[int, int]] = []
        self.open(FILE, READ_WRITE, 0o640)

    def teardown(self) -> None:
        for _, descriptor in self.pairs:
            os.close(descriptor)
        shutil.rmtree(self.root)

    def by_path(self, call: Callable[[Disk, str], object]) -> None:
        """`call` gets a disk and where its `/` is."""
        expected = outcome(lambda: call(self.real, self.root))
        assert outcome(lambda: call(self.memory, "")) == expected

    def by_descriptor(self, pick: int, call: Callable[[Disk, int], object]) -> None:
        in_memory, real = self.pairs[pick % len(self.pairs)]
        expected = outcome(lambda: call(self.real, real))
        assert outcome(lambda: call(self.memory, in_memory)) == expected

    @rule(path=paths, flag=flags, mode=st.sampled_from([0o640, 0o660]))
    def open(self, path: str, flag: int, mode: int) -> None:
        real = outcome(lambda: self.real.open(self.root + path, flag, mode))
        memory = outcome(lambda: self.memory.open(path, flag, mode))
        if isinstance(real, int):
            assert isinstance(memory, int)
            self.pairs.append((memory, real))
        else:
            assert memory == real

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(pick=picks)
    def close(self, pick: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.close(descriptor))
        del self.pairs[pick % len(self.pairs)]

    @rule(pick=picks, size=places, offset=places)
    def pread(self, pick: int, size: int, offset: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.pread(descriptor, size, offset))

    @rule(pick=picks, data=st.binary(max_size=30), offset=places)
    def pwrite(self, pick: int, data: bytes, offset: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.pwrite(descriptor, data, offset))

    @rule(pick=picks, size=places)
    def ftruncate(self, pick: int, size: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.ftruncate(descriptor, size))

    @rule(pick=picks, offset=places, size=places)
    def reserve(self, pick: int, offset: int, size: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.reserve(descriptor, offset, size))

    @rule(pick=picks, data_only=st.booleans())
    def sync(self, pick: int, data_only: bool) -> None:
        self.by_descriptor(
            pick,
            lambda disk, descriptor: (
                disk.fdatasync(descriptor) if data_only else disk.fsync(descriptor)
            ),
        )

    @rule(pick=picks, operation=st.sampled_from([SHARED, EXCLUSIVE, UNLOCK]))
    def flock(self, pick: int, operation: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: disk.flock(descriptor, operation))

    @rule(pick=picks)
    def fstat(self, pick: int) -> None:
        self.by_descriptor(pick, lambda disk, descriptor: facts(disk.fstat(descriptor)))

    @rule(path=paths)
    def stat(self, path: str) -> None:
        self.by_path(lambda disk, root: facts(disk.stat(root + path)))

    @rule(pick=picks, path=paths)
    def is_still_the_named_file(self, pick: int, path: str) -> None:
        in_memory, real = self.pairs[pick % len(self.pairs)]
        expected = outcome(
            lambda: self.real.fstat(real).st_ino == self.real.stat(self.root + path).st_ino
        )
        assert expected == outcome(
            lambda: self.memory.fstat(in_memory).st_ino == self.memory.stat(path).st_ino
        )

    @rule(old=paths, new=paths)
    def rename(self, old: str, new: str) -> None:
        self.by_path(lambda disk, root: disk.rename(root + old, root + new))

    @rule(path=paths)
    def unlink(self, path: str) -> None:
        self.by_path(lambda disk, root: disk.unlink(root + path))

    @rule(path=paths)
    def listdir(self, path: str) -> None:
        self.by_path(lambda disk, root: sorted(disk.listdir(root + path)))

    @rule(path=paths, mode=st.sampled_from([0o2750, 0o2770]))
    def make_directory(self, path: str, mode: int) -> None:
        self.by_path(lambda disk, root: disk.make_directory(root + path, mode))

    @rule(path=paths)
    def sync_directory(self, path: str) -> None:
        self.by_path(lambda disk, root: disk.sync_directory(root + path))

    @invariant()
    def hold_the_same_tree(self) -> None:
        assert tree(self.memory, "") == tree(self.real, self.root)


TwoDisks.TestCase.settings = settings(max_examples=150, stateful_step_count=40)
TestBothDisksGiveTheSameResultsAndErrnos = TwoDisks.TestCase


PLACES = ["/file", "/other", "/empty", "/full", "/full/file", "/full/inner", "/none", "/none/x"]


def plant(disk: Disk, root: str) -> None:
    """A small tree that has something of each kind; `PLACES` names what is and what is not."""
    for name in ("/empty", "/full", "/full/inner"):
        disk.make_directory(root + name, 0o2750)
    for name in ("/file", "/other", "/full/file"):
        file = disk.open(root + name, READ_WRITE)
        disk.pwrite(file, name.encode(), 0)
        disk.close(file)


def assert_same(root: Path, call: Callable[[Disk, str], object]) -> None:
    """`call` does the same to a planted tree on both disks."""
    root.mkdir()
    memory, real = MemoryDisk(uid=os.geteuid()), RealDisk()
    plant(memory, "")
    plant(real, str(root))
    expected = outcome(lambda: call(real, str(root)))
    assert outcome(lambda: call(memory, "")) == expected
    assert tree(memory, "") == tree(real, str(root))


def test_any_rename_ends_alike_on_both_disks(tmp_path: Path) -> None:
    def rename(old: str, new: str) -> Callable[[Disk, str], object]:
        return lambda disk, root: disk.rename(root + old, root + new)

    for number, (old, new) in enumerate(product(PLACES, [*PLACES, "/file/x"])):
        assert_same(tmp_path / str(number), rename(old, new))


def test_opening_anything_with_any_flags_ends_alike_on_both_disks(tmp_path: Path) -> None:
    def use(path: str, flag: int) -> Callable[[Disk, str], object]:
        return lambda disk, root: uses(disk, disk.open(root + path, flag))

    def uses(disk: Disk, file: int) -> list[object]:
        try:
            return [
                facts(disk.fstat(file)),
                outcome(lambda: disk.pread(file, 100, 0)),
                outcome(lambda: disk.pwrite(file, b"x", 2)),
                outcome(lambda: disk.ftruncate(file, 1)),
                outcome(lambda: disk.reserve(file, 0, 1)),
                outcome(lambda: disk.fdatasync(file)),
            ]
        finally:
            disk.close(file)

    for number, (path, flag) in enumerate(product(PLACES, [*FLAGS, os.O_DIRECTORY])):
        assert_same(tmp_path / str(number), use(path, flag))


@pytest.fixture
def disk() -> MemoryDisk:
    return MemoryDisk()


@pytest.mark.parametrize(
    ("call", "number"),
    [
        (lambda disk: disk.open("/none", os.O_RDONLY), ENOENT),
        (lambda disk: disk.open("/file", READ_WRITE | os.O_EXCL), EEXIST),
        (lambda disk: disk.open("/file/below", READ_WRITE), ENOTDIR),
        (lambda disk: disk.sync_directory("/file"), ENOTDIR),
        (lambda disk: disk.make_directory("/file", 0o2750), EEXIST),
        (lambda disk: disk.unlink("/"), EISDIR),
        (lambda disk: disk.close(99), EBADF),
    ],
)
def test_a_refused_call_names_its_errno_and_changes_nothing(
    disk: MemoryDisk, call: Callable[[MemoryDisk], object], number: int
) -> None:
    disk.close(disk.open("/file", READ_WRITE))
    before = list(disk.operations)
    with pytest.raises(OSError) as refused:
        call(disk)
    assert refused.value.errno == number
    assert disk.operations == before


def test_a_descriptor_number_is_never_reused(disk: MemoryDisk) -> None:
    first = disk.open("/file", READ_WRITE)
    disk.close(first)
    assert disk.open("/file", READ_WRITE) != first
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.pwrite(first, b"late", 0)


def test_what_the_model_does_not_know_is_refused_by_an_assertion(disk: MemoryDisk) -> None:
    with pytest.raises(AssertionError, match="not modelled"):
        disk.open("/file", READ_WRITE | os.O_APPEND)
    with pytest.raises(AssertionError, match="absolute"):
        disk.stat("file")


def test_a_lock_belongs_to_one_process_and_dies_with_it(disk: MemoryDisk) -> None:
    holder, other = disk.process(), disk.process()
    held = holder.open("/lock", READ_WRITE)
    wanted = other.open("/lock", READ_WRITE)
    assert holder.flock(held, EXCLUSIVE)
    assert not other.flock(wanted, SHARED)
    with pytest.raises(OSError, match="Bad file descriptor"):
        other.close(held)
    holder.kill()
    assert other.flock(wanted, EXCLUSIVE)
    with pytest.raises(OSError, match="Bad file descriptor"):
        holder.flock(held, EXCLUSIVE)


def test_a_lock_on_an_unlinked_file_does_not_bar_a_new_file_of_that_name(
    disk: MemoryDisk,
) -> None:
    old = disk.open("/lock", READ_WRITE)
    assert disk.flock(old, EXCLUSIVE)
    disk.unlink("/lock")
    new = disk.open("/lock", READ_WRITE)
    assert disk.flock(new, EXCLUSIVE)
    assert disk.fstat(old).st_ino != disk.stat("/lock").st_ino


def test_files_belong_to_the_user_of_the_process_that_created_them(disk: MemoryDisk) -> None:
    till = disk.process(uid=1001)
    till.open("/message", READ_WRITE, 0o660)
    manager = disk.process(uid=1002)
    manager.open("/message", READ_WRITE, 0o640)
    status = manager.stat("/message")
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (1001, 0o660)


def test_a_full_disk_writes_what_fits_and_then_refuses(disk: MemoryDisk) -> None:
    disk.limit_capacity(BLOCK_BYTES)
    file = disk.open("/file", READ_WRITE)
    other = disk.open("/other", READ_WRITE)
    assert disk.pwrite(file, b"x" * 5000, 0) == BLOCK_BYTES
    for call in (
        lambda: disk.pwrite(file, b"x", BLOCK_BYTES),
        lambda: disk.pwrite(other, b"x", 0),
    ):
        with pytest.raises(OSError) as refused:
            call()
        assert refused.value.errno == ENOSPC
    assert disk.pwrite(file, b"y", 100) == 1
    assert disk.free_bytes == 0


def test_a_reservation_takes_space_keeps_the_size_and_ends_with_a_truncation(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(3 * BLOCK_BYTES)
    log = disk.open("/log", READ_WRITE)
    other = disk.open("/other", READ_WRITE)
    disk.reserve(log, 0, 2 * BLOCK_BYTES)
    assert (disk.fstat(log).st_size, disk.free_bytes) == (0, BLOCK_BYTES)
    with pytest.raises(OSError, match="No space"):
        disk.reserve(other, 0, 2 * BLOCK_BYTES)
    assert disk.pwrite(other, b"o" * 9000, 0) == BLOCK_BYTES
    assert disk.pwrite(log, b"l" * 9000, 0) == 2 * BLOCK_BYTES
    disk.ftruncate(log, 10)
    assert disk.free_bytes == BLOCK_BYTES


def test_a_reservation_survives_growth_but_not_a_truncation_to_the_same_size(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(8 * BLOCK_BYTES)
    log = disk.open("/log", READ_WRITE)
    disk.reserve(log, 0, 4 * BLOCK_BYTES)
    disk.ftruncate(log, 10)
    assert disk.free_bytes == 4 * BLOCK_BYTES
    disk.ftruncate(log, 10)
    assert disk.free_bytes == 7 * BLOCK_BYTES


def test_an_unlinked_file_holds_its_space_until_its_last_descriptor_is_closed(
    disk: MemoryDisk,
) -> None:
    disk.limit_capacity(BLOCK_BYTES)
    file = disk.open("/file", READ_WRITE)
    disk.pwrite(file, b"x", 0)
    disk.unlink("/file")
    assert disk.free_bytes == 0
    disk.close(file)
    assert disk.free_bytes == BLOCK_BYTES


def test_every_change_is_recorded_in_order_and_nothing_else(disk: MemoryDisk) -> None:
    disk.make_directory("/d", 0o2750)
    disk.make_directory("/d", 0o2750)
    file = disk.open("/d/new", READ_WRITE)
    disk.pwrite(file, b"abc", 0)
    disk.pwrite(file, b"", 0)
    disk.pread(file, 3, 0)
    disk.reserve(file, 0, 9000)
    disk.fdatasync(file)
    disk.ftruncate(file, 1)
    disk.fsync(file)
    disk.rename("/d/new", "/d/log")
    disk.rename("/d/log", "/d/log")
    disk.sync_directory("/d")
    disk.unlink("/d/log")
    assert [str(operation) for operation in disk.operations] == [
        "mkdir /d",
        "create /d/new",
        "pwrite /d/new at 0, 3 bytes",
        "reserve /d/new to 9000",
        "fdatasync /d/new",
        "ftruncate /d/new to 1",
        "fsync /d/new",
        "rename /d/new to /d/log",
        "sync_directory /d",
        "unlink /d/log",
    ]


def test_settling_makes_all_durable_and_begins_a_new_recording(disk: MemoryDisk) -> None:
    file = disk.open("/file", READ_WRITE)
    disk.pwrite(file, b"set up", 0)
    disk.settle()
    assert disk.operations == []
    assert disk.volume.nodes == disk.volume.durable
    disk.pwrite(file, b"!", 6)
    assert read_file(MemoryDisk.started_from(disk.recording.start, 1), "/file", 100) == b"set up"


def test_names_come_in_an_order_that_is_not_sorted(disk: MemoryDisk) -> None:
    for name in "abc":
        disk.close(disk.open(f"/{name}", READ_WRITE))
    assert disk.listdir("/") != sorted(disk.listdir("/"))
