"""The real disk's few calls, and what is built on them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.disk.files import (
    EXCLUSIVE,
    SHARED,
    UNLOCK,
    RealDisk,
    directory_of,
    read_file,
    replace_file,
    write_all,
)
from tests.support.faults import Fails, FaultyDisk, ShortWrite
from tests.support.memory_disk import MemoryDisk

CREATE = os.O_RDWR | os.O_CREAT


@pytest.fixture
def narrow_umask() -> Iterator[None]:
    old = os.umask(0o077)
    yield
    os.umask(old)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("narrow_umask")
def test_what_is_made_has_exactly_its_mode(tmp_path: Path) -> None:
    disk = RealDisk()
    disk.close(disk.open(str(tmp_path / "file"), CREATE, 0o660))
    disk.make_directory(str(tmp_path / "directory"), 0o2770)
    assert mode_of(tmp_path / "file") == 0o660
    assert mode_of(tmp_path / "directory") == 0o2770


def test_a_directory_that_is_there_is_left_alone_and_a_file_is_not_taken_for_one(
    tmp_path: Path,
) -> None:
    disk = RealDisk()
    (tmp_path / "mine").mkdir(mode=0o700)
    disk.make_directory(str(tmp_path / "mine"), 0o2770)
    assert mode_of(tmp_path / "mine") == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        disk.make_directory(str(tmp_path / "file"), 0o2770)


def test_a_descriptor_is_not_passed_to_programs(tmp_path: Path) -> None:
    descriptor = RealDisk().open(str(tmp_path / "file"), CREATE)
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)


def test_reserving_keeps_the_size(tmp_path: Path) -> None:
    disk = RealDisk()
    descriptor = disk.open(str(tmp_path / "file"), CREATE)
    try:
        disk.reserve(descriptor, 0, 1 << 20)
    except OSError as fault:
        assert fault.errno == errno.EOPNOTSUPP
        pytest.skip("this file system can't reserve")
    finally:
        status = os.fstat(descriptor)
        disk.close(descriptor)
    assert status.st_size == 0
    assert status.st_blocks * 512 >= 1 << 20


def test_a_lock_is_refused_at_once_while_another_has_it(tmp_path: Path) -> None:
    disk = RealDisk()
    one, other = (disk.open(str(tmp_path / "file"), CREATE) for _ in range(2))
    assert disk.flock(one, EXCLUSIVE)
    assert not disk.flock(other, SHARED)
    assert disk.flock(one, UNLOCK)
    assert disk.flock(other, SHARED) and disk.flock(one, SHARED)
    disk.close(one)
    disk.close(other)


def test_a_file_is_read_whole_none_is_none_and_too_large_is_an_error(tmp_path: Path) -> None:
    disk, path = RealDisk(), tmp_path / "file"
    assert read_file(disk, str(path), 9) is None
    path.write_bytes(b"123456789")
    assert read_file(disk, str(path), 9) == b"123456789"
    with pytest.raises(OSError, match="larger than 8 bytes") as refusal:
        read_file(disk, str(path), 8)
    assert refusal.value.errno == errno.EFBIG


def test_a_short_write_is_finished() -> None:
    disk = FaultyDisk(MemoryDisk(), ShortWrite(1, 2), ShortWrite(2, 1))
    descriptor = disk.open("/file", CREATE)
    write_all(disk, descriptor, b"abcdef", 3)
    assert disk.pread(descriptor, 99, 0) == b"\0\0\0abcdef"


def test_a_replaced_file_is_synced_before_it_gets_its_name_and_the_name_after() -> None:
    disk = MemoryDisk()
    replace_file(disk, "/file", b"new", scratch="/.next")
    done = [str(operation).split()[0] for operation in disk.operations]
    assert done[-4:] == ["pwrite", "fsync", "rename", "sync_directory"]
    assert disk.listdir("/") == ["file"]
    assert disk.volume.durable[disk.stat("/file").st_ino] == b"new"


def test_a_replacement_that_is_not_to_last_costs_no_sync() -> None:
    disk = MemoryDisk()
    replace_file(disk, "/file", b"new", scratch="/.next", durable=False)
    assert not any("sync" in str(operation) for operation in disk.operations)


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "rename"])
def test_a_replacement_that_fails_leaves_the_old_file_and_no_descriptor(call: str) -> None:
    inner = MemoryDisk()
    replace_file(inner, "/file", b"old", scratch="/.next")
    process = inner.process()
    disk = FaultyDisk(process, Fails(call, 1, errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        replace_file(disk, "/file", b"new", scratch="/.next")
    assert read_file(inner, "/file", 9) == b"old"
    assert process._mine == {}


def test_the_directory_of_a_path() -> None:
    assert directory_of("/a/b/c") == "/a/b"
