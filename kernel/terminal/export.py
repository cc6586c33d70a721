"""A day's committed sales as two CSV files, for spreadsheets and whoever keeps the books.

`sales-YYYYMMDD.csv` has a row a sale, `lines-YYYYMMDD.csv` a row a posted line, voids too. Amounts
are minor units, quantities thousandths, times UTC, as everywhere: nothing is rounded or converted
here. What is written comes from the logs and from nothing else.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO

from msgspec import Struct

from kernel.disk.new_file import NewFile
from kernel.errors import BadInput
from kernel.terminal.host import Host
from kernel.terminal.shop import CommittedSale, Shop
from kernel.words import gettext as _

__all__ = ["Exported", "export_sales", "write_report"]

_SALE = (
    "transaction", "terminal", "store", "operator", "reference", "receipt", "committed_at",
    "currency", "lines", "total_minor", "tendered_minor", "change_minor",
)  # fmt: skip
_LINE = (
    "transaction", "line", "kind", "code", "description", "department", "quantity_thousandths",
    "unit_minor", "total_minor", "tax_minor", "reverses", "reason",
)  # fmt: skip


class Exported(Struct, frozen=True, kw_only=True):
    """The files that were written, and how much is in them."""

    sales_path: str
    lines_path: str
    sales: int
    lines: int


def export_sales(shop: Shop, host: Host, directory: str, business_date: int) -> Exported:
    """Write both files into a directory that is there.

    Raises `BadInput` where one can't be written or exists already, and what `Shop.sales` raises.
    """
    place = os.path.abspath(directory)
    paths = [os.path.join(place, f"{name}-{business_date}.csv") for name in ("sales", "lines")]
    count = lines = 0
    try:
        with NewFile(host.disk, paths[0]) as sales_file, NewFile(host.disk, paths[1]) as lines_file:
            sales_file.write(_row(_SALE))
            lines_file.write(_row(_LINE))
            for logged in shop.sales(business_date=business_date):
                sales_file.write(_row(_sale(logged)))
                lines_file.write(b"".join(_row(values) for values in _lines(logged)))
                count, lines = count + 1, lines + len(logged.sale.lines)
    except OSError as fault:
        raise BadInput(
            _(
                "the export can't be written to {}: {}; name a directory that is there and "
                "has no export of that date yet"
            ).format(place, fault.strerror)
        ) from fault
    return Exported(sales_path=paths[0], lines_path=paths[1], sales=count, lines=lines)


def write_report(path: str, rows: Iterable[str], *, host: Host | None = None) -> None:
    """Write rows of text into a new file. Raises `BadInput` where that can't be."""
    disk = (host or Host()).disk
    try:
        with NewFile(disk, os.path.abspath(os.path.expanduser(path))) as file:
            file.write("".join(f"{row}\n" for row in rows).encode())
    except OSError as fault:
        raise BadInput(
            _("{} can't be written: {}; name a file that is not there yet").format(
                path, fault.strerror
            )
        ) from fault


def _sale(logged: CommittedSale) -> tuple[object, ...]:
    sale = logged.sale
    at = datetime.fromtimestamp((sale.closed_ms or 0) / 1000, UTC)
    return (
        logged.id,
        logged.terminal,
        sale.store,
        sale.operator,
        sale.reference,
        sale.receipt_number,
        at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        sale.currency,
        len(sale.lines),
        sale.total_minor,
        sale.tendered_minor,
        sale.change_minor,
    )


def _lines(logged: CommittedSale) -> Iterable[tuple[object, ...]]:
    for number, line in enumerate(logged.sale.lines, 1):
        yield (
            logged.id,
            number,
            line.kind.value,
            line.code,
            line.description,
            line.department,
            line.quantity,
            line.unit_minor,
            line.total_minor,
            sum(tax.amount_minor for tax in line.taxes),
            line.of,
            line.reason,
        )


def _row(values: Iterable[object]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerow(values)
    return text.getvalue().encode()
