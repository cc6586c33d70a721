"""Finding items: by exact code, by case, by label, by words, and never the wrong one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import BadInput
from posterm.catalog import Ambiguous, Catalog, Found, Missing, NotOnFile, SellBy, open_catalog
from posterm.catalog.codes import check_digit
from posterm.catalog.embedded import measure_check_digit, rules_of
from posterm.catalog.items import Item
from posterm.catalog.versions import CatalogPaths
from tests.support.shelf import item, publish

HAM = Item("2831010000005", ("2831010000005",), "Ham", "DELI", 1990, "R", SellBy.WEIGHT, tare=8)
BANANAS = Item("4011", ("4011",), "Bananas", "FRUIT", 199, "R", SellBy.WEIGHT)
STAMPS = Item("42", ("42",), "Stamps", "PRESS", 950, "Z")
SHELF = [
    *(HAM, BANANAS, STAMPS),
    item("85123A", "White hanging heart"),
    item("85123a", "White hanging heart, second choice"),
    item("15056N", "Blue parasol", 595, "4006381333931", "BLUE-1"),
    item("036000291452", "Tissues"),
    item("ÉCLAIR", "Éclair au café"),
    Item("OLD", ("OLD",), "Blue lamp", "GOODS", 5, "S", active=False),
]


@pytest.fixture
def catalog(data_dir: Path) -> Iterator[Catalog]:
    publish(data_dir, SHELF, country="DE")
    with open_catalog(data_dir) as opened:
        yield opened


def skus(items: tuple[Item, ...]) -> list[str]:
    return [one.sku for one in items]


def test_every_item_comes_back_as_it_was_given(catalog: Catalog) -> None:
    for one in SHELF:
        for code in one.codes:
            assert catalog.find(code) == Found(one)
        assert catalog.item(one.sku) == one
    assert sorted(catalog.items(), key=lambda one: one.sku) == sorted(
        SHELF, key=lambda one: one.sku
    )
    assert catalog.departments() == ("DELI", "FRUIT", "GOODS", "PRESS")
    assert skus(tuple(catalog.items("GOODS", 2))) == ["OLD", "15056N"]


def test_a_code_in_another_case_is_found_where_that_names_one_item(catalog: Catalog) -> None:
    assert catalog.find("15056n") == catalog.find("blue-1") == catalog.find("15056N")
    assert catalog.find("éclair") == catalog.find("ÉCLAIR")


def test_the_exact_code_wins_over_its_twin_of_another_case(catalog: Catalog) -> None:
    assert catalog.find("85123a") == Found(SHELF[4])
    assert catalog.find("85123A") == Found(SHELF[3])


def test_a_case_that_is_neither_item_s_is_ambiguous(data_dir: Path) -> None:
    pair = [item("Ab1", "One"), item("aB1", "Two")]
    publish(data_dir, pair)
    with open_catalog(data_dir) as catalog:
        found = catalog.find("ab1")
    assert isinstance(found, Ambiguous)
    assert set(found.items) == set(pair)


@pytest.mark.parametrize("code", ["0036000291452", "00036000291452", "]E00036000291452"])
def test_a_gtin_is_found_in_every_length_and_wrapping(catalog: Catalog, code: str) -> None:
    assert catalog.find(code) == Found(SHELF[6])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("4006381333932", Missing.CHECK_DIGIT),
        ("00000001", Missing.CHECK_DIGIT),
        ("NOTHING", Missing.UNKNOWN),
        ("", Missing.UNKNOWN),
        ("5901234123457", Missing.UNKNOWN),
        ("' OR 1=1 --", Missing.UNKNOWN),
        ("]C110LOT", Missing.UNKNOWN),
    ],
)
def test_a_code_that_names_nothing_says_why(catalog: Catalog, code: str, reason: Missing) -> None:
    assert catalog.find(code) == NotOnFile(code, reason)


def test_a_label_gives_the_item_and_its_weight(catalog: Catalog) -> None:
    assert catalog.find("2831012012346") == NotOnFile("2831012012346", Missing.CHECK_DIGIT)
    right = measure_check_digit("01234")
    assert catalog.find(with_check("283101" + right + "01234")) == Found(HAM, quantity=1234)
    misread = with_check("283101" + str((int(right) + 1) % 10) + "01234")
    assert catalog.find(misread) == NotOnFile(misread, Missing.MEASURE)


def test_a_label_of_no_weight_is_not_sold(catalog: Catalog) -> None:
    empty = with_check("2831010" + "00000")
    assert catalog.find(empty) == Found(HAM), "the number on file asks for a weight"
    by_plu = rules_of("SE", "EUR")
    nothing = with_check("23004011" + "0000")
    assert catalog.find(nothing, by_plu) == NotOnFile(nothing, Missing.MEASURE)


def test_a_label_may_hold_a_plu_of_a_weighed_item_only(catalog: Catalog) -> None:
    rules = rules_of("SE", "EUR")
    assert catalog.find(with_check("23004011" + "0500"), rules) == Found(BANANAS, quantity=500)
    stamps = with_check("23000042" + "0500")
    assert catalog.find(stamps, rules) == NotOnFile(stamps, Missing.UNKNOWN)


def test_a_country_s_rules_hold_for_its_catalogue_only(catalog: Catalog) -> None:
    code = with_check("2831012" + "01234")
    assert catalog.find(code, {}) == NotOnFile(code, Missing.UNKNOWN)


def test_a_gs1_string_gives_item_and_weight(catalog: Catalog) -> None:
    found = catalog.find("]C101" + "04006381333931" + "3103001250")
    assert found == Found(SHELF[5], quantity=1250)
    foreign = catalog.find("]C101" + "04006381333931" + "39329780001250")
    assert foreign == NotOnFile("04006381333931", Missing.MEASURE)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("w", ["85123A", "85123a"]),
        ("WHITE HANG", ["85123A", "85123a"]),
        ("heart white", ["85123A", "85123a"]),
        ("se ch", ["85123a"]),
        ("anging", ["85123A", "85123a"]),
        ("cafe", ["ÉCLAIR"]),
        ("15056", ["15056N"]),
        ("lamp", []),
        ("b", ["4011", "15056N"]),
        ("nothing", []),
        ("", []),
        ('" OR *', []),
    ],
)
def test_search_as_you_type(catalog: Catalog, typed: str, found: list[str]) -> None:
    assert skus(catalog.search(typed)) == found


def test_beginnings_come_before_words_and_words_before_middles(data_dir: Path) -> None:
    words = ["Marmalade", "Blue marble", "Amarant", "Marzipan"]
    publish(data_dir, [item(f"I{place}", text) for place, text in enumerate(words)])
    with open_catalog(data_dir) as catalog:
        assert [one.description for one in catalog.search("mar")] == [
            *("Marmalade", "Marzipan"),
            *("Blue marble", "Amarant"),
        ]
        assert len(catalog.search("mar", 2)) == 2


def test_a_version_that_was_removed_is_named(data_dir: Path) -> None:
    with pytest.raises(BadInput, match=r"there is no catalogue; make one with `posterm catalog"):
        open_catalog(data_dir)
    publish(data_dir, SHELF)
    with pytest.raises(BadInput, match="no open sale used version 7"):
        open_catalog(data_dir, 7)


@pytest.mark.parametrize(
    ("statement", "fact"),
    [
        ("PRAGMA application_id = 1", "it is no catalogue of posterm"),
        ("PRAGMA user_version = 99", "it is of format 99"),
    ],
)
def test_a_file_of_another_kind_is_not_read(data_dir: Path, statement: str, fact: str) -> None:
    publish(data_dir, SHELF)
    path = data_dir / "shared/catalog.1.sqlite"
    path.chmod(0o640)
    database = sqlite3.connect(path)
    database.execute(statement)
    database.close()
    with pytest.raises(BadInput, match=fact):
        open_catalog(data_dir)


def test_a_damaged_file_is_told_and_does_not_answer(data_dir: Path) -> None:
    publish(data_dir, [item(f"I{number}", "Thing") for number in range(2000)])
    path = data_dir / "shared/catalog.1.sqlite"
    path.chmod(0o640)
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with pytest.raises(BadInput, match="can't be read"), open_catalog(data_dir) as catalog:
        catalog.find("I1")


def test_a_reader_can_change_nothing(catalog: Catalog) -> None:
    with pytest.raises(BadInput, match="readonly"):
        catalog._rows("DELETE FROM item")


def with_check(payload: str) -> str:
    return payload + check_digit(payload)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE item SET sell_by = 'dozen'",
        "DELETE FROM fact WHERE name = 'currency'",
        "UPDATE fact SET value = 'many' WHERE name = 'items'",
    ],
)
def test_a_catalogue_that_says_what_none_can_say_is_refused_in_words(
    data_dir: Path, change: str
) -> None:
    path = CatalogPaths(data_dir).version(publish(data_dir, SHELF))
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    with pytest.raises(BadInput, match="import it again"), open_catalog(data_dir) as opened:
        opened.item("4011")
