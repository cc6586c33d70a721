"""How a sale begins: its currency, its arguments, and the reference that names it."""

from __future__ import annotations

from typing import Any

import pytest

from kernel import (
    State,
    Terminal,
)
from tests.support.tills import TillMachine, refused, sell


@pytest.mark.parametrize("currency", ["EURO", "eur", "XXX", "XAU", "", "E\n", None, 5, ["EUR"]])
def test_a_currency_that_nobody_pays_in_is_refused(
    machine: TillMachine, till: Terminal, currency: Any
) -> None:
    refused(machine, lambda: till.begin("S1", currency, "0001"), "currency")


@pytest.mark.parametrize("currency", ["JPY", "KWD", "EUR"])
def test_minor_units_are_summed_by_currency(till: Terminal, currency: str) -> None:
    sell(till, 1, "USD")
    sell(till, 500, currency)
    sell(till, 7, currency)
    x = till.x_report()
    assert {name: sums.total_minor for name, sums in x.totals.items()} == {"USD": 1, currency: 507}
    assert x.perpetual_minor == {"USD": 1, currency: 507}


@pytest.mark.parametrize(
    "arguments",
    [
        {name: bad}
        for name in ("store", "operator", "reference", "customer", "price_list", "tax_profile")
        for bad in ("", " ", "a\nb", "x" * 65, 5, "\ud800", "\x9b")
    ]
    + [{"configuration": 1.5}, {"catalogue": "1"}, {"catalogue": True}, {"store": None}],
    ids=ascii,
)
def test_an_argument_of_begin_that_is_wrong_is_refused_and_the_till_goes_on(
    machine: TillMachine, till: Terminal, arguments: dict[str, Any]
) -> None:
    right: dict[str, Any] = {"store": "S1", "currency": "EUR", "operator": "0001"}
    refused(machine, lambda: till.begin(**{**right, **arguments}))
    assert till.begin(**right).number == 1


def test_a_reference_names_one_sale_through_commit_and_kill(machine: TillMachine) -> None:
    till = machine.start()
    first = till.begin("S1", "EUR", "0001", "INV-1")
    first.add_line("TEA", 1, 500)
    assert till.begin("S1", "EUR", "0002", "INV-1").id == first.id
    first.tender_cash(500)
    machine.kill()
    with machine.start() as till:
        again = till.begin("S1", "EUR", "0001", "INV-1")
        assert (again.id, again.state) == (first.id, State.COMMITTED)
        refused(machine, lambda: till.begin("S2", "EUR", "0001", "INV-1"), "another reference")
        refused(machine, lambda: till.begin("S1", "USD", "0001", "INV-1"), "another reference")


def test_a_reference_of_an_aborted_sale_is_free_again(machine: TillMachine, till: Terminal) -> None:
    first = till.begin("S1", "EUR", "0001", "INV-1")
    first.abort("left")
    second = till.begin("S1", "USD", "0001", "INV-1")
    assert (first.number, second.number) == (1, 2)
    assert till.begin("S1", "USD", "0001", "INV-1").number == 2
