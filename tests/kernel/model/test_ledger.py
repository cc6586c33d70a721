"""The fold of a log: numbers, references, period, perpetual sums."""

from __future__ import annotations

import pytest

from kernel.model.entries import Act, Commit, Line, SaleAborted, SaleBegun, Stamp, Tender
from kernel.model.ledger import REFERENCES_KEPT, Ledger
from kernel.model.till_entries import (
    CashMovement,
    PeriodClosed,
    PeriodOpened,
    Started,
    Stopped,
)

NOW = Stamp(1, 0, 5_000, 0, 20260101)
OPENED = PeriodOpened(number=1, date=20260101, drawer="D", float_minor=100, currency="EUR")


def folded(*acts: Act, ledger: Ledger | None = None) -> Ledger:
    ledger = ledger or Ledger()
    for act in acts:
        ledger.apply(act, NOW)
    return ledger


def begin(number: int, reference: str | None = None) -> SaleBegun:
    return SaleBegun(tx=number, operator="0001", store="S1", currency="EUR", reference=reference)


def sold(number: int, total: int, receipt: int, reference: str | None = None) -> tuple[Act, ...]:
    commit = Commit(receipt=receipt, total_minor=total)
    return (
        begin(number, reference),
        Line(tx=number, total_minor=total),
        Tender(tx=number, amount_minor=total, commit=commit),
    )


def test_numbers_follow_the_entries() -> None:
    ledger = folded(OPENED, *sold(1, 500, 1), begin(2), *sold(3, 200, 2))
    assert (ledger.next_transaction, ledger.next_receipt) == (4, 3)
    assert list(ledger.sales) == [2]
    assert ledger.period is not None
    assert (ledger.period.first_receipt, ledger.period.last_receipt) == (1, 2)
    assert ledger.period.totals["EUR"].total_minor == 700
    assert ledger.perpetual == {"EUR": 700}


def test_training_has_numbers_of_its_own_and_books_nothing() -> None:
    ledger = folded(OPENED, *sold(-1, 500, 1), begin(-2))
    assert (ledger.next_training, ledger.next_training_receipt) == (3, 2)
    assert (ledger.next_transaction, ledger.next_receipt, ledger.perpetual) == (1, 1, {})
    assert ledger.period is not None and ledger.period.totals["EUR"].sales == 0


def test_a_z_closes_the_period_and_keeps_the_perpetual_sum() -> None:
    closed = PeriodClosed(number=1, period=1, totals={}, perpetual={"EUR": 500})
    ledger = folded(OPENED, *sold(1, 500, 1), closed)
    assert (ledger.period, ledger.next_z, ledger.next_period) == (None, 2, 2)
    assert ledger.perpetual == {"EUR": 500}


def test_an_abort_frees_its_reference_and_only_its_own() -> None:
    ledger = folded(begin(1, "A"), begin(2, "B"), SaleAborted(tx=1, reason="left"))
    assert ledger.references == {"B": 2}
    ledger = folded(begin(1, "A"), begin(2, "A"), SaleAborted(tx=1, reason="left"))
    assert ledger.references == {"A": 2}


def test_references_are_forgotten_oldest_first() -> None:
    sales = REFERENCES_KEPT + 3_000
    ledger, most = Ledger(), 0
    for number in range(sales):
        folded(begin(number, str(number)), ledger=ledger)
        most = max(most, len(ledger.references))
    known = list(ledger.references)
    assert known == [str(number) for number in range(sales - len(known), sales)]
    assert REFERENCES_KEPT <= len(known) < most <= REFERENCES_KEPT * 1.05


def test_a_fork_and_its_origin_go_their_own_ways() -> None:
    ledger = folded(OPENED, *sold(1, 500, 1, "A"), begin(2))
    before = repr(ledger)
    fork = ledger.fork()
    folded(
        Line(tx=2, total_minor=5),
        *sold(3, 200, 2, "B"),
        CashMovement(how="pay_in", currency="EUR", amount_minor=5),
        SaleAborted(tx=2, reason="left"),
        ledger=fork,
    )
    assert repr(ledger) == before
    assert repr(fork) != before


def test_cash_movements_are_counted_by_what_they_are() -> None:
    moves = [("pay_in", 5), ("pay_out", 7), ("pickup", 11), ("no_sale", 0), ("no_sale", 0)]
    ledger = folded(
        OPENED, *(CashMovement(how=how, currency="EUR", amount_minor=of) for how, of in moves)
    )
    assert ledger.period is not None
    totals = ledger.period.totals["EUR"]
    assert (totals.pay_ins_minor, totals.pay_outs_minor, totals.pickups_minor) == (5, 7, 11)
    assert (ledger.period.no_sales, totals.expected_drawer_minor) == (2, 100 + 5 - 7 - 11)


def test_start_and_stop_say_whether_the_last_process_left_in_order() -> None:
    start = Started(
        epoch=4, incarnation="i", boot="b", pid=1, host="h", version="v", zone="z", durability="e"
    )
    ledger = folded(start)
    assert (ledger.epoch, ledger.boot, ledger.stopped) == (4, "b", False)
    assert folded(Stopped(), ledger=ledger).stopped


@pytest.mark.parametrize(
    "act",
    [
        Line(tx=9, total_minor=1),
        Line(total_minor=1),
        SaleAborted(tx=9, reason="x"),
        CashMovement(how="pay_in", currency="EUR", amount_minor=1),
        PeriodClosed(number=1, period=1, totals={}, perpetual={}),
    ],
    ids=lambda act: type(act).__name__,
)
def test_an_entry_that_contradicts_those_before_it_is_no_fold(act: Act) -> None:
    with pytest.raises((KeyError, IndexError, AssertionError)):
        folded(act)


def test_a_commit_outside_a_period_and_a_period_in_a_period_are_no_fold() -> None:
    with pytest.raises(AssertionError):
        folded(*sold(1, 500, 1))
    with pytest.raises(AssertionError):
        folded(OPENED, OPENED)
