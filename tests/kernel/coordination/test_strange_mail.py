"""What lies among a terminal's mail and is no message for it: set aside and named once."""

from __future__ import annotations

import os

from kernel.codec.messages import FileName, encode_message
from tests.support.mail import (
    LAYOUT,
    NOW_MS,
    RacingDisk,
    mailbox,
    message,
    orders,
    put,
    reasons,
    shop,
)
from tests.support.memory_disk import MemoryDisk


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
