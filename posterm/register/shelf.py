"""What this till may sell: the catalogue's version of the sale in hand, and the tax of each code.

A sale goes by the version that it began with; the next one by what is current then. A shop without
a catalogue gets an error at the first code, not a till that won't start.
"""

from __future__ import annotations

from collections.abc import Sequence

from kernel import Configuration, Line, SaleRefused, refuse_card_number
from kernel import gettext as _
from kernel import marked as N_
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

__all__ = ["Shelf", "UnknownCode"]

_WHY = {
    Missing.UNKNOWN: N_("is not on file"),
    Missing.CHECK_DIGIT: N_("was misread: its check digit is wrong"),
    Missing.MEASURE: N_("holds a weight or price that can't be read"),
}


class UnknownCode(SaleRefused):
    """No item has `code`, which was read right."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


class Shelf:
    """The open catalogue."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir
        self._catalog: Catalog | None = None
        self._tax_codes: Sequence[str] = ()
        self._taxes = TaxTable({})

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
                said = f"{_plain(missing.code)} {_(_WHY[missing.reason])}"
                if missing.reason is Missing.UNKNOWN:
                    raise UnknownCode(missing.code, said)
                raise SaleRefused(said)

    def search(self, words: str, limit: int) -> tuple[Item, ...]:
        return self._opened.search(words, limit)

    def item(self, sku: str) -> Item | None:
        return self._opened.item(sku)

    def taxes(self, tax_codes: Sequence[str]) -> TaxTable:
        """What each tax code of the catalogue means, by the setting `tax_codes`."""
        if tax_codes != self._tax_codes:
            said = (one.partition("=") for one in tax_codes)
            self._taxes = TaxTable.parse({code: text for code, _is, text in said})
            self._tax_codes = tax_codes
        return self._taxes

    def tax_name(self, tax_code: str, settings: Configuration) -> str:
        """What that tax code of the catalogue means, such as `VAT 19`."""
        said = (one.partition("=") for one in settings.settings.tax_codes)
        return {code: text for code, _is, text in said}.get(tax_code, tax_code)

    def departments(self) -> tuple[tuple[str, str], ...]:
        """(department, tax code): to what an item that is not on file can be sold."""
        return self._opened.taxed_departments()

    def deposit_of(self, item: Item) -> Item | None:
        """What is paid back for an empty: the item's deposit, or itself where it is one."""
        if item.linked_sku is not None:
            return self.item(item.linked_sku)
        return item if self._opened.is_deposit(item.sku) else None

    def holds(self, code: str) -> bool:
        """Whether that is exactly an item's code; nothing is, in a shop without a catalogue."""
        return self._known(code) is not None

    def returnable(self, line: Line) -> bool:
        """Only the catalogue says that something never comes back."""
        item = self._known(line.code)
        return item is None or item.returnable

    def deposit_on(self, line: Line) -> Item | None:
        """The deposit that belongs to the item of that line, if one does."""
        item = self._known(line.code)
        return self._known(item.linked_sku) if item is not None else None

    def discountable(self, line: Line) -> bool:
        item = self.item(line.code) if line.code is not None else None
        return item is None or item.discountable

    def _known(self, code: str | None) -> Item | None:
        if self._catalog is None:
            self.use()
        asked = self._catalog is not None and code is not None
        return self.item(code) if asked and code is not None else None

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
