"""Rows become invoices, or are refused with a reason; a file that is no CSV is refused whole."""

from __future__ import annotations

import gzip
import io
from decimal import Decimal

import pytest

from kernel import BadInput, SaleRefused
from posterm.invoices import Invoice, InvoiceFile, Rejected

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice"
ROW = "1,A,TEA,2.0,2010-12-01 08:26:00,2.550"


def gathered(data: str | bytes, currency: str = "GBP") -> tuple[list[Invoice], list[Rejected]]:
    raw = io.BytesIO(data.encode() if isinstance(data, str) else data)
    file = InvoiceFile(io.BufferedReader(raw), "in.csv")
    refused: list[Rejected] = []
    return file.gather(currency, refused.append), refused


def one(row: str, currency: str = "GBP") -> str:
    """Why this row is refused; empty when it is not."""
    invoices, refused = gathered(f"{HEADER}\n{row}\n", currency)
    assert len(invoices) + len(refused) == 1
    return refused[0].reason if refused else ""


def test_rows_of_an_invoice_are_gathered_over_the_whole_file() -> None:
    text = "\n".join([HEADER, "1,A,,1,,1", "2,B,,-3,,0.5", "1,C,,2,,0.10", ""])
    invoices, refused = gathered(text)
    assert refused == []
    assert [(invoice.number, invoice.total_minor) for invoice in invoices] == [
        ("1", 120),
        ("2", -150),
    ]
    assert [item.code for item in invoices[0].items] == ["A", "C"]


def test_columns_are_found_by_name_and_others_ignored() -> None:
    text = "Country,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\nUK,2,,3,T,A,9"
    (invoice,), _ = gathered(text)
    assert (invoice.number, invoice.total_minor) == ("9", 600)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("packed", [False, True])
def test_gzip_a_byte_order_mark_and_both_line_ends_are_taken(
    line_end: str, mark: str, packed: bool
) -> None:
    data = (mark + line_end.join([HEADER, ROW, ""])).encode()
    (invoice,), refused = gathered(gzip.compress(data) if packed else data)
    assert refused == []
    assert invoice.items[0] == ("A", "TEA", 2000, 255)


def test_pieces_are_whole_where_they_can_be() -> None:
    invoices, _ = gathered(f"{HEADER}\n1,A,,-6.0,,1\n1,A,,-1.25,,1\n")
    assert [item.pieces for item in invoices[0].items] == [-6, Decimal("-1.250")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,A,T,1,,-0.01", "below zero"),
        ("1,A,T,1,,0.001", "too many decimals"),
        ("1,,T,1,,1", "item code is empty"),
        ("1,A,T,0,,1", "quantity is 0"),
        ("1,A,T,0.0,,1", "quantity is 0"),
        ("1,A,T,1.0001,,1", "too many decimals"),
        ("1,A,T,two,,1", "no decimal number"),
        ("1,A,T,1,,", "no decimal number"),
        ("1,A,T,1,,1e2", "no decimal number"),
        ("1,A,T,1,,NaN", "no decimal number"),
        ("1,4111111111111111,T,1,,1", "looks like a card number"),
        ("1,A,paid 4111 1111 1111 1111,1,,1", "************1111 looks like a card number"),
        (f"1,{'A' * 129},T,1,,1", "129 characters"),
        (f"1,A,{'T' * 257},1,,1", "257 characters"),
        ("1,A\tB,T,1,,1", "can't be printed"),
        (",A,T,1,,1", "invoice number is empty"),
        (f"{'1' * 65},A,T,1,,1", "65 characters"),
        ("1,A,T,9999999999999,,9999999999", "out of range"),
        ("1,A,T,1", "4 fields"),
        ("1,A,T,1,,1,more", "7 fields"),
    ],
)
def test_a_row_that_the_log_could_not_hold_is_refused(row: str, reason: str) -> None:
    assert reason in one(row)


@pytest.mark.parametrize(
    "row",
    ["1,A,,1,,0", "1,A,T,-1,,1", "1,A,T, 6.0 ,,2.550", "1,A,T,.5,,1", "C1,m,T,1,,1.000", ROW],
)
def test_nothing_else_is_refused(row: str) -> None:
    assert one(row) == ""


def test_decimals_are_those_of_the_currency() -> None:
    assert "too many decimals" in one("1,A,T,1,,1.5", "JPY")
    assert one("1,A,T,1,,1.500", "KWD") == ""
    with pytest.raises(SaleRefused, match="ISO 4217"):
        gathered(HEADER, "XYZ")


def test_a_description_loses_what_can_not_be_printed_and_nothing_else() -> None:
    text = f'{HEADER}\n1,A,"TE\x1b[31mA \u202etea\u00a0é",1,,1\n1,A," \x07",1,,1\n'
    (invoice,), refused = gathered(text)
    assert refused == []
    assert [item.description for item in invoice.items] == ["TE[31mA tea\u00a0é", None]


def test_a_refused_row_names_its_first_line_and_leaves_the_others() -> None:
    text = f'{HEADER}\n\n1,A,"two\nlines",1,,1\n1,B,"two\nlines",0,,1\n2,C,T,0,,1\n'
    invoices, refused = gathered(text)
    assert [len(invoice.items) for invoice in invoices] == [1]
    assert [(rejected.row, rejected.fields[1]) for rejected in refused] == [(5, "B"), (7, "C")]


def test_an_invoice_longer_than_a_sale_loses_only_the_rows_beyond() -> None:
    text = "\n".join([HEADER, *(["1,A,,1,,1"] * 10_001)])
    (invoice,), refused = gathered(text)
    assert (len(invoice.items), len(refused)) == (9_999, 2)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "line 1 has no column InvoiceNo"),
        (HEADER.replace("Quantity", "Qty").encode(), "no column Quantity"),
        (f"{HEADER},Quantity\n{ROW},7\n".encode(), "line 1 has column Quantity twice"),
        (f"{HEADER}\n{ROW}\n1,\0A,T,1,,1\n".encode(), "line 3 holds a NUL byte"),
        (f"{HEADER}\n1,A,caf".encode() + b"\xe9,1,,1\n", "line 2 is no UTF-8"),
        (f'{HEADER}\n{ROW}\n1,"A"B,T,1,,1\n'.encode(), "line 3 is no CSV"),
        (f'{HEADER}\n{ROW}\n1,"A,T,1,,1\n2,A,T,1,,1\n'.encode(), "is no CSV"),
        (gzip.compress(f"{HEADER}\n{ROW}\n".encode() * 99)[:-9], "can't be read past line"),
        (b"\x1f\x8bnot gzip at all", "can't be read past line 0"),
        (HEADER.encode("utf-16"), "line 1"),
    ],
)
def test_a_file_that_is_no_such_csv_is_refused_with_its_line(data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=r"^in\.csv: ") as refusal:
        gathered(data)
    assert said in str(refusal.value)
