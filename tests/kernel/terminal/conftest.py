"""A till on a machine of its own, and a sale in hand: what most tests here begin with."""

from __future__ import annotations

import pytest

from kernel import Sale, Terminal
from tests.support.tills import TillMachine


@pytest.fixture
def machine() -> TillMachine:
    return TillMachine()


@pytest.fixture
def till(machine: TillMachine) -> Terminal:
    return machine.start()


@pytest.fixture
def sale(till: Terminal) -> Sale:
    """One item of 5.00."""
    sale = till.begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 500)
    return sale
