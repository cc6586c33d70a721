"""Crash images have teeth: a small store survives all of them, and each wrong order is caught.

The store is an append-only log of numbered entries that is folded into a snapshot after every
third one. If one of its faults went unnoticed, the same enumeration would prove nothing about
the kernel's log.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from enum import Enum
from zlib import crc32

import pytest

from kernel.disk.files import Disk, read_file, replace_file, write_all
from tests.support.crash_images import Bounds, Cut, every_crash_image
from tests.support.memory_disk import MemoryDisk

LOG, SNAPSHOT, SCRATCH = "/log", "/snapshot", "/snapshot.next"
ENTRIES = 7
SMALL = Bounds(limit_per_point=24, versions_per_file=24)


class Wrong(Enum):
    """One mistake of the store."""

    NOTHING = "nothing"
    NO_SYNC = "an entry is acknowledged before it is synced"
    NO_DIRECTORY_SYNC = "the name of the new log is never synced"
    RENAMED_FIRST = "the snapshot gets its name before its bytes are synced"
    CUT_FIRST = "the log is cut before the snapshot's name is durable"
    NO_CHECKSUM = "a torn entry is taken for a whole one"
    REWRITTEN = "recovery rewrites the log in place"
    TRUSTED = "recovery trusts what is only in the page cache"


class Store:
    """Numbers 0, 1, 2, ... that were appended; `entries` holds them after `__init__`."""

    def __init__(self, disk: Disk, wrong: Wrong) -> None:
        self.disk = disk
        self.wrong = wrong
        self.entries, _ = self._read(SNAPSHOT)
        logged, self._end = self._read(LOG)
        self._log = disk.open(LOG, os.O_RDWR | os.O_CREAT)
        if wrong is not Wrong.NO_DIRECTORY_SYNC:
            disk.sync_directory("/")
        if wrong is Wrong.REWRITTEN:
            sound = disk.pread(self._log, self._end, 0)
            disk.ftruncate(self._log, 0)
            write_all(disk, self._log, sound, 0)
        disk.ftruncate(self._log, self._end)
        if wrong is not Wrong.TRUSTED:
            disk.fdatasync(self._log)
        self.entries += [number for number in logged if number >= len(self.entries)]

    def append(self) -> None:
        frame = self._frame(len(self.entries))
        write_all(self.disk, self._log, frame, self._end)
        if self.wrong is not Wrong.NO_SYNC:
            self.disk.fdatasync(self._log)
        self._end += len(frame)
        self.entries.append(len(self.entries))
        if len(self.entries) % 3 == 0:
            self._fold()

    def _fold(self) -> None:
        data = b"".join(map(self._frame, self.entries))
        if self.wrong is Wrong.RENAMED_FIRST:
            replace_file(self.disk, SNAPSHOT, data, scratch=SCRATCH, durable=False)
            self.disk.sync_directory("/")
        elif self.wrong is Wrong.CUT_FIRST:
            replace_file(self.disk, SNAPSHOT, data, scratch=SCRATCH, durable=False)
            self.disk.fsync(self.disk.open(SNAPSHOT, os.O_RDWR))
        else:
            replace_file(self.disk, SNAPSHOT, data, scratch=SCRATCH)
        self.disk.ftruncate(self._log, 0)
        self.disk.fdatasync(self._log)
        self._end = 0

    def _frame(self, number: int) -> bytes:
        body = b"entry %d" % number
        return b"%08x %b\n" % (0 if self.wrong is Wrong.NO_CHECKSUM else crc32(body), body)

    def _read(self, path: str) -> tuple[list[int], int]:
        """The numbers in the sound frames at the beginning of a file, and where they end."""
        numbers: list[int] = []
        end = 0
        for line in (read_file(self.disk, path, 1 << 20) or b"").splitlines(keepends=True):
            digits = line[15:].strip()
            if not digits.isdigit() or line != self._frame(int(digits)):
                if self.wrong is not Wrong.NO_CHECKSUM:
                    break
                digits = digits.strip(b"\0") or b"0"
            numbers.append(int(digits))
            end += len(line)
        return numbers, end


def lost(entries: list[int], promised: int) -> bool:
    """Whether something acknowledged is missing, or something is there that never was."""
    return entries != list(range(len(entries))) or not promised <= len(entries) <= ENTRIES


def run(wrong: Wrong) -> tuple[MemoryDisk, list[int]]:
    """A disk with all entries appended, and after how many operations each was acknowledged."""
    disk = MemoryDisk()
    store = Store(disk, wrong)
    acknowledged = []
    for _ in range(ENTRIES):
        store.append()
        acknowledged.append(len(disk.operations))
    return disk, acknowledged


def failures(wrong: Wrong, *, again: bool = False) -> tuple[list[tuple[Cut, str]], int]:
    """(what each failing image was, how many images were recovered).

    With `again` recovery itself crashes at each of its operations and is done once more.
    """
    disk, acknowledged = run(wrong)
    found: list[tuple[Cut, str]] = []
    count = 0
    for image in every_crash_image(disk.recording, SMALL if again else Bounds()):
        promised = bisect_right(acknowledged, image.at)
        recovering = image.disk()
        entries = Store(recovering, wrong).entries
        count += 1
        if lost(entries, promised):
            found.append((image.cut, str(image)))
            continue
        if not again:
            continue
        reported = len(recovering.operations)
        for inner in every_crash_image(recovering.recording, SMALL):
            count += 1
            shown = len(entries) if inner.at == reported else promised
            if lost(Store(inner.disk(), wrong).entries, shown):
                found.append((inner.cut, f"{image}, then {inner}"))
    return found, count


def test_the_right_order_survives_every_crash() -> None:
    found, count = failures(Wrong.NOTHING)
    assert not found
    assert count > 150


def test_the_right_order_survives_a_crash_during_recovery_too() -> None:
    found, count = failures(Wrong.NOTHING, again=True)
    assert not found
    assert count > 2_000


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong.NO_SYNC,
        Wrong.NO_DIRECTORY_SYNC,
        Wrong.RENAMED_FIRST,
        Wrong.CUT_FIRST,
        Wrong.NO_CHECKSUM,
    ],
)
def test_a_wrong_order_is_caught(wrong: Wrong) -> None:
    found, _ = failures(wrong)
    assert found, wrong.value


@pytest.mark.parametrize(
    "wrong", [Wrong.NO_SYNC, Wrong.NO_DIRECTORY_SYNC, Wrong.RENAMED_FIRST, Wrong.CUT_FIRST]
)
def test_a_missing_sync_shows_in_power_cuts_only(wrong: Wrong) -> None:
    assert {cut for cut, _ in failures(wrong)[0]} == {Cut.POWER}


@pytest.mark.parametrize("wrong", [Wrong.REWRITTEN, Wrong.TRUSTED])
def test_a_wrong_recovery_is_caught_only_by_a_crash_during_recovery(wrong: Wrong) -> None:
    assert not failures(wrong)[0]
    assert failures(wrong, again=True)[0], wrong.value
