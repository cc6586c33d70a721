"""One sale as a value: each entry gives the next one."""

from __future__ import annotations

import pytest

from kernel.model.entries import (
    CardOutcome,
    CardRequest,
    CardResult,
    Commit,
    Line,
    LineKind,
    SaleBegun,
    Stamp,
    TaxAmount,
    Tender,
)
from kernel.model.transaction import (
    TRANSITIONS,
    State,
    Step,
    Transaction,
    begun,
    reversal,
    with_abort,
    with_card_outcome,
    with_card_request,
    with_line,
    with_tender,
    with_tender_voided,
)

NOW = Stamp(7, 0, 1_000, 5, 20260101)


@pytest.fixture
def sale() -> Transaction:
    return begun(SaleBegun(tx=3, operator="0001", store="S1", currency="EUR"), NOW)


def item(total: int, quantity: int = 1000, **more: object) -> Line:
    return Line(tx=3, quantity=quantity, unit_minor=abs(total), total_minor=total, **more)  # type: ignore[arg-type]


def test_a_begun_sale_is_empty_and_open(sale: Transaction) -> None:
    assert (sale.number, sale.state, sale.begun_ms) == (3, State.OPEN, 1_000)
    assert (sale.total_minor, sale.balance_minor, len(sale.lines)) == (0, 0, 0)
    assert not sale.training


def test_a_value_once_made_never_changes(sale: Transaction) -> None:
    one = with_line(sale, item(500))
    two = with_line(one, item(200))
    assert [len(version.lines) for version in (sale, one, two)] == [0, 1, 2]
    assert [version.total_minor for version in (sale, one, two)] == [0, 500, 700]


def test_sums_go_by_kind_and_a_void_takes_its_own_off_again(sale: Transaction) -> None:
    for line in (item(500), item(-100, -1000), Line(kind=LineKind.DISCOUNT, total_minor=-50)):
        sale = with_line(sale, line)
    sums = sale.sums
    assert (sums.lines, sums.items_minor) == (2, 500)
    assert (sums.returns, sums.returns_minor) == (1, -100)
    assert (sums.discounts, sums.discounts_minor) == (1, -50)
    for number in (1, 2, 3):
        sale = with_line(sale, reversal(sale, number))
    assert (sale.total_minor, sale.sums.lines, sale.sums.returns, sale.sums.discounts) == (0,) * 4
    assert (sale.sums.items_minor, sale.sums.returns_minor, sale.sums.discounts_minor) == (0,) * 3
    assert (sale.sums.voids, sale.sums.voids_minor) == (3, 350)


@pytest.mark.parametrize("kind", [kind for kind in LineKind if kind is not LineKind.VOID])
def test_a_line_and_its_void_leave_no_turnover_and_no_tax(
    sale: Transaction, kind: LineKind
) -> None:
    line = item(119, kind=kind, taxes=(TaxAmount("A", 19_000, 19),))
    sale = with_line(sale, line)
    sale = with_line(sale, reversal(sale, 1))
    assert [(tax.net_minor, tax.tax_minor) for tax in sale.sums.taxes] in ([], [(0, 0)])
    assert sale.total_minor == 0


def test_a_reversal_is_the_mirror_of_its_line(sale: Transaction) -> None:
    sale = with_line(sale, item(500, 2000, code="TEA", department="D", list_minor=600))
    void = reversal(sale, 1)
    assert (void.kind, void.of, void.quantity, void.total_minor) == (LineKind.VOID, 1, -2000, -500)
    assert (void.code, void.department, void.list_minor) == ("TEA", "D", 600)


def test_a_tender_that_covers_carries_the_commit(sale: Transaction) -> None:
    sale = with_line(sale, item(498))
    act = Tender(
        tx=3,
        amount_minor=1_000,
        rounding_minor=2,
        commit=Commit(receipt=9, total_minor=500, change_minor=500),
    )
    sale = with_tender(sale, act, NOW)
    assert (sale.state, sale.receipt_number, sale.change_minor) == (State.COMMITTED, 9, 500)
    assert (sale.total_minor, sale.balance_minor, sale.closed_ms) == (500, 0, 1_000)
    assert (sale.sums.rounding_minor, sale.tenders[0].rounding_line) == (2, 2)
    assert sale.business_date == 20260101


def test_the_last_tender_given_back_opens_the_sale_again(sale: Transaction) -> None:
    sale = with_line(sale, item(500))
    for _ in range(2):
        sale = with_tender(sale, Tender(tx=3, amount_minor=100), NOW)
    sale = with_tender_voided(sale, 1)
    assert (sale.state, sale.tendered_minor) == (State.TENDERED, 100)
    sale = with_tender_voided(sale, 2)
    assert (sale.state, sale.tendered_minor, sale.balance_minor) == (State.OPEN, 0, 500)


@pytest.mark.parametrize("result", list(CardResult))
def test_a_card_is_open_until_money_is_known_to_have_moved_or_not(
    sale: Transaction, result: CardResult
) -> None:
    sale = with_card_request(with_line(sale, item(500)), CardRequest(tx=3, amount_minor=200))
    assert sale.open_cards == (1,)
    sale = with_card_outcome(sale, CardOutcome(tx=3, of=1, result=result, last_four="4242"), NOW)
    assert sale.open_cards == ((1,) if result is CardResult.UNKNOWN else ())
    taken = 200 if result is CardResult.SETTLED else 0
    assert sale.tendered_minor == taken
    assert len(sale.tenders) == bool(taken)


def test_an_aborted_sale_keeps_why_and_when(sale: Transaction) -> None:
    gone = with_abort(sale, "left", NOW)
    assert (gone.state, gone.reason, gone.closed_ms) == (State.ABORTED, "left", 1_000)


def test_nothing_leads_out_of_a_closed_sale() -> None:
    left = {state for state, _ in TRANSITIONS}
    assert left == {State.OPEN, State.TENDERED}
    assert (State.TENDERED, Step.ABORT) not in TRANSITIONS
    assert (State.TENDERED, Step.SUSPEND) not in TRANSITIONS
