"""Eight processes and one lock: never two holders, whoever is killed, whoever looks on.

Each proof has a control with a broken lock in which the same counting must find the fault.
"""

from __future__ import annotations

import random
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.coordination.registry import Registry
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock
from kernel.errors import TerminalInUse
from tests.support.identities import identity_of
from tests.support.lock_worker import Page
from tests.support.processes import Child, python_child

WORKERS = Page.WORKERS
NEVER = 0


def start(children: ExitStack, *arguments: object) -> Child:
    script = ["-m", "tests.support.lock_worker", *map(str, arguments)]
    return children.enter_context(python_child(*script))


def fight(
    path: Path, lock: str, *, times: int, dies_at: int = NEVER, kills: int = 0, seed: int = 0
) -> Page:
    """Let eight processes lock and unlock `times` each; replace whoever dies.

    Each dies by its own hand inside the section at its acquisition number `dies_at`, and
    `kills` times somebody is killed wherever it stands.
    """
    page = Page.create(path)
    chance = random.Random(seed)
    with ExitStack() as children:

        def enter(worker: int) -> Child:
            return start(children, "fight", lock, path, worker, times, dies_at)

        fighting = [enter(worker) for worker in range(WORKERS)]
        for kill in range(kills):
            victim = kill % WORKERS
            for _ in range(chance.randint(1, 3)):
                fighting[victim].wait_for_line("")
            fighting[victim].kill()
            fighting[victim] = enter(victim)
        for worker in range(WORKERS):
            while (code := fighting[worker].wait(timeout_s=900)) == -signal.SIGKILL:
                fighting[worker] = enter(worker)
            assert code == 0, fighting[worker].story()
    assert all(page.acquired(worker) >= times for worker in range(WORKERS))
    return page


def test_no_two_processes_ever_hold_the_lock_even_when_holders_are_killed(tmp_path: Path) -> None:
    page = fight(tmp_path / "terminal.lock", "process", times=200, dies_at=150, kills=WORKERS)
    assert page.doubles() == 0
    assert page.stale() >= WORKERS  # each died once holding it


@pytest.mark.torture
@pytest.mark.parametrize("fifth", range(5))
def test_no_two_processes_ever_hold_the_lock_in_800_000_times(tmp_path: Path, fifth: int) -> None:
    page = fight(
        tmp_path / "terminal.lock", "process", times=20_000, dies_at=5_000, kills=40, seed=fifth
    )
    assert page.doubles() == 0
    assert page.stale() >= WORKERS


def test_unlocking_before_unlinking_lets_two_in(tmp_path: Path) -> None:
    page = fight(tmp_path / "broken.lock", "unlock-then-unlink", times=100)
    assert page.doubles() > 0


def test_stale_lock_is_taken_over_by_exactly_one_of_many(tmp_path: Path) -> None:
    path = tmp_path / "terminal.lock"
    with ExitStack() as children:
        holder = start(children, "hold", path)
        holder.wait_for_line("holding")
        contenders = [start(children, "claim", path) for _ in range(WORKERS)]
        while contenders:
            holder.kill()
            for contender in contenders:
                contender.say("now")
            answers = [contender.wait_for_line("claim") for contender in contenders]
            winners = [index for index, answer in enumerate(answers) if "won" in answer]
            assert len(winners) == 1, answers
            assert f"won from process {holder.pid} " in answers[winners[0]]
            holder = contenders.pop(winners[0])


@pytest.mark.parametrize("retry_s", [0.3, 0.0])
def test_probes_never_keep_a_terminal_from_starting_because_it_retries(
    tmp_path: Path, retry_s: float
) -> None:
    path = str(tmp_path / "terminal.lock")
    identity = identity_of(1)
    refused = 0
    with ExitStack() as children:
        for _ in range(3):
            start(children, "probe", path).wait_for_line("probing")
        for _ in range(100 if retry_s else 20_000):
            try:
                lock = ProcessLock.acquire(
                    RealDisk(), path, identity, clock=SystemClock(), retry_s=retry_s
                )
            except TerminalInUse:
                refused += 1
                if not retry_s:
                    break  # the control has shown what it is for
            else:
                lock.release()
    assert (refused == 0) == (retry_s > 0)


def entries_lost(root: Path, *, locked: str, rounds: int) -> int:
    """How many of eight terminals, registered all at once, are missing, over all rounds."""
    layout = Layout(str(root))
    layout.make(RealDisk())
    lost = 0
    with ExitStack() as children:
        tills = [
            start(children, "register", root, f"TILL_{till}", locked) for till in range(WORKERS)
        ]
        for till in tills:
            till.wait_for_line("ready")
        for _ in range(rounds):
            for till in tills:
                till.say("now")
            for till in tills:
                till.wait_for_line("registered")
            lost += WORKERS - len(Registry(RealDisk(), layout, clock=SystemClock()).read())
            Path(layout.active_terminals).unlink(missing_ok=True)
    return lost


def test_no_terminal_is_lost_when_eight_register_at_once(tmp_path: Path) -> None:
    assert entries_lost(tmp_path, locked="locked", rounds=50) == 0


def test_terminals_are_lost_without_the_operation_lock(tmp_path: Path) -> None:
    assert entries_lost(tmp_path, locked="unlocked", rounds=20) > 0
