"""The disk in memory answers as the real one does: same results, same errnos, same files.

Every call goes to both. A difference means that crash images prove something about a disk
that nobody has.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kernel.disk.files import EXCLUSIVE, SHARED, UNLOCK, Disk, RealDisk, Status, read_file
from tests.support.memory_disk import MemoryDisk

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


TwoDisks.TestCase.settings = settings(max_examples=100, stateful_step_count=40)
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
