"""The setting `tax_codes`: what is said wrongly is refused when it is set."""

from __future__ import annotations

import json

import pytest

from kernel.codec.configuration import decode_values, parse_setting
from kernel.codec.settings import Settings
from kernel.errors import BadConfiguration


def test_the_default_and_the_documented_examples_are_accepted() -> None:
    said = ["S=VAT 19", "Q=GST 5, QST+ 9.975", "x.1=SALES_TAX 0"]
    assert parse_setting("tax_codes", json.dumps(said)) == tuple(said)
    default = json.dumps({"tax_codes": Settings().tax_codes})
    assert decode_values(default.encode(), "test")["tax_codes"] == Settings().tax_codes


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "length"),
        (["S"], "regex"),
        (["S=VAT"], "regex"),
        (["S=vat 19"], "regex"),
        (["S=VAT 19.1234"], "regex"),
        (["S=VAT -1"], "regex"),
        (["S=VAT 19\n"], "regex"),
        (["S=" + ", ".join(f"A{n} 1" for n in range(9))], "regex"),
        (["S=VAT 100.001"], "more than 100 percent"),
        (["S=VAT 19", "S=VAT 7"], "given twice"),
        (["S=VAT 19, VAT 7"], "names a tax twice"),
        (["S=VAT+ 19"], "begins with a compound tax"),
        ([f"C{n}=VAT 1" for n in range(51)], "length"),
    ],
)
def test_what_no_shop_may_say_is_refused(said: list[str], why: str) -> None:
    with pytest.raises(BadConfiguration, match=why):
        decode_values(json.dumps({"tax_codes": said}).encode(), "test")
