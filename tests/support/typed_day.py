"""A day of invoices as a cashier types it: codes, quantities, prices, returns, cash.

What the day must come to is summed here from the file, by csv and Decimal alone. Rows that no till
could ring (a price below zero or finer than the currency, a quantity of none) are counted and left
out.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from tests.support.pty_till import PtyTill

__all__ = ["Day", "Row", "ring", "total_minor"]

_ASKED_ABOVE = 999
"""Pieces; the register asks whether that many are meant."""
_TIMEOUT_S = 60


class Row(NamedTuple):
    """`pieces` below zero come back without a receipt."""

    code: str
    pieces: int
    unit_minor: int


class Day:
    """Invoice -> its rows, in the order of the file, and how many rows were left out."""

    def __init__(self, source: Path) -> None:
        self.invoices: dict[str, list[Row]] = {}
        self.refused = 0
        opened = gzip.open if source.suffix == ".gz" else open
        with opened(source, "rt", newline="", encoding="utf-8") as file:
            for fields in csv.DictReader(file):
                price = Decimal(fields["UnitPrice"]) * 100
                pieces = Decimal(fields["Quantity"])
                if price < 0 or price % 1 or pieces == 0 or pieces % 1:
                    self.refused += 1
                    continue
                row = Row(fields["StockCode"], int(pieces), int(price))
                self.invoices.setdefault(fields["InvoiceNo"], []).append(row)

    @property
    def rows(self) -> list[Row]:
        return [row for rows in self.invoices.values() for row in rows]


def total_minor(rows: Sequence[Row]) -> int:
    return sum(row.pieces * row.unit_minor for row in rows)


def ring(
    till: PtyTill, rows: Sequence[Row], listed: Mapping[str, int | None], receipt: int
) -> None:
    """Type one invoice and pay it, or pay it out, in cash; `receipt` is the number it must get.

    `listed` has the catalogue's price of each code, None where that is open.
    """
    for row in rows:
        _sell(till, row, listed[row.code])
        till.read(0)
    till.send(b"\r0+")
    till.wait_for(f"receipt {receipt}", timeout_s=_TIMEOUT_S)
    total = total_minor(rows)
    if total >= 0:
        till.wait_for(f"{_typed(total)} / {_typed(total)}")
    else:
        till.wait_for("PAID OUT")


def _sell(till: PtyTill, row: Row, listed: int | None) -> None:
    back, pieces = row.pieces < 0, abs(row.pieces)
    till.send(f"/27 {pieces}*{row.code}\r".encode() if back else f"{pieces}*{row.code}\r".encode())
    if listed is None:
        _answer(till, "price of ", f"{_typed(row.unit_minor)}\r")
    if back or pieces > _ASKED_ABOVE:
        _answer(till, "Y yes", "y")
    if listed not in (None, row.unit_minor):
        till.send(f"/26 {_typed(row.unit_minor)}\r".encode())


def _answer(till: PtyTill, asked: str, keys: str) -> None:
    """Nobody answers what is not on the screen yet."""
    till.wait_for(asked, timeout_s=_TIMEOUT_S)
    till.send(keys.encode())
    till.wait_until_gone(asked, timeout_s=_TIMEOUT_S)


def _typed(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
