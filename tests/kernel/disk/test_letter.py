"""A message's file is whole or not there, and what is no such file holds nobody up."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from errno import EFBIG, EINVAL, EISDIR, ELOOP
from pathlib import Path

import pytest

from kernel.disk.files import RealDisk
from kernel.disk.letter import read_letter, write_letter
from tests.support.faults import Fails, FaultyDisk

DISK = RealDisk()


def test_what_was_written_is_read_with_its_owner_and_by_the_group_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "letter")
    before = os.umask(0o077)
    try:
        write_letter(DISK, path, b"text", scratch=str(tmp_path / "next"))
    finally:
        os.umask(before)
    assert read_letter(DISK, path, 4) == (b"text", os.getuid())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640
    assert os.listdir(tmp_path) == ["letter"]


def test_a_write_that_fails_leaves_the_older_letter(tmp_path: Path) -> None:
    path, scratch = str(tmp_path / "letter"), str(tmp_path / "next")
    write_letter(DISK, path, b"old", scratch=scratch)
    for call in ("open", "pwrite", "fsync", "rename"):
        with pytest.raises(OSError, match="Input/output"):
            write_letter(FaultyDisk(DISK, Fails(call, 1, 5)), path, b"new", scratch=scratch)
        assert read_letter(DISK, path, 100)[0] == b"old"
    write_letter(DISK, path, b"new", scratch=scratch)
    assert read_letter(DISK, path, 100)[0] == b"new"


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_link(path: Path) -> None:
    (path.parent / "other").write_bytes(b"secret")
    path.symlink_to(path.parent / "other")


def a_large_file(path: Path) -> None:
    path.write_bytes(b"x" * 101)


@pytest.mark.parametrize(
    ("make", "error"),
    [(a_pipe, EINVAL), (a_link, ELOOP), (Path.mkdir, EINVAL), (a_large_file, EFBIG)],
)
def test_what_is_no_letter_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], error: int
) -> None:
    make(tmp_path / "letter")
    with pytest.raises(OSError) as fault:
        read_letter(DISK, str(tmp_path / "letter"), 100)
    assert fault.value.errno == error


def test_a_link_at_the_scratch_name_is_not_followed(tmp_path: Path) -> None:
    a_link(tmp_path / "next")
    with pytest.raises(OSError) as fault:
        write_letter(DISK, str(tmp_path / "letter"), b"text", scratch=str(tmp_path / "next"))
    assert fault.value.errno in (ELOOP, EISDIR)
    assert (tmp_path / "other").read_bytes() == b"secret"
