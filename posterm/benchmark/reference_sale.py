"""The sales whose bytes and times are published: the bare example, and one with every field.

The full ones are a corner shop's: what a line must freeze so that its receipt, its return and
the tax report need no catalogue. They are committed here, so that a figure always means the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from kernel import Sale, TaxAmount, Terminal
from kernel import marked as N_

__all__ = ["LIMITS_BYTES", "Item", "REFERENCE_ITEMS", "bytes_per_sale", "ring_bare", "ring_full"]

LIMITS_BYTES = {
    N_("bare, 1 line"): 521,
    N_("bare, 5 lines"): 1_150,
    N_("every field, 1 line"): 650,
    N_("every field, 5 lines"): 1_600,
}
"""What a cash sale may cost at most, all its entries together. The numbers in a log grow longer:
a test holds it to this at the hundred-thousandth entry too."""


@dataclass(frozen=True, slots=True)
class Item:
    """Codes as a line keeps them, prices in pence, the VAT within the charged price."""

    code: str
    description: str
    department: str
    list_minor: int
    charged_minor: int
    tax_code: str
    rate_milli_percent: int
    tax_minor: int
    price_origin: str


REFERENCE_ITEMS = (
    Item("5000159461122", "Snickers 48g", "21", 95, 75, "S", 20_000, 13, "offer"),
    Item("5449000000996", "Coca-Cola 330ml", "30", 120, 110, "S", 20_000, 18, "offer"),
    Item("5010044000800", "Warburtons 800g", "11", 155, 145, "Z", 0, 0, "offer"),
    Item("5000128104517", "Whole Milk 2pt", "12", 130, 125, "Z", 0, 0, "offer"),
    Item("5000108034050", "McVitie's 400g", "22", 235, 199, "S", 20_000, 33, "offer"),
)


def ring_bare(till: Terminal, lines: int) -> None:
    """The example of the front door: code, quantity and price, nothing else."""
    sale = till.begin(store="STORE_001", currency="USD", operator="0001")
    for _ in range(lines):
        sale.add_line("COFFEE_001", quantity=1, unit_minor=399)
    sale.tender_cash(500 * lines)


def ring_full(till: Terminal, lines: int) -> None:
    """The first `lines` items of the reference sale, paid in cash."""
    sale = till.begin(
        store="STORE_001",
        currency="GBP",
        operator="0001",
        configuration=12,
        catalogue=345,
    )
    for item in REFERENCE_ITEMS[:lines]:
        _add(sale, item)
    sale.tender_cash(500 * lines)


def bytes_per_sale(till: Terminal, log: str) -> dict[str, int]:
    """The name of each published sale -> its bytes in `log`, the till's open segment."""
    ring_bare(till, 1)  # opens the till period, which is no part of a sale
    return {
        N_("bare, 1 line"): _grown(log, lambda: ring_bare(till, 1)),
        N_("bare, 5 lines"): _grown(log, lambda: ring_bare(till, 5)),
        N_("every field, 1 line"): _grown(log, lambda: ring_full(till, 1)),
        N_("every field, 5 lines"): _grown(log, lambda: ring_full(till, 5)),
    }


def _grown(path: str, act: Callable[[], None]) -> int:
    before = os.stat(path).st_size
    act()
    return os.stat(path).st_size - before


def _add(sale: Sale, item: Item) -> None:
    sale.add_line(
        item.code,
        quantity=1,
        unit_minor=item.charged_minor,
        description=item.description,
        department=item.department,
        list_minor=item.list_minor,
        taxes=(TaxAmount(item.tax_code, item.rate_milli_percent, item.tax_minor),),
        price_origin=item.price_origin,
        input_origin="scan",
    )
