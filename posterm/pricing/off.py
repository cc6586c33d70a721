"""What a cashier says to take off a price: a percentage or an amount. Both are above zero."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from kernel import SaleRefused
from kernel import gettext as _
from posterm.pricing.rounding import half_away

__all__ = ["Amount", "Off", "Percent"]

_WHOLE_MILLI = 100_000


class Percent(Struct, frozen=True):
    """In thousandths of a percent: 12.5 % is 12500. Raises `SaleRefused` outside 0 to 100 %."""

    milli: int

    def __post_init__(self) -> None:
        if not 0 < self.milli <= _WHOLE_MILLI:
            raise SaleRefused(_("a discount is more than 0 % and at most 100 %; give another"))

    def of(self, value_minor: int) -> int:
        return half_away(Fraction(value_minor * self.milli, _WHOLE_MILLI))


class Amount(Struct, frozen=True):
    """In minor units. Raises `SaleRefused` where it is not above zero."""

    minor: int

    def __post_init__(self) -> None:
        if self.minor <= 0:
            raise SaleRefused(_("a discount is above zero; give what to take off"))

    def of(self, value_minor: int) -> int:
        return self.minor


Off = Percent | Amount
