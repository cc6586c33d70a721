"""`posterm message`: the text stands in the till's log, and whoever waits is told by whom."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Floor, Terminal
from posterm.commands.group import posterm
from tests.support.processes import python_child

TILL = """
import sys
from kernel import Terminal
with Terminal.start(sys.argv[1], sys.argv[2]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["message", *arguments, "--data-dir", str(data_dir)])


def said(data_dir: Path, *arguments: str, code: int = 0):
    done = call(data_dir, *arguments, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_a_running_till_shows_it_and_says_so(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        told = said(data_dir, "T1", "closing", "at", "six", "--wait")
        assert told["terminals"] == [{"terminal": "T1", "state": "taken", "reason": None}]
        (notice,) = till.postman.notices.latest
    assert (notice.sender, notice.text) == ("MANAGER", "closing at six")


def test_everybody_who_runs_is_waited_for_and_named(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir), python_child("-c", TILL, "T2", data_dir) as child:
        child.wait_for_line("ready")
        rows = call(data_dir, "--all", "closing at six", "--wait").stdout.splitlines()
        assert sorted(row.split(None, 1)[1] for row in rows[:2]) == ["T1 taken", "T2 taken"]
        assert rows[0].startswith("1/2  ") and rows[1].startswith("2/2  ")
        child.signal(signal.SIGSTOP)
        told = said(data_dir, "--all", "again", "--wait", "--timeout", "1", code=1)
    assert {one["terminal"]: one["state"] for one in told["terminals"]} == {
        "T1": "taken",
        "T2": "waiting",
    }


def test_who_is_off_reads_it_at_the_next_start(data_dir: Path) -> None:
    Terminal.start("T1", data_dir).stop()
    told = said(data_dir, "T1", "good morning")
    assert told["terminals"] == [{"terminal": "T1", "state": "waiting", "reason": None}]
    with Terminal.start("T1", data_dir) as till, Floor.start(data_dir) as floor:
        acks = floor.manager.wait_acks(floor.manager.send("T1", "notice", {"text": "2"}, 60), 20)
        assert [ack.result for ack in acks] == ["applied"]
        assert [notice.text for notice in till.postman.notices.latest] == ["good morning", "2"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("T1",), 2),
        (("--all",), 2),
        (("T9", "hello"), 1),
        (("../T1", "hello"), 1),
        (("T1", "x" * 501), 1),
        (("T1", "two\nlines"), 1),
    ],
)
def test_what_cannot_be_sent_ends_with_one_line(
    data_dir: Path, arguments: tuple[str, ...], code: int
) -> None:
    Terminal.start("T1", data_dir).stop()
    done = call(data_dir, *arguments)
    assert done.exit_code == code, done.output
    assert done.stdout == "" and "Traceback" not in done.output
    assert list((data_dir / "shared/cross_terminal_messages/terminal_inbox").iterdir()) == []


def test_a_console_sends_what_a_command_hands_in(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till, Floor.start(data_dir):
        told = said(data_dir, "T1", "closing at six", "--wait")
        assert told["terminals"] == [{"terminal": "T1", "state": "taken", "reason": None}]
        assert [one.text for one in till.postman.notices.latest] == ["closing at six"]
    log = (data_dir / "terminals/MANAGER/transaction.wal").read_text()
    assert log.count('"k":"start"') == 1, "the command has not been MANAGER"
    assert log.count('"what":"act_taken"') == 1
