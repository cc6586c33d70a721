"""Amounts, quantities and dates as people of the shop's language write them.

The digits of a currency are the kernel's, by ISO 4217; a locale only says what stands between
them. Everything here is for people: a log, a file or a script gets `kernel.format_minor`. This
module must never read the environment: `themes.language` says which formats this process uses.
"""

from __future__ import annotations

import datetime
import re

from msgspec import Struct

from kernel import format_minor

__all__ = [
    "Formats",
    "amount_text",
    "date_text",
    "plain_number",
    "quantity_text",
    "takes_comma",
    "use_formats",
]


class Formats(Struct, frozen=True):
    """`groups`: digits of the group before the point, and of those before it; 3 and 2 in India.

    `date` holds `d`, `dd`, `M`, `MM` and `y`, as Unicode's locale data write it.
    """

    decimal: str = "."
    group: str = ""
    groups: tuple[int, int] = (3, 3)
    date: str = "y-MM-dd"

    def amount(self, amount_minor: int, currency: str) -> str:
        """In major units, with all the digits of its currency."""
        return self._written(format_minor(amount_minor, currency))

    def quantity(self, thousandths: int) -> str:
        """3000 is `3`, -1250 is `-1.250`."""
        sign = "-" if thousandths < 0 else ""
        whole, part = divmod(abs(thousandths), 1000)
        return self._written(f"{sign}{whole}.{part:03}" if part else f"{sign}{whole}")

    def number(self, thousandths: int) -> str:
        """3000 is `3`, 1250 is `1.25`: a percentage, a rate."""
        whole, part = divmod(abs(thousandths), 1000)
        shown = f"{whole}.{part:03}".rstrip("0").rstrip(".")
        return self._written(f"-{shown}" if thousandths < 0 else shown)

    def day(self, day: datetime.date) -> str:
        """In figures, the year with all of its four."""
        figures = {"d": f"{day.day}", "M": f"{day.month}", "y": f"{day.year:04}"}
        return re.sub(
            "d+|M+|y+", lambda found: figures[found[0][0]].zfill(len(found[0])), self.date
        )

    def _written(self, plain: str) -> str:
        """Decimal text of the kernel with the locale's own signs."""
        sign = "-" if plain.startswith("-") else ""
        whole, point, fraction = plain[len(sign) :].partition(".")
        return sign + self._grouped(whole) + (self.decimal + fraction if point else "")

    def _grouped(self, digits: str) -> str:
        size, further = self.groups
        if not self.group or len(digits) <= size:
            return digits
        groups = [digits[-size:]]
        rest = digits[:-size]
        while rest:
            groups.insert(0, rest[-further:])
            rest = rest[:-further]
        return self.group.join(groups)


class _Process:
    """A process writes for one person."""

    formats = Formats()


def use_formats(formats: Formats) -> None:
    """From now on everything here writes so."""
    _Process.formats = formats


def amount_text(amount_minor: int, currency: str) -> str:
    """In major units, with all the digits of its currency: 123456 EUR is `1,234.56` in English."""
    return _Process.formats.amount(amount_minor, currency)


def quantity_text(thousandths: int) -> str:
    """3000 is `3`, -1250 is `-1.250`."""
    return _Process.formats.quantity(thousandths)


def plain_number(thousandths: int) -> str:
    """3000 is `3`, 1250 is `1.25`: a percentage, a rate."""
    return _Process.formats.number(thousandths)


def date_text(day: datetime.date) -> str:
    """In figures, the year with all of its four."""
    return _Process.formats.day(day)


def takes_comma() -> bool:
    """Whether a comma that is typed is the decimal point."""
    return _Process.formats.decimal == ","
