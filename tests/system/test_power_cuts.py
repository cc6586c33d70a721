"""Cut the power of a real file system under a selling till: all that it had said is on the disk.

ext4 on a loop device can be shut down at once without writing out its journal
(EXT4_IOC_SHUTDOWN, no log flush): what was not synced by then is gone, as after a power cut.
That needs root and loop devices; without them these tests skip and say so.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from kernel import LogDamaged
from tests.support.processes import python_child
from tests.support.told import Told, all_told, lost

CUTS = 3
TORTURE_CUTS = 200
_EXT4_IOC_SHUTDOWN = 0x8004587D
_NO_LOG_FLUSH = 2
_IMAGE_BYTES = 24 << 20


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """The file system in `image`, at a path of its own; taken away again whatever happens."""
    point = image.with_suffix(".mount")
    point.mkdir(exist_ok=True)
    run("mount", "-t", "ext4", "-o", "loop", image, point)
    try:
        yield point
    finally:
        run("umount", point)


def make_image(directory: Path) -> Path:
    image = directory / "disk.ext4"
    with open(image, "wb") as file:
        file.truncate(_IMAGE_BYTES)
    run("mkfs.ext4", "-q", "-F", image)
    return image


def cut_power(point: Path) -> None:
    descriptor = os.open(point, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(descriptor, _EXT4_IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
    finally:
        os.close(descriptor)


@cache
def why_not() -> str | None:
    """Why no power can be cut here; None if it can."""
    if os.geteuid() != 0:
        return "cutting the power of a file system needs root"
    try:
        with TemporaryDirectory() as directory, mounted(make_image(Path(directory))) as point:
            cut_power(point)
    except (OSError, subprocess.CalledProcessError) as fault:
        return f"no ext4 on a loop device here: {fault}"
    return None


@pytest.fixture
def image(tmp_path: Path) -> Path:
    if (reason := why_not()) is not None:
        pytest.skip(reason)
    return make_image(tmp_path)


def sell_until_the_power_goes(image: Path, *, seed: int, lies: tuple[str, ...] = ()) -> list[Told]:
    """What the till had acknowledged when the machine lost its power."""
    with mounted(image) as point:
        data_dir = point / "shop"
        module = "tests.support.till_child"
        with python_child("-m", module, data_dir, str(seed), *lies) as child:
            child.wait_for_line("ready")
            told = [
                Told.parse(child.wait_for_line("told "))
                for _ in range(Random(seed).randint(1, 150))
            ]
            cut_power(point)
            child.kill()
            told += all_told(child)
    return told


def lost_after_the_cut(image: Path, told: list[Told], boot: int) -> list[str]:
    with mounted(image) as point:
        return lost(point / "shop", told, boot_id=f"boot {boot}")


def cut_again_and_again(image: Path, cuts: int, *, first_seed: int) -> None:
    for seed in range(first_seed, first_seed + cuts):
        told = sell_until_the_power_goes(image, seed=seed)
        assert told
        assert lost_after_the_cut(image, told, seed) == [], f"seed {seed}"


def test_what_was_acknowledged_survives_a_power_cut(image: Path) -> None:
    cut_again_and_again(image, CUTS, first_seed=1)


@pytest.mark.torture
@pytest.mark.parametrize("tenth", range(10))
def test_what_was_acknowledged_survives_two_hundred_power_cuts(image: Path, tenth: int) -> None:
    cuts = TORTURE_CUTS // 10
    cut_again_and_again(image, cuts, first_seed=1_000 + tenth * cuts)


def test_a_till_that_does_not_sync_loses_what_it_acknowledged(image: Path) -> None:
    """The control: were this not noticed, the cuts above would prove nothing."""
    told = sell_until_the_power_goes(image, seed=3, lies=("no-sync",))
    try:
        found = lost_after_the_cut(image, told, 1)
    except LogDamaged:
        return
    assert found
