"""Baskets: cut from real invoices, never more than a till is to be given."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import BadInput
from posterm.simulation.baskets import BASKETS_LIMIT, Basket, read_baskets

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"


def baskets_of(source: Path, lines: int) -> tuple[Basket, ...]:
    with source.open("rb") as file:
        return read_baskets(file, source.name, "GBP", lines)


def test_every_row_that_can_be_sold_is_in_one_basket(invoices: Path) -> None:
    baskets = baskets_of(invoices, 10)
    assert sum(map(len, baskets)) == 1380
    assert {len(basket) for basket in baskets} == set(range(1, 11))
    assert len(baskets_of(invoices, 100)) == 149


def test_a_long_file_gives_baskets_from_all_over_it(tmp_path: Path) -> None:
    source = tmp_path / "long.csv"
    count = 3 * BASKETS_LIMIT - 1
    rows = (f"I{number},SKU_{number},,1,,1.00\n" for number in range(count))
    source.write_text(HEADER + "".join(rows))
    baskets = baskets_of(source, 10)
    assert len(baskets) <= BASKETS_LIMIT
    assert baskets[0][0].code == "SKU_0"
    assert baskets[-1][0].code == f"SKU_{count - 2}"


def test_a_file_without_anything_to_sell_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "none.csv"
    source.write_text(f"{HEADER}X1,TEA,Tea,0,,1\n")
    with pytest.raises(BadInput, match=r"none\.csv: no row"):
        baskets_of(source, 10)
