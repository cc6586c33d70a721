"""The sale in hand: what it is, who may do what to it, and how a line is posted.

The part of the counter that every act goes through. A person who may not do an act alone does it
under an approval, which is spent by the entry that it is for. This module must never keep a
figure of its own: the sale says all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from kernel import (
    BadInput,
    Line,
    LineKind,
    Role,
    Sale,
    SaleRefused,
    Terminal,
    Transaction,
    extend,
)
from kernel import gettext as _
from posterm.catalog import Found, Item
from posterm.pricing import (
    SaleTaxes,
    TaxGroup,
    TaxMode,
    TaxRounding,
    parse_amount,
)
from posterm.register.needs import Grant, Need, NeedsApproval
from posterm.register.shelf import Shelf
from themes.formats import takes_comma

__all__ = ["Hand"]

_STORE = "STORE_001"
_FALLBACK_CURRENCY = "EUR"
_POSTS_ANEW = frozenset({"item_not_on_file", "return", "return_without_receipt"})
_ON_A_SALE = _POSTS_ANEW | {
    "void_line",
    "void_sale",
    "void_tender",
    "discount",
    "price_override",
}


class Hand:
    """One till's sale in hand. `operator` is who sells; None while nobody is signed on."""

    def __init__(self, till: Terminal, shelf: Shelf) -> None:
        self.till = till
        self.shelf = shelf
        self.operator: str | None = None
        self.sale: Sale | None = None
        self.grant: Grant | None = None
        """An approval in hand, for the one act that is done again under it."""
        self.last: Transaction | None = None
        """What was closed last: its change is shown until the next sale begins."""
        self._taxes = SaleTaxes()
        self._came_back = False
        """Whether the sale in hand was begun by an earlier process."""
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
            raise _no_sale()
        return self.sale

    def refuse_without_sale(self) -> None:
        if self.sale is None:
            raise _no_sale()

    def amount(self, text: str) -> int:
        return parse_amount(text, self.currency, comma=takes_comma())

    def find(self, code: str) -> Found:
        return self.shelf.find(code, self.till.configuration)

    def finish(self) -> None:
        """The sale is closed, suspended or void: the next open one comes up, if there is one."""
        if self.sale is not None:
            self.last = self.sale.value
        self._resume()

    def take_up(self, sale: Sale) -> None:
        """Go on with a recalled sale."""
        self.sale = sale
        self._came_back = False
        self._taxes = SaleTaxes()

    def may(self, act: str, who: str | None = None) -> bool:
        """Whether `who`, else who is signed on, may do that by the shop's roles; without
        operators, anybody."""
        everybody = {one.number: one for one in self.till.operators.all()}
        if not everybody:
            return True
        if who is None and self.till.signed_on is None:
            return False  # the shop got its operators after somebody was there without a PIN
        there = everybody.get(who or self.operator or "")
        return there is not None and there.active and there.role.covers(self._role(act))

    def require(
        self,
        act: str,
        named: str,
        *,
        line: int | None = None,
        new: int | str | None = None,
        who: str | None = None,
    ) -> str | None:
        """None where `may` says yes, else the token of the approval in hand, to post under.

        `line` and `new` are what the act changes, as `kernel.Terminal.approvals` has it. Raises
        `NeedsApproval`, which every act may let through: it is offered, and the act done again.
        """
        if self.may(act, who):
            return None
        if self.till.training:
            words = _("{} needs a {}; in training nobody can allow it")
            raise SaleRefused(words.format(named, self._role(act)))
        if act in _POSTS_ANEW and self.sale is None:
            self._begin()  # an approval is for one sale, so there has to be one
        need = Need(
            act,
            named,
            self._role(act),
            self.sale if act in _ON_A_SALE else None,
            line,
            None if new is None else str(new),
        )
        if self.grant is None or self.grant.need != need:
            raise NeedsApproval(need)
        token, self.grant = self.grant.token, None
        return token

    # --- how -----------------------------------------------------------------------------

    def holds_grant(self) -> bool:
        """Whether an approval in hand has not been used."""
        return self.grant is not None

    def _role(self, act: str) -> Role:
        needed = getattr(self.till.configuration.settings, f"role_{act}")
        assert isinstance(needed, Role), f"{act} has a role"
        return needed

    def under(self, approval: str | None) -> Sale:
        """The sale in hand, for one act under that approval."""
        sale = self.in_hand
        return sale if approval is None else self.till.approvals.use(sale, approval)

    @property
    def _rounding(self) -> TaxRounding:
        return TaxRounding(self.till.configuration.settings.tax_rounding)

    def _resume(self) -> None:
        parked = self.till.open_sales
        self.sale = parked[-1] if parked else None
        self._came_back = self.sale is not None
        self._taxes = SaleTaxes()
        if self.sale is not None:
            with suppress(BadInput):  # its version is gone: the current one is tried at a code
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
        self._came_back = False
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
        kind: LineKind | None = None,
        approval: str | None = None,
        instead_of: Sequence[int] = (),
    ) -> int:
        settings = self.till.configuration.settings
        mode = TaxMode(settings.tax_mode)
        group: TaxGroup = self.shelf.taxes(settings.tax_codes).group(item.tax_code, mode)
        self._taxes = self._taxes.after(sale.lines)
        total_minor = extend(unit_minor, thousandths)
        return self.under(approval).add_line(
            item.sku,
            Decimal(thousandths).scaleb(-3),
            unit_minor,
            instead_of=instead_of,
            kind=kind or (LineKind.ITEM if of is None else LineKind.DEPOSIT),
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


def _no_sale() -> SaleRefused:
    return SaleRefused(_("there is no sale; sell something first"))
