"""The catalogue as a register reads it: one published version, by code and by words.

Read-only, without a lock and from any thread. A file is never changed once it is published, so
SQLite is told so (`immutable`) and a till holds no more than one descriptor. This module must
never write, and a till that sells from an old version is not its business: `current_version`
says which one is new.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, cast
from urllib.parse import quote

from msgspec import Struct

from kernel import BadInput
from kernel import gettext as _
from posterm.catalog.codes import fold_words, is_gtin, key_of, looks_like_gtin, read_scan
from posterm.catalog.embedded import (
    Embedded,
    Rules,
    element_measure,
    read_label,
    rules_of,
)
from posterm.catalog.items import Ambiguous, Found, Item, Missing, NotOnFile, SellBy
from posterm.catalog.schema import APPLICATION_ID, SCHEMA_VERSION
from posterm.catalog.versions import CatalogPaths, current_version

__all__ = ["Catalog", "CatalogFacts", "open_catalog"]

_OPEN_ATTEMPTS = 3
_SEARCH_LIMIT = 1_000
_TEXT_LIMIT = 128
_TRIGRAM = 3
_EVERY = -1
_LAST_CHARACTER = "\U0010ffff"


class _ItemRow(NamedTuple):
    """A row of the table, by the names of its columns."""

    sku: str
    description: str
    department: str
    price_minor: int | None
    tax_code: str
    sell_by: str
    tare: int
    min_age: int
    linked_sku: str | None
    max_quantity: int | None
    discountable: int
    returnable: int
    active: int


class CatalogFacts(Struct, frozen=True):
    """A version and what it was made from. Prices are minor units of `currency`."""

    version: int
    currency: str
    country: str | None
    items: int
    source: str
    imported_ms: int


def open_catalog(data_dir: str | os.PathLike[str], version: int | None = None) -> Catalog:
    """That version of the shop's catalogue, or the current one.

    Raises `BadInput` where it is missing or no catalogue.
    """
    paths = CatalogPaths(data_dir)
    for _attempt in range(_OPEN_ATTEMPTS):
        number = current_version(data_dir) if version is None else version
        if number == 0:
            raise BadInput(
                _(
                    "{}: there is no catalogue; make one with `posterm catalog import FILE.csv`"
                ).format(paths.current)
            )
        if os.path.exists(paths.version(number)):
            return Catalog(paths.version(number), number)
        # An import that ended meanwhile may have removed the version that was current.
    raise BadInput(
        _("{} is gone: no open sale used version {}; go on with the current one").format(
            paths.version(number), number
        )
    )


class Catalog:
    """One version, open. Close it, or use it as a context."""

    def __init__(self, path: str, version: int) -> None:
        """Raises `BadInput`."""
        self._path = path
        self._database = _connected(path)
        try:
            self.facts = self._read_facts(version)
        except BaseException:
            self._database.close()
            raise
        self._rules = rules_of(self.facts.country, self.facts.currency)

    def _read_facts(self, version: int) -> CatalogFacts:
        facts = dict(cast("list[tuple[str, str]]", self._rows("SELECT name, value FROM fact")))
        try:
            return CatalogFacts(
                version=version,
                currency=facts["currency"],
                country=facts["country"] or None,
                items=int(facts["items"]),
                source=facts["source"],
                imported_ms=int(facts["imported_ms"]),
            )
        except KeyError as fault:
            raise _unreadable(self._path, _("it does not say its {}").format(fault)) from fault
        except ValueError as fault:
            raise _unreadable(self._path, str(fault)) from fault

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    @property
    def version(self) -> int:
        return self.facts.version

    def find(self, text: str, rules: Rules | None = None) -> Found | Ambiguous | NotOnFile:
        """What a cashier keyed or a scanner sent.

        A code counts as written, then without its case or leading zeros of a GTIN where that
        names one item only, then as a label with a weight, price or count, read by `rules` (else
        those of the catalogue's country).
        """
        try:
            scan = read_scan(text)
        except BadInput:
            return NotOnFile(text, Missing.UNKNOWN)
        items = self._named(scan.code)
        if len(items) > 1:
            return Ambiguous(scan.code, items)
        if items:
            said = element_measure(scan.elements, self.facts.currency)
            return Found(items[0]) if said is None else _measured(scan.code, items[0], said)
        return self._labelled(scan.code, self._rules if rules is None else rules)

    def item(self, sku: str) -> Item | None:
        """The item of exactly that code."""
        numbers = self._numbers("SELECT item FROM code WHERE code = ?", sku)
        return self._item(numbers[0]) if numbers else None

    def search(self, text: str, limit: int = 50) -> tuple[Item, ...]:
        """Active items whose words or codes hold what is typed, the likeliest first.

        First come descriptions that begin so, then items with words that begin so, then the
        others; each in the order of the alphabet. One or two letters find beginnings only.
        """
        words = fold_words(text[:_TEXT_LIMIT])
        limit = min(limit, _SEARCH_LIMIT)
        found: dict[int, None] = {}
        for query, *values in _search_queries(words):
            if len(found) < limit:
                found |= dict.fromkeys(self._numbers(f"{query} LIMIT ?", *values, limit))
        return tuple(self._item(number) for number in list(found)[:limit])

    def items(self, department: str | None = None, limit: int | None = None) -> Iterator[Item]:
        """All of them, or those of a department, in the order of the alphabet."""
        where, values = ("WHERE department = ?", (department,)) if department else ("", ())
        numbers = self._numbers(
            f"SELECT id FROM item {where} ORDER BY id LIMIT ?",
            *values,
            _EVERY if limit is None else limit,
        )
        return map(self._item, numbers)

    def departments(self) -> tuple[str, ...]:
        """Sorted; an item that is not on file is sold to one of them."""
        rows = self._rows("SELECT DISTINCT department FROM item ORDER BY department")
        return tuple(name for (name,) in cast("list[tuple[str]]", rows))

    def taxed_departments(self) -> tuple[tuple[str, str], ...]:
        """(department, tax code), of each department the commonest tax code first."""
        rows = self._rows(
            "SELECT department, tax_code FROM item GROUP BY department, tax_code "
            "ORDER BY department, count(*) DESC, tax_code"
        )
        return tuple(cast("list[tuple[str, str]]", rows))

    def is_deposit(self, sku: str) -> bool:
        """Whether it comes along with another item."""
        return bool(self._numbers("SELECT id FROM item WHERE linked_sku = ? LIMIT 1", sku))

    def _named(self, code: str) -> tuple[Item, ...]:
        exactly = self.item(code)
        if exactly is not None:
            return (exactly,)
        numbers = self._numbers("SELECT DISTINCT item FROM code WHERE word = ?", key_of(code))
        return tuple(map(self._item, numbers))

    def _labelled(self, code: str, rules: Rules) -> Found | NotOnFile:
        if not is_gtin(code):
            wrong = Missing.CHECK_DIGIT if looks_like_gtin(code) else Missing.UNKNOWN
            return NotOnFile(code, wrong)
        gtin = code.zfill(13)
        rule = rules.get(gtin[:2])
        if rule is None or len(code) not in (12, 13):
            return NotOnFile(code, Missing.UNKNOWN)
        label = read_label(gtin, rule, self.facts.currency)
        full, *plus = label.codes
        for number in (full, *plus):
            items = self._named(number)
            # A PLU is short, and may be the number of a thing that no scale ever saw.
            if len(items) == 1 and (number == full or items[0].sell_by is not SellBy.EACH):
                return _measured(code, items[0], label)
        return NotOnFile(code, Missing.UNKNOWN)

    def _item(self, number: int) -> Item:
        (row,) = self._rows(f"SELECT {', '.join(_ItemRow._fields)} FROM item WHERE id = ?", number)
        said = _ItemRow._make(row)  # STRICT tables hold what they say
        try:
            sell_by = SellBy(said.sell_by)
        except ValueError as fault:
            raise _unreadable(self._path, str(fault)) from fault
        codes = self._rows("SELECT code FROM code WHERE item = ? ORDER BY place", number)
        return Item(
            sku=said.sku,
            codes=tuple(code for (code,) in cast("list[tuple[str]]", codes)),
            description=said.description,
            department=said.department,
            price_minor=said.price_minor,
            tax_code=said.tax_code,
            sell_by=sell_by,
            tare=said.tare,
            min_age=said.min_age,
            linked_sku=said.linked_sku,
            max_quantity=said.max_quantity,
            discountable=bool(said.discountable),
            returnable=bool(said.returnable),
            active=bool(said.active),
        )

    def _numbers(self, query: str, *values: str | int) -> list[int]:
        return [number for (number,) in cast("list[tuple[int]]", self._rows(query, *values))]

    def _rows(self, query: str, *values: str | int) -> list[tuple[object, ...]]:
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.DatabaseError as fault:
            raise _unreadable(self._path, str(fault)) from fault


def _connected(path: str) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(
            f"file:{quote(path)}?mode=ro&immutable=1",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.OperationalError as fault:
        raise _unreadable(path, str(fault)) from fault
    try:
        # A file that somebody else may have put there must not call functions by its schema.
        database.execute("PRAGMA trusted_schema = OFF")
        ((application,),) = database.execute("PRAGMA application_id")
        ((schema,),) = database.execute("PRAGMA user_version")
        if application != APPLICATION_ID:
            raise _unreadable(path, _("it is no catalogue of posterm"))
        if schema != SCHEMA_VERSION:
            raise _unreadable(
                path, _("it is of format {}, this posterm reads {}").format(schema, SCHEMA_VERSION)
            )
    except sqlite3.DatabaseError as fault:
        database.close()
        raise _unreadable(path, str(fault)) from fault
    except BadInput:
        database.close()
        raise
    return database


def _search_queries(words: str) -> Iterator[tuple[str, *tuple[str, ...]]]:
    """The queries, best first, each with its values; all end in an order that may stop early."""
    if not words:
        return
    begins = "SELECT id FROM item WHERE active AND words >= ? AND words < ? ORDER BY words"
    yield begins, words, words + _LAST_CHARACTER
    terms = [term for term in words.split() if len(term) > 1]
    if not terms:
        return
    holds = "SELECT rowid FROM item_text WHERE item_text MATCH ? ORDER BY rowid"
    yield holds, " ".join(f'" {term}"' for term in terms)
    # Two letters make a trigram only with the space before their word.
    yield holds, " ".join(f'"{" " * (len(term) < _TRIGRAM)}{term}"' for term in terms)


def _measured(code: str, item: Item, said: Embedded) -> Found | NotOnFile:
    if not said.readable:
        return NotOnFile(code, Missing.MEASURE)
    return Found(item, said.quantity, said.amount_minor)


def _unreadable(path: str, fact: str) -> BadInput:
    return BadInput(
        _(
            "{}: the catalogue can't be read: {}; import it again with `posterm catalog "
            "import FILE.csv`"
        ).format(path, fact)
    )
