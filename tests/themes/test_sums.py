"""What a report says of a period: every sum that its total is made of, on each of the reports."""

from __future__ import annotations

from msgspec.structs import replace

from kernel import StoreReport, Totals
from manager.results import report_rows as store_rows
from themes.sums import SUMS


def test_every_sum_of_money_of_a_period_has_a_label() -> None:
    kept = {name for name in Totals.__struct_fields__ if name.endswith("_minor")}
    assert {name for _label, name in SUMS} == kept - {"total_minor"}


def test_the_store_s_z_leaves_out_no_sum() -> None:
    sums = {name: 1_000 + number for number, (_label, name) in enumerate(SUMS)}
    totals = replace(Totals(), **sums)
    report = StoreReport(business_date=20260101, closed=(), unclosed=(), totals={"EUR": totals})
    shown = "\n".join(store_rows(report))
    for _label, name in SUMS:
        assert f"{sums[name] / 100:.2f}" in shown, name
