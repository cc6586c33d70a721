"""The CSV that a catalogue is imported from: every row checked, every fault told with its line.

A file is taken whole or not at all, because half a price list is no price list. Faults are
gathered, not raised one by one: who mends a file wants to see all of them. The delimiter is the
one that the header uses: comma, semicolon or tab.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader

from kernel import BadInput, parse_major
from kernel import gettext as _
from posterm.catalog.codes import is_gtin, key_of
from posterm.catalog.fields import FIELDS, NEEDED, Row, item_of
from posterm.catalog.items import Item
from posterm.catalog.versions import Advance

__all__ = ["FAULTS_LIMIT", "ITEMS_LIMIT", "Fault", "Reading", "read_items"]

FAULTS_LIMIT = 1_000
ITEMS_LIMIT = 1_000_000

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in the row that begins at `line`; no `column` where it is the whole row."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class Reading:
    """The items of a file; of no use while there are faults."""

    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_items(file: BufferedReader, name: str, currency: str, advance: Advance) -> Reading:
    """The items of an open CSV file, gzipped or not. `advance` gets bytes of the file.

    Stops early after `FAULTS_LIMIT` faults. Raises `BadInput` for a file that is no such CSV,
    `SaleRefused` for the currency.
    """
    parse_major("0", currency)
    lines = _Lines(file, name, advance)
    rows = lines.rows()
    _line, header = next(rows, (1, []))
    columns = _columns(header, name)
    reading, seen = Reading(), _Seen()
    for line, texts in rows:
        if len(texts) != len(columns):
            reason = _("it has {} fields, the header has {}").format(len(texts), len(columns))
            reading.faults.append(Fault(line, "", reason))
        else:
            _read_row(dict(zip(columns, texts, strict=True)), line, currency, reading, seen)
        if len(reading.faults) >= FAULTS_LIMIT:
            return reading
        if len(reading.items) > ITEMS_LIMIT:
            raise BadInput(
                _("{}: it has more than {} items; import fewer").format(name, ITEMS_LIMIT)
            )
    _check_links(reading, seen)
    if not reading.items and not reading.faults:
        raise BadInput(_("{}: it has no item; give at least one below the header").format(name))
    return reading


@dataclass(slots=True)
class _Seen:
    """Lines of what the rows so far said: codes, keys of GTINs, links, and of each item."""

    codes: dict[str, int] = field(default_factory=dict)
    gtins: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def _read_row(row: Row, line: int, currency: str, reading: Reading, seen: _Seen) -> None:
    def fault(column: str, reason: str) -> None:
        reading.faults.append(Fault(line, column, reason))

    item = item_of(row, currency, fault)
    if item is None:
        return
    for code in item.codes:
        before = seen.codes.setdefault(code, line)
        if before == line and is_gtin(code):
            before = seen.gtins.setdefault(key_of(code), line)
        if before != line:
            fault("code", _("{} is the code of line {} already; give it once").format(code, before))
    if len(set(item.codes)) < len(item.codes):
        fault("code", _("a code stands there twice; give it once"))
    seen.lines[item.sku] = line
    reading.items.append(item)


def _check_links(reading: Reading, seen: _Seen) -> None:
    """A linked item is on file, and has no link of its own: a deposit has no deposit."""
    by_sku = {item.sku: item for item in reading.items}
    for item in reading.items:
        if item.linked_sku is None:
            continue
        linked = by_sku.get(item.linked_sku)
        if linked is None:
            reason = _("no item has {} as its first code").format(item.linked_sku)
        elif linked.linked_sku is not None:
            reason = _("{} is linked to an item itself; link only once").format(item.linked_sku)
        else:
            continue
        reading.faults.append(Fault(seen.lines[item.sku], "linked_sku", reason))
    reading.faults.sort(key=lambda fault: fault.line)


def _columns(header: list[str], name: str) -> list[str]:
    columns = [column.strip().casefold() for column in header]
    missing = [column for column in NEEDED if column not in columns]
    unknown = [column for column in columns if column not in FIELDS]
    if missing:
        raise BadInput(
            _(
                "{}: line 1 has no column {}; give CSV with a header of {}, of which {} "
                "must be there"
            ).format(name, ", ".join(missing), ", ".join(FIELDS), ", ".join(NEEDED))
        )
    if unknown:
        raise BadInput(
            _(
                "{}: line 1 has a column {!r:.60}, which means nothing here; remove it, or "
                "name it one of {}"
            ).format(name, unknown[0], ", ".join(FIELDS))
        )
    if len(set(columns)) < len(columns):
        raise BadInput(_("{}: line 1 names a column twice; remove one of them").format(name))
    return columns


class _Lines:
    """The rows of a file that is read once, with the lines at which they begin."""

    def __init__(self, file: BufferedReader, name: str, advance: Advance) -> None:
        packed = file.peek(2)[:2] == _GZIP
        self._lines: Iterator[bytes] = iter(gzip.GzipFile(fileobj=file) if packed else file)
        self._file = file
        self._name = name
        self._advance = advance
        self._line = 0

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank. Raises `BadInput` where the file can't be read on."""
        try:
            texts = self._texts()
            first = next(texts, "")
            delimiter = max(_DELIMITERS, key=first.count)
            reader = csv.reader(_chained(first, texts), delimiter=delimiter, strict=True)
            before = 0
            for fields in reader:
                if any(fields):
                    yield before + 1, fields
                before = reader.line_num
        except csv.Error as fault:
            raise self._unusable(
                _("line {} is no CSV: {}; correct it").format(self._line, fault)
            ) from fault
        except (EOFError, OSError, zlib.error) as fault:
            raise self._unusable(
                _("it can't be read past line {}: {}; get the file again").format(self._line, fault)
            ) from fault

    def _texts(self) -> Iterator[str]:
        for line in self._lines:
            self._line += 1
            self._advance(len(line))
            if b"\0" in line:
                raise self._unusable(
                    _("line {} holds a NUL byte; this is no CSV of text").format(self._line)
                )
            try:
                yield line.removeprefix(_BOM).decode() if self._line == 1 else line.decode()
            except UnicodeDecodeError as fault:
                raise self._unusable(
                    _("line {} is no UTF-8: {}; save the file as UTF-8").format(
                        self._line, fault.reason
                    )
                ) from fault

    def _unusable(self, fact: str) -> BadInput:
        return BadInput(_("{}: {}; nothing was imported").format(self._name, fact))


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
