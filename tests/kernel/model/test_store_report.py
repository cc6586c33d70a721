"""The store's Z is the sum of its tills' Z reports, and says who is missing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.model.store_report import StoreReport, TillZ, Unclosed, added, store_report
from kernel.model.totals import TaxTotal, Totals

FEW = settings(max_examples=30)
"""Each draws dozens of sums, and one sum is like another."""
AMOUNT = st.integers(-(10**9), 10**9)
PLAIN = [
    name for name in Totals.__struct_fields__ if name not in ("tenders", "tender_counts", "taxes")
]
RATES = {"A@19000": ("A", 19_000), "B@7000": ("B", 7_000)}


@st.composite
def totals(draw: st.DrawFn) -> Totals:
    sums = {name: draw(AMOUNT) for name in PLAIN}
    kinds = st.dictionaries(st.sampled_from(["cash", "card", "voucher"]), AMOUNT)
    keys = draw(st.sets(st.sampled_from(sorted(RATES))))
    taxes = {key: TaxTotal(*RATES[key], draw(AMOUNT), draw(AMOUNT)) for key in keys}
    return Totals(**sums, tenders=draw(kinds), tender_counts=draw(kinds), taxes=taxes)


def z(terminal: str, **sums: Totals) -> TillZ:
    return TillZ(terminal=terminal, z_number=1, period=1, closed_ms=0, operator="0001", totals=sums)


@given(totals(), totals())
@FEW
def test_every_sum_of_both_is_in_the_sum(one: Totals, other: Totals) -> None:
    both = added(one, other)
    for name in PLAIN:
        assert getattr(both, name) == getattr(one, name) + getattr(other, name)
    for name in ("tenders", "tender_counts"):
        left, right, sums = getattr(one, name), getattr(other, name), getattr(both, name)
        assert sums == {k: left.get(k, 0) + right.get(k, 0) for k in left.keys() | right.keys()}
    for key, (code, rate) in RATES.items():
        parts = [taxes[key] for taxes in (one.taxes, other.taxes) if key in taxes]
        net, tax = sum(part.net_minor for part in parts), sum(part.tax_minor for part in parts)
        assert both.taxes.get(key, TaxTotal(code, rate, 0, 0)) == TaxTotal(code, rate, net, tax)


@given(totals(), totals(), totals())
@FEW
def test_the_order_of_the_tills_changes_nothing(a: Totals, b: Totals, c: Totals) -> None:
    assert added(added(a, b), c) == added(a, added(c, b))
    assert added(a, Totals()) == a == added(Totals(), a)


def test_currencies_are_summed_apart() -> None:
    report = store_report(
        20260101,
        [
            z("T1", EUR=Totals(sales=1, total_minor=100)),
            z("T2", EUR=Totals(sales=2, total_minor=250), USD=Totals(sales=1, total_minor=7)),
        ],
        [Unclosed(terminal="T3", reason="off")],
    )
    assert isinstance(report, StoreReport)
    assert {name: sums.total_minor for name, sums in report.totals.items()} == {
        "EUR": 350,
        "USD": 7,
    }
    assert report.totals["EUR"].sales == 3
    assert [one.terminal for one in report.unclosed] == ["T3"]


def test_over_and_short_are_counted_less_expected() -> None:
    sums = Totals(float_minor=1_000, tenders={"cash": 500}, change_minor=100)
    counted = TillZ(
        terminal="T1",
        z_number=1,
        period=1,
        closed_ms=0,
        operator=None,
        totals={"EUR": sums},
        counted_minor={"EUR": 1_390, "USD": 5},
    )
    assert counted.over_minor == {"EUR": -10, "USD": 5}
    assert z("T1", EUR=sums).over_minor == {}
