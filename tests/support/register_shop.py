"""A small shop to sell in: a catalogue whose codes a test can make, operators if it wants them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kernel import Host, Terminal
from posterm.catalog import Item, SellBy
from posterm.catalog.codes import check_digit
from posterm.catalog.writing import write_catalog
from posterm.keymap import KEYMAPS
from posterm.register.session import Session
from tests.support.staff import operators_json

__all__ = [
    "BEER",
    "COFFEE",
    "GIFT",
    "HAM",
    "MILK",
    "TILL",
    "gtin",
    "make_shop",
    "on_thread",
    "open_session",
]

TILL = "REGISTER_01"
COFFEE, MILK, BEER, GIFT, HAM = "COFFEE", "MILK", "BEER", "GIFT", "HAM"


def gtin(number: int) -> str:
    """A GTIN-13 of the range that a shop gives out itself."""
    payload = f"21{number:010d}"
    return payload + check_digit(payload)


def make_shop(data_dir: Path, scans: int = 0, *, operators: bool = False) -> None:
    """Six items, and `scans` more at 1.00 whose codes are `gtin(0)`, `gtin(1)`, ..."""
    if operators:
        directory = data_dir / "shared" / "coordination"
        directory.mkdir(parents=True)
        (directory / "operators.json").write_bytes(operators_json())
    plain = [
        Item(gtin(number), (gtin(number),), f"ITEM {number}", "FOOD", 100, "S")
        for number in range(scans)
    ]
    Terminal.start(TILL, data_dir).stop()
    write_catalog(
        str(data_dir),
        [*_items(), *plain],
        currency="EUR",
        country="DE",
        source="test",
        host=Host(),
        advance=lambda count: None,
    )


def open_session(data_dir: Path, host: Host | None = None) -> Session:
    """The register of `TILL`, below its screen; nobody is signed on."""
    return Session(Terminal.start(TILL, data_dir, host=host), str(data_dir), KEYMAPS["pc"])


def on_thread(thread: ThreadPoolExecutor, data_dir: Path, host: Host | None = None) -> Session:
    """The same, made on the thread that is to run it."""
    return thread.submit(open_session, data_dir, host).result()


def _items() -> Sequence[Item]:
    return [
        Item(COFFEE, (COFFEE,), "COFFEE BEANS 500 G", "FOOD", 399, "R"),
        Item(MILK, (MILK,), "MILK 1 L", "FOOD", 119, "R", max_quantity=24_000),
        Item("BOTTLE", ("BOTTLE",), "DEPOSIT", "DEPOSITS", 8, "S", discountable=False),
        Item(BEER, (BEER,), "BEER", "DRINKS", 129, "S", min_age=16, linked_sku="BOTTLE"),
        Item(GIFT, (GIFT,), "GIFT", "OTHER", None, "S"),
        Item(HAM, (HAM,), "HAM KG", "FOOD", 1990, "R", sell_by=SellBy.WEIGHT),
    ]
