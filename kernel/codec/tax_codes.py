"""The setting `tax_codes`: its text, its bounds, and what no shop may say in it.

A rate that is set wrong is on every receipt until somebody sees it, so all that can be known to be
wrong is refused when it is set. What a rate makes of an amount is pricing's business, not this
module's: it must never compute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from msgspec import Meta

from kernel.words import gettext as _

__all__ = ["TAX_CODES_LIMIT", "TaxCode", "check_tax_codes"]

TAX_CODES_LIMIT = 50
_TAX = r"[A-Z0-9][A-Z0-9_-]{0,15}\+? [0-9]{1,3}(\.[0-9]{1,3})?"
_CODE = "[A-Za-z0-9][A-Za-z0-9_.-]{0,15}"
_ONE = re.compile(r"([A-Z0-9_-]+)(\+?) ([0-9.]+)")

TaxCode = Annotated[
    str, Meta(max_length=120, pattern=f"^{_CODE}={_TAX}(, {_TAX}){{0,7}}" + r"$(?!\n)")
]


def check_tax_codes(entries: Sequence[str]) -> None:
    """Raises `ValueError` for a code or a tax given twice, more than 100 percent, or a compound
    tax that comes first."""
    codes = [entry.partition("=")[0] for entry in entries]
    for code, entry in zip(codes, entries, strict=True):
        if codes.count(code) > 1:
            raise ValueError(_("tax code {} is given twice: a code has one meaning").format(code))
        taxes = [match.groups() for match in _ONE.finditer(entry.partition("=")[2])]
        names = [name + plus for name, plus, _percent in taxes]
        if len(set(names)) < len(names):
            raise ValueError(_("tax code {} names a tax twice; name each once").format(code))
        if taxes[0][1]:
            raise ValueError(
                _("tax code {} begins with a compound tax; put it after another").format(code)
            )
        if any(Decimal(percent) > 100 for _name, _plus, percent in taxes):
            raise ValueError(
                _("tax code {} has a tax of more than 100 percent; correct it").format(code)
            )
