"""Files between the tills against the logs: what a crash leaves is a note, anything else is named.

The crash images of `test_suspended_crashes` and `test_return_crashes` hold every legal state
against the same check.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import Terminal, verify_shared, verify_shop
from kernel.coordination.verify_shared import SharedVerdict, check_shared
from kernel.disk.files import read_file
from tests.support.faults import FaultyDisk
from tests.support.floor import LAYOUT, Floor, begin

SUSPENDED, RETURNS = LAYOUT.suspended, LAYOUT.returns


class Scene:
    """Tills A, B and C, and the files between them."""

    def __init__(self) -> None:
        self.floor = Floor.new()
        self.tills = {name: self.floor.start(name) for name in "ABC"}

    def check(self) -> SharedVerdict:
        return check_shared(self.floor.view(), LAYOUT)

    def names(self, directory: str) -> list[str]:
        return sorted(self.floor.view().listdir(directory))

    def suspend(self) -> str:
        """A sale of A on the floor; its file's name."""
        ticket = begin(self.tills["A"]).suspend()
        return f"{ticket}.ready"

    def sell(self) -> None:
        """A-n: three TEA, then a void HAM."""
        sale = self.tills["A"].begin("S1", "EUR", "anna")
        sale.add_line("TEA", 3, 100)
        sale.add_line("HAM", 1, 100)
        sale.void_line(2)
        sale.tender_cash(300)

    def give_back(self, till: str = "B", quantity: int = 2) -> str:
        """The name of its booking."""
        before = set(self.names(RETURNS))
        sale = self.tills[till].begin("S1", "EUR", "anna")
        sale.add_line("TEA", -quantity, 100, origin=("A-1", 1))
        (name,) = set(self.names(RETURNS)) - before
        return name

    def recall(self, name: str, till: str, *, leaving: str) -> None:
        """Recalled by that till, and yet the file is there, under that name."""
        self.copy(SUSPENDED, name, "kept")
        self.tills[till].recall(ticket_of(name))
        self.rename(SUSPENDED, "kept", leaving)

    def rename(self, directory: str, name: str, new: str) -> None:
        self.floor.view().rename(f"{directory}/{name}", f"{directory}/{new}")

    def copy(self, directory: str, name: str, new: str) -> None:
        data = read_file(self.floor.view(), f"{directory}/{name}", 1 << 20)
        self.put(directory, new, data or b"")

    def put(self, directory: str, name: str, data: bytes = b"") -> None:
        disk = self.floor.view()
        descriptor = disk.open(f"{directory}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        disk.pwrite(descriptor, data, 0)
        disk.close(descriptor)

    def unlink(self, directory: str, name: str) -> None:
        self.floor.view().unlink(f"{directory}/{name}")

    def kill(self) -> None:
        for name in "ABC":
            self.floor.kill(name)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def ticket_of(name: str) -> str:
    return name.partition(".")[0]


# --- what is sound ----------------------------------------------------------------------------


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


# --- what no crash leaves ---------------------------------------------------------------------


def lost(scene: Scene) -> str:
    name = scene.suspend()
    scene.unlink(SUSPENDED, name)
    return f"sale A-1 was suspended as ticket {ticket_of(name)} and is in no place"


def misnamed(scene: Scene) -> str:
    name = scene.suspend()
    scene.rename(SUSPENDED, name, f"{ticket_of(name)}.redy")
    return "is in no place"


def invented(scene: Scene) -> str:
    name = scene.suspend()
    data = read_file(scene.floor.view(), f"{SUSPENDED}/{name}", 1 << 20) or b""
    other = Scene()
    other.put(SUSPENDED, name, data)
    scene.floor, scene.tills = other.floor, other.tills
    return "no log says that sale A-1 was suspended"


def recalled_and_there(scene: Scene) -> str:
    name = scene.suspend()
    scene.recall(name, "B", leaving=name)
    return "sale A-1 was recalled as B-1 and could be again"


def recalled_and_claimed_elsewhere(scene: Scene) -> str:
    name = scene.suspend()
    scene.recall(name, "B", leaving=f"{ticket_of(name)}.claim.C")
    return "sale A-1 was recalled as B-1 and could be again"


def there_twice(scene: Scene) -> str:
    name = scene.suspend()
    scene.copy(SUSPENDED, name, f"{ticket_of(name)}.claim.B")
    return "sale A-1 is there twice"


def recalled_twice(scene: Scene) -> str:
    name = scene.suspend()
    scene.recall(name, "B", leaving=name)
    scene.tills["C"].recall(ticket_of(name))
    return "sale A-1 is recalled as C-1; B-1 has it already"


def left_behind(scene: Scene) -> str:
    """Its till has gone on, and its next start would remove it."""
    name = scene.suspend()
    scene.suspend()
    scene.rename(SUSPENDED, name, f"{ticket_of(name)}.pending.A")
    return "A went on without it, and would remove it"


def rotten(scene: Scene) -> str:
    name = scene.suspend()
    data = read_file(scene.floor.view(), f"{SUSPENDED}/{name}", 1 << 20) or b""
    scene.put(SUSPENDED, name, data.replace(b"GOODS-1", b"GOODS-2"))
    return "the suspended sale is damaged"


def another_sale(scene: Scene) -> str:
    """A file that is sound by itself, of another shop with the same ticket and sale number."""
    name = scene.suspend()
    other = Scene()
    sale = other.tills["A"].begin("S1", "EUR", "anna")
    sale.add_line("CHEAP", 1, 1)
    assert f"{sale.suspend()}.ready" == name, "the same dice"
    scene.floor, scene.tills, mine = other.floor, other.tills, scene.floor
    data = read_file(mine.view(), f"{SUSPENDED}/{name}", 1 << 20) or b""
    scene.put(SUSPENDED, name, data)
    return "it is not the sale that A-1 was suspended with"


def released_by_nobody(scene: Scene) -> str:
    begin(scene.tills["A"])
    scene.put(SUSPENDED, "A-1.released.100000008.B")
    return "the log of B tells of no such release"


def released_and_sold(scene: Scene) -> str:
    scene.sell()
    scene.put(SUSPENDED, "A-1.released.100000008.B")
    return "sale A-1 was released, and is committed"


def uncounted(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.unlink(RETURNS, name)
    return "B-1 gives back 2 of line 1 of A-1, and booking"


def counted_for_nothing(scene: Scene) -> str:
    scene.sell()
    scene.put(RETURNS, "A-1.1.1000.0123456789abcdef.ready")
    return "the return that it counts is in no log"


def given_up_by_nobody(scene: Scene) -> str:
    scene.sell()
    scene.put(RETURNS, "A-1.1.1000.0123456789abcdef.release.B-1")
    return "the return that it counts is in no log"


def counted_though_void(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.tills["B"].open_sales[0].void_line(1)
    scene.put(RETURNS, name)
    return "the return that it counts is void"


def counted_though_aborted(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.tills["B"].open_sales[0].abort("left")
    scene.put(RETURNS, name)
    return "the return that it counts is void"


def counted_twice(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back(quantity=1)
    scene.put(RETURNS, name.replace(".ready", ".release.B-1"))
    return "another file has the same booking; it counts twice"


def counted_as_less(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.rename(RETURNS, name, name.replace(".2000.", ".1000."))
    return "the log of B-1 gives back line 1 of A-1, 2"


def given_back_beyond(scene: Scene) -> str:
    scene.sell()
    name = scene.give_back()
    scene.unlink(RETURNS, name)
    scene.give_back("C")
    scene.put(RETURNS, name)
    return "of line 1 of A-1, 3 were sold and 4 given back"


def line_that_is_not_there(scene: Scene) -> str:
    scene.sell()
    scene.put(RETURNS, "A-1.9.1000.0123456789abcdef.pending.B-1")
    return "receipt A-1 has no line 9; it has 3"


def line_that_was_void(scene: Scene) -> str:
    scene.sell()
    scene.put(RETURNS, "A-1.2.1000.0123456789abcdef.pending.B-1")
    return "line 2 of A-1 was void; it was never paid"


def receipt_that_is_not_there(scene: Scene) -> str:
    scene.put(RETURNS, "A-7.1.1000.0123456789abcdef.pending.B-1")
    return "no log has a receipt A-7"


@pytest.mark.parametrize(
    "damage",
    [
        lost,
        misnamed,
        invented,
        recalled_and_there,
        recalled_and_claimed_elsewhere,
        there_twice,
        recalled_twice,
        left_behind,
        rotten,
        another_sale,
        released_by_nobody,
        released_and_sold,
        uncounted,
        counted_for_nothing,
        given_up_by_nobody,
        counted_though_void,
        counted_though_aborted,
        counted_twice,
        counted_as_less,
        given_back_beyond,
        line_that_is_not_there,
        line_that_was_void,
        receipt_that_is_not_there,
    ],
)
def test_what_no_crash_leaves_is_damage_by_its_name(
    scene: Scene, damage: Callable[[Scene], str]
) -> None:
    meaning = damage(scene)
    before = scene.names(SUSPENDED), scene.names(RETURNS)
    for _ in ("while the tills run", "when they are dead"):
        found = scene.check()
        assert not found.sound
        assert any(meaning in one.meaning for one in found.damages), found.damages
        assert (scene.names(SUSPENDED), scene.names(RETURNS)) == before, "it changes nothing"
        if scene.floor.processes:
            scene.kill()


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
