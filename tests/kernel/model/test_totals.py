"""What a drawer should hold."""

from __future__ import annotations

from kernel.model.totals import Totals


def test_a_drawer_holds_float_cash_and_movements_less_change() -> None:
    totals = Totals(
        tenders={"cash": 5_000, "card": 70_000},
        change_minor=300,
        float_minor=10_000,
        pay_ins_minor=40,
        pay_outs_minor=2,
        pickups_minor=1_000,
    )
    assert totals.expected_drawer_minor == 10_000 + 5_000 - 300 + 40 - 2 - 1_000


def test_totals_share_no_table() -> None:
    one, other = Totals(), Totals()
    one.tenders["cash"] = 1
    assert other.tenders == {}
    assert other.expected_drawer_minor == 0
