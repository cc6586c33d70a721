"""A message is put out whole, durable and in order; its reader never sees less."""

from __future__ import annotations

import os
from errno import ENOSPC

import pytest

from kernel.codec.messages import FileName, decode_message
from kernel.coordination.outbox import Outbox
from kernel.disk.files import read_file
from tests.support.faults import Fails, FaultyDisk
from tests.support.mail import LAYOUT, message, shop
from tests.support.memory_disk import MemoryDisk


def outbox(disk: MemoryDisk | FaultyDisk, rung: list[str] | None = None) -> Outbox:
    heard: list[str] = [] if rung is None else rung
    return Outbox(disk, LAYOUT, "A", ring=heard.append)


def test_a_message_is_synced_before_it_has_its_name_and_its_name_before_anybody_is_rung() -> None:
    disk = shop(MemoryDisk())
    rung: list[str] = []
    disk.settle()
    outbox(disk, rung).post(message(1))
    done = [str(operation).split(" /shop")[0] for operation in disk.operations]
    assert [word.split()[0] for word in done][-3:] == ["fsync", "rename", "sync_directory"]
    assert rung == [LAYOUT.terminal("B").doorbell]
    path = os.path.join(LAYOUT.terminal_inbox, str(FileName.of(message(1))))
    data = read_file(disk, path, 1 << 16)
    assert data is not None and decode_message(data) == message(1)
    assert disk.stat(path).st_mode & 0o777 == 0o640
    assert disk.listdir(LAYOUT.temp) == ["coordination_locks", "cleanup"]


def test_a_broadcast_rings_at_every_terminal() -> None:
    disk = shop(MemoryDisk())
    disk.make_directory(os.path.join(LAYOUT.terminals, "not a terminal"), 0o700)
    rung: list[str] = []
    outbox(disk, rung).post(message(1, to="*"))
    assert sorted(rung) == [LAYOUT.terminal(name).doorbell for name in ("A", "A_B", "B")]


def test_between_two_messages_of_a_sender_stands_a_directory_sync() -> None:
    disk = shop(MemoryDisk())
    box = outbox(disk)
    disk.settle()
    box.post(message(1))
    box.post(message(2, to="*"))
    words = [str(operation).split()[0] for operation in disk.operations]
    first, second = (place for place, word in enumerate(words) if word == "rename")
    assert "sync_directory" in words[first:second]


def test_a_message_that_is_put_out_again_replaces_itself() -> None:
    disk = shop(MemoryDisk())
    box = outbox(disk)
    assert not box.stands(message(1))
    for _ in range(2):
        box.post(message(1))
        assert box.stands(message(1))
    assert len(disk.listdir(LAYOUT.terminal_inbox)) == 1


@pytest.mark.parametrize("call", ["open", "pwrite", "fsync", "rename"])
def test_what_finds_no_space_leaves_nothing_that_a_reader_sees(call: str) -> None:
    disk = shop(MemoryDisk())
    box = outbox(FaultyDisk(disk, Fails(call, 1, ENOSPC, last=1)))
    with pytest.raises(OSError, match="space"):
        box.post(message(1))
    assert disk.listdir(LAYOUT.terminal_inbox) == []
    box.post(message(1))
    assert len(disk.listdir(LAYOUT.terminal_inbox)) == 1
    assert disk.process().listdir(LAYOUT.temp) == ["coordination_locks", "cleanup"]
