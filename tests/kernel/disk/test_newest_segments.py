"""Segments are read from the end of a log back, and no further than it is durable."""

from __future__ import annotations

import pytest

from kernel.disk.files import read_file
from kernel.disk.newest_segments import newest_first, open_segment
from kernel.disk.recovery import sealed_segments
from kernel.errors import LogDamaged
from tests.support.day_of_sales import MONDAY, ring_day
from tests.support.tills import TillMachine


def test_every_segment_comes_once_the_newest_first() -> None:
    machine = TillMachine()
    machine.clock.date = MONDAY
    ring_day(machine, 1, 2, 3, 4)
    machine.clock.date = MONDAY + 1
    ring_day(machine, 5, 6, 7, 8, z=False)
    segments = list(newest_first(machine.disk.process(), machine.paths))
    sealed = [machine.paths.segment(one) for one in sealed_segments(machine.disk, machine.paths)]
    assert [one.path for one in segments] == [machine.paths.wal, *reversed(sealed)]
    assert len(sealed) >= 2
    firsts = [one.first.lsn for one in segments]
    assert firsts == sorted(firsts, reverse=True)
    assert (segments[-1].begun, segments[0].begun) == (MONDAY, MONDAY + 1)


def test_what_is_not_durable_yet_is_left_out() -> None:
    machine = TillMachine()
    ring_day(machine, 1, z=False)
    whole = open_segment(machine.disk.process(), machine.paths)
    assert whole is not None
    machine.write(machine.paths.wal, whole.data + b"what a till still writes\n")
    assert open_segment(machine.disk.process(), machine.paths) == whole
    machine.disk.unlink(machine.paths.durable)
    without_mark = open_segment(machine.disk.process(), machine.paths)
    assert without_mark is not None and without_mark.data.endswith(b"still writes\n")


def test_a_segment_that_does_not_begin_as_one_is_damage() -> None:
    machine = TillMachine()
    ring_day(machine, 1)
    path = machine.paths.segment(sealed_segments(machine.disk, machine.paths)[0])
    machine.write(path, b"x" + (read_file(machine.disk.process(), path, 1 << 20) or b""))
    with pytest.raises(LogDamaged, match=path):
        list(newest_first(machine.disk.process(), machine.paths))


def test_a_terminal_without_a_log_has_none() -> None:
    machine = TillMachine()
    assert list(newest_first(machine.disk.process(), machine.paths)) == []
    assert open_segment(machine.disk.process(), machine.paths) is None
