"""A search whose catalogue can't be asked is refused in words, and the register goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kernel import Terminal
from posterm.catalog.versions import CatalogPaths
from posterm.keypad import Mode
from posterm.register.session import Session
from tests.support.register_shop import COFFEE, TILL, make_shop, open_session, press

_FIRST_PAGE_BYTES = 4096


@contextmanager
def signed_on(data_dir: Path) -> Iterator[Session]:
    session = open_session(data_dir)
    press(session, "0001", "enter")
    yield session
    session.stop("test")


def test_letters_in_a_shop_without_a_catalogue_are_refused_and_the_till_stays(
    data_dir: Path,
) -> None:
    with Terminal.start(TILL, data_dir) as till:
        till.open_period("0001", 0, "EUR")
    with signed_on(data_dir) as session:
        press(session, "f3", "m")
        assert session.mode is Mode.HELD
        assert "no catalogue yet" in session.view.message
        press(session, "escape", "escape")
        assert session.view.mode is Mode.SELL


def test_a_catalogue_that_rots_under_a_search_costs_the_search_and_not_the_sale(
    data_dir: Path,
) -> None:
    make_shop(data_dir)
    with signed_on(data_dir) as session:
        press(session, COFFEE, "enter", "f3")
        path = CatalogPaths(data_dir).version(1)
        os.chmod(path, 0o600)
        os.truncate(path, _FIRST_PAGE_BYTES)
        press(session, "m", "i", "l")
        assert "the catalogue can't be read" in session.view.message
        press(session, "escape", "escape")
        assert session.view.sale is not None and len(session.view.sale.lines) == 1
