"""A new version of the catalogue, written whole and then published.

The file is made under `temp`, in one transaction without a journal: until it is published nobody
reads it, and one that was broken off is thrown away. SQLite syncs it at the commit.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress

from kernel import BadInput, Host, Shop
from kernel import gettext as _
from posterm.catalog.codes import fold_words, key_of
from posterm.catalog.items import Item
from posterm.catalog.schema import SCHEMA
from posterm.catalog.versions import Advance, CatalogPaths, publish, remove_strays

__all__ = ["write_catalog"]

_BATCH = 1_000


def write_catalog(
    data_dir: str | os.PathLike[str],
    items: Sequence[Item],
    *,
    currency: str,
    country: str | None,
    source: str,
    host: Host,
    advance: Advance,
) -> int:
    """Publish `items`, which must have passed `source`'s checks, as the next version; its number.

    Raises `BadInput`, `BadConfiguration`, `DiskFull`.
    """
    Shop(data_dir, host).make()
    wall_ms = host.clock.wall_ms()
    remove_strays(data_dir, wall_ms / 1000)
    scratch = CatalogPaths(data_dir).scratch(host.random_bytes(8))
    facts = {
        "currency": currency,
        "country": country or "",
        "items": str(len(items)),
        "source": source,
        "imported_ms": str(wall_ms),
    }
    try:
        with closing(sqlite3.connect(scratch, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(f"BEGIN; {SCHEMA}")
            database.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
            _write_items(database, items, advance)
            # One tree of trigrams instead of many: a search takes half the time.
            database.execute("INSERT INTO item_text (item_text) VALUES ('optimize')")
            database.execute("COMMIT")
    except (sqlite3.Error, OSError) as fault:
        raise BadInput(
            _(
                "{}: the catalogue can't be written: {}; make room and import again, the "
                "catalogue before it is still in use"
            ).format(scratch, fault)
        ) from fault
    else:
        return publish(data_dir, scratch, host)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(scratch)


def _write_items(database: sqlite3.Connection, items: Sequence[Item], advance: Advance) -> None:
    ordered = sorted(items, key=lambda item: (fold_words(item.description), item.sku))
    for first in range(0, len(ordered), _BATCH):
        batch = list(enumerate(ordered[first : first + _BATCH], first + 1))
        database.executemany(
            f"INSERT INTO item VALUES ({', '.join('?' * 15)})",
            (_item_row(number, item) for number, item in batch),
        )
        database.executemany(
            "INSERT INTO code VALUES (?, ?, ?, ?)",
            (row for number, item in batch for row in _code_rows(number, item)),
        )
        database.executemany(
            "INSERT INTO item_text (rowid, words) VALUES (?, ?)",
            ((number, _searched(item)) for number, item in batch if item.active),
        )
        advance(len(batch))


def _item_row(number: int, item: Item) -> tuple[str | int | None, ...]:
    return (
        number,
        item.sku,
        item.description,
        item.department,
        item.price_minor,
        item.tax_code,
        item.sell_by.value,
        item.tare,
        item.min_age,
        item.linked_sku,
        item.max_quantity,
        item.discountable,
        item.returnable,
        item.active,
        fold_words(item.description),
    )


def _code_rows(number: int, item: Item) -> Iterator[tuple[str | int, ...]]:
    for place, code in enumerate(item.codes):
        yield code, key_of(code), number, place


def _searched(item: Item) -> str:
    return " " + " ".join(map(fold_words, (item.description, *item.codes)))
