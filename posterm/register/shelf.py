"""What this till may sell: the catalogue's version of the sale in hand, and the tax of each code.

A sale goes by the version that it began with; the next one by what is current then. A shop without
a catalogue gets an error at the first code, not a till that won't start.
"""

from __future__ import annotations

from collections.abc import Mapping
from gettext import gettext as _

from kernel import Configuration, Line, SaleRefused, refuse_card_number
from posterm.catalog import (
    Ambiguous,
    Catalog,
    Found,
    Item,
    Missing,
    current_version,
    open_catalog,
    rules_of,
)
from posterm.pricing import TaxTable

__all__ = ["TAX_CODES", "Shelf"]

TAX_CODES: Mapping[str, str] = {"S": "VAT 19", "R": "VAT 7", "Z": "VAT 0"}
"""What the tax codes of a catalogue mean, until the shop's settings say it."""

_WHY = {
    Missing.UNKNOWN: _("is not on file"),
    Missing.CHECK_DIGIT: _("was misread: its check digit is wrong"),
    Missing.MEASURE: _("holds a weight or price that can't be read"),
}


class Shelf:
    """The open catalogue. `taxes` says what each of its tax codes means."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._catalog: Catalog | None = None
        self.taxes = TaxTable.parse(TAX_CODES)

    def use(self, version: int = 0) -> int:
        """Sell from that version, else the current one; the version, 0 where there is none."""
        wanted = version or current_version(self._data_dir)
        if wanted and (self._catalog is None or self._catalog.version != wanted):
            self.close()
            self._catalog = open_catalog(self._data_dir, wanted)
        return wanted

    def close(self) -> None:
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None

    @property
    def currency(self) -> str | None:
        """Of its prices; None without a catalogue."""
        return self._catalog.facts.currency if self._catalog is not None else None

    def find(self, code: str, settings: Configuration) -> Found:
        """Raises `SaleRefused` for a code that names no item, or more than one."""
        facts = self._opened.facts
        rules = rules_of(
            facts.country,
            facts.currency,
            weight_prefixes=settings.settings.weight_prefixes,
            price_prefixes=settings.settings.price_prefixes,
        )
        match self._opened.find(code, rules):
            case Found() as found:
                return found
            case Ambiguous(items=items):
                names = ", ".join(item.sku for item in items)
                raise SaleRefused(_("may be {}: type it as written there").format(names))
            case missing:
                refuse_card_number(missing.code, "item code")
                raise SaleRefused(f"{_plain(missing.code)} {_WHY[missing.reason]}")

    def search(self, words: str, limit: int) -> tuple[Item, ...]:
        return self._opened.search(words, limit)

    def item(self, sku: str) -> Item | None:
        return self._opened.item(sku)

    def discountable(self, line: Line) -> bool:
        item = self.item(line.code) if line.code is not None else None
        return item is None or item.discountable

    @property
    def _opened(self) -> Catalog:
        if self._catalog is None:
            self.use()
        if self._catalog is None:
            raise SaleRefused(_("no catalogue yet; import one: posterm catalog import FILE.csv"))
        return self._catalog


def _plain(code: str) -> str:
    """A code as a row shows it: what can't be printed is a dot."""
    return "".join(one if one.isprintable() else "." for one in code[:40])
