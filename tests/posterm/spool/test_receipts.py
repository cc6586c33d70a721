"""Receipts as a customer reads them: whole ones, held against text files in `golden/`.

Where one is changed on purpose, read the new text, then put it there:
`POSTERM_GOLDEN=write python -m pytest tests/posterm/spool/test_receipts.py`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from kernel import LineKind, SaleRefused, TaxAmount, Terminal, Transaction, text_columns
from posterm.spool.receipts import receipt, receipt_text
from tests.support.tills import TillMachine

GOLDEN = Path(__file__).with_name("golden")
HEADER = ("Kaufladen am Markt", "Marktplatz 1, 12345 Musterstadt")
FOOTER = ("Unopened goods are taken back for 14 days.", "", "Thank you!")
FULL, LOW = ("VAT", 19_000), ("VAT", 7_000)


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A receipt shows the time of its shop."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def included(rate: tuple[str, int], total_minor: int) -> tuple[TaxAmount, ...]:
    code, milli = rate
    return (TaxAmount(code, milli, round(total_minor * milli / (100_000 + milli)), 1),)


def text_of(
    till: Terminal, sale: Transaction, columns: int, *, copy: bool = False, resumed: bool = False
) -> str:
    now = till.configuration
    shop = replace(now.settings, receipt_header=HEADER, receipt_footer=FOOTER)
    now = replace(now, settings=shop)
    rows = receipt(sale, till.id, now, copy=copy, resumed=resumed, columns=columns)
    assert all(text_columns(row) <= columns for row in rows)
    return receipt_text(rows)


def everything(machine: TillMachine) -> tuple[Terminal, Transaction]:
    """One of each: several, by weight, deposit, void, discounts, return, rounding, split, cut."""
    till = machine.start()
    first = till.begin("STORE_001", "EUR", "0001")
    first.add_line("KETTLE", 1, 2499, description="KETTLE 1.7 L", taxes=included(FULL, 2499))
    first.tender_cash(2499)
    sale = till.begin("STORE_001", "EUR", "0002", reference="A-77")
    sale.add_line("101", 3, 45, description="BREAD ROLL", taxes=included(LOW, 135))
    sale.add_line("4811", Decimal("0.512"), 199, description="BANANAS KG", taxes=included(LOW, 102))
    beer = sale.add_line("BEER", 2, 129, description="BEER 0.5 L", taxes=included(FULL, 258))
    sale.add_line("BOTTLE", 2, 8, kind=LineKind.DEPOSIT, description="DEPOSIT", of=beer)
    wrong = sale.add_line("SOAP", 1, 345, description="SOAP", taxes=included(FULL, 345))
    sale.void_line(wrong)
    sale.add_line("TEA", 1, 499, description="TEA 烏龍茶 250 G", taxes=included(LOW, 499))
    sale.discount(50, line=7, percent_milli=10_000, taxes=included(LOW, -50))
    sale.add_line(
        "KETTLE", -1, 2499, description="KETTLE 1.7 L", origin=(first.id, 1),
        taxes=included(FULL, -2499),
    )  # fmt: skip
    sale.add_line("TV", 1, 39900, description="TELEVISION WITH A LONG NAME 108 CM 43 INCHES",
                  taxes=included(FULL, 39900))  # fmt: skip
    machine.kill()
    till = machine.start()
    (sale,) = till.open_sales
    sale.tender_voucher(1000, "V-4711")
    sale.tender_card(30000, last_four="1881", authorisation="123456")
    sale.tender_cash(8000, rounding_minor=-(sale.balance_minor % 5))
    return till, sale.value


def check(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("POSTERM_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text(), f"read it; then see how this module writes {name}"


@pytest.mark.parametrize("columns", [42, 32])
def test_a_receipt_with_one_of_everything(columns: int) -> None:
    till, sale = everything(TillMachine())
    assert till.printer.resumed(sale.number)
    check(f"everything-{columns}.txt", text_of(till, sale, columns, copy=True, resumed=True))


@pytest.mark.parametrize("columns", [42, 32])
def test_a_receipt_from_training_says_so_above_all(columns: int) -> None:
    machine = TillMachine()
    till = machine.start()
    sale = till.begin("STORE_001", "EUR", "0001")
    sale.add_line("101", 1, 45, description="BREAD ROLL", taxes=included(LOW, 45))
    sale.tender_cash(100)
    check(f"training-{columns}.txt", text_of(till, replace(sale.value, number=-1), columns))


def test_names_in_wide_and_joined_characters_stand_in_their_columns() -> None:
    till = TillMachine().start()
    sale = till.begin("STORE_001", "JPY", "0001")
    for name in (
        "緑茶ペットボトル 五百ミリリットル 冷",
        "ﾐﾙｸ",
        "CAFE\u0301 CRE\u0300ME",
        "김치 한글",
    ):
        sale.add_line("X", 2, 150, description=name)
    sale.tender_cash(2000)
    check("wide-32.txt", text_of(till, sale.value, 32))


def test_amounts_of_many_digits_are_never_cut() -> None:
    till = TillMachine().start()
    sale = till.begin("STORE_001", "EUR", "0001")
    amount = 123_456_789_012
    sale.add_line("YACHT", 1, amount, description="YACHT", taxes=included(FULL, amount))
    sale.tender_cash(amount)
    text = text_of(till, sale.value, 32)
    net = amount - included(FULL, amount)[0].amount_minor
    for minor in (amount, net, amount - net):
        assert f"{minor // 100}.{minor % 100:02}" in text


def test_a_sale_that_is_open_has_no_receipt() -> None:
    till = TillMachine().start()
    sale = till.begin("STORE_001", "EUR", "0001")
    with pytest.raises(SaleRefused, match="open"):
        text_of(till, sale.value, 42)
