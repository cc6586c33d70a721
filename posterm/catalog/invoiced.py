"""A catalogue made from invoices that were rung before: what a shop without one starts from.

Each stock code becomes an item at the price it was charged most often, with the description it
had most often. Codes that no item can have are told like the faults of any import, but stop
nothing: what was never more than a note on an invoice need not be for sale.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from io import BufferedReader
from typing import TypeVar

from kernel import SaleRefused
from posterm.catalog.fields import checked_code
from posterm.catalog.items import Item
from posterm.catalog.source import Fault, Reading
from posterm.invoices import InvoiceFile, Rejected

__all__ = ["DEPARTMENT", "TAX_CODE", "read_invoiced"]

DEPARTMENT = "GOODS"
TAX_CODE = "S"

_Seen = TypeVar("_Seen")


def read_invoiced(file: BufferedReader, name: str, currency: str) -> tuple[Reading, int]:
    """Items in the order in which they were first sold, and how many rows could not be rung.

    Among equals the first seen counts; a price of 0 counts only where there is no other, and
    then the price is open. Raises `BadInput`, `SaleRefused`.
    """
    prices: defaultdict[str, Counter[int]] = defaultdict(Counter)
    descriptions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rejected: list[Rejected] = []
    for invoice in InvoiceFile(file, name).gather(currency, rejected.append):
        for item in invoice.items:
            prices[item.code][item.unit_minor] += 1
            if item.description is not None:
                descriptions[item.code][item.description] += 1
    reading = Reading()
    for code, charged in prices.items():
        try:
            checked_code(code)
        except SaleRefused as refusal:
            reading.faults.append(Fault(0, "StockCode", str(refusal)))
            continue
        del charged[0]
        reading.items.append(
            Item(
                sku=code,
                codes=(code,),
                description=_most_frequent(descriptions[code]) or code,
                department=DEPARTMENT,
                price_minor=_most_frequent(charged),
                tax_code=TAX_CODE,
            )
        )
    return reading, len(rejected)


def _most_frequent(counted: Counter[_Seen]) -> _Seen | None:
    return counted.most_common(1)[0][0] if counted else None
