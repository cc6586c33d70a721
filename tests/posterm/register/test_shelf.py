"""What a till may sell and how it is taxed: by the settings of the shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import SaleRefused
from posterm.pricing import TaxLayer, TaxMode
from posterm.register.shelf import Shelf
from tests.support.register_shop import COFFEE, make_shop, open_session, press


def test_a_line_is_taxed_as_the_settings_say(data_dir: Path) -> None:
    make_shop(data_dir, settings={"tax_codes": ["R=GST 5, QST+ 9.975", "S=VAT 20"]})
    session = open_session(data_dir)
    press(session, "0001", "enter", COFFEE, "enter")
    (line,) = session.counter.lines
    session.stop("test")
    assert [(tax.code, tax.rate_milli_percent) for tax in line.taxes] == [
        ("GST", 5000),
        ("QST+", 9975),
    ]


def test_a_code_without_a_rate_sells_nothing() -> None:
    shelf = Shelf("/nowhere")
    standard = shelf.taxes(("S=VAT 19",)).group("S", TaxMode.INCLUSIVE)
    assert standard.layers == (TaxLayer("VAT", 19_000),)
    with pytest.raises(SaleRefused, match="'R' has no rate"):
        shelf.taxes(("S=VAT 19",)).group("R", TaxMode.INCLUSIVE)
    changed = shelf.taxes(("S=VAT 20",)).group("S", TaxMode.EXCLUSIVE)
    assert changed.layers == (TaxLayer("VAT", 20_000),)
