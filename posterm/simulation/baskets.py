"""What customers carry: baskets cut from the invoices of a CSV file. Nothing here is random."""

from __future__ import annotations

from io import BufferedReader

from kernel import BadInput
from kernel import gettext as _
from posterm.invoices import InvoiceFile, Item

__all__ = ["BASKETS_LIMIT", "Basket", "read_baskets"]

Basket = tuple[Item, ...]

BASKETS_LIMIT = 1_000
"""More of them make no sale more real; each till is given them all."""


def read_baskets(
    source: BufferedReader, name: str, currency: str, lines: int
) -> tuple[Basket, ...]:
    """The invoices of the file, each cut into baskets of at most `lines` lines.

    Rows that can't be rung are left out. Raises `BadInput` where no row can be.
    """
    invoices = InvoiceFile(source, name).gather(currency, lambda _: None)
    baskets = [
        tuple(invoice.items[first : first + lines])
        for invoice in invoices
        for first in range(0, len(invoice.items), lines)
    ]
    if not baskets:
        raise BadInput(_("{}: no row of it can be sold; give a file of invoices").format(name))
    # Spread over the whole file: its first pages may be one day's.
    every = -(-len(baskets) // BASKETS_LIMIT)
    return tuple(baskets[::every])
