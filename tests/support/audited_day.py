"""A day at a till with all that can happen there, chosen by numbers; and its audit lines.

For tests that fold those lines and compare with what the till itself says. What the till refuses
is part of the day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kernel import AuditLine, Sale, SaleRefused, Terminal
from kernel.model.entries import TaxAmount
from tests.support.audits import AuditedShop, lines_of

__all__ = ["ACTS", "Cashier", "told_day"]

ACTS = 19
"""How many things `Cashier.do` can do."""
_CURRENCIES = ("EUR", "JPY")


class Cashier:
    """Does what numbers say, on a till that runs."""

    def __init__(self, till: Terminal) -> None:
        self.till = till
        self._tickets: list[str] = []

    def do(self, number: int) -> None:
        """Any number is an act; one that the till refuses changes nothing."""
        act, detail = number % ACTS, number // ACTS
        try:
            if act == 0 or not self.till.open_sales:
                self._begin(detail)
            else:
                self._DOES[act](self, self.till.open_sales[detail % len(self.till.open_sales)])
        except SaleRefused:
            pass

    def _begin(self, detail: int) -> None:
        if self._tickets and detail % 3 == 2:
            self.till.recall(self._tickets.pop())
        else:
            self.till.begin("S1", _CURRENCIES[detail % 5 == 4], f"000{detail % 3}")

    def _tea(self, sale: Sale) -> None:
        taxes = (TaxAmount("A", 19_000, 40),)
        sale.add_line("TEA", 1, 250, description="TEA", taxes=taxes, input_origin="scan")

    def _two_cups(self, sale: Sale) -> None:
        sale.add_line("CUP", 2, 199, input_origin="key", price_origin="override")

    def _return(self, sale: Sale) -> None:
        sale.add_line("CUP", -1, 199, input_origin="key")

    def _void(self, sale: Sale) -> None:
        sale.void_line(len(sale.lines), reason="wrong item")

    def _discount(self, sale: Sale) -> None:
        sale.discount(25, reason="dent")

    def _pay(self, sale: Sale) -> None:
        sale.tender_cash(sale.balance_minor)

    def _pay_too_much(self, sale: Sale) -> None:
        sale.tender_cash(max(sale.balance_minor, 0) + 300)

    def _pay_a_part(self, sale: Sale) -> None:
        sale.tender_cash(100)

    def _card(self, sale: Sale) -> None:
        sale.tender_card(last_four="1234")

    def _declined(self, sale: Sale) -> None:
        sale.decline_card(sale.request_card(sale.balance_minor), reason="no cover")

    def _voucher(self, sale: Sale) -> None:
        sale.tender_voucher(50, "V1")

    def _take_back(self, sale: Sale) -> None:
        sale.void_tender(len(sale.tenders), reason="other card")

    def _abort(self, sale: Sale) -> None:
        sale.abort("customer left")

    def _suspend(self, sale: Sale) -> None:
        self._tickets.append(sale.suspend())

    def _pay_in(self, sale: Sale) -> None:
        self.till.move_cash("pay_in", 500, "EUR", "0001")

    def _pay_out(self, sale: Sale) -> None:
        self.till.move_cash("pay_out", 120, "EUR", "0001", reason="stamps")

    def _no_sale(self, sale: Sale) -> None:
        self.till.move_cash("no_sale", 0, "EUR", "0002")

    def _z(self, sale: Sale) -> None:
        self.till.z_report("0001")

    _DOES: tuple[Callable[[Cashier, Sale], None], ...] = (
        _tea, _tea, _two_cups, _return, _void, _discount, _pay, _pay_too_much, _pay_a_part, _card,
        _declined, _voucher, _take_back, _abort, _suspend, _pay_in, _pay_out, _no_sale, _z,
    )  # fmt: skip


def told_day(shop: AuditedShop, acts: Sequence[tuple[str, int]]) -> list[AuditLine]:
    """Let each of the named tills do its numbers; every line of the audit log, in order."""
    cashiers: dict[str, Cashier] = {}
    for name, number in acts:
        if name not in cashiers:
            cashiers[name] = Cashier(shop.tills[name].start())
        cashiers[name].do(number)
    shop.collect()
    return lines_of(shop.view())
