"""Invoices from rows of CSV: which rows can be rung, and why the others can't.

Pure but for reading the lines it is given. A row is refused only for what the log could not
hold as it stands, and no row is lost in silence: each is in an invoice or is given to `refuse`.
A file that is no such CSV at all raises `BadInput` before anything is rung.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from io import BufferedReader
from typing import NamedTuple

from kernel import (
    BadInput,
    SaleRefused,
    extend,
    item_code,
    parse_major,
    parse_quantity,
    refuse_card_in,
    refuse_card_number,
    short_text,
)
from kernel import gettext as _

__all__ = ["COLUMNS", "Invoice", "InvoiceFile", "Item", "Rejected"]

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice")
INVOICE_NUMBER_LIMIT = 64
DESCRIPTION_LIMIT = 256
LINES_LIMIT = 9_999
TOTAL_LIMIT = 2**53
"""The kernel's own limits of a sale: a row beyond them is refused here, row by row."""

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_THOUSAND = 1000
# Spaces and joiners that print though Python calls them unprintable.
_KEPT = "\u00a0\u200c\u200d"


class Item(NamedTuple):
    """One row of an invoice; `quantity` in thousandths, below zero for a return."""

    code: str
    description: str | None
    quantity: int
    unit_minor: int

    @property
    def pieces(self) -> int | Decimal:
        """The quantity as the front door takes it."""
        whole, part = divmod(self.quantity, _THOUSAND)
        return Decimal(self.quantity).scaleb(-3) if part else whole


@dataclass(slots=True)
class Invoice:
    """The rows of one number, in the order of the file; it grows while the file is read."""

    number: str
    items: list[Item] = field(default_factory=list)
    total_minor: int = 0


class Rejected(NamedTuple):
    """A row that can't be rung: the number of its (first) line, its fields, the reason."""

    row: int
    fields: list[str]
    reason: str


class InvoiceFile:
    """An open CSV file of invoices, gzipped or not. Read it once, with `gather`."""

    def __init__(self, file: BufferedReader, name: str) -> None:
        """Reads the header. Raises `BadInput`."""
        self._name = name
        self._line = 0
        self._rows = self._numbered(_plain_lines(file))
        _line, header = next(self._rows, (1, []))
        self.header = [column.strip() for column in header]
        missing = [column for column in COLUMNS if column not in self.header]
        if missing:
            raise BadInput(
                _("{}: line 1 has no column {}; give CSV with a header of {}").format(
                    name, ", ".join(missing), ", ".join(COLUMNS)
                )
            )
        twice = [column for column in COLUMNS if self.header.count(column) > 1]
        if twice:
            raise BadInput(
                _("{}: line 1 has column {} twice; leave the one that counts").format(
                    name, twice[0]
                )
            )
        self._places = [self.header.index(column) for column in COLUMNS]

    def gather(self, currency: str, refuse: Callable[[Rejected], None]) -> list[Invoice]:
        """All invoices that have a row to ring, in the order of their first rows.

        Raises `BadInput` where the file can't be read on, `SaleRefused` for the currency.
        """
        parse_major("0", currency)
        invoices: dict[str, Invoice] = {}
        same: dict[str | None, str | None] = {}
        for row, fields in self._rows:
            try:
                number, item = self._item(fields, currency)
                invoice = invoices.get(number) or invoices.setdefault(number, Invoice(number))
                _add(invoice, item, same)
            except SaleRefused as refusal:
                refuse(Rejected(row, fields, str(refusal)))
        return [invoice for invoice in invoices.values() if invoice.items]

    def _item(self, fields: list[str], currency: str) -> tuple[str, Item]:
        if len(fields) != len(self.header):
            raise SaleRefused(
                _("the row has {} fields, the header {}").format(len(fields), len(self.header))
            )
        number, code, description, quantity, _date, price = (fields[at] for at in self._places)
        short_text(number, "invoice number", INVOICE_NUMBER_LIMIT)
        refuse_card_number(item_code(code), "item code")
        thousandths = parse_quantity(quantity.strip())
        unit_minor = parse_major(price.strip(), currency)
        if unit_minor < 0:
            raise SaleRefused(
                _("unit price {} is below zero; give the quantity a sign").format(price)
            )
        return number, Item(code, _description(description), thousandths, unit_minor)

    def _numbered(self, lines: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
        """Rows that are not blank and the numbers of their first lines."""
        reader = csv.reader(self._texts(lines), strict=True)
        before = 0
        try:
            for fields in reader:
                if fields:
                    yield before + 1, fields
                before = reader.line_num
        except csv.Error as fault:
            raise BadInput(
                _("{}: line {} is no CSV: {}; correct it, nothing was rung").format(
                    self._name, reader.line_num, fault
                )
            ) from fault
        except (EOFError, OSError, zlib.error) as fault:
            raise BadInput(
                _(
                    "{}: it can't be read past line {}: {}; get the file again, nothing was rung"
                ).format(self._name, self._line, fault)
            ) from fault

    def _texts(self, lines: Iterator[bytes]) -> Iterator[str]:
        for line in lines:
            self._line += 1
            if b"\0" in line:
                raise BadInput(
                    _(
                        "{}: line {} holds a NUL byte; this is no CSV of text, nothing was rung"
                    ).format(self._name, self._line)
                )
            try:
                yield line.removeprefix(_BOM).decode() if self._line == 1 else line.decode()
            except UnicodeDecodeError as fault:
                raise BadInput(
                    _(
                        "{}: line {} is no UTF-8: {}; save the file as UTF-8, nothing was rung"
                    ).format(self._name, self._line, fault.reason)
                ) from fault


def _plain_lines(file: BufferedReader) -> Iterator[bytes]:
    """The lines of the file, unpacked where its first bytes are those of gzip."""
    if file.peek(2)[:2] == _GZIP:
        return iter(gzip.GzipFile(fileobj=file))
    return iter(file)


def _add(invoice: Invoice, item: Item, same: dict[str | None, str | None]) -> None:
    """Texts are shared between rows (`same`): half a million rows know few thousand of them."""
    total_minor = invoice.total_minor + extend(item.unit_minor, item.quantity)
    if not -TOTAL_LIMIT <= total_minor <= TOTAL_LIMIT:
        raise SaleRefused(_("the total of the invoice would be out of range; split the invoice"))
    if len(invoice.items) >= LINES_LIMIT:
        raise SaleRefused(
            _("the invoice has {} rows already; split the invoice").format(LINES_LIMIT)
        )
    code = same.setdefault(item.code, item.code)
    assert code is not None
    description = same.setdefault(item.description, item.description)
    invoice.items.append(item._replace(code=code, description=description))
    invoice.total_minor = total_minor


def _description(text: str) -> str | None:
    """A row must not be lost for a character that can't be printed: that is left out."""
    if not text.isprintable():
        text = "".join(one for one in text if one.isprintable() or one in _KEPT)
    if not text.strip():
        return None
    refuse_card_in(text, "description")
    return short_text(text, "description", DESCRIPTION_LIMIT)
