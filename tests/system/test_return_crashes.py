"""Cut off tills that take goods back on receipts: no item twice, and none blocked for ever.

After a crash of the machine at any change of the disk, and after the death of one till while the
other goes on, fresh starts must leave exactly one booking for each return that a log holds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from kernel import KernelError, ReturnedPart, SaleRefused, Terminal
from tests.support.crash_images import Bounds, every_crash_image
from tests.support.faults import PowerCut
from tests.support.floor import Broken, Floor, Mortal, judge_shared
from tests.support.volume import Operation

SOLD = 3
RECEIPT = ("A-1", 1)
QUICK = Bounds(limit_per_point=8, versions_per_file=4, cuts_per_write=2)


def sold(floor: Floor) -> tuple[Terminal, Terminal]:
    first, second = floor.start("A"), floor.start("B")
    sale = first.begin("S1", "EUR", "anna")
    sale.add_line("TEA", SOLD, 100)
    sale.tender_cash(SOLD * 100)
    for till in (first, second):
        till.begin("S1", "EUR", "anna").add_line("HAM", 1, 900)
    floor.view().settle()
    return first, second


def give_back(till: Terminal, quantity: int = 1) -> int:
    return till.open_sales[0].add_line("TEA", -quantity, 100, origin=RECEIPT)


def give_two_back(till: Terminal) -> None:
    """Two bookings in one write, and what hangs on them."""
    parts = [ReturnedPart(1, 1_000, adjustment_minor=7), ReturnedPart(1, 1_000)]
    till.open_sales[0].give_back("A-1", parts)


def a_day_of_parts(floor: Floor) -> None:
    first, second = sold(floor)
    give_two_back(second)
    with pytest.raises(SaleRefused, match="taken back already"):
        give_two_back(first)
    second.open_sales[0].void_line(2, also=(4, 3))
    give_two_back(first)
    first.open_sales[0].abort("customer left")
    give_two_back(second)


def a_day_of_returns(floor: Floor) -> None:
    first, second = sold(floor)
    give_back(second)
    line = give_back(first)
    first.open_sales[0].void_line(line)
    give_back(first, 2)
    with pytest.raises(SaleRefused, match="taken back already"):
        give_back(second)
    first.open_sales[0].abort("customer left")
    ticket = second.open_sales[0].suspend()
    sale = first.recall(ticket)
    sale.void_line(2)
    give_back(first)
    sale.tender_cash(sale.balance_minor)


def judge(floor: Floor, tills: tuple[str, ...], what: object) -> None:
    judge_shared(floor, what)
    for till in tills:
        floor.start(till)
    judge_shared(floor, what)
    booked, stand = floor.bookings(sorted(tills))
    if booked != stand:
        raise Broken(f"{what}: booked {booked}, in the logs {stand}")
    # One booking a return, so what the logs hold can be counted by them.
    given = sum(
        -line.quantity // 1000
        for till in tills
        for sale in floor.sales(till)
        for line in sale.lines
        if line.booking in stand
        and line.quantity < 0
        and sale.state.value not in ("aborted", "suspended")
    )
    if given > SOLD:
        raise Broken(f"{what}: {given} of {SOLD} given back")


@pytest.mark.parametrize("day", [a_day_of_returns, a_day_of_parts])
def test_a_crash_of_the_machine_leaves_one_booking_for_each_return(
    day: Callable[[Floor], None],
) -> None:
    floor = Floor.new()
    day(floor)
    judged = 0
    for image in every_crash_image(floor.machine.recording, QUICK, promise=lambda at: 0):
        order = ("A", "B") if judged % 2 else ("B", "A")
        judge(Floor.after(image, floor.clock), order, image)
        judged += 1
    assert judged > 100


def returns(till: Terminal) -> None:
    give_back(till)


def voids(till: Terminal) -> None:
    till.open_sales[0].void_line(give_back(till))


def aborts(till: Terminal) -> None:
    give_back(till)
    till.open_sales[0].abort("left")


def voids_both(till: Terminal) -> None:
    give_two_back(till)
    till.open_sales[0].void_line(2, also=(4, 3))


@pytest.mark.parametrize("act", [returns, voids, aborts, give_two_back, voids_both])
def test_the_death_of_one_till_never_lets_the_other_give_more_than_was_sold(
    act: Callable[[Terminal], None],
) -> None:
    after, died = 0, True
    while died:
        floor = Floor.new()
        first, second = sold(floor)
        floor.processes["B"].changes_left = after
        died = False
        try:
            act(second)
        except PowerCut:
            died = True
        floor.processes["B"].changes_left = None
        floor.kill("B")
        with suppress(SaleRefused):
            while True:
                give_back(first)
        floor.kill("A")
        judge(floor, ("A", "B"), f"{act.__name__}, dead after {after}")
        after += 1
    assert after > 5


# --- controls -------------------------------------------------------------------------------------


def test_a_booking_whose_name_is_not_durable_is_caught() -> None:
    class NoDirectorySync(Mortal):
        def sync_directory(self, path: str) -> None:
            if not path.endswith("returns"):
                super().sync_directory(path)

    floor = Floor.new(NoDirectorySync)
    a_day_of_returns(floor)
    with pytest.raises(Broken):
        for image in every_crash_image(floor.machine.recording, QUICK, promise=lambda at: 0):
            judge(Floor.after(image, floor.clock), ("A", "B"), image)


def test_a_booking_that_goes_before_the_void_is_logged_is_caught() -> None:
    class ReleasedTooEarly(Mortal):
        """Unlinks what is only marked."""

        def _do(self, operation: Operation) -> None:
            super()._do(operation)
            text = str(operation)
            if text.startswith("rename") and ".release." in text:
                path = text.rpartition(" to ")[2]
                self.unlink(path)

    with pytest.raises(Broken):
        after, died = 0, True
        while died:
            floor = Floor.new(ReleasedTooEarly)
            first, second = sold(floor)
            line = give_back(second, SOLD)
            floor.processes["B"].changes_left = after
            died = False
            try:
                with suppress(KernelError, OSError):
                    second.open_sales[0].void_line(line)
            except PowerCut:
                died = True
            floor.kill("B")
            with suppress(SaleRefused):
                give_back(first, SOLD)
            floor.kill("A")
            judge(floor, ("A", "B"), after)
            after += 1
