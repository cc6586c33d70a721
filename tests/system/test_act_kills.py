"""Consoles are killed at any moment under acts that commands hand in: none is done twice.

What a command calls done was done once; what it can't tell was done once or never; what it was
refused was never done. The control breaks the rule that an act keeps its id.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from threading import Timer

import pytest

from kernel import Contention, Delivered, SendNotice, Terminal, as_manager
from kernel.coordination.acts import ActFiles
from tests.support.processes import python_child

CONSOLE = """
import sys
from kernel import Floor
with Floor.start(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def told(data_dir: Path) -> Counter[str]:
    """How often each notice was sent, by MANAGER's log."""
    segments = sorted((data_dir / "terminals/MANAGER").glob("transaction.wal*"))
    lines = [line for path in segments for line in path.read_text().splitlines()]
    entries = [json.loads(line[32:]) for line in lines if len(line) > 32 and line.endswith("}")]
    return Counter(entry["body"]["text"] for entry in entries if entry["k"] == "sent")


def run(data_dir: Path, rounds: int, dice: Random) -> tuple[set[str], set[str]]:
    """(acts that were done, acts of which it is not known)."""
    done, unknown = set(), set()
    Terminal.start("T1", data_dir).stop()
    for number in range(rounds):
        with python_child("-c", CONSOLE, data_dir) as console:
            console.wait_for_line("ready")
            death = Timer(dice.uniform(0.0, 0.06), console.kill)
            death.start()
            for part in range(3):
                text = f"{number}.{part}"
                try:
                    as_manager(data_dir, SendNotice(to="T1", text=text), Delivered)
                    done.add(text)
                except Contention as fault:
                    assert "ended before it answered" in str(fault), fault
                    unknown.add(text)
            death.join()
    return done, unknown


@pytest.mark.parametrize("rounds", [6, pytest.param(150, marks=pytest.mark.torture)])
def test_an_act_is_done_once_whenever_its_console_dies(data_dir: Path, rounds: int) -> None:
    done, unknown = run(data_dir, rounds, Random(rounds))
    sent = told(data_dir)
    assert len(done) + len(unknown) == 3 * rounds
    assert {text for text in done if sent[text] != 1} == set()
    assert max(sent.values()) == 1
    assert set(sent) <= done | unknown


def test_control_an_act_that_is_handed_in_anew_is_done_twice(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that forgets that it handed in, and acts itself where a console died."""
    monkeypatch.setattr(ActFiles, "withdraw", lambda self, message: True)
    monkeypatch.setattr("kernel.terminal.floor.Floor.has_taken", lambda self, message: False)
    twice = """
import os, signal, sys
from kernel.terminal.acting import Acting
from kernel.terminal.act_desk import ActDesk
from kernel import Floor
do = Acting.do
def done_and_dead(self, order, go_on):
    do(self, order, go_on)
    os.kill(os.getpid(), signal.SIGKILL)
Acting.do = done_and_dead
from kernel.coordination.acts import ActFiles
ActFiles.say = lambda self, answer: None
from kernel.coordination.mailbox import Mailbox
Mailbox.finish = lambda self, waiting: None
with Floor.start(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""
    Terminal.start("T1", data_dir).stop()
    with python_child("-c", twice, data_dir) as console:
        console.wait_for_line("ready")
        as_manager(data_dir, SendNotice(to="T1", text="hello"), Delivered)
    assert told(data_dir) == {"hello": 2}
