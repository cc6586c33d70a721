"""The collector: every entry of every till once, whatever dies, fills up or is thrown away."""

from __future__ import annotations

import errno
import os
from itertools import pairwise

import pytest

from kernel.codec.audit import decode_seen
from kernel.coordination.audit import OPERATION, remove_audit
from kernel.disk.audit_file import AuditLog
from kernel.disk.files import read_file
from kernel.disk.lock import probe
from kernel.errors import BadConfiguration
from tests.support.audits import (
    LAYOUT,
    AuditedShop,
    collector_on,
    drain,
    files_of,
    lines_of,
    sell,
    trade,
)
from tests.support.faults import Fails, FaultyDisk
from tests.support.memory_disk import MemoryDisk


@pytest.fixture
def shop() -> AuditedShop:
    return AuditedShop("A", "B")


def whole(disk: MemoryDisk) -> bytes:
    data = read_file(disk, LAYOUT.audit, 1 << 24)
    assert data is not None
    return data


def judge(shop: AuditedShop) -> None:
    """Every entry once, in its till's order, as its log says."""
    assert {name: sorted(found) for name, found in shop.audited().items()} == shop.entries()
    verdict = shop.verdict()
    assert verdict.damages == () and verdict.waiting == 0


def test_every_entry_of_every_till_comes_once(shop: AuditedShop) -> None:
    collector = collector_on(shop.view())
    with shop.tills["A"].start(segment_bytes=2_000) as first, shop.tills["B"].start() as second:
        for _ in range(10):
            sell(first)
            drain(collector)
            sell(second)
    drain(collector)
    judge(shop)
    assert shop.audited() == shop.entries()
    assert collector.collect() == 0


def test_lines_of_one_pass_are_in_the_order_of_time(shop: AuditedShop) -> None:
    clock = shop.tills["B"].clock = shop.tills["A"].clock
    with shop.tills["A"].start() as first, shop.tills["B"].start() as second:
        for _ in range(5):
            clock.advance(1)
            sell(first)
            clock.advance(1)
            sell(second)
    shop.collect(7)
    times = [line.at for line in lines_of(shop.view())]
    assert times == sorted(times)


# --- files ------------------------------------------------------------------------------------


def three_days(shop: AuditedShop) -> None:
    """A and B sell on three dates; B is late: it sells on the first when A has begun the second."""
    for date, name in ((1, "A"), (2, "A"), (1, "B"), (2, "B"), (3, "A"), (1, "B"), (3, "B")):
        trade(shop.tills[name], 20260100 + date)


def test_a_line_stands_in_the_file_of_its_date(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect()
    found = files_of(shop.view())
    assert sorted(found) == [20260101, 20260102, 20260103]
    for date, lines in found.items():
        assert all(b'"date":%d,' % date in line for line in lines if b'"terminal"' in line)
    judge(shop)


def test_a_late_line_collected_as_it_comes_stands_in_its_date_s_file(shop: AuditedShop) -> None:
    collector = collector_on(shop.view())
    for date, name in ((1, "A"), (2, "A"), (1, "B"), (2, "B"), (1, "A"), (3, "B")):
        trade(shop.tills[name], 20260100 + date)
        drain(collector)
    judge(shop)
    late = [line for line in files_of(shop.view())[20260101] if b'"terminal":"B"' in line]
    assert late


def test_each_file_opens_with_every_till_s_cursor(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect()
    first = files_of(shop.view())[20260103][0]
    seen = decode_seen(first)
    assert seen is not None
    assert sorted(seen.seen) == ["A", "B"]
    lines = [line for line in lines_of(shop.view()) if line.date < 20260103]
    for name, cursor in seen.seen.items():
        own = [line for line in lines if line.terminal == name and line.lsn <= cursor.lsn]
        assert own[-1].chain == cursor.chain or cursor.lsn > own[-1].lsn


# --- who collects -----------------------------------------------------------------------------


def test_one_process_collects_and_the_next_one_when_it_dies(shop: AuditedShop) -> None:
    dying = shop.view()
    first, second = collector_on(dying, "A"), collector_on(shop.view(), "B")
    with shop.tills["A"].start() as till:
        assert first.collect() > 0
        sell(till)
    assert (second.collect(), second.elected) == (0, False)
    dying.kill()
    assert drain(second) > 0
    assert second.elected
    judge(shop)


def test_who_stands_by_beside_a_lock_file_that_was_removed_waits_for_the_new_one(
    shop: AuditedShop,
) -> None:
    """Nobody of posterm's removes it; whoever did must not let two of them collect."""
    disk = shop.view()
    first, second = collector_on(disk, "A"), collector_on(shop.view(), "B")
    with shop.tills["A"].start():
        first.collect()
        assert (second.collect(), second.elected) == (0, False)
        disk.unlink(LAYOUT.operation_lock(OPERATION))
        first.collect()
        assert first.elected
        assert (second.collect(), second.elected) == (0, False)
        first.release()
        second.collect()
        assert second.elected
        assert (first.collect(), first.elected) == (0, False)
    drain(second)
    judge(shop)


def test_who_stands_by_opens_one_file_and_leaves_none_open(shop: AuditedShop) -> None:
    counting = FaultyDisk(shop.view())
    first, second = collector_on(shop.view(), "A"), collector_on(counting, "B")
    with shop.tills["A"].start():
        first.collect()
        second.collect()
        opened = counting.calls["open"]
        for _ in range(5):
            second.collect()
        assert counting.calls["open"] == opened
        second.release()
        assert counting.calls["close"] == counting.calls["open"]


def test_others_see_who_collects(shop: AuditedShop) -> None:
    with shop.tills["A"].start():
        pass
    collector = collector_on(shop.view(), "B")
    collector.collect()
    path = LAYOUT.operation_lock(OPERATION)
    holder = probe(shop.view(), path)
    assert holder is not None and holder.identity is not None
    assert holder.identity.terminal == "B"
    collector.release()
    assert probe(shop.view(), path) is None


def test_a_till_hands_over_when_the_manager_runs() -> None:
    shop = AuditedShop("A", "MANAGER")
    with shop.tills["A"].start() as till:
        collector = collector_on(shop.view(), "A")
        assert collector.collect() > 0
        manager = collector_on(shop.view(), "MANAGER")
        with shop.tills["MANAGER"].start():
            sell(till)
            assert collector.collect() == 0 and not collector.elected
            assert drain(manager) > 0
            assert collector.collect() == 0
        manager.release()
        sell(till)
        assert drain(collector) > 0
    drain(collector)
    judge(shop)


# --- what a crash, a person or a full disk leaves ---------------------------------------------


@pytest.mark.parametrize("cut", [1, 20, 150, 400, 1_000])
def test_half_a_line_is_cut_off_and_collected_again(shop: AuditedShop, cut: int) -> None:
    with shop.tills["A"].start() as till:
        sell(till)
    shop.collect()
    before = whole(shop.view())
    shop.tills["A"].write(LAYOUT.audit, before[:-cut])
    shop.collect()
    assert whole(shop.view()) == before


def test_zeros_in_the_middle_are_cut_off_with_what_follows(shop: AuditedShop) -> None:
    with shop.tills["A"].start() as till:
        sell(till)
    shop.collect()
    before = whole(shop.view())
    for place in range(0, len(before), 97):
        holed = before[:place] + bytes(30) + before[place + 30 :]
        shop.tills["A"].write(LAYOUT.audit, holed[: len(before)])
        collector = collector_on(shop.view())
        drain(collector)
        collector.release()
        assert whole(shop.view()) == before, place


def test_a_file_that_is_removed_under_the_collector_is_made_anew(shop: AuditedShop) -> None:
    collector = collector_on(shop.view())
    three_days(shop)
    drain(collector)
    remove_audit(shop.view(), LAYOUT)
    assert drain(collector) > 0
    judge(shop)


def test_a_rebuild_is_the_same_bytes_each_time_and_the_same_lines_as_before(
    shop: AuditedShop,
) -> None:
    live = collector_on(shop.view())
    for date, name in ((1, "A"), (2, "A"), (1, "B"), (2, "B"), (3, "A"), (1, "B")):
        trade(shop.tills[name], 20260100 + date)
        drain(live)

    def entries() -> dict[int, list[bytes]]:
        return {
            date: sorted(line for line in lines if b'"terminal"' in line)
            for date, lines in files_of(shop.view()).items()
        }

    collected = entries()
    rebuilt = []
    for limit in (2_000, 3):
        assert live.rebuild()
        drain(live, limit)
        assert entries() == collected
        rebuilt.append(files_of(shop.view()))
    live.release()
    assert live.rebuild()
    drain(live)
    rebuilt.append(files_of(shop.view()))
    assert rebuilt[0] == rebuilt[2]
    judge(shop)


def test_a_full_disk_leaves_no_glued_lines_and_collecting_goes_on(shop: AuditedShop) -> None:
    disk = shop.view()
    collector = collector_on(disk)
    with shop.tills["A"].start() as till:
        drain(collector)
        for _ in range(30):
            sell(till)
    disk.limit_capacity(disk.used_bytes + 4096)
    with pytest.raises(OSError, match="space") as fault:
        drain(collector)
    assert fault.value.errno == errno.ENOSPC
    assert whole(shop.view()).endswith(b"\n")
    shop.verdict()
    disk.limit_capacity(None)
    drain(collector)
    judge(shop)


@pytest.mark.parametrize("call", ["pwrite", "rename", "open", "fdatasync", "fsync"])
def test_an_error_of_any_call_loses_and_doubles_nothing(call: str) -> None:
    for number in range(1, 400, 9 if call == "open" else 1):
        shop = AuditedShop("A", "B")
        three_days(shop)
        faulty = FaultyDisk(shop.view(), Fails(call, number, errno.EIO, last=number))
        collector = collector_on(faulty)
        failed = False
        for _ in range(2):
            try:
                drain(collector)
            except (OSError, BadConfiguration):
                failed = True
        drain(collector)
        judge(shop)
        if not failed:
            return
    raise AssertionError("the last number must be beyond the last call")


def test_a_newest_file_without_its_first_line_is_collected_again(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect()
    shop.tills["A"].write(LAYOUT.audit, b"\0" * 300)
    shop.collect()
    judge(shop)


def test_a_turn_that_a_crash_cut_short_is_finished(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect()
    shop.view().unlink(LAYOUT.audit)  # as between the two renames
    shop.collect()
    judge(shop)


def test_numbers_never_fall_within_a_file(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect(1)
    for lines in files_of(shop.view()).values():
        for name in (b"A", b"B"):
            own = [
                int(line.split(b'"lsn":')[1].split(b",")[0])
                for line in lines
                if line.startswith(b'{"terminal":"%b"' % name)
            ]
            assert all(one < two for one, two in pairwise(own))


def test_a_stranger_among_the_terminals_stops_nothing(shop: AuditedShop) -> None:
    with shop.tills["A"].start() as till:
        sell(till)
        shop.tills["A"].write(os.path.join(LAYOUT.terminals, "FILE"), b"x")
        shop.view().make_directory(os.path.join(LAYOUT.terminals, "lower case"), 0o770)
        shop.view().make_directory(os.path.join(LAYOUT.terminals, "EMPTY"), 0o770)
        collector = collector_on(shop.view())
        drain(collector)
    assert collector.faults == {}
    assert len(shop.audited()["A"]) > 0


def test_a_damaged_log_is_named_and_the_others_go_on(shop: AuditedShop) -> None:
    for machine in shop.tills.values():
        with machine.start() as till:
            sell(till)
    data = bytearray(shop.tills["A"].log())
    data[data.index(b'{"n":5,') + 30] ^= 1
    shop.tills["A"].write(shop.tills["A"].paths.wal, bytes(data))
    collector = collector_on(shop.view())
    drain(collector)
    assert list(collector.faults) == ["A"] and "LSN 5" in collector.faults["A"]
    assert shop.audited()["B"] == shop.entries()["B"]


def test_opening_what_is_whole_changes_nothing(shop: AuditedShop) -> None:
    three_days(shop)
    shop.collect()
    disk = shop.view()
    before = len(disk.operations)
    AuditLog(disk, LAYOUT).close()
    assert len(disk.operations) == before
