"""The slice of real invoices holds every hard case that its licence page promises."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

Row = Mapping[str, str]


@pytest.fixture(scope="module")
def rows(invoices: Path) -> list[Row]:
    with invoices.open(newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_small_and_has_the_columns_of_the_source(invoices: Path, rows: list[Row]) -> None:
    assert invoices.stat().st_size <= 300_000
    assert (len(rows), len({row["InvoiceNo"] for row in rows})) == (1384, 150)
    assert list(rows[0]) == [
        *("InvoiceNo", "StockCode", "Description", "Quantity"),
        *("InvoiceDate", "UnitPrice", "CustomerID", "Country"),
    ]


def test_it_has_cancellations(rows: list[Row]) -> None:
    cancellations = [row for row in rows if row["InvoiceNo"].startswith("C")]
    assert len(cancellations) == 32
    assert all(Decimal(row["Quantity"]) < 0 for row in cancellations)


def test_it_has_invoices_that_come_to_zero(rows: list[Row]) -> None:
    totals: dict[str, Decimal] = {}
    for row in rows:
        amount = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
        totals[row["InvoiceNo"]] = totals.get(row["InvoiceNo"], Decimal(0)) + amount
    assert sum(total == 0 for total in totals.values()) == 10


def test_it_has_prices_no_till_should_take(rows: list[Row]) -> None:
    prices = [Decimal(row["UnitPrice"]) for row in rows]
    assert [price for price in prices if price < 0] == [Decimal("-11062.06")]
    assert [price for price in prices if price * 100 % 1] == [Decimal("0.001")] * 3


def test_one_invoice_s_rows_are_apart(rows: list[Row]) -> None:
    runs = [invoice for invoice, _ in groupby(row["InvoiceNo"] for row in rows)]
    assert [invoice for invoice in set(runs) if runs.count(invoice) > 1] == ["542806"]


def test_it_has_codes_that_differ_only_in_case(rows: list[Row]) -> None:
    codes = {row["StockCode"] for row in rows}
    assert {"85014a", "85014A", "15056n", "15056N"} <= codes
