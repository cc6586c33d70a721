"""What tills do with a suspended sale while they are cut off, and the judge of what that leaves.

`STORIES` run to their end and are then cut at every change of the disk; in `ONE_TILL` one till
dies after so many changes and another goes on. Each judge returns how many images it judged.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from kernel import SaleRefused, Terminal
from tests.support.crash_images import Bounds, every_crash_image
from tests.support.faults import PowerCut
from tests.support.floor import GOODS, Floor, Mortal, Told, begin, judge_sale
from tests.support.memory_disk import Machine

Story = Callable[[Floor], Told]
TILLS = ("A", "B")
DAY_S = 24 * 3600 + 1
BOUNDS = Bounds(limit_per_point=6, versions_per_file=4, cuts_per_write=2)

__all__ = ["ONE_TILL", "QUICK", "STORIES", "judge_all", "judge_deaths", "over_to_the_next_till"]

QUICK = Bounds(limit_per_point=3, versions_per_file=3, cuts_per_write=0)


# --- what happens ---------------------------------------------------------------------------------


def opened(floor: Floor) -> tuple[Terminal, Terminal, Told]:
    first, second = floor.start("A"), floor.start("B")
    begin(first)
    floor.view().settle()
    told = Told(floor)
    told.now("A-1 open")
    return first, second, told


def over_to_the_next_till(floor: Floor) -> Told:
    first, second, told = opened(floor)
    ticket = first.open_sales[0].suspend("phone")
    told.now("floor")
    sale = second.recall(ticket)
    told.now("B-1 open")
    sale.tender_cash(sale.balance_minor)
    told.now("B-1 committed")
    return told


def there_and_back(floor: Floor) -> Told:
    first, second, told = opened(floor)
    for stage in ("A-2 open", "B-1 open", "A-3 open"):
        sale = (*first.open_sales, *second.open_sales)[0]
        ticket = sale.suspend()
        told.now("floor")
        (first if stage[0] == "A" else second).recall(ticket)
        told.now(stage)
    return told


def expired(floor: Floor) -> Told:
    """Who starts afterwards voids it, too: every image is looked at a day later."""
    first, second, told = opened(floor)
    first.open_sales[0].suspend()
    told.now("A-2 aborted|B-1 aborted")
    floor.clock.advance(DAY_S)
    with pytest.raises(SaleRefused, match="expired"):
        second.recall(second.suspended()[0].ticket)
    told.now("A-2 aborted|B-1 aborted")
    second.expire_suspended()
    told.now("B-1 aborted")
    return told


def released(floor: Floor) -> Told:
    first, second, told = opened(floor)
    first.stop()
    floor.kill("A")
    told.now("A-1 open")
    ticket = second.release("A-1", operator="boss")
    told.now("floor")
    second.recall(ticket)
    told.now("B-1 open")
    again = floor.start("A")
    assert again.open_sales == []
    told.now("B-1 open")
    return told


def released_and_its_till_comes_back_first(floor: Floor) -> Told:
    _, second, told = opened(floor)
    floor.kill("A")  # crashed: its lock file stays
    ticket = second.release("A-1", operator="boss")
    told.now("floor")
    again = floor.start("A")
    assert again.open_sales == []
    told.now("floor")
    again.recall(ticket)
    told.now("A-2 open")
    return told


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        over_to_the_next_till,
        there_and_back,
        expired,
        released,
        released_and_its_till_comes_back_first,
    )
}


# --- the whole machine ----------------------------------------------------------------------------


def judge_all(floor: Floor, told: Told, bounds: Bounds = BOUNDS) -> int:
    recording, judged = floor.machine.recording, 0
    for image in every_crash_image(recording, bounds, promise=told.place):
        order = TILLS if judged % 2 else TILLS[::-1]
        if image.at >= told.stages[0][0]:
            judge_sale(Floor.after(image, floor.clock), order, told.allowed(image.at), image)
            judged += 1
    return judged


# --- one till dies, the other goes on -------------------------------------------------------------


def suspends(floor: Floor, after: int) -> str:
    sale = begin(floor.start("A"))
    floor.start("B")
    floor.view().settle()
    return dead("A", floor, after, sale.suspend)


def recalls(floor: Floor, after: int) -> str:
    begin(floor.start("A")).suspend()
    till = floor.start("B")
    (waiting,) = till.suspended()
    floor.view().settle()
    return dead("B", floor, after, lambda: till.recall(waiting.ticket))


def expires(floor: Floor, after: int) -> str:
    begin(floor.start("A")).suspend()
    till = floor.start("B")
    floor.clock.advance(DAY_S)
    floor.view().settle()
    return dead("B", floor, after, till.expire_suspended)


def releases(floor: Floor, after: int) -> str:
    begin(floor.start("A"))
    till = floor.start("B")
    floor.kill("A")
    floor.view().settle()
    return dead("B", floor, after, lambda: till.release("A-1", operator="boss"))


def comes_back(floor: Floor, after: int) -> str:
    begin(floor.start("A"))
    till = floor.start("B")
    floor.kill("A")
    till.release("A-1", operator="boss")
    floor.kill("B")
    floor.view().settle()
    return dead("A", floor, after, lambda: floor.start("A", after))


def dead(till: str, floor: Floor, after: int, act: Callable[[], object]) -> str:
    """`died` or, if it had no more than `after` changes to make, `lived`."""
    if till in floor.processes:
        floor.processes[till].changes_left = after
    fate = "lived"
    try:
        act()
    except PowerCut:
        fate = "died"
    floor.processes[till].changes_left = None
    floor.kill(till)
    return fate


ONE_TILL: dict[str, Callable[[Floor, int], str]] = {
    act.__name__: act for act in (suspends, recalls, expires, releases, comes_back)
}
ANYWHERE = {"floor"} | {
    f"{till}-{number} {state}"
    for till in "ABC"
    for number in (1, 2)
    for state in ("open", "committed", "aborted")
}


def goes_on(till: Terminal) -> None:
    """It takes what it can get, without waiting for the dead one."""
    for waiting in till.suspended():
        with suppress(SaleRefused):
            till.recall(waiting.ticket)
    for sale in till.open_sales:
        sale.tender_cash(sale.balance_minor)


def judge_deaths(
    act: str, bounds: Bounds, disk: Callable[[Machine], Mortal] = Mortal, *, stride: int = 1
) -> int:
    """Of the points after each death every `stride`-th is taken, others after the next death."""
    judged, after, fate = 0, 0, "died"
    while fate == "died":
        floor = Floor.new(disk)
        other = floor.start("C")
        fate = ONE_TILL[act](floor, after)
        died_at = len(floor.machine.recording.operations)
        goes_on(other)
        end = len(floor.machine.recording.operations)
        # What the living till was told, and what was told before anybody died.
        paid = {place for place in floor.places(GOODS, "ABC") if place.endswith("committed")}
        gone = {"A-1 open"} if act in ("recalls", "expires", "comes_back") else set[str]()
        points = [*range(died_at + after % stride, end, stride), end]
        for image in every_crash_image(floor.machine.recording, bounds, points=points):
            order = ("C", "A", "B") if judged % 2 else ("B", "A", "C")
            what = f"{act}, dead after {after}: {image}"
            allowed = (paid if image.at == end else set()) or ANYWHERE - gone
            judge_sale(Floor.after(image, floor.clock), order, allowed, what)
            judged += 1
        after += 1
    return judged
