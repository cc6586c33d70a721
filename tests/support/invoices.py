"""What invoices come to, twice: by Decimal from their file, and from the log of who rang them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from kernel import Shop

__all__ = ["rung", "sums"]


def sums(source: Path) -> Mapping[str, Decimal]:
    """Invoice -> its total in pounds, by nothing but the csv module and Decimal."""
    totals: dict[str, Decimal] = {}
    with source.open(newline="") as file:
        for row in csv.DictReader(file):
            price = Decimal(row["UnitPrice"])
            if price < 0 or price * 100 % 1:
                continue
            amount = Decimal(row["Quantity"]) * price
            totals[row["InvoiceNo"]] = totals.get(row["InvoiceNo"], Decimal(0)) + amount
    return totals


def rung(data_dir: Path) -> Mapping[str, Decimal]:
    """Invoice -> what its one sale was committed at."""
    totals = {}
    for logged in Shop(data_dir).sales():
        assert logged.sale.reference is not None
        assert logged.sale.reference not in totals, "an invoice was rung twice"
        totals[logged.sale.reference] = Decimal(logged.sale.total_minor) / 100
    return totals
