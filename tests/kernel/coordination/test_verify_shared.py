"""Files between the tills against the logs: what a crash leaves is a note, anything else is named.

The crash images of `test_suspended_crashes` and `test_return_crashes` hold every legal state
against the same check.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import Terminal, verify_shared, verify_shop
from kernel.coordination.verify_shared import SharedVerdict, check_shared
from tests.support.between_tills import RETURNS, SUSPENDED, Scene, ticket_of
from tests.support.faults import FaultyDisk
from tests.support.floor import LAYOUT, begin


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_day_between_tills_is_sound_while_they_run_and_after(scene: Scene) -> None:
    scene.sell()
    scene.give_back()
    void = scene.tills["C"].begin("S1", "EUR", "anna")
    void.add_line("TEA", -1, 100, origin=("A-1", 1))
    void.void_line(1)
    scene.tills["B"].recall(ticket_of(scene.suspend()))
    first = scene.tills["B"].open_sales[0].suspend()  # with the return in it
    scene.tills["C"].recall(first)
    scene.suspend()
    assert scene.check() == SharedVerdict(suspended=1, booked=1)
    scene.kill()
    assert scene.check() == SharedVerdict(suspended=1, booked=1)


def test_a_shop_without_anything_is_sound(tmp_path: Path) -> None:
    assert verify_shared(tmp_path, ()) == SharedVerdict()


def leaves_pending(scene: Scene) -> str:
    """Died before the entry: the file is there, the sale is A's."""
    scene.put(SUSPENDED, "100000008.pending.A", b"half a fi")
    return "100000008.pending.A: A was writing it"


def leaves_pending_logged(scene: Scene) -> str:
    name = scene.suspend()
    scene.rename(SUSPENDED, name, f"{ticket_of(name)}.pending.A")
    return "puts the sale on the floor"


def leaves_claim(scene: Scene) -> str:
    name = scene.suspend()
    scene.rename(SUSPENDED, name, f"{ticket_of(name)}.claim.B")
    return "claim.B: B ended on the way; its next start puts the sale on the floor"


def leaves_claim_logged(scene: Scene) -> str:
    name = scene.suspend()
    scene.recall(name, "B", leaving=f"{ticket_of(name)}.claim.B")
    return "claim.B: B has recalled it; its next start removes this file"


def leaves_booking(scene: Scene) -> str:
    scene.sell()
    scene.put(RETURNS, "A-1.1.1000.0123456789abcdef.pending.B-1")
    return "pending.B-1: B ended on the way; its next start takes it away"


def leaves_booking_logged(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.rename(RETURNS, name, name.replace(".ready", ".release.B-1"))
    return "release.B-1: B ended on the way; its next start counts it"


@pytest.mark.parametrize(
    "leaves",
    [
        leaves_pending,
        leaves_pending_logged,
        leaves_claim,
        leaves_claim_logged,
        leaves_booking,
        leaves_booking_logged,
    ],
)
def test_what_a_crash_leaves_is_a_note_and_the_next_start_settles_it(
    scene: Scene, leaves: Callable[[Scene], str]
) -> None:
    note = leaves(scene)
    running = scene.check()
    assert running.sound and running.notes == (), "a till that runs may be in the middle of it"
    scene.kill()
    found = scene.check()
    assert found.sound and len(found.notes) == 1 and note in found.notes[0]
    for name in "ABC":
        scene.floor.start(name)
    assert scene.check().notes == ()


def test_a_name_of_nobody_s_is_told(scene: Scene) -> None:
    scene.put(SUSPENDED, "shopping.txt")
    scene.put(RETURNS, "A-1.1.1.ready")
    found = scene.check()
    assert found.sound and len(found.notes) == 2
    assert "shopping.txt: no suspended sale has this name" in found.notes[0]


def test_with_a_damaged_log_nothing_is_compared(tmp_path: Path) -> None:
    """What is missing in the log would be named once more, as something else."""
    with Terminal.start("A", tmp_path) as till:
        begin(till).suspend()
    assert verify_shared(tmp_path, verify_shop(tmp_path)).suspended == 1
    log = tmp_path / "terminals/A/transaction.wal"
    log.write_bytes(log.read_bytes().replace(b"GOODS-1", b"GOODS-2"))
    logs = verify_shop(tmp_path)
    assert not logs[0].sound
    found = verify_shared(tmp_path, logs)
    assert found.sound and "not compared with the logs: that of A is damaged" in found.notes[0]


def test_a_till_that_sells_meanwhile_is_never_called_damaged(scene: Scene) -> None:
    """Between a look at the names and one at the logs a sale goes all the way to another till."""
    started: dict[str, Terminal] = scene.tills

    class Busy(FaultyDisk):
        moves = 2

        def listdir(self, path: str) -> list[str]:
            names = super().listdir(path)
            if path == RETURNS and self.moves:
                Busy.moves -= 1
                started["B"].recall(ticket_of(waiting.pop()))
                waiting.append(scene.suspend())
            return names

    waiting = [scene.suspend()]
    found = check_shared(Busy(scene.floor.view()), LAYOUT)
    assert Busy.moves == 0 and found.damages == ()
