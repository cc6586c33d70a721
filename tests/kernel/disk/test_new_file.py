"""An export is whole or not there, and replaces nothing."""

from __future__ import annotations

import os
from errno import EEXIST, ENOSPC

import pytest

from kernel.disk.files import read_file
from kernel.disk.new_file import NewFile
from tests.support.faults import Fails, FaultyDisk
from tests.support.memory_disk import MemoryDisk

PATH = "/sales.csv"


def test_pieces_are_one_file_durable_and_closed_to_others() -> None:
    disk = MemoryDisk()
    with NewFile(disk, PATH) as file:
        for piece in (b"a,", b"b", b"\n"):
            file.write(piece)
        assert PATH[1:] not in disk.listdir("/"), "it has no name before it is whole"
    assert read_file(disk, PATH, 100) == b"a,b\n"
    assert disk.listdir("/") == [PATH[1:]]
    assert disk.stat(PATH).st_mode & 0o777 == 0o640


def test_what_is_there_is_not_replaced() -> None:
    disk = MemoryDisk()
    with NewFile(disk, PATH) as file:
        file.write(b"old")
    with pytest.raises(OSError) as fault, NewFile(disk, PATH):
        pass
    assert fault.value.errno == EEXIST
    assert read_file(disk, PATH, 100) == b"old"


def test_an_export_that_fails_leaves_nothing() -> None:
    disk = MemoryDisk()
    with pytest.raises(OSError) as fault:
        with NewFile(FaultyDisk(disk, Fails("pwrite", 2, ENOSPC)), PATH) as file:
            file.write(b"a")
            file.write(b"b")
    assert fault.value.errno == ENOSPC
    assert disk.listdir("/") == []


def test_what_a_broken_off_export_left_is_written_over() -> None:
    disk = MemoryDisk()
    disk.close(disk.open("/.sales.csv.next", os.O_WRONLY | os.O_CREAT))
    with NewFile(disk, PATH) as file:
        file.write(b"new")
    assert disk.listdir("/") == [PATH[1:]]
