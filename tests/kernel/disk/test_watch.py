"""The doorbell wakes who waits, and no state of the bell hurts anybody."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.disk.watch import Doorbell, ring

LONG_S = 30.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "doorbell")


@pytest.fixture
def bell(path: str) -> Iterator[Doorbell]:
    made = Doorbell(path)
    yield made
    made.close()


def woken(bell: Doorbell) -> bool:
    """Whether a wait of half a minute ends at once."""
    before_s = time.monotonic()
    bell.wait(LONG_S)
    return time.monotonic() - before_s < LONG_S / 2


def silent(bell: Doorbell) -> bool:
    before_s = time.monotonic()
    bell.wait(0.02)
    return time.monotonic() - before_s >= 0.015


def test_a_ring_before_the_wait_is_not_lost(bell: Doorbell, path: str) -> None:
    ring(path)
    assert woken(bell)
    assert silent(bell)


def test_a_ring_during_the_wait_ends_it(bell: Doorbell, path: str) -> None:
    timer = threading.Timer(0.05, ring, [path])
    timer.start()
    assert woken(bell)
    timer.join()


def test_many_rings_are_one(bell: Doorbell, path: str) -> None:
    for _ in range(1_000):
        ring(path)
    assert woken(bell)
    assert silent(bell)


def test_more_rings_than_a_pipe_holds_hold_nobody_up(bell: Doorbell, path: str) -> None:
    for _ in range(70_000):
        bell.ring()
    ring(path)
    assert woken(bell)


def test_the_group_may_ring_whatever_the_umask(path: str) -> None:
    before = os.umask(0o077)
    try:
        bell = Doorbell(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    bell.close()


def test_a_bell_that_nobody_hears_is_no_error(path: str) -> None:
    ring(path)
    os.mkfifo(path)
    ring(path)
    Path(path).unlink()
    os.mkdir(path)
    ring(path)


def test_nothing_is_written_into_what_is_no_bell(path: str, tmp_path: Path) -> None:
    Path(path).write_bytes(b"a log")
    ring(path)
    assert Path(path).read_bytes() == b"a log"
    Path(path).unlink()
    (tmp_path / "log").write_bytes(b"a log")
    os.symlink(tmp_path / "log", path)
    ring(path)
    assert (tmp_path / "log").read_bytes() == b"a log"


def test_a_file_at_the_place_of_the_bell_makes_way(path: str) -> None:
    Path(path).write_bytes(b"x")
    bell = Doorbell(path)
    ring(path)
    assert woken(bell)
    bell.close()


def test_a_bell_left_by_a_killed_process_is_used_again(path: str) -> None:
    os.mkfifo(path)
    bell = Doorbell(path)
    ring(path)
    assert woken(bell)
    bell.close()


def test_where_there_can_be_no_bell_its_owner_still_wakes_itself(tmp_path: Path) -> None:
    bell = Doorbell(str(tmp_path / "nowhere" / "doorbell"))
    bell.ring()
    assert woken(bell)
    assert silent(bell)
    bell.close()


def test_a_closed_bell_is_gone_and_can_be_rung_without_harm(path: str, tmp_path: Path) -> None:
    bell = Doorbell(path)
    bell.close()
    assert not os.path.exists(path)
    # This file most likely has the descriptor that the bell had.
    with open(tmp_path / "log", "wb") as log:
        bell.ring()
        ring(path)
        assert os.fstat(log.fileno()).st_size == 0
    bell.close()


def test_a_forked_child_lets_go_of_the_bell_and_leaves_it_in_place(path: str) -> None:
    bell = Doorbell(path)
    bell.disown()
    assert os.path.exists(path)
