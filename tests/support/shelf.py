"""A small catalogue for tests, and the calls that put one into a store."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from kernel import Host
from posterm.catalog import Item
from posterm.catalog.source import Reading, read_items
from posterm.catalog.writing import write_catalog

HEADER = "code,description,department,price,tax_code"


def read(text: str, currency: str = "EUR") -> Reading:
    """What the CSV says."""
    return read_items(as_file(text.encode()), "items.csv", currency, lambda _: None)


def as_file(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


def item(sku: str, description: str, price_minor: int | None = 100, *codes: str) -> Item:
    """An item of which only this matters."""
    return Item(sku, (sku, *codes), description, "GOODS", price_minor, "S")


def publish(data_dir: Path, items: Sequence[Item], country: str | None = None) -> int:
    """Publish the next version; its number."""
    return write_catalog(
        data_dir,
        items,
        currency="EUR",
        country=country,
        source="items.csv",
        host=Host(),
        advance=lambda _: None,
    )
