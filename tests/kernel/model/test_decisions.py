"""What a request becomes, or why it is refused. The front door's tests attack the same rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from kernel.errors import SaleRefused
from kernel.model.decisions import (
    decide_abort,
    decide_begin,
    decide_card_outcome,
    decide_card_request,
    decide_line,
    decide_line_void,
    decide_tender,
    decide_tender_void,
    name_of,
    open_sale,
)
from kernel.model.entries import (
    CardOutcome,
    CardResult,
    Line,
    LineKind,
    SaleBegun,
    Stamp,
    Tender,
    TenderKind,
)
from kernel.model.ledger import Ledger
from kernel.model.money import LIMIT
from kernel.model.postings import Postings
from kernel.model.suspension import LINES_LIMIT
from kernel.model.transaction import State, Transaction, begun, with_line, with_tender

NOW = Stamp(1, 0, 5_000, 0, 20260101)
AMOUNTS = st.integers(-1_000, 1_000)


def sale_of(*amounts: int) -> Transaction:
    sale = begun(SaleBegun(tx=1, operator="o", store="s", currency="EUR"), NOW)
    for amount in amounts:
        sale = with_line(sale, Line(tx=1, total_minor=amount))
    return sale


def test_names_say_terminal_number_and_training() -> None:
    assert (name_of("T-1", 7), name_of("T-1", -7)) == ("T-1-7", "T-1-T7")


def test_a_sale_takes_the_next_number_of_its_series() -> None:
    ledger = Ledger(next_transaction=5, next_training=9)
    act = SaleBegun(tx=0, operator="o", store="s", currency="EUR")
    assert decide_begin(ledger, act).tx == 5
    trained = decide_begin(ledger, act, training=True)
    assert (trained.tx, trained.training) == (-9, True)


def test_a_closed_sale_is_refused_by_name() -> None:
    with pytest.raises(SaleRefused, match="sale T-4 is closed"):
        open_sale(Ledger(), 4, "T-4")


def test_a_sale_has_a_last_line() -> None:
    full = Postings([Line(total_minor=0)] * LINES_LIMIT, {}, LINES_LIMIT)
    sale = sale_of()
    sale = Transaction(sale.number, "s", "EUR", "o", 0, lines=full)
    with pytest.raises(SaleRefused, match="begin another"):
        decide_line(sale, Line(total_minor=1), "T-1")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_total_stays_in_range(sign: int) -> None:
    sale = sale_of(sign * LIMIT)
    with pytest.raises(SaleRefused, match="out of range"):
        decide_line(sale, Line(total_minor=sign), "T-1")
    assert decide_line(sale, Line(total_minor=-sign), "T-1").total_minor == -sign


@given(total=AMOUNTS, amount=AMOUNTS, rounding=st.sampled_from([0, 0, 3, -3]))
def test_a_tender_either_leaves_a_balance_or_closes_at_nothing_owed(
    total: int, amount: int, rounding: int
) -> None:
    sale, ledger = sale_of(total), Ledger(next_receipt=8)
    try:
        decided = decide_tender(
            ledger, sale, Tender(tx=1, amount_minor=amount, rounding_minor=rounding), "T-1"
        )
    except SaleRefused:
        reject()
    after = with_tender(sale, decided, NOW)
    if decided.commit is None:
        assert after.state is State.TENDERED
        assert abs(after.balance_minor) < abs(sale.balance_minor)
        assert after.balance_minor * sale.balance_minor > 0
        assert rounding == 0
    else:
        assert after.state is State.COMMITTED
        assert (after.balance_minor, decided.commit.receipt) == (0, 8)
        assert decided.commit.total_minor == after.total_minor == total + rounding
        assert decided.commit.change_minor >= 0
        assert amount - decided.commit.change_minor == total + rounding


@given(total=AMOUNTS.filter(bool))
def test_a_balance_can_always_be_paid_exactly(total: int) -> None:
    decided = decide_tender(Ledger(), sale_of(total), Tender(tx=1, amount_minor=total), "T-1")
    assert decided.commit is not None
    assert decided.commit.change_minor == 0


def test_a_sale_worth_nothing_closes_with_nothing() -> None:
    zero = Tender(tx=1, amount_minor=0)
    assert decide_tender(Ledger(), sale_of(5, -5), zero, "T-1").commit is not None
    with pytest.raises(SaleRefused, match="nothing to pay"):
        decide_tender(Ledger(), sale_of(5, -5), Tender(tx=1, amount_minor=1), "T-1")
    with pytest.raises(SaleRefused, match="no lines"):
        decide_tender(Ledger(), sale_of(), zero, "T-1")


@pytest.mark.parametrize("how", [TenderKind.CARD, TenderKind.VOUCHER])
def test_rounding_belongs_to_cash(how: TenderKind) -> None:
    with pytest.raises(SaleRefused, match="rounding belongs to a cash tender"):
        decide_tender(
            Ledger(), sale_of(5), Tender(tx=1, how=how, amount_minor=6, rounding_minor=1), "T-1"
        )


@pytest.mark.parametrize("number", [0, 2, True, 1.0, None])
def test_only_what_is_there_can_be_voided(number: Any) -> None:
    sale = with_tender(sale_of(500), Tender(tx=1, amount_minor=5), NOW)
    with pytest.raises(SaleRefused, match="has no line"):
        decide_line_void(sale, number, "T-1", None)
    with pytest.raises(SaleRefused, match="has no tender"):
        decide_tender_void(sale, number, "T-1", None)
    with pytest.raises(SaleRefused, match="has no card request"):
        decide_card_outcome(
            Ledger(), sale, CardOutcome(tx=1, of=number, result=CardResult.SETTLED), "T-1"
        )


def test_a_void_names_line_and_reason() -> None:
    void = decide_line_void(sale_of(5, 7), 2, "T-1", "wrong item")
    assert (void.kind, void.of, void.total_minor) == (LineKind.VOID, 2, -7)
    assert void.reason == "wrong item"


@pytest.mark.parametrize("amount", [0, -1, 501])
def test_a_card_is_asked_for_no_more_than_the_balance(amount: int) -> None:
    with pytest.raises(SaleRefused, match="at most the balance of 500"):
        decide_card_request(sale_of(500), amount, "T-1")
    assert decide_card_request(sale_of(500), 500, "T-1").amount_minor == 500


def test_a_sale_that_holds_money_is_not_aborted() -> None:
    with pytest.raises(SaleRefused, match="void the tender first"):
        decide_abort(with_tender(sale_of(500), Tender(tx=1, amount_minor=5), NOW), "left", "T-1")
    assert decide_abort(sale_of(500), "left", "T-1").reason == "left"
