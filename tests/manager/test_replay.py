"""A sale as it was rung, step by step, and as rows on a screen."""

from __future__ import annotations

import pytest

from kernel import Host, Shop, State
from manager.mirror import mirrored
from manager.replay import place_of, replay
from manager.sale_rows import sale_rows
from tests.support.audited_day import Cashier
from tests.support.audits import AuditedShop
from tests.support.tills import ROOT

NAME = "A"


def steps_of(numbers: list[int], transaction: str = "A-1") -> tuple[list[str], list[int]]:
    shop = AuditedShop(NAME)
    with shop.tills[NAME].start() as till:
        cashier = Cashier(till)
        for number in numbers:
            shop.tills[NAME].clock.advance(1)
            cashier.do(number)
    found = replay(Shop(ROOT, Host(disk=shop.view(), boot_id="boot")).sale(transaction))
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert [one.lsn for one in found] == sorted(one.lsn for one in found)
    assert [one.since_ms for one in found] == sorted(one.since_ms for one in found)
    return [one.said for one in found], [one.sale.total_minor for one in found]


def test_each_entry_is_a_step_with_the_sale_as_it_then_was() -> None:
    said, totals = steps_of([0, 1, 2, 4, 5, 8, 12, 9])
    assert said == [
        "sale begun",
        "TEA 2.50",
        "CUP 3.98",
        "void of line 2: CUP -3.98",
        "discount -0.25",
        "cash 1.00",
        "cash taken back",
        "card asked for 2.25",
        "card settled; card 2.25; receipt 1",
    ]
    assert totals == [0, 250, 648, 250, *[225] * 5]


def test_the_place_of_an_entry_is_its_step_or_the_one_before_it() -> None:
    shop = AuditedShop(NAME)
    with shop.tills[NAME].start() as till:
        cashier = Cashier(till)
        for number in (0, 1, 2, 4):
            cashier.do(number)
    steps = replay(Shop(ROOT, Host(disk=shop.view(), boot_id="boot")).sale("A-1"))
    assert [place_of(steps, one.lsn) for one in steps] == list(range(len(steps)))
    assert (place_of(steps, None), place_of(steps, steps[-1].lsn + 9)) == (3, 3)
    assert (place_of(steps, steps[0].lsn - 1), place_of((), 5)) == (0, 0)


@pytest.mark.parametrize(
    ("numbers", "last"),
    [
        ([0, 1, 13], "VOID SALE: customer left"),
        ([0, 1, 10], "card declined"),
        ([0, 3], "return CUP -1.99"),
    ],
)
def test_the_end_of_a_sale_is_a_step_too(numbers: list[int], last: str) -> None:
    assert steps_of(numbers)[0][-1] == last


def test_a_suspended_sale_is_replayed_where_it_was_suspended_and_where_it_was_recalled() -> None:
    numbers = [0, 1, 14, 2 * 19, 2]
    said, _ = steps_of(numbers)
    assert said[-1].startswith("suspended, ticket ")
    said, totals = steps_of(numbers, "A-2")
    assert said[0].startswith("recalled from A-1, ticket ") and totals == [250, 648]


def test_a_mirrored_sale_is_shown_with_what_is_due_at_the_bottom_and_its_newest_lines() -> None:
    shop = AuditedShop(NAME)
    till = shop.tills[NAME].start()
    sale = till.begin("S1", "EUR", "anna")
    for _ in range(30):
        sale.add_line("TEA", 1, 250, description="TEA")
    sale.void_line(30, reason="wrong item")
    sale.tender_cash(100)
    value = sale.value
    rows = [row.text for row in sale_rows(mirrored(NAME, "A-1", value), 80, 12)]
    assert len(rows) == 12 and all(len(row) < 80 for row in rows)
    assert rows[-1].split() == ["still", "due", "71.50"]
    assert rows[-3].split() == ["TOTAL", "EUR", "72.50"]
    assert rows[-5].startswith(">  31 VOID TEA") and "TEA (voided)" in rows[-6]
    sale.tender_cash(sale.balance_minor)
    assert sale.state is State.COMMITTED
    rows = [row.text for row in sale_rows(mirrored(NAME, "A-1", sale.value), 132, 12)]
    assert "receipt 1" in rows[-1]
    partly = mirrored(NAME, "A-1", value, whole=False)
    assert "begun before" in sale_rows(partly, 80, 60)[0].text
