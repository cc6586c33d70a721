"""The sale in hand: what each act posts, by the rules of pricing, through the kernel's front door.

A call returns when what it posted is durable, or raises `SaleRefused` and has posted nothing that
counts. What a person must be asked first is the caller's to ask. This module must never keep a
figure of its own: the sale says all of it.
"""

from __future__ import annotations

from decimal import Decimal
from gettext import gettext as _

from kernel import (
    Line,
    LineKind,
    Role,
    Sale,
    SaleRefused,
    Terminal,
    Transaction,
    extend,
)
from posterm.catalog import Found, Item, SellBy
from posterm.pricing import (
    TAX_ROUNDING,
    Ask,
    SaleTaxes,
    TaxGroup,
    TaxMode,
    TaxRounding,
    ask_discount,
    discounts_again,
    line_discount,
    parse_amount,
    parse_off,
    sale_discount,
    standing,
    taxes_due,
    voids_with,
)
from posterm.register.shelf import Shelf

__all__ = ["Counter"]

_STORE = "STORE_001"
_FALLBACK_CURRENCY = "EUR"
_ONE = 1000


class Counter:
    """One till's sale in hand. `operator` is who sells; None while nobody is signed on."""

    def __init__(self, till: Terminal, shelf: Shelf) -> None:
        self.till = till
        self.shelf = shelf
        self.operator: str | None = None
        self.sale: Sale | None = None
        self.last: Transaction | None = None
        """What was closed last: its change is shown until the next sale begins."""
        self._taxes = SaleTaxes()
        self._resume()

    # --- what there is -------------------------------------------------------------------

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.sale.lines if self.sale is not None else ()

    @property
    def shown(self) -> Transaction | None:
        """The sale in hand, else the one closed last."""
        return self.sale.value if self.sale is not None else self.last

    @property
    def currency(self) -> str:
        if self.sale is not None:
            return self.sale.currency
        return self.shelf.currency or self.till.configuration.settings.currency

    @property
    def in_hand(self) -> Sale:
        if self.sale is None:
            raise SaleRefused(_("there is no sale; sell something first"))
        return self.sale

    def amount(self, text: str) -> int:
        return parse_amount(text, self.currency, comma=True)

    # --- items ---------------------------------------------------------------------------

    def find(self, code: str) -> Found:
        return self.shelf.find(code, self.till.configuration)

    def sell(
        self,
        found: Found,
        thousandths: int,
        *,
        unit_minor: int,
        by: str,
        reason: str = "",
        price_origin: str | None = None,
    ) -> int:
        """Post the item, and the deposit that belongs to it; the number of its line.

        Below zero it is taken back. `by` says how the code came in, `reason` what was asked and
        answered, `price_origin` whence a price that is not the catalogue's.
        """
        item = found.item
        if not item.active and thousandths > 0:
            raise SaleRefused(_("{} is not for sale any more").format(item.sku))
        sale = self.sale or self._begin()
        number = self._post(
            sale,
            item,
            thousandths,
            unit_minor=unit_minor,
            by=by,
            reason=reason,
            price_origin=price_origin,
        )
        deposit = self.shelf.item(item.linked_sku) if item.linked_sku is not None else None
        if deposit is not None and deposit.price_minor is not None:
            self._post(
                sale, deposit, thousandths, unit_minor=deposit.price_minor, by="linked", of=number
            )
        return number

    def thousandths(self, found: Found, quantity: str | None) -> int:
        """How much is sold: what the label says, else what was typed, else one."""
        item = found.item
        if found.quantity is not None or found.amount_minor is not None:
            if quantity is not None:
                raise SaleRefused(_("the label says how much; Clear, then scan it alone"))
            return found.quantity if found.quantity is not None else _ONE
        if quantity is None:
            if item.sell_by is SellBy.WEIGHT:
                raise SaleRefused(_("{} is sold by weight: 0.250* and the code").format(item.sku))
            return _ONE
        amount = int(Decimal(quantity.replace(",", ".")) * _ONE)
        if amount == 0:
            raise SaleRefused(_("a quantity of 0 sells nothing"))
        if item.sell_by is not SellBy.WEIGHT and amount % _ONE:
            raise SaleRefused(_("{} is sold by the piece").format(item.sku))
        return amount

    def void(self, number: int | None) -> None:
        """Void that line, else the last one that stands, with all that hangs on it."""
        lines = self.lines
        live = [one.number for one in standing(lines) if one.line.of is None]
        number = number if number is not None else (live[-1] if live else 0)
        if number not in [one.number for one in standing(lines)]:
            raise SaleRefused(_("there is no line {} to void").format(number or ""))
        going = voids_with(lines, number)
        again = discounts_again(lines, going, rounding=self._rounding)
        sale = self.in_hand
        for one in going:
            sale.void_line(one, operator=self.operator)
        for discount in again:
            sale.discount(
                discount.amount_minor,
                percent_milli=discount.percent_milli,
                shares=discount.shares,
                taxes=discount.taxes,
                operator=self.operator,
            )

    def last_item(self) -> Line | None:
        """The item that was sold last and stands."""
        sold = [one.line for one in standing(self.lines) if one.line.kind is LineKind.ITEM]
        return sold[-1] if sold else None

    def discount(self, text: str, *, on_sale: bool) -> Ask | None:
        """Take it off the sale or the last item; what needs approval first, if it does."""
        off = parse_off(text, self.currency, comma=True)
        live = [one for one in standing(self.lines) if one.line.kind is LineKind.ITEM]
        if not live:
            raise SaleRefused(_("there is nothing to discount; sell something first"))
        borne = live if on_sale else live[-1:]
        limit = self.till.configuration.settings.discount_limit_milli_percent
        asked = ask_discount(off, sum(one.charged_minor for one in borne), limit)
        if asked is not None and not self.may("discount"):
            return asked
        may_bear = self.shelf.discountable
        if on_sale:
            found = sale_discount(self.lines, off, rounding=self._rounding, discountable=may_bear)
        else:
            number = live[-1].number
            one_line = line_discount(
                self.lines, number, off, rounding=self._rounding, discountable=may_bear
            )
            found = (one_line,)
        for one in found:
            self.in_hand.discount(
                one.amount_minor,
                line=one.line,
                percent_milli=one.percent_milli,
                shares=one.shares,
                taxes=one.taxes,
                operator=self.operator,
            )
        return None

    # --- the sale as a whole -------------------------------------------------------------

    def total(self) -> None:
        """Post the tax that is still missing, so that the sale can be paid."""
        sale = self.in_hand
        if not self.lines:
            raise SaleRefused(_("the sale has no lines; sell something first"))
        for tax in taxes_due(self.lines, self._rounding):
            if tax.included:
                sale.add_line(TAX_ROUNDING, 1, 0, kind=LineKind.ADJUSTMENT, taxes=(tax,))
            else:
                sale.add_tax(tax, operator=self.operator)

    def finish(self) -> None:
        """The sale is closed, suspended or void: the next open one comes up, if there is one."""
        if self.sale is not None:
            self.last = self.sale.value
        self._resume()

    def take_up(self, sale: Sale) -> None:
        """Go on with a recalled sale."""
        self.sale = sale
        self._taxes = SaleTaxes()

    def may(self, act: str) -> bool:
        """Whether who is signed on may do that by the shop's roles; without operators, anybody."""
        everybody = {one.number: one for one in self.till.operators.all()}
        if not everybody:
            return True
        needed = getattr(self.till.configuration.settings, f"role_{act}")
        assert isinstance(needed, Role), f"{act} has a role"
        there = everybody.get(self.operator or "")
        return there is not None and there.role.covers(needed)

    def require(self, act: str, named: str) -> None:
        """Raises `SaleRefused` where `may` says no."""
        if not self.may(act):
            raise SaleRefused(_("{} needs a supervisor; let one sign on").format(named))

    # --- how -----------------------------------------------------------------------------

    @property
    def _rounding(self) -> TaxRounding:
        return TaxRounding(self.till.configuration.settings.tax_rounding)

    def _resume(self) -> None:
        parked = self.till.open_sales
        self.sale = parked[-1] if parked else None
        self._taxes = SaleTaxes()
        if self.sale is not None:
            self.shelf.use(self.sale.value.catalogue)

    def _begin(self) -> Sale:
        version = self.shelf.use()
        settings = self.till.configuration.settings
        self.sale = self.till.begin(
            settings.store or _STORE,
            self.shelf.currency or _FALLBACK_CURRENCY,
            self.operator or "",
            catalogue=version,
        )
        self._taxes = SaleTaxes()
        return self.sale

    def _post(
        self,
        sale: Sale,
        item: Item,
        thousandths: int,
        *,
        unit_minor: int,
        by: str,
        of: int | None = None,
        reason: str = "",
        price_origin: str | None = None,
    ) -> int:
        mode = TaxMode(self.till.configuration.settings.tax_mode)
        group: TaxGroup = self.shelf.taxes.group(item.tax_code, mode)
        self._taxes = self._taxes.after(sale.lines)
        total_minor = extend(unit_minor, thousandths)
        return sale.add_line(
            item.sku,
            Decimal(thousandths).scaleb(-3),
            unit_minor,
            kind=LineKind.ITEM if of is None else LineKind.DEPOSIT,
            description=item.description,
            department=item.department,
            list_minor=item.price_minor if item.price_minor != unit_minor else None,
            taxes=self._taxes.on(group, self._rounding, [(0, total_minor)]),
            price_origin=price_origin,
            input_origin=by,
            of=of,
            reason=reason or None,
            operator=self.operator,
        )
