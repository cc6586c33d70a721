"""Kill the sender and the receiver of messages again and again: none is lost, none comes twice.

Real processes, threads and bells; the power cuts are in test_mail_crashes.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from kernel import Terminal
from tests.support.mail_child import RECEIVER, SENDER, notes_of
from tests.support.processes import Child, python_child

MODULE = "tests.support.mail_child"


def correspond(directory: Path, count: int, kills: int, seed: int, *ways: str) -> list[int]:
    """Let a till send `count` notes to another while `kills` of them die; what was taken."""
    chance = Random(seed)
    for name in (SENDER, RECEIVER):
        Terminal.start(name, directory).stop()
    with ExitStack() as ends:
        roles: dict[str, Child] = {}
        arguments = {"send": (str(count), *ways), "take": ()}

        def start(role: str) -> None:
            child = python_child("-m", MODULE, directory, role, *arguments[role])
            roles[role] = ends.enter_context(child)

        def heard(lines: int) -> bool:
            """Whether the sender has said `done` within its next lines."""
            return any(roles["send"].wait_for_line("") == "done" for _ in range(lines))

        start("take")
        start("send")
        for _ in range(kills):
            if heard(chance.randint(1, 2 * count // kills)):
                break
            for role in chance.choice((("send",), ("take",), ("send", "take"))):
                roles[role].kill()
                start(role)
        else:
            roles["send"].wait_for_line("done", timeout_s=120)
    return notes_of(directory, RECEIVER)


def test_killed_tills_lose_no_message_and_take_none_twice(data_dir: Path) -> None:
    assert correspond(data_dir, 200, 8, seed=1) == list(range(200))


@pytest.mark.torture
@pytest.mark.parametrize("tenth", range(10))
def test_ten_thousand_messages_survive_two_hundred_kills(data_dir: Path, tenth: int) -> None:
    assert correspond(data_dir, 1_000, 20, seed=100 + tenth) == list(range(1_000))


def test_a_sender_that_sends_anew_after_a_kill_is_caught(data_dir: Path) -> None:
    taken = correspond(data_dir, 60, 6, 3, "anew")
    assert sorted(set(taken)) == list(range(60))
    assert len(taken) > 60


def latencies_ms(directory: Path, count: int, *, bells: bool) -> list[float]:
    """From `send` having returned to the effect being durable, sorted."""
    for name in (SENDER, RECEIVER):
        Terminal.start(name, directory).stop()
    with python_child("-m", MODULE, directory, "take") as taker:
        taker.wait_for_line("ready")
        if not bells:
            (directory / "terminals" / RECEIVER / "doorbell").unlink()
        with python_child("-m", MODULE, directory, "send", str(count), "paced") as sender:
            sender.wait_for_line("ready")
            found = []
            for _ in range(count):
                told = int(sender.wait_for_line("told").split()[2])
                took = int(taker.wait_for_line("took").split()[2])
                found.append((took - told) / 1e6)
    return sorted(found)


@pytest.mark.torture
def test_a_message_takes_effect_within_milliseconds(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = latencies_ms(data_dir, 1_000, bells=True)
    with capsys.disabled():
        print(f"\nsend returned to effect durable: p50 {found[500]:.2f}, p99 {found[990]:.2f} ms")
    assert found[500] <= 3
    assert found[990] <= 20


@pytest.mark.torture
def test_a_message_whose_bell_is_lost_takes_effect_within_a_second(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = latencies_ms(data_dir, 20, bells=False)
    with capsys.disabled():
        print(f"\nwithout bells: worst {found[-1]:.0f} ms")
    assert found[-1] <= 1_200
