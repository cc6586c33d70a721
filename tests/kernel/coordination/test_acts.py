"""An order's way to the console and an answer's way back, file by file."""

from __future__ import annotations

import os

import pytest

from kernel.codec.acts import ActAnswer, CleanUp, decode_order
from kernel.codec.messages import decode_message
from kernel.coordination.acts import ActFiles
from kernel.disk.files import read_file
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, BadInput
from kernel.model.mail import RANDOM_BYTES
from tests.support.clock import ManualClock
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")
MANAGER = LAYOUT.terminal("MANAGER")


class Shop:
    def __init__(self) -> None:
        self.disk = MemoryDisk()
        LAYOUT.make(self.disk)
        LAYOUT.make_terminal(self.disk, "MANAGER")
        self.rung: list[str] = []
        self.files = self.of(self.disk)
        self.message = self.files.new_message(bytes(RANDOM_BYTES))

    def of(self, disk: MemoryDisk) -> ActFiles:
        return ActFiles(disk, LAYOUT, clock=ManualClock(), ring=self.rung.append)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_an_order_lies_in_the_inbox_for_nobody_else_to_write(shop: Shop) -> None:
    shop.files.hand_in(shop.message, CleanUp())
    (name,) = shop.disk.listdir(LAYOUT.terminal_inbox)
    assert name == f"MANAGER_{shop.message}.json"
    path = os.path.join(LAYOUT.terminal_inbox, name)
    assert shop.disk.stat(path).st_mode & 0o777 == 0o640
    letter = decode_message(read_file(shop.disk, path, 4096) or b"")
    assert (letter.sender, letter.to, letter.kind) == ("MANAGER", "MANAGER", "act")
    assert decode_order(letter.body) == CleanUp()
    assert shop.rung == [MANAGER.doorbell]
    assert shop.disk.listdir(MANAGER.directory) == [], "no scratch file is left"


def test_handing_in_again_is_the_same_letter(shop: Shop) -> None:
    for _ in range(2):
        shop.files.hand_in(shop.message, CleanUp())
    assert len(shop.disk.listdir(LAYOUT.terminal_inbox)) == 1


def test_an_order_is_taken_back_once(shop: Shop) -> None:
    shop.files.hand_in(shop.message, CleanUp())
    assert shop.files.waits(shop.message)
    assert shop.files.withdraw(shop.message) is True
    assert shop.files.withdraw(shop.message) is False
    assert not shop.files.waits(shop.message)


def test_an_answer_is_read_until_it_is_forgotten(shop: Shop) -> None:
    assert shop.files.answer(shop.message) is None
    for state in ("working", "done"):
        shop.files.say(ActAnswer(message=shop.message, state=state))
        answer = shop.files.answer(shop.message)
        assert answer is not None and answer.state == state
    for _ in range(2):
        shop.files.forget(shop.message)
    assert shop.files.answer(shop.message) is None
    assert shop.disk.listdir(MANAGER.directory) == []


def test_another_user_than_the_manager_s_hands_nothing_in(shop: Shop) -> None:
    stranger = shop.of(shop.disk.process(1001))
    with pytest.raises(BadConfiguration, match="another user; do it as the user who owns /shop"):
        stranger.hand_in(shop.message, CleanUp())
    assert shop.disk.listdir(LAYOUT.terminal_inbox) == []


def test_a_damaged_answer_is_said_to_be_one(shop: Shop) -> None:
    descriptor = shop.disk.open(MANAGER.answer(shop.message), os.O_WRONLY | os.O_CREAT)
    shop.disk.pwrite(descriptor, b"rubbish", 0)
    shop.disk.close(descriptor)
    with pytest.raises(BadInput, match="the console's answer"):
        shop.files.answer(shop.message)
