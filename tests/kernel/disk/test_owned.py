"""The manager's files are trusted by their owner, whoever may write in their directory."""

from __future__ import annotations

import os
from typing import cast

import pytest

from kernel.disk.files import FILE_MODE, RealDisk, replace_file
from kernel.disk.layout import Layout
from kernel.disk.owned import PRIVATE_MODE, read_owned, replace_owned
from kernel.errors import BadConfiguration
from tests.support.crash_images import Cut, every_crash_image
from tests.support.faults import FaultyDisk
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")
PATH, SCRATCH = LAYOUT.operators, "/shop/terminals/MANAGER/.operators.json.next"
MANAGER, TILL, ROOT = 1001, 1002, 0


def shop_of(uid: int = MANAGER) -> MemoryDisk:
    disk = MemoryDisk(uid=uid)
    LAYOUT.make(disk)
    LAYOUT.make_terminal(disk, "MANAGER")
    return disk


def put(disk: MemoryDisk, data: bytes) -> None:
    replace_owned(disk, LAYOUT, PATH, data, scratch=SCRATCH, mode=FILE_MODE)


def test_what_the_manager_or_root_put_there_is_read_by_everybody() -> None:
    disk = shop_of()
    assert read_owned(disk, LAYOUT, PATH, 10) is None
    for uid in (MANAGER, ROOT):
        put(disk.process(uid), b"%d" % uid)
        assert read_owned(disk.process(TILL), LAYOUT, PATH, 10) == b"%d" % uid


def test_a_file_that_a_till_put_there_is_refused_by_everybody() -> None:
    disk = shop_of()
    put(disk, b"true")
    forged = disk.process(TILL)
    replace_file(forged, PATH, b"forged", scratch="/shop/shared/coordination/x")
    for reader in (disk, forged, disk.process(ROOT)):
        with pytest.raises(BadConfiguration, match="of user 1002"):
            read_owned(reader, LAYOUT, PATH, 10)


def test_a_till_can_put_nothing_there_by_the_front_door() -> None:
    disk = shop_of()
    put(disk, b"true")
    with pytest.raises(BadConfiguration, match="1001"):
        put(disk.process(TILL), b"forged")
    assert read_owned(disk, LAYOUT, PATH, 10) == b"true"
    assert os.path.basename(SCRATCH) not in disk.listdir(os.path.dirname(SCRATCH))


def test_a_scratch_file_of_somebody_else_is_not_written_into() -> None:
    disk = shop_of()
    theirs = disk.process(TILL)
    open_there = theirs.open(SCRATCH, os.O_RDWR | os.O_CREAT)
    put(disk, b"true")
    theirs.pwrite(open_there, b"forged", 0)
    assert read_owned(disk, LAYOUT, PATH, 10) == b"true"


class Squatter(FaultyDisk):
    """Another user's file is at once where one was taken away."""

    def unlink(self, path: str) -> None:
        super().unlink(path)
        self.theirs = shared = cast(MemoryDisk, self.inner).process(TILL)
        self.open_there = shared.open(path, os.O_RDWR | os.O_CREAT)


def test_a_scratch_file_that_comes_back_is_not_written_into_either() -> None:
    disk = shop_of()
    put(disk, b"true")
    disk.close(disk.open(SCRATCH, os.O_RDWR | os.O_CREAT))
    squatted = Squatter(disk)
    with pytest.raises(FileExistsError):
        replace_owned(squatted, LAYOUT, PATH, b"secret", scratch=SCRATCH, mode=FILE_MODE)
    assert squatted.theirs.pread(squatted.open_there, 10, 0) == b""
    assert read_owned(disk, LAYOUT, PATH, 10) == b"true"


def test_a_file_that_is_too_large_is_refused() -> None:
    disk = shop_of()
    put(disk, b"x" * 11)
    with pytest.raises(BadConfiguration, match="larger than 10 bytes"):
        read_owned(disk, LAYOUT, PATH, 10)


def test_after_any_crash_there_is_the_old_file_or_the_new_one() -> None:
    disk = shop_of()
    put(disk, b"old")
    put(disk, b"new")
    done_at = len(disk.operations)
    began = {data for image in every_crash_image(disk.recording)
             if (data := _read(image.disk())) is not None}  # fmt: skip
    assert began == {b"old", b"new"}
    for image in every_crash_image(disk.recording):
        if image.at >= done_at:
            assert _read(image.disk()) == b"new", image
    assert {image.cut for image in every_crash_image(disk.recording)} == set(Cut)


def _read(disk: MemoryDisk) -> bytes | None:
    try:
        return read_owned(disk, LAYOUT, PATH, 10)
    except FileNotFoundError:  # the shop itself was not there yet
        return None


def test_what_is_no_file_is_refused_at_once(tmp_path: object) -> None:
    layout = Layout(str(tmp_path))
    disk = RealDisk()
    layout.make(disk)
    os.mkfifo(layout.operators)
    with pytest.raises(BadConfiguration, match="is no file"):
        read_owned(disk, layout, layout.operators, 10)
    os.unlink(layout.operators)
    os.symlink("/etc/hostname", layout.operators)
    with pytest.raises(BadConfiguration, match="can't be used"):
        read_owned(disk, layout, layout.operators, 10)


def test_a_private_file_is_readable_for_its_owner_alone(tmp_path: object) -> None:
    layout = Layout(str(tmp_path))
    disk = RealDisk()
    layout.make(disk)
    paths = layout.make_terminal(disk, "MANAGER")
    scratch = f"{paths.signing_key}.next"
    replace_owned(disk, layout, paths.signing_key, b"k", scratch=scratch, mode=PRIVATE_MODE)
    assert os.stat(paths.signing_key).st_mode & 0o777 == 0o600
