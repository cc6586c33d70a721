"""The CSV of a catalogue: what a row may say, and that each fault is told with its line."""

from __future__ import annotations

import gzip

import pytest

from kernel import BadInput
from posterm.catalog.items import Item, SellBy
from posterm.catalog.source import FAULTS_LIMIT, read_items
from tests.support.shelf import HEADER, as_file, read

FULL = HEADER + (
    ",sell_by,tare,min_age,linked_sku,max_quantity,discountable,returnable,active\n"
    "D1,Deposit,BOTTLES,0.25,S,,,,,,,,\n"
)


def faults(text: str) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in read(text).faults]


def reason(text: str) -> str:
    (fault,) = read(text).faults
    return fault.reason


def test_a_row_with_every_column_says_all_of_an_item() -> None:
    row = "4006381333931|BEER-1,Beer,DRINKS,1.20,S,weight,0.005,18,D1,12.5,no,no,no\n"
    reading = read(FULL + row)
    assert reading.faults == []
    assert reading.items[1] == Item(
        sku="4006381333931",
        codes=("4006381333931", "BEER-1"),
        description="Beer",
        department="DRINKS",
        price_minor=120,
        tax_code="S",
        sell_by=SellBy.WEIGHT,
        tare=5,
        min_age=18,
        linked_sku="D1",
        max_quantity=12_500,
        discountable=False,
        returnable=False,
        active=False,
    )


def test_columns_left_out_have_their_defaults_and_no_price_is_an_open_one() -> None:
    (item,) = read(f"{HEADER}\nA1,Anything,GOODS,,S\n").items
    assert item == Item("A1", ("A1",), "Anything", "GOODS", None, "S")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",Thing,GOODS,1,S,,,,,,,,", "code"),
        ("A|,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("A|A,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("4006381333932,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("12345678,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("4111111111111111,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("A\x07,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("D1,Thing,GOODS,1,S,,,,,,,,", "code"),
        ("A,,GOODS,1,S,,,,,,,,", "description"),
        ("A,Thing,,1,S,,,,,,,,", "department"),
        ("A,Thing,GOODS,1.234,S,,,,,,,,", "price"),
        ("A,Thing,GOODS,-1,S,,,,,,,,", "price"),
        ("A,Thing,GOODS,1e3,S,,,,,,,,", "price"),
        ("A,Thing,GOODS,99999999999999999,S,,,,,,,,", "price"),
        ("A,Thing,GOODS,1,,,,,,,,,", "tax_code"),
        ("A,Thing,GOODS,1,S,litre,,,,,,,", "sell_by"),
        ("A,Thing,GOODS,1,S,weight,-0.1,,,,,,", "tare"),
        ("A,Thing,GOODS,1,S,each,0.1,,,,,,", "tare"),
        ("A,Thing,GOODS,1,S,,,-1,,,,,", "min_age"),
        ("A,Thing,GOODS,1,S,,,100,,,,,", "min_age"),
        ("A,Thing,GOODS,1,S,,,,NONE,,,,", "linked_sku"),
        ("A,Thing,GOODS,1,S,,,,A,,,,", "linked_sku"),
        ("A,Thing,GOODS,1,S,,,,,0,,,", "max_quantity"),
        ("A,Thing,GOODS,1,S,,,,,1.2345,,,", "max_quantity"),
        ("A,Thing,GOODS,1,S,,,,,,maybe,,", "discountable"),
        ("A,Thing,GOODS,1,S", ""),
    ],
)
def test_a_bad_field_is_told_with_its_line_and_column(row: str, column: str) -> None:
    assert faults(f"{FULL}{row}\n") == [(3, column)]


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = f"{HEADER}\nA,,GOODS,x,S\nB,Thing,GOODS,1,S\nB,Thing,GOODS,1,S\n"
    assert faults(text) == [(2, "description"), (2, "price"), (4, "code")]


def test_rows_of_two_lines_and_blank_ones_are_counted_by_their_first_line() -> None:
    text = f'{HEADER}\nA,"Thing\n",GOODS,x,S\n\nB,Thing,GOODS,x,S\n'
    assert faults(text) == [(2, "price"), (5, "price")]


def test_one_gtin_written_in_two_lengths_is_one_code() -> None:
    row = "{},Thing,GOODS,1,S\n"
    text = HEADER + "\n" + row.format("036000291452") + row.format("0036000291452")
    assert "line 2" in reason(text)


def test_codes_that_differ_in_case_are_two_items() -> None:
    assert len(read(f"{HEADER}\n85123A,One,GOODS,1,S\n85123a,Two,GOODS,1,S\n").items) == 2


def test_a_deposit_has_no_deposit() -> None:
    text = f"{HEADER},linked_sku\nA,One,GOODS,1,S,B\nB,Two,GOODS,1,S,C\nC,Three,GOODS,1,S,\n"
    assert faults(text) == [(2, "linked_sku")]


def test_a_card_number_among_codes_is_never_repeated() -> None:
    told = reason(f"{HEADER}\n4111111111111111,Thing,GOODS,1,S\n")
    assert "looks like a card number" in told
    assert "411111111111" not in told


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_the_header_says_what_separates_fields(sign: str) -> None:
    text = f"{HEADER}\nA,Thing,GOODS,1.50,S\n".replace(",", sign)
    assert read("\ufeff" + text).items[0].price_minor == 150


def test_a_gzipped_file_is_read() -> None:
    packed = gzip.compress(f"{HEADER}\nA,Thing,GOODS,1,S\n".encode())
    assert len(read_items(as_file(packed), "x", "EUR", lambda _: None).items) == 1


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"", "line 1 has no column code"),
        (b"code,description\n", "no column department, price, tax_code"),
        (HEADER.encode() + b",dicountable\n", "a column 'dicountable', which means nothing"),
        (HEADER.encode() + b",code\n", "names a column twice"),
        (HEADER.encode() + b"\n", "it has no item"),
        (HEADER.encode() + b"\nA,\xff,GOODS,1,S\n", "line 2 is no UTF-8"),
        (HEADER.encode() + b"\nA,\0,GOODS,1,S\n", "line 2 holds a NUL byte"),
        (HEADER.encode() + b'\n"A"x,Thing,GOODS,1,S\n', "line 2 is no CSV"),
        (gzip.compress(HEADER.encode(), mtime=0)[:-9], "can't be read past line"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_whole(data: bytes, fact: str) -> None:
    with pytest.raises(BadInput, match=fact):
        read_items(as_file(data), "items.csv", "EUR", lambda _: None)


def test_a_file_of_nothing_but_faults_is_not_read_to_its_end() -> None:
    rows = ",,,,\n" * 10 + "x\n" * (2 * FAULTS_LIMIT)
    assert len(read(f"{HEADER}\n{rows}").faults) == FAULTS_LIMIT
