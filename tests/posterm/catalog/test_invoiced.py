"""A catalogue made from invoices: every code that was rung, at its usual price and name."""

from __future__ import annotations

from pathlib import Path

from posterm.catalog import Catalog, Found, open_catalog
from posterm.catalog.invoiced import read_invoiced
from posterm.catalog.items import Item
from posterm.catalog.source import Reading
from posterm.invoices import InvoiceFile
from tests.support.shelf import as_file, publish

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n"


def made_from(*rows: str) -> Reading:
    text = HEADER + "".join(f"{number},{row}\n" for number, row in enumerate(rows, 1))
    return read_invoiced(as_file(text.encode()), "invoices.csv", "GBP")[0]


def test_the_most_frequent_price_and_description_win() -> None:
    reading = made_from(
        *("A,Lamp,1,2010,2.50", "A,LAMP,1,2010,2.00", "A,,1,2010,2.00"),
        *("A,LAMP,-1,2010,0.00", "B,,1,2010,0", "A,Lamp,1,2010,0", "A,LAMP,1,2010,0"),
    )
    assert reading.items == [
        Item("A", ("A",), "LAMP", "GOODS", 200, "S"),
        Item("B", ("B",), "B", "GOODS", None, "S"),
    ]


def test_rows_that_can_t_be_rung_are_counted_and_codes_that_no_item_has_told() -> None:
    text = f"{HEADER}1,A,,x,2010,1\n1,12345678,,1,2010,1\n1,B,,1,2010,1\n"
    reading, rejected = read_invoiced(as_file(text.encode()), "invoices.csv", "GBP")
    assert rejected == 1
    assert [item.sku for item in reading.items] == ["B"]
    assert [fault.column for fault in reading.faults] == ["StockCode"]


def test_every_item_of_the_shipped_invoices_is_found_by_its_own_code(
    invoices: Path, data_dir: Path
) -> None:
    with invoices.open("rb") as file:
        reading, _ = read_invoiced(file, "invoices.csv", "GBP")
    with invoices.open("rb") as file:
        rung = InvoiceFile(file, "invoices.csv").gather("GBP", lambda _: None)
    publish(data_dir, reading.items)
    with open_catalog(data_dir) as catalog:
        for invoice in rung:
            for line in invoice.items:
                assert_found(catalog, line.code)


def assert_found(catalog: Catalog, code: str) -> None:
    found = catalog.find(code)
    assert isinstance(found, Found)
    assert found.item.sku == code
