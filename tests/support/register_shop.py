"""A small shop to sell in: a catalogue whose codes a test can make, operators if it wants them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from kernel import Host, ShopConfiguration, Terminal
from posterm.catalog import Item, SellBy
from posterm.catalog.codes import check_digit
from posterm.catalog.writing import write_catalog
from posterm.keymap import KEYMAPS
from posterm.register.session import Session
from tests.support.staff import CLEO, PINS, operators_json

__all__ = [
    "BEER",
    "COFFEE",
    "GIFT",
    "HAM",
    "MILK",
    "TILL",
    "console",
    "entries",
    "gtin",
    "make_shop",
    "on_thread",
    "open_session",
    "press",
    "until",
]

TILL = "REGISTER_01"
COFFEE, MILK, BEER, GIFT, HAM = "COFFEE", "MILK", "BEER", "GIFT", "HAM"


def gtin(number: int) -> str:
    """A GTIN-13 of the range that a shop gives out itself."""
    payload = f"21{number:010d}"
    return payload + check_digit(payload)


def make_shop(
    data_dir: Path,
    scans: int = 0,
    *,
    operators: bool = False,
    settings: Mapping[str, object] | None = None,
    more: Sequence[Item] = (),
) -> None:
    """Six items, and `scans` more at 1.00 whose codes are `gtin(0)`, `gtin(1)`, ..."""
    if operators:
        directory = data_dir / "shared" / "coordination"
        directory.mkdir(parents=True)
        (directory / "operators.json").write_bytes(operators_json())
    plain = [
        Item(gtin(number), (gtin(number),), f"ITEM {number}", "FOOD", 100, "S")
        for number in range(scans)
    ]
    with Terminal.start(TILL, data_dir) as till:
        till.open_period("0001", 0, "EUR")  # else the first sign-on asks for the float
    if settings is not None:
        with Terminal.start("MANAGER", data_dir) as manager:
            ShopConfiguration(data_dir).publish(manager, json.dumps(settings).encode())
    write_catalog(
        str(data_dir),
        [*_items(), *plain, *more],
        currency="EUR",
        country="DE",
        source="test",
        host=Host(),
        advance=lambda count: None,
    )


def open_session(data_dir: Path, host: Host | None = None) -> Session:
    """The register of `TILL`, below its screen; nobody is signed on."""
    return Session(Terminal.start(TILL, data_dir, host=host), str(data_dir), KEYMAPS["pc"])


def press(session: Session, *keys: str) -> None:
    """Each text is typed, each name of a key pressed; all after what is shown was seen."""
    names = {"enter", "escape", "up", "down", *(f"f{number}" for number in range(1, 13))}
    for key in keys:
        for token in [key] if key in names else key:
            session.feed(token, session.view.serial)


def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Mail goes by threads of its own."""
    pause, deadline_s = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come"
        pause.wait(0.02)


@contextmanager
def console(data_dir: Path) -> Iterator[Terminal]:
    """The manager's, with the manager signed on."""
    with Terminal.start("MANAGER", data_dir) as manager:
        manager.sign_on(CLEO, PINS[CLEO])
        yield manager


def entries(data_dir: Path, kind: str) -> list[dict[str, object]]:
    """Of the till's open segment, of that kind."""
    log = (data_dir / "terminals" / TILL / "transaction.wal").read_bytes()
    found = [json.loads(frame.split(b" ", 2)[2]) for frame in log.splitlines()]
    return [entry for entry in found if entry["k"] == kind]


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
