"""Acts are handed to the manager's console by the manager's own Unix user and by nobody else."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from tests.support.processes import python_child

MODULE = "tests.support.act_user_child"
GROUP, BOSS, TILL = "64100", "64101", "64102"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become two users")


@pytest.fixture
def shop() -> Iterator[Path]:
    """The manager's; in a place where other users can come."""
    above = Path(tempfile.mkdtemp(prefix="posterm-acts-"))
    above.chmod(0o755)
    root = above / "shop"
    root.mkdir()
    Layout(str(root)).make(RealDisk())
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        os.chown(path, int(BOSS), int(GROUP))
        path.chmod(mode)
    yield root
    shutil.rmtree(above)


def test_only_the_user_of_the_console_hands_acts_in(shop: Path) -> None:
    log = shop / "terminals/MANAGER/transaction.wal"
    with python_child("-m", MODULE, shop, BOSS, GROUP, "console") as console:
        console.wait_for_line("ready")
        with python_child("-m", MODULE, shop, TILL, GROUP, "act") as stranger:
            said = stranger.wait_for_line("refused")
            assert f"do it as the user who owns {shop}" in said
        assert log.read_text().count('"k":"sent"') == 0
        with python_child("-m", MODULE, shop, BOSS, GROUP, "act") as second:
            assert second.wait_for_line("") == "done"
        assert log.read_text().count('"k":"sent"') == 1
        console.say("end")
        assert console.wait() == 0


def test_a_file_of_the_manager_s_that_a_till_wrote_into_is_no_act(shop: Path) -> None:
    """A till renames the registry, which the manager owns and all may write, into the inbox."""
    forge = """
import os, sys
from kernel.codec.messages import FileName, Message, encode_body, encode_message
from kernel.codec.acts import CancelShutdown
from kernel.model.mail import message_id
from kernel.clock import SystemClock
os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))
now = SystemClock().wall_ms()
letter = Message(format=1, id=message_id(now, bytes(10)), sender="MANAGER", to="MANAGER", order=0,
    kind="act", created_ms=now, expires_ms=now + 60000, body=encode_body(CancelShutdown()))
registry = sys.argv[1] + "/shared/coordination/active_terminals.json"
with open(registry, "wb") as file:
    file.write(encode_message(letter))
inbox = sys.argv[1] + "/shared/cross_terminal_messages/terminal_inbox/"
os.rename(registry, inbox + str(FileName.of(letter)))
print("forged", flush=True)
"""
    log = shop / "terminals/MANAGER/transaction.wal"
    with python_child("-m", MODULE, shop, BOSS, GROUP, "console") as console:
        console.wait_for_line("ready")
        with python_child("-c", forge, shop, TILL, GROUP) as thief:
            thief.wait_for_line("forged")
        with python_child("-m", MODULE, shop, BOSS, GROUP, "act") as second:
            assert second.wait_for_line("") == "done"
        console.say("end")
        assert console.wait() == 0
    text = log.read_text()
    assert text.count('"what":"act_taken"') == 1, "only the manager's own"
    assert "others than its owner may write it" in text
