"""Files between the tills that no crash leaves: each is damage, and is named by what it means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.disk.files import read_file
from tests.support.between_tills import RETURNS, SUSPENDED, Scene, ticket_of
from tests.support.floor import begin


@pytest.fixture
def scene() -> Scene:
    return Scene()


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
