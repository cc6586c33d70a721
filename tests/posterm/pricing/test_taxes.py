"""Tax codes: what their texts mean, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel import BadInput, SaleRefused
from posterm.pricing import TaxGroup, TaxLayer, TaxMode, TaxTable


def test_a_tax_code_names_its_layers_in_order() -> None:
    table = TaxTable.parse({"Q": "GST 5, QST+ 9.975"})
    group = table.group("Q", TaxMode.EXCLUSIVE)
    assert group == TaxGroup((TaxLayer("GST", 5000), TaxLayer("QST+", 9975)), included=False)
    assert [layer.compound for layer in group.layers] == [False, True]
    assert group.parts == (Fraction(5, 100), Fraction(105, 100) * Fraction(9975, 100_000))


@given(rates=st.lists(st.integers(0, 100_000), min_size=1, max_size=4), compound=st.booleans())
def test_taking_the_tax_out_undoes_putting_it_on_top(rates: list[int], compound: bool) -> None:
    layers = tuple(
        TaxLayer(f"T{place}" + ("+" if compound and place else ""), rate)
        for place, rate in enumerate(rates)
    )
    on_top, inside = TaxGroup(layers, included=False).parts, TaxGroup(layers, included=True).parts
    gross = 1 + sum(on_top)
    assert [gross * part for part in inside] == list(on_top)


def test_an_unknown_tax_code_is_refused_with_the_next_step() -> None:
    with pytest.raises(SaleRefused, match="set it"):
        TaxTable.parse({}).group("X", TaxMode.INCLUSIVE)


@pytest.mark.parametrize(
    "text",
    [
        *("", "VAT", "19", "VAT 19%", "vat 19", "VAT 100.001", "VAT 1.2345", "VAT -1", "VAT 19,"),
        *("QST+ 9", "VAT 19, VAT 19", ", ".join(f"T{place} 1" for place in range(9))),
    ],
)
def test_a_text_that_names_no_tax_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="tax code A"):
        TaxTable.parse({"A": text})
