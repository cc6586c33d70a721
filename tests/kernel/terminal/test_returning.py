"""Goods back on a receipt, through the front door."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from kernel import (
    BadInput,
    DiscountPart,
    KernelError,
    ReturnedPart,
    SaleRefused,
    State,
    Terminal,
)
from kernel.disk.lock import OperationLock
from tests.support.floor import LAYOUT, Floor

RECEIPT = ("A-1", 1)


@pytest.fixture
def floor() -> Floor:
    return Floor.new()


@pytest.fixture
def tills(floor: Floor) -> tuple[Terminal, Terminal]:
    """A-1 sold 3 TEA, 1 HAM that was void, 1.5 CHEESE; A-2 is open; T was training."""
    first, second = floor.start("A"), floor.start("B")
    sale = first.begin("S1", "EUR", "anna")
    sale.add_line("TEA", 3, 100)
    sale.add_line("HAM", 1, 100)
    sale.void_line(2)
    sale.add_line("CHEESE", Decimal("1.5"), 1_000)
    sale.tender_cash(2_000)
    first.begin("S1", "EUR", "anna").add_line("TEA", 9, 100)
    return first, second


def names(floor: Floor) -> list[str]:
    return sorted(floor.view().listdir(LAYOUT.returns))


def refused(floor: Floor, till: Terminal, act: Callable[[], object], match: str) -> None:
    lsn, before = till.journal.last_lsn, names(floor)
    with pytest.raises(KernelError, match=match):
        act()
    assert (till.journal.last_lsn, names(floor)) == (lsn, before)


def test_what_was_sold_comes_back_once_in_parts_on_any_till(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    first, second = tills
    here, there = first.begin("S1", "EUR", "anna"), second.begin("S1", "EUR", "bert")
    here.add_line("TEA", -1, 100, origin=RECEIPT)
    there.add_line("TEA", -1, 100, origin=RECEIPT)
    here.add_line("CHEESE", Decimal("-0.75"), 1_000, origin=("A-1", 4))
    there.add_line("CHEESE", Decimal("-0.75"), 1_000, origin=("A-1", 4))
    for sale, till in ((here, first), (there, second)):
        refused(
            floor,
            till,
            lambda sale=sale: sale.add_line("TEA", -2, 100, origin=RECEIPT),  # type: ignore[misc]
            "3 sold, 2 taken back already; 2 can't be",
        )
        refused(
            floor,
            till,
            lambda sale=sale: sale.add_line("CHEESE", -1, 9, origin=("A-1", 4)),  # type: ignore[misc]
            "1.5 sold, 1.5 taken back",
        )
    assert there.tender_cash(there.balance_minor) is State.COMMITTED
    here.add_line("TEA", -1, 100, origin=RECEIPT)
    assert len(names(floor)) == 5 and all(name.endswith(".ready") for name in names(floor))


def test_a_void_and_an_abort_give_the_receipt_back(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    line = sale.add_line("TEA", -3, 100, origin=RECEIPT)
    sale.void_line(line)
    assert names(floor) == []
    refused(floor, tills[1], lambda: sale.void_line(line), "already void")
    sale.add_line("TEA", -2, 100, origin=RECEIPT)
    sale.add_line("CHEESE", -1, 1_000, origin=("A-1", 4))
    sale.abort("customer left")
    assert names(floor) == []


def test_an_abort_that_is_refused_keeps_the_booking(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    sale.add_line("HAM", 1, 900)
    sale.add_line("TEA", -1, 100, origin=RECEIPT)
    sale.tender_cash(100)
    refused(floor, tills[1], lambda: sale.abort("left"), "holds a tender")


def test_the_booking_goes_with_a_suspended_sale(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    first, second = tills
    sale = second.begin("S1", "EUR", "bert")
    sale.add_line("TEA", -3, 100, origin=RECEIPT)
    recalled = first.recall(sale.suspend())
    other = second.begin("S1", "EUR", "bert")
    refused(floor, second, lambda: other.add_line("TEA", -1, 100, origin=RECEIPT), "3 taken back")
    recalled.void_line(1)
    assert names(floor) == []
    other.add_line("TEA", -3, 100, origin=RECEIPT)


def test_an_expired_sale_gives_the_receipt_back(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    sale.add_line("TEA", -3, 100, origin=RECEIPT)
    sale.suspend()
    floor.clock.advance(25 * 3600)
    assert tills[0].expire_suspended() == ["A-3"]
    assert names(floor) == []


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (("TEA", 1, RECEIPT), "below zero"),
        (("COFFEE", -1, RECEIPT), "is TEA, not COFFEE"),
        (("HAM", -1, ("A-1", 2)), "was void"),
        (("HAM", -1, ("A-1", 3)), "no sold item"),
        (("TEA", -1, ("A-1", 9)), "no line 9"),
        (("TEA", -1, ("A-1", 0)), "no line 0"),
        (("TEA", -1, ("A-1", True)), "no number"),
        (("TEA", -1, ("A-2", 1)), "no receipt A-2"),
        (("TEA", -1, ("A-77", 1)), "no receipt"),
        (("TEA", -1, ("NOBODY-1", 1)), "no receipt"),
        (("TEA", -1, ("A-T1", 1)), "training"),
        (("TEA", -1, ("../x", 1)), "no transaction id"),
    ],
)
def test_what_is_on_no_receipt_is_refused(
    floor: Floor, tills: tuple[Terminal, Terminal], asked: tuple[str, int, Any], match: str
) -> None:
    code, quantity, origin = asked
    sale = tills[1].begin("S1", "EUR", "bert")
    refused(floor, tills[1], lambda: sale.add_line(code, quantity, 100, origin=origin), match)


def test_another_currency_is_refused(floor: Floor, tills: tuple[Terminal, Terminal]) -> None:
    sale = tills[1].begin("S1", "USD", "bert")
    refused(floor, tills[1], lambda: sale.add_line("TEA", -1, 100, origin=RECEIPT), "is in EUR")


def test_a_full_disk_books_nothing(floor: Floor, tills: tuple[Terminal, Terminal]) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    failed = 0
    for after in range(4):
        disk = floor.processes["B"]
        disk.changes_left, disk.error = after, errno.ENOSPC
        try:
            sale.add_line("TEA", -1, 100, origin=RECEIPT)
        except KernelError:
            failed += 1
        disk.changes_left = None
        if after == 0:
            assert names(floor) == []
    for till in "AB":
        floor.kill(till)
    floor.start("A"), floor.start("B")
    assert failed, "the disk was never full"
    booked, stand = floor.bookings("AB")
    assert booked == stand


def test_a_booking_that_another_till_hangs_on_is_refused_and_not_waited_for_for_ever(
    floor: Floor, tills: tuple[Terminal, Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    monkeypatch.setattr(tills[1].returning._returns, "_pause", floor.clock.advance)
    with OperationLock(floor.view(), LAYOUT.operation_lock("returns"), clock=floor.clock):
        refused(floor, tills[1], lambda: sale.add_line("TEA", -1, 100, origin=RECEIPT), "locked")


def test_strange_names_in_the_directory_count_for_nothing(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    disk = floor.view()
    for name in ("x", "A-1.1.3000.0123456789abcdef.pending", "A-1.1.3000.zz.ready", "A-1.1.-3.x.y"):
        disk.close(disk.open(os.path.join(LAYOUT.returns, name), os.O_WRONLY | os.O_CREAT))
    sale = tills[1].begin("S1", "EUR", "bert")
    assert sale.add_line("TEA", -3, 100, origin=RECEIPT) == 1


def test_a_return_without_a_receipt_is_booked_nowhere(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    sale = tills[1].begin("S1", "EUR", "bert")
    sale.add_line("TEA", -9, 100)
    assert names(floor) == [] and sale.lines[0].booking is None


# --- a part of a receipt in one write --------------------------------------------------------


def test_a_receipt_is_found_by_its_transaction_and_by_its_number_from_any_till(
    tills: tuple[Terminal, Terminal],
) -> None:
    first, second = tills
    found = {till.receipt(named)[0] for till in tills for named in ("A-1", "a-1", "A 1")}
    assert found == {"A-1"} == {first.receipt("1")[0]}
    for named, match in (("1", "B gave no receipt"), ("A 9", "no receipt 9"), ("A-2", "no receip")):
        with pytest.raises(SaleRefused, match=match):
            second.receipt(named)
    with pytest.raises(BadInput):
        second.receipt("nonsense")


def test_what_came_back_is_known_on_every_till(tills: tuple[Terminal, Terminal]) -> None:
    first, second = tills
    assert second.returned("A-1") == {}
    first.begin("S1", "EUR", "anna").give_back("A-1", [ReturnedPart(1, 2_000)])
    second.begin("S1", "EUR", "bert").give_back("a 1", [ReturnedPart(4, 500)])
    assert first.returned("A-1") == second.returned("A-1") == {1: 2_000, 4: 500}


def test_parts_come_back_in_one_write_with_what_hangs_on_them(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    first, second = tills
    sale = second.begin("S1", "EUR", "bert")
    lsn = second.journal.last_lsn
    parts = [ReturnedPart(1, 1_000, adjustment_minor=7), ReturnedPart(4, 1_500)]
    sale.give_back("A-1", parts, reason="broken")
    assert second.journal.last_lsn == lsn + 3
    item, adjustment, hung = sale.lines
    assert (item.code, item.quantity, item.origin) == ("TEA", -1_000, ("A-1", 1))
    assert (adjustment.total_minor, adjustment.of) == (7, 1)
    assert (hung.code, hung.total_minor, hung.of) == ("CHEESE", -1_500, 1)
    assert sale.total_minor == -100 + 7 - 1_500
    sale.void_line(1, also=(3, 2))
    assert names(floor) == [] and first.returned("A-1") == {}


def test_where_one_part_is_refused_none_is_booked(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    _first, second = tills
    sale = second.begin("S1", "EUR", "bert")
    for bad, match in (
        (ReturnedPart(4, 1_501), "1.5 sold"),
        (ReturnedPart(2, 1_000), "was void"),
        (ReturnedPart(9, 1_000), "no line 9"),
    ):
        refused(
            floor,
            second,
            lambda bad=bad: sale.give_back("A-1", [ReturnedPart(1, 1_000), bad]),  # type: ignore[misc]
            match,
        )
    sale.give_back("A-1", [ReturnedPart(1, 3_000)])


def test_parts_that_came_back_go_from_till_to_till_as_they_are(
    tills: tuple[Terminal, Terminal],
) -> None:
    first, second = tills
    sale = second.begin("S1", "EUR", "bert")
    sale.add_line("HAM", 1, 900)
    sale.give_back("A-1", [ReturnedPart(1, 1_000, adjustment_minor=7), ReturnedPart(4, 1_500)])
    sale.discount_in_parts([DiscountPart(5, ((1, 5),), ()), DiscountPart(3, ((1, 3),), ())])
    before = sale.lines
    there = first.recall(sale.suspend())
    assert [replace(line, tx=None) for line in there.lines] == [
        replace(line, tx=None) for line in before
    ]
    there.void_line(2, also=(4, 3))
    assert second.returned("A-1") == {} and there.total_minor == 900 - 8


def test_parts_that_name_nothing_are_refused(
    floor: Floor, tills: tuple[Terminal, Terminal]
) -> None:
    _first, second = tills
    sale = second.begin("S1", "EUR", "bert")
    for parts, match in (
        ([], "no line was named"),
        ([ReturnedPart(1, 0)], "can't be taken back"),
        ([ReturnedPart(1, -1_000)], "can't be taken back"),
        ([ReturnedPart(1, 1_000.0)], "can't be taken back"),  # type: ignore[arg-type]
        ([ReturnedPart("1", 1_000)], "no line '1'"),  # type: ignore[arg-type]
    ):
        refused(floor, second, lambda parts=parts: sale.give_back("A-1", parts), match)  # type: ignore[misc]
    refused(floor, second, lambda: sale.discount_in_parts([]), "no line was named")
    sale.add_line("HAM", 1, 900)
    swapped = lambda: sale.add_line("TEA", -1, 100, origin=("A-1", 1), instead_of=(1,))  # noqa: E731
    refused(floor, second, swapped, "no other line's place")
