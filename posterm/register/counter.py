"""The sale in hand: what each act posts, by the rules of pricing, through the kernel's front door.

A call returns when what it posted is durable, or raises `SaleRefused` and has posted nothing that
counts. What a person must be asked first is the caller's to ask. This module must never keep a
figure of its own: the sale says all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from kernel import (
    DiscountPart,
    Line,
    LineKind,
    ReturnedPart,
    SaleRefused,
    standing_minor,
)
from kernel import gettext as _
from posterm.catalog import Found, Item, SellBy
from posterm.pricing import (
    TAX_ROUNDING,
    Discount,
    Refund,
    ask_discount,
    discounts_again,
    line_discount,
    parse_off,
    sale_discount,
    standing,
    taxes_due,
    voids_with,
)
from posterm.register.hand import Hand
from themes.formats import takes_comma

__all__ = ["OVERRIDE", "Counter"]

OVERRIDE = "override"
"""Origin of a price that somebody typed over the catalogue's."""
_ONE = 1000


class Counter(Hand):
    """What is sold, corrected and taken off."""

    # --- items ---------------------------------------------------------------------------

    def sell(
        self,
        found: Found,
        thousandths: int,
        *,
        unit_minor: int,
        by: str,
        reason: str = "",
        price_origin: str | None = None,
        approval: str | None = None,
        instead_of: Sequence[int] = (),
    ) -> int:
        """Post the item, and the deposit that belongs to it; the number of its line.

        Below zero it is taken back. `by` says how the code came in, `reason` what was asked and
        answered, `price_origin` whence a price that is not the catalogue's. It is posted under
        `approval` where one was needed, and voids the lines `instead_of` in the same write.
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
            approval=approval,
            instead_of=instead_of,
        )
        deposit = self.shelf.item(item.linked_sku) if item.linked_sku is not None else None
        self._post_deposit(deposit, thousandths, number)
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
        if "," in quantity and not takes_comma():
            raise SaleRefused(_("{} has a comma; type a point, such as 0.250*").format(quantity))
        amount = int(Decimal(quantity.replace(",", ".")) * _ONE)
        if amount == 0:
            raise SaleRefused(_("a quantity of 0 sells nothing"))
        if item.sell_by is not SellBy.WEIGHT and amount % _ONE:
            raise SaleRefused(_("{} is sold by the piece").format(item.sku))
        return amount

    def standing_line(self, number: int | None) -> int:
        """The line of that number, else the last one, if it stands. Raises `SaleRefused`."""
        live = standing(self.lines)
        last = [one.number for one in live if one.line.of is None][-1:]
        wanted = [one.number for one in live if one.number == number] if number else last
        if not wanted:
            raise SaleRefused(_("there is no line {} to void").format(number or ""))
        return wanted[0]

    def void(self, number: int, approval: str | None = None) -> None:
        """Void that line with all that hangs on it, in one write."""
        *also, last = voids_with(self.lines, number)
        again = discounts_again(self.lines, (*also, last), rounding=self._rounding)
        self.under(approval).void_line(last, also=also, operator=self.operator)
        self._discount_again(again)

    def replace(
        self,
        number: int,
        found: Found,
        thousandths: int,
        *,
        unit_minor: int,
        price_origin: str | None,
        approval: str | None = None,
    ) -> None:
        """Another line in place of that one, in one write with its void."""
        before = self.lines[number - 1]
        going = voids_with(self.lines, number)
        again = discounts_again(self.lines, going, rounding=self._rounding)
        self.sell(
            found,
            thousandths,
            unit_minor=unit_minor,
            by=before.input_origin or "code",
            reason=before.reason or "",
            price_origin=price_origin,
            approval=approval,
            instead_of=going,
        )
        self._discount_again(again)

    def change_quantity(
        self, number: int, found: Found, thousandths: int, approval: str | None
    ) -> None:
        """The item of that line again, as many as that, at its price, in one write."""
        line = self.lines[number - 1]
        self.replace(
            number,
            found,
            thousandths,
            unit_minor=line.unit_minor,
            price_origin=line.price_origin,
            approval=approval,
        )

    def take_empties(self, item: Item, thousandths: int) -> None:
        """Pay the deposit of that many back. Raises `SaleRefused` for what has none."""
        deposit = self.shelf.deposit_of(item)
        if deposit is None or deposit.price_minor is None:
            raise SaleRefused(_("{} has no deposit").format(item.description))
        self._post(
            self.sale or self._begin(),
            deposit,
            -thousandths,
            unit_minor=deposit.price_minor,
            by="code",
            reason="empties",
            kind=LineKind.DEPOSIT,
        )

    def give_back(
        self, transaction: str, back: Sequence[Refund], approval: str | None = None
    ) -> None:
        """Take that back of the receipt, in one write with all that hangs on it."""
        if self.sale is None:
            self._begin()
        self.under(approval).give_back(
            transaction,
            [
                ReturnedPart(
                    one.number,
                    one.thousandths,
                    one.taxes,
                    one.adjustment_minor,
                    one.adjustment_taxes,
                )
                for one in back
            ],
            reason="return",
            operator=self.operator,
        )

    def drop_empty(self) -> None:
        """End a sale that nothing was posted to: begun for an act that nobody allowed."""
        if self.sale is not None and not self.lines:
            self.sale.abort("empty", operator=self.operator)
            self.finish()

    def _discount_again(self, again: Sequence[Discount]) -> None:
        """What a discount on the sale took off lines that still stand."""
        sale = self.in_hand
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

    def discountable_line(self) -> int:
        """The last item that was sold and stands. Raises `SaleRefused`."""
        live = [one for one in standing(self.lines) if one.line.kind is LineKind.ITEM]
        if not live:
            raise SaleRefused(_("there is nothing to discount; sell something first"))
        return live[-1].number

    def discount(self, text: str, *, line: int | None, reason: str | None = None) -> None:
        """Take it off that line, else off the sale. Raises `NeedsApproval` above the limit."""
        off = parse_off(text, self.currency, comma=takes_comma())
        sale, lines, rounding = self.in_hand, self.lines, self._rounding
        may_bear = self.shelf.discountable
        items = [one for one in standing(lines) if one.line.kind is LineKind.ITEM]
        borne = sum(one.charged_minor for one in items if line in (None, one.number))
        named, approval = _("a discount of {}").format(text), None
        limit = self.till.configuration.settings.discount_limit_milli_percent
        above = ask_discount(off, borne, limit) is not None
        if line is None:
            parts = sale_discount(lines, off, rounding=rounding, discountable=may_bear)
            new = sale.total_minor - sum(part.amount_minor for part in parts)
            if above:
                approval = self.require("discount", named, new=new)
            self.under(approval).discount_in_parts(
                [DiscountPart(part.amount_minor, part.shares, part.taxes) for part in parts],
                percent_milli=parts[0].percent_milli,
                reason=reason,
                operator=self.operator,
            )
            return
        one = line_discount(lines, line, off, rounding=rounding, discountable=may_bear)
        if above:
            new = (standing_minor(sale.value, line) or 0) - one.amount_minor
            approval = self.require("discount", named, line=line, new=new)
        self.under(approval).discount(
            one.amount_minor,
            line=line,
            percent_milli=one.percent_milli,
            taxes=one.taxes,
            reason=reason,
            operator=self.operator,
        )

    # --- the sale as a whole -------------------------------------------------------------

    def total(self) -> None:
        """Post the tax that is still missing, so that the sale can be paid."""
        sale = self.in_hand
        if not self.lines:
            raise SaleRefused(_("the sale has no lines; sell something first"))
        if self._came_back and sale.value.catalogue:
            self._post_missing_deposits()
        for taxes in taxes_due(self.lines, self._rounding):
            if taxes[0].included:
                sale.add_line(TAX_ROUNDING, 1, 0, kind=LineKind.ADJUSTMENT, taxes=taxes)
            else:
                sale.add_tax(taxes[0], operator=self.operator)

    # --- deposits ------------------------------------------------------------------------

    def _post_deposit(self, deposit: Item | None, thousandths: int, of: int) -> None:
        if deposit is not None and deposit.price_minor is not None:
            price_minor = deposit.price_minor
            self._post(
                self.in_hand, deposit, thousandths, unit_minor=price_minor, by="linked", of=of
            )

    def _post_missing_deposits(self) -> None:
        """A power cut may have come between an item and its deposit."""
        there = {line.of for line in self.lines if line.kind is LineKind.DEPOSIT}
        for number, line in ((one.number, one.line) for one in standing(self.lines)):
            if line.kind is LineKind.ITEM and line.origin is None and number not in there:
                self._post_deposit(self.shelf.deposit_on(line), line.quantity, number)
