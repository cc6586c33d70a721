"""A receipt is true to the log and fits its paper, whatever a line is called."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kernel.model.entries import (
    Commit,
    Line,
    LineKind,
    SaleBegun,
    Stamp,
    TaxAmount,
    Tender,
    TenderKind,
)
from kernel.model.receipt import receipt_rows, text_columns
from kernel.model.transaction import Transaction, begun, reversal, with_line, with_tender

AT = datetime(2026, 3, 14, 15, 9, tzinfo=UTC)


def item(name: str, quantity: int = 1000, unit_minor: int = 399) -> Line:
    total_minor = quantity * unit_minor // 1000
    return Line(
        tx=17,
        code="SKU",
        description=name,
        quantity=quantity,
        unit_minor=unit_minor,
        total_minor=total_minor,
    )


def sold(*lines: Line, tendered_minor: int | None = None, number: int = 17) -> Transaction:
    sale = begun(
        SaleBegun(tx=number, operator="0001", store="STORE_001", currency="GBP", reference="R1"),
        Stamp(),
    )
    for line in lines:
        sale = with_line(sale, line)
    amount = sale.total_minor if tendered_minor is None else tendered_minor
    commit = Commit(receipt=5, total_minor=sale.total_minor, change_minor=amount - sale.total_minor)
    return with_tender(sale, Tender(tx=number, amount_minor=amount, commit=commit), Stamp())


def printed(sale: Transaction, columns: int = 42, *, copy: bool = False) -> list[str]:
    return receipt_rows(sale, terminal="REGISTER_01", at=AT, columns=columns, copy=copy)


def test_a_cash_sale_reads_as_a_cashier_expects_it() -> None:
    sale = sold(item("COFFEE"), item("TEA", 2000, 250), tendered_minor=1000)
    assert printed(sale, 32) == [
        "           STORE_001",
        "REGISTER_01-17  2026-03-14 15:09",
        "Operator 0001          Receipt 5",
        "Reference R1",
        "--------------------------------",
        "COFFEE                      3.99",
        "TEA",
        "  2 x 2.50                  5.00",
        "--------------------------------",
        "TOTAL GBP                   8.99",
        "Cash                       10.00",
        "Change                      1.01",
    ]


def test_only_a_copy_says_that_it_is_one() -> None:
    sale = sold(item("COFFEE"))
    assert not any("COPY" in row for row in printed(sale))
    assert any("COPY" in row for row in printed(sale, copy=True))


def test_a_training_receipt_can_not_pass_for_a_real_one() -> None:
    assert any("TRAINING" in row for row in printed(sold(item("COFFEE"), number=-3)))


def test_a_return_pays_out() -> None:
    rows = printed(sold(item("COFFEE", -1000)))
    assert any(row.split() == ["-1", "x", "3.99", "-3.99"] for row in rows)
    assert any(row.split() == ["Cash", "paid", "out", "-3.99"] for row in rows)


def test_weight_void_discount_and_rounding_are_named() -> None:
    open_sale = with_line(sold_open(), item("HAM", 1250, 800))
    sale = with_line(open_sale, reversal(open_sale, 1))
    discount = Line(kind=LineKind.DISCOUNT, total_minor=-50, percent_milli=10_000, of=1)
    sale = with_line(sale, discount)
    rows = [row.split() for row in printed(sale)]
    assert ["1.25", "x", "8.00", "10.00"] in rows
    assert ["VOID", "HAM"] in rows
    assert ["-1.25", "x", "8.00", "-10.00"] in rows
    assert ["Discount", "10", "%", "on", "line", "1", "-0.50"] in rows
    assert not any("Receipt" in row for row in rows), "an open sale has no receipt number"


def sold_open() -> Transaction:
    return begun(SaleBegun(tx=17, operator="0001", store="S", currency="GBP"), Stamp())


def test_taxes_show_their_rate_and_turnover() -> None:
    line = Line(
        code="A", description="TEA", total_minor=1200, taxes=(TaxAmount("V", 20_000, 200, 1),)
    )
    rows = [row.split() for row in printed(sold(line))]
    assert ["Tax", "%", "Net", "Tax", "Gross"] in rows
    assert ["V", "20", "10.00", "2.00", "12.00"] in rows


def test_a_card_shows_its_last_four_digits() -> None:
    sale = sold(item("TEA"))
    (tender,) = sale.tenders
    card = replace(tender, how=TenderKind.CARD, last_four="1881")
    rows = printed(replace(sale, tenders=(card,)))
    assert any("Card *1881" in row for row in rows)


def test_a_long_name_breaks_between_words() -> None:
    rows = printed(sold(item("FELTCRAFT PRINCESS CHARLOTTE DOLL", 8000)), 32)
    assert "FELTCRAFT PRINCESS CHARLOTTE" in rows
    assert "DOLL" in rows


def test_a_word_longer_than_the_paper_is_cut_not_lost() -> None:
    rows = printed(sold(item("A" * 32 + "B" * 32 + "C")), 32)
    assert rows[5:7] == ["A" * 32, "B" * 32]
    assert rows[7].rstrip() == "C"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("tea", 3), ("茶", 2), ("ﾃ", 1), ("e\u0301", 1), ("é", 1), ("Ａ", 2), ("🍵", 2)],
)
def test_width_is_measured_as_a_terminal_draws_it(text: str, columns: int) -> None:
    assert text_columns(text) == columns


NAMES = st.text(
    st.sampled_from("abc XYZ茶Ａe\u0301🍵-")
    | st.characters(codec="utf-8", exclude_categories=["C"]),
    min_size=1,
    max_size=120,
)


@given(
    names=st.lists(NAMES, min_size=1, max_size=4),
    quantity=st.sampled_from([1000, 1250, -3000]),
    unit_minor=st.integers(0, 2**40),
    columns=st.sampled_from([32, 42]),
)
def test_every_row_fits_and_no_name_is_cut_short(
    names: list[str], quantity: int, unit_minor: int, columns: int
) -> None:
    rows = printed(sold(*(item(name, quantity, unit_minor) for name in names)), columns)
    assert all(text_columns(row) <= columns for row in rows)
    shown = "".join("".join(rows).split())
    assert all("".join(name.split()) in shown for name in names)
