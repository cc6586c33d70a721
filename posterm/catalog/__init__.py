"""What the shop sells: its items, found by code or by words, and how a new list of them comes in.

A version of the catalogue is one SQLite file that is never changed once it is published, so a
till reads it beside an import, and a sale keeps the version that it began with. Reading is all
that a register does; the heavy parts (import, CSV) stand in modules that it never loads.
"""

from __future__ import annotations

from posterm.catalog.embedded import COUNTRIES, Rule, rules_of
from posterm.catalog.items import (
    Ambiguous,
    Found,
    Item,
    Missing,
    NotOnFile,
    SellBy,
)
from posterm.catalog.reading import Catalog, open_catalog
from posterm.catalog.versions import current_version

__all__ = [
    "COUNTRIES",
    "Ambiguous",
    "Catalog",
    "Found",
    "Item",
    "Missing",
    "NotOnFile",
    "Rule",
    "SellBy",
    "current_version",
    "open_catalog",
    "rules_of",
]
