"""The demo shop's catalogue imports as it is, and has all that a register must be tried on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from posterm.catalog.codes import is_gtin
from posterm.catalog.items import Item, SellBy
from posterm.catalog.source import read_items
from tests.support.processes import CHECKOUT

RESTRICTED = {8: ("2",), 12: ("4",), 13: ("04", "21", "22", "28", "29")}


@pytest.fixture(scope="module")
def items() -> list[Item]:
    path: Path = CHECKOUT / "posterm" / "demo" / "catalog.csv"
    with path.open("rb") as file:
        reading = read_items(file, path.name, "EUR", lambda _: None)
    assert reading.faults == []
    return reading.items


def test_it_is_a_shop_of_several_departments_and_tax_rates(items: list[Item]) -> None:
    assert len(items) >= 300
    assert len({item.department for item in items}) >= 10
    assert {item.tax_code for item in items} == {"S", "R", "Z"}


def test_every_gtin_lies_where_no_real_product_can(items: list[Item]) -> None:
    gtins = [code for item in items for code in item.codes if is_gtin(code)]
    assert {len(gtin) for gtin in gtins} == set(RESTRICTED)
    assert [gtin for gtin in gtins if not gtin.startswith(RESTRICTED[len(gtin)])] == []


def test_each_department_has_one_item_of_open_price(items: list[Item]) -> None:
    open_priced = Counter(
        item.department
        for item in items
        if item.price_minor is None and item.sell_by is SellBy.EACH
    )
    assert open_priced == dict.fromkeys({item.department for item in items}, 1)


def test_it_has_every_kind_of_item(items: list[Item]) -> None:
    assert {item.sell_by for item in items} == set(SellBy)
    assert {item.min_age for item in items} == {0, 16, 18}
    assert {"DEPOSIT-08", "DEPOSIT-25"} <= {item.linked_sku for item in items}
    assert any(item.tare for item in items)
    assert any(item.max_quantity for item in items)
    for flag in ("discountable", "returnable", "active"):
        assert {getattr(item, flag) for item in items} == {True, False}
