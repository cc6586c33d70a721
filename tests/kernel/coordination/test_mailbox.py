"""What a terminal finds in its mail: in order whatever is listed when, and only what is its own."""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.codec.messages import FileName, encode_message
from kernel.coordination.mailbox import Found, Mailbox
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.model.mail import LIFETIME_LIMIT_MS
from tests.support.clock import ManualClock
from tests.support.mail import (
    LAYOUT,
    RacingDisk,
    StaleListings,
    mailbox,
    message,
    orders,
    put,
    put_all,
    shop,
)
from tests.support.memory_disk import MemoryDisk

# --- order -------------------------------------------------------------------------------------


def test_messages_of_a_sender_come_in_the_order_in_which_it_sent_them() -> None:
    disk = shop(MemoryDisk())
    for order in (3, 1, 2):
        put(disk, message(order))
        put(disk, message(order, to="*", sender="A_B"))
    found = mailbox(disk).look()
    for sender in ("A", "A_B"):
        assert [order for who, order in orders(found) if who == sender] == [1, 2, 3]


@pytest.mark.parametrize("seen", [(1,), (2,), (3,), (1, 3), (2, 3)])
def test_a_message_that_is_seen_while_an_older_one_is_not_waits_for_it(
    seen: tuple[int, ...],
) -> None:
    """Three arrive while the directory is read; the listing shows some of them."""
    disk = RacingDisk()
    shop(disk)
    names = {str(FileName.of(message(order))): order for order in (1, 2, 3)}
    disk.during = lambda: put_all(disk, 1, 2, 3)
    disk.shows = lambda name: names[name] in seen
    box = mailbox(disk)
    taken: list[int] = []
    for _ in range(3):
        found = box.look()
        taken += [order for _, order in orders(found)]
        for waiting in found.messages:
            box.finish(waiting)
    assert taken == [1, 2, 3]


def test_one_that_arrives_between_the_listings_waits_for_the_next_look() -> None:
    disk = RacingDisk()
    shop(disk)
    put(disk, message(1))
    box = mailbox(disk)
    lists = 0

    class Second(RacingDisk):
        def listdir(self, path: str) -> list[str]:
            nonlocal lists
            lists += path == LAYOUT.terminal_inbox
            if lists == 2 and path == LAYOUT.terminal_inbox:
                put(disk, message(2))
            return super().listdir(path)

    box = mailbox(Second(disk._machine))
    found = box.look()
    assert orders(found) == [("A", 1)]
    assert found.more
    assert orders(box.look()) == [("A", 1), ("A", 2)]


def test_a_single_listing_would_let_a_message_overtake() -> None:
    """The control of the two above: without a second listing of its own, 2 comes before 1."""
    disk = StaleListings()
    shop(disk)
    names = {str(FileName.of(message(order))): order for order in (1, 2)}
    disk.during = lambda: put_all(disk, 1, 2)
    disk.shows = lambda name: names[name] == 2
    assert orders(mailbox(disk).look()) == [("A", 2)]


def test_order_holds_between_a_broadcast_and_a_message_to_one() -> None:
    for first, second in permutations(("B", "*")):
        disk = shop(MemoryDisk())
        put(disk, message(1, to=first))
        put(disk, message(2, to=second))
        assert orders(mailbox(disk).look()) == [("A", 1), ("A", 2)]


# --- what is mine ------------------------------------------------------------------------------


def test_terminals_whose_names_begin_alike_never_share_mail() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1, to="A_B", sender="B"))
    assert orders(mailbox(disk, "A").look()) == []
    assert orders(mailbox(disk, "A_B").look()) == [("B", 1)]


def test_a_broadcast_stays_for_the_others_and_is_seen_once() -> None:
    disk = shop(MemoryDisk())
    path = put(disk, message(1, to="*"))
    for terminal in ("B", "A_B"):
        box = mailbox(disk, terminal)
        (waiting,) = box.look().messages
        box.finish(waiting)
        assert box.look().messages == []
    assert disk.stat(path)


def test_the_sender_of_a_broadcast_does_not_get_it() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1, to="*"))
    assert mailbox(disk, "A").look() == Found()


def test_a_message_that_was_dealt_with_is_gone() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1))
    box = mailbox(disk)
    (waiting,) = box.look().messages
    opened = box.fetch(waiting)
    assert opened is not None and opened.order == 1
    box.finish(waiting)
    box.finish(waiting)
    assert disk.listdir(LAYOUT.terminal_inbox) == []


def test_a_file_that_was_exchanged_after_the_look_is_not_taken() -> None:
    disk = shop(MemoryDisk())
    path = put(disk, message(1))
    box = mailbox(disk)
    (waiting,) = box.look().messages
    put(disk, message(1), data=encode_message(message(2)))
    assert box.fetch(waiting) is None
    disk.unlink(path)
    assert box.fetch(waiting) is None


# --- looking no more than needed ---------------------------------------------------------------


def real_shop(root: Path) -> tuple[Layout, Mailbox]:
    disk, layout = RealDisk(), Layout(str(root))
    layout.make(disk)
    for terminal in ("A", "B"):
        layout.make_terminal(disk, terminal)
    return layout, mailbox(disk, layout=layout, clock=SystemClock())


def age(layout: Layout) -> None:
    """Let the directories be of an hour ago."""
    for directory in (layout.terminal_inbox, layout.broadcast):
        changed_ns = os.stat(directory).st_mtime_ns - 3_600_000_000_000
        os.utime(directory, ns=(changed_ns, changed_ns))


def test_a_directory_that_has_not_changed_for_long_need_not_be_listed(data_dir: Path) -> None:
    layout, box = real_shop(data_dir)
    assert box.changed(), "nobody has looked yet"
    age(layout)
    box.look()
    assert not box.changed()
    Path(layout.broadcast, "garbage").touch()
    assert box.changed()


def test_a_directory_that_changed_a_moment_ago_is_listed_again(data_dir: Path) -> None:
    """A change in the same tick of the file system's clock would leave no trace."""
    _, box = real_shop(data_dir)
    box.look()
    assert box.changed()


def test_while_a_message_waits_there_is_always_a_reason_to_look() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1))
    box = mailbox(disk)
    (waiting,) = box.look().messages
    assert box.changed()
    box.finish(waiting)
    box.look()
    assert not box.changed()


# --- retention ---------------------------------------------------------------------------------


def test_an_expired_broadcast_goes_without_a_word_if_it_was_dealt_with() -> None:
    clock = ManualClock()
    disk = shop(MemoryDisk())
    known = message(1, to="*")
    path = put(disk, known)
    box = mailbox(disk, "B", known.id, clock=clock)
    (waiting,) = box.look().messages
    box.finish(waiting)
    clock.advance(61)
    assert box.look() == Found()
    assert disk.listdir(LAYOUT.broadcast) == []
    put(disk, known)
    restarted = mailbox(disk, "B", known.id, clock=clock)
    assert restarted.look().complaints == []
    with pytest.raises(FileNotFoundError):
        disk.stat(path)


def test_mail_for_a_terminal_that_never_came_back_goes_when_its_time_is_over() -> None:
    clock = ManualClock()
    disk = shop(MemoryDisk())
    put(disk, message(1, to="A_B"))
    box = mailbox(disk, clock=clock)
    box.look()
    assert len(disk.listdir(LAYOUT.terminal_inbox)) == 1
    clock.advance(LIFETIME_LIMIT_MS / 1000 + 3_600)
    box.look()
    assert disk.listdir(LAYOUT.terminal_inbox) == []
