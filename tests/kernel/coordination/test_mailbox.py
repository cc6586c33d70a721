"""What a terminal finds in its mail: in order whatever is listed when, and nothing that is not
a message for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest
from msgspec import Raw

from kernel.clock import Clock, SystemClock
from kernel.codec.messages import FORMAT, FileName, Message, encode_message
from kernel.coordination.letters import Letters, Signer
from kernel.coordination.mailbox import Found, Mailbox
from kernel.disk.files import Disk, RealDisk
from kernel.disk.layout import Layout
from kernel.model.mail import LIFETIME_LIMIT_MS, message_id
from tests.support.clock import ManualClock
from tests.support.memory_disk import Machine, MemoryDisk

LAYOUT = Layout("/shop")
CLOCK = ManualClock()
NOW_MS = CLOCK.wall_ms()


class RacingDisk(MemoryDisk):
    """A directory that changes while it is read: `during` happens inside the next listing, which
    shows of the new names only those that `shows` picks."""

    during: Callable[[], None] | None = None
    shows: Callable[[str], bool] = staticmethod(lambda name: True)

    def __init__(self, machine: Machine | None = None, *, uid: int = 0) -> None:
        super().__init__(machine, uid=uid)

    def listdir(self, path: str) -> list[str]:
        before = super().listdir(path)
        if self.during is None or path != LAYOUT.terminal_inbox:
            return before
        happens, self.during = self.during, None
        happens()
        return [name for name in super().listdir(path) if name in before or self.shows(name)]


class StaleListings(RacingDisk):
    """A control: the second listing of a look shows what the first one did."""

    _kept: dict[str, list[str]]

    def listdir(self, path: str) -> list[str]:
        kept = self.__dict__.setdefault("_kept", {})
        if path not in kept:
            kept[path] = super().listdir(path)
            return kept[path]
        return kept.pop(path)


def shop(disk: MemoryDisk) -> MemoryDisk:
    LAYOUT.make(disk)
    for terminal in ("A", "B", "A_B"):
        LAYOUT.make_terminal(disk, terminal)
    return disk


def mailbox(
    disk: Disk,
    terminal: str = "B",
    *applied: str,
    layout: Layout = LAYOUT,
    clock: Clock = CLOCK,
    signer: Signer | None = None,
    signed: frozenset[str] = frozenset(),
) -> Mailbox:
    letters = Letters(disk, layout, terminal, clock=clock, applied=applied.__contains__)
    letters.signer, letters.signed_kinds = signer, signed
    return Mailbox(disk, layout, terminal, clock=clock, letters=letters)


def message(
    order: int, *, sender: str = "A", to: str = "B", kind: str = "note", **more: object
) -> Message:
    made_ms = NOW_MS - 1000 + order
    fields: dict[str, object] = {
        "created_ms": made_ms,
        "expires_ms": made_ms + 60_000,
        "body": Raw(b"{}"),
        **more,
    }
    chance = f"{sender:5}{order:5}".encode()
    return Message(
        format=FORMAT,
        id=message_id(int(str(fields["created_ms"])), chance[:10]),
        sender=sender,
        to=to,
        order=order,
        kind=kind,
        **fields,  # type: ignore[arg-type]
    )


def put(disk: MemoryDisk, one: Message, *, name: str = "", data: bytes | None = None) -> str:
    directory = LAYOUT.broadcast if one.to == "*" else LAYOUT.terminal_inbox
    path = os.path.join(directory, name or str(FileName.of(one)))
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    disk.pwrite(descriptor, encode_message(one) if data is None else data, 0)
    disk.close(descriptor)
    return path


def put_all(disk: MemoryDisk, *numbers: int) -> None:
    for order in numbers:
        put(disk, message(order))


def orders(found: Found) -> list[tuple[str, int]]:
    return [(waiting.sender, waiting.order) for waiting in found.messages]


def reasons(found: Found) -> str:
    return "; ".join(complaint.reason for complaint in found.complaints)


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


# --- what is no message ------------------------------------------------------------------------


def strange(disk: MemoryDisk) -> dict[str, str]:
    """Path of each strange file -> what is to be said of it."""
    other = message(8)
    return {
        put(disk, message(1), data=b"\0garbage"): "can't be read",
        put(disk, message(2), data=b""): "can't be read",
        put(disk, message(3), data=b"x" * 70_000): "larger than 65536",
        put(disk, message(4), name="notes.txt"): "its name",
        put(disk, message(5), name="B_\n\x1b[2J.json"): "its name",
        put(disk, message(6), data=encode_message(other)): "something else",
        put(disk, message(7, to="A_B"), name=f"B_{message(7).id}.json"): "something else",
        put(disk, message(9, sender="NOBODY")): "no terminal NOBODY",
        put(disk, message(10, created_ms=NOW_MS + 600_000, expires_ms=NOW_MS + 700_000)): "future",
        put(disk, message(11, created_ms=NOW_MS - 9, expires_ms=NOW_MS)): "expired",
        put(disk, message(12, to="*"), name=f"other_{message(12).id}.json"): "something else",
        put(disk, message(13, to="*", created_ms=NOW_MS - 9, expires_ms=NOW_MS)): "expired",
    }


def test_whatever_is_no_message_is_set_aside_and_named_once_and_the_rest_goes_on() -> None:
    disk = shop(MemoryDisk())
    expected = strange(disk)
    disk.make_directory(os.path.join(LAYOUT.terminal_inbox, str(FileName.of(message(20)))), 0o700)
    put(disk, message(30))
    box = mailbox(disk)
    found = box.look()
    assert orders(found) == [("A", 30)]
    told = {complaint.name: complaint.reason for complaint in found.complaints}
    for path, reason in expected.items():
        assert reason in told[os.path.basename(path)], path
    assert len(told) == len(expected) + 1
    assert disk.listdir(LAYOUT.terminal_inbox) == [str(FileName.of(message(30)))]
    assert disk.listdir(LAYOUT.broadcast) == []
    assert len(disk.listdir(LAYOUT.cleanup)) == len(expected) + 1
    assert box.look().complaints == []


def test_of_many_who_find_the_same_garbage_one_says_so() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1, to="*"), data=b"garbage")
    boxes = [mailbox(disk, terminal) for terminal in ("A", "B", "A_B")]
    assert [len(box.look().complaints) for box in boxes] == [1, 0, 0]


def test_what_can_t_even_be_set_aside_is_named_once() -> None:
    class Stuck(RacingDisk):
        def rename(self, source: str, target: str) -> None:
            raise PermissionError(13, "Permission denied", source)

    disk = Stuck()
    shop(disk)
    put(disk, message(1), data=b"garbage")
    put(disk, message(2))
    box = mailbox(disk)
    assert len(box.look().complaints) == 1
    assert box.look().complaints == []
    assert orders(box.look()) == [("A", 2)]


def test_a_sender_is_who_owns_the_file() -> None:
    root = shop(MemoryDisk())
    mallory, anna = root.process(uid=1001), root.process(uid=1002)
    LAYOUT.make_terminal(anna, "C")
    put(mallory, message(1, sender="C"))
    put(mallory, message(2, sender="A"))
    put(anna, message(3, sender="C"))
    found = mailbox(root).look()
    assert orders(found) == [("C", 3)]
    assert reasons(found).count("forged: user 1001") == 2


class Key:
    """A signature that only shows which bytes it was made over."""

    def sign(self, data: bytes) -> str:
        return str(len(data))

    def verify(self, data: bytes, signature: str) -> bool:
        return signature == str(len(data))


def test_a_type_that_must_be_signed_is_not_believed_without() -> None:
    disk = shop(MemoryDisk())
    put(disk, message(1, kind="shutdown"))
    put(disk, message(2, kind="shutdown", signature="17"))
    put(disk, message(3, kind="note"))
    found = mailbox(disk, signer=Key(), signed=frozenset({"shutdown"})).look()
    assert orders(found) == [("A", 3)]
    assert reasons(found).count("not signed by the manager") == 2


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
