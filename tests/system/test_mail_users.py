"""Two tills, each a Unix user of its own in one group: they write to each other, and neither can
write in the other's name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Raw

from kernel.codec.messages import FileName, Message, encode_message
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.model.mail import message_id
from tests.support.processes import python_child

MODULE = "tests.support.mail_user_child"
GROUP, ANNA, BERT = "64100", "64101", "64102"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become two users")


@pytest.fixture
def shop() -> Iterator[Path]:
    """Where other users can come: pytest's own directory is closed to them."""
    above = Path(tempfile.mkdtemp(prefix="posterm-users-"))
    above.chmod(0o755)
    root = above / "shop"
    root.mkdir()
    os.chown(root, 0, int(GROUP))
    root.chmod(0o2770)
    Layout(str(root)).make(RealDisk())
    yield root
    shutil.rmtree(above)


def test_users_of_one_group_write_to_each_other_through_bells_and_files(shop: Path) -> None:
    with python_child("-m", MODULE, shop, "B", BERT, GROUP) as bert:
        bert.wait_for_line("ready")
        with python_child("-m", MODULE, shop, "A", ANNA, GROUP, "B") as anna:
            assert anna.wait_for_line("told") == "told ['applied']"
            assert bert.wait_for_line("took") == 'took {"n":1} of A'
            anna.say("end")
            assert anna.wait() == 0
        bert.say("end")
        assert bert.wait() == 0


def test_a_message_in_another_user_s_name_is_set_aside(shop: Path) -> None:
    layout = Layout(str(shop))
    with python_child("-m", MODULE, shop, "A", ANNA, GROUP) as anna:
        anna.wait_for_line("ready")
        anna.say("end")
        assert anna.wait() == 0
    now_ms = int(os.stat(shop).st_mtime * 1000)
    forged = Message(
        format=1,
        id=message_id(now_ms, bytes(10)),
        sender="A",
        to="B",
        order=1,
        kind="note",
        created_ms=now_ms,
        expires_ms=now_ms + 600_000,
        body=Raw(b'{"n":2}'),
    )
    path = Path(layout.terminal_inbox, str(FileName.of(forged)))
    path.write_bytes(encode_message(forged))
    os.chown(path, int(BERT), int(GROUP))
    with python_child("-m", MODULE, shop, "B", BERT, GROUP) as bert:
        bert.wait_for_line("ready")
        with python_child("-m", MODULE, shop, "A", ANNA, GROUP, "B") as anna:
            # Once B has taken a true message of A, it has looked at the forged one too.
            assert anna.wait_for_line("told") == "told ['applied']"
            assert bert.wait_for_line("took") == 'took {"n":1} of A'
            anna.say("end")
            assert anna.wait() == 0
        bert.say("end")
        assert bert.wait() == 0
        assert '"n":2' not in bert.story()
    assert not path.exists()
    assert len(os.listdir(layout.cleanup)) == 1
