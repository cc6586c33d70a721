"""One sale as the front door gives it out: a handle whose figures are always durable ones.

Every method returns when its entry is on disk, or raises a `KernelError` and has changed
nothing. A handle may be used from many threads; several handles of one sale show the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, TypeVar, Unpack

from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.cards import refuse_card_number
from kernel.model.decisions import (
    decide_abort,
    decide_card_outcome,
    decide_card_request,
    decide_line,
    decide_line_void,
    decide_tender,
    decide_tender_void,
    name_of,
    open_sale,
)
from kernel.model.entries import (
    ONE,
    Act,
    CardOutcome,
    CardResult,
    Line,
    LineKind,
    TaxAmount,
    Tender,
    TenderKind,
)
from kernel.model.identity import OPERATOR_LIMIT, item_code, short_text
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor, extend, parse_quantity
from kernel.model.transaction import CardAsked, State, TenderTaken, Transaction
from kernel.terminal.journal import Decide
from kernel.terminal.line_facts import TEXT_LIMIT, LineFacts, checked
from kernel.terminal.parking import LIFETIME_LIMIT_H
from kernel.terminal.returning import live_bookings

if TYPE_CHECKING:
    from kernel.terminal.terminal import Terminal

__all__ = ["TEXT_LIMIT", "Sale"]

_LAST_FOUR = re.compile("[0-9]{4}")


class Sale:
    """A sale of one terminal. Amounts are minor units of `currency`."""

    __slots__ = ("_last", "_till", "id", "number")

    def __init__(self, till: Terminal, number: int) -> None:
        self._till = till
        self._last: Transaction | None = None
        self.number = number
        self.id = name_of(till.id, number)

    # --- what it is ----------------------------------------------------------------------

    @property
    def value(self) -> Transaction:
        """The whole sale as it is durable now."""
        current = self._till.transaction(self.number, self._last)
        self._last = current
        return current

    @property
    def state(self) -> State:
        return self.value.state

    @property
    def lines(self) -> tuple[Line, ...]:
        """All posted lines in order: reversing, discount and rounding lines too."""
        return tuple(self.value.lines)

    @property
    def tenders(self) -> tuple[TenderTaken, ...]:
        return self.value.tenders

    @property
    def cards(self) -> tuple[CardAsked, ...]:
        """All requests to the card terminal; request n is at n - 1."""
        return self.value.cards

    @property
    def store(self) -> str:
        return self.value.store

    @property
    def currency(self) -> str:
        return self.value.currency

    @property
    def operator(self) -> str:
        return self.value.operator

    @property
    def reference(self) -> str | None:
        return self.value.reference

    @property
    def total_minor(self) -> int:
        return self.value.total_minor

    @property
    def tendered_minor(self) -> int:
        return self.value.tendered_minor

    @property
    def change_minor(self) -> int:
        return self.value.change_minor

    @property
    def balance_minor(self) -> int:
        """What is still to be paid (> 0) or paid out (< 0)."""
        return self.value.balance_minor

    @property
    def receipt_number(self) -> int | None:
        """Gapless per terminal; None until the sale is committed."""
        return self.value.receipt_number

    def __repr__(self) -> str:
        return f"<Sale {self.id} {self.state.value} {self.total_minor} {self.currency}>"

    # --- lines ---------------------------------------------------------------------------

    def add_line(
        self,
        code: str,
        quantity: int | Decimal = 1,
        unit_minor: int = 0,
        **said: Unpack[LineFacts],
    ) -> int:
        """Sell (or, with a quantity below zero, take back) an item; its line number.

        Quantity times unit price is rounded half away from zero. What may be said besides
        stands in `LineFacts`.
        """
        refuse_card_number(item_code(code), "item code")
        if check_minor(unit_minor, "unit price") < 0:
            raise SaleRefused(f"unit price {unit_minor} is below zero; give the quantity a sign")
        thousandths = parse_quantity(quantity)
        line = Line(
            tx=self.number,
            code=code,
            unit_minor=unit_minor,
            total_minor=extend(unit_minor, thousandths),
            operator=self._operator(),
        )
        # Given only where it says something: what has its default is not written.
        if thousandths != ONE:
            line = replace(line, quantity=thousandths)
        if said:
            line = replace(line, **checked(said))
            if line.origin is not None and self.number > 0:
                return self._till.returning.post(line, self._post)
        return self._post(line)

    def void_line(
        self,
        number: int,
        *,
        reason: str | None = None,
        operator: str | None = None,
        approver: str | None = None,
    ) -> int:
        """Reverse line `number` (1 is the first); the number of the reversing line."""
        who = self._named(operator)
        _text(reason, "reason")

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            void = decide_line_void(sale, number, self.id, reason)
            return (_signed(void, who, approver),)

        return len(self._let_go(number, partial(self._record, decide)).lines)

    def discount(
        self,
        amount_minor: int,
        *,
        line: int | None = None,
        reason: str | None = None,
        percent_milli: int | None = None,
        shares: tuple[tuple[int, int], ...] = (),
        taxes: tuple[TaxAmount, ...] = (),
        operator: str | None = None,
        approver: str | None = None,
    ) -> int:
        """Take `amount_minor` (> 0) off the sale, or off line `line`; its line number.

        `shares` is how a discount on the sale falls on its lines, as pricing allocated it;
        `percent_milli` (thousandths of a percent) only says how the amount came about.
        """
        if check_minor(amount_minor, "discount") <= 0:
            raise SaleRefused(f"discount {amount_minor} is not above zero; give what to take off")
        posted = Line(
            tx=self.number,
            operator=self._named(operator),
            approver=_name(approver),
            kind=LineKind.DISCOUNT,
            unit_minor=-amount_minor,
            total_minor=-amount_minor,
            of=line,
            reason=_text(reason, "reason"),
            percent_milli=percent_milli,
            shares=shares,
            taxes=taxes,
        )
        return self._post(posted)

    def add_tax(self, tax: TaxAmount, *, operator: str | None = None) -> int:
        """A tax that comes on top of the prices, as a line of its own; its line number."""
        amount = check_minor(tax.amount_minor, "tax")
        who = self._named(operator)
        return self._post(
            Line(
                tx=self.number,
                operator=who,
                kind=LineKind.TAX,
                unit_minor=amount,
                total_minor=amount,
                taxes=(tax,),
            )
        )

    # --- money ---------------------------------------------------------------------------

    def tender_cash(
        self, amount_minor: int, *, rounding_minor: int = 0, operator: str | None = None
    ) -> State:
        """Take cash, give change, close the sale when it covers the total.

        0 closes a sale whose total is 0; an amount below zero pays out. `rounding_minor` is
        the cash rounding that this tender brings, posted as a line of its own.
        """
        check_minor(rounding_minor, "rounding")
        return self._tender(TenderKind.CASH, amount_minor, operator, rounding_minor, None)

    def tender_voucher(
        self, amount_minor: int, voucher: str, *, operator: str | None = None
    ) -> State:
        """Take a voucher of that number."""
        short_text(voucher, "voucher", TEXT_LIMIT)
        return self._tender(TenderKind.VOUCHER, amount_minor, operator, 0, voucher)

    def tender_card(
        self,
        amount_minor: int | None = None,
        *,
        token: str | None = None,
        last_four: str | None = None,
        authorisation: str | None = None,
        operator: str | None = None,
    ) -> State:
        """A card payment whose outcome is known: request and settlement, two entries.

        The amount is the balance if none is given. Where the card terminal answers later, use
        `request_card` before it is asked, then `settle_card`, `decline_card` or `card_unknown`.
        """
        _check_card(token, last_four, authorisation)
        amount = self.balance_minor if amount_minor is None else amount_minor
        number = self.request_card(amount, operator=operator)
        return self.settle_card(
            number,
            token=token,
            last_four=last_four,
            authorisation=authorisation,
            operator=operator,
        )

    def request_card(self, amount_minor: int, *, operator: str | None = None) -> int:
        """Durable before the card terminal is asked; the number of the request."""
        self._till.approvals.refuse_total(self.number)
        who = self._named(operator)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            return (_signed(decide_card_request(sale, amount_minor, self.id), who, None),)

        return len(self._record(decide).cards)

    def settle_card(
        self,
        request: int,
        *,
        token: str | None = None,
        last_four: str | None = None,
        authorisation: str | None = None,
        operator: str | None = None,
    ) -> State:
        """The card paid: a tender, which closes the sale when it covers the total."""
        _check_card(token, last_four, authorisation)
        return self._answer(
            CardOutcome(
                tx=self.number,
                of=request,
                result=CardResult.SETTLED,
                token=token,
                last_four=last_four,
                authorisation=authorisation,
            ),
            operator,
        )

    def decline_card(
        self, request: int, *, reason: str | None = None, operator: str | None = None
    ) -> State:
        """The card did not pay."""
        declined = CardOutcome(
            tx=self.number, of=request, result=CardResult.DECLINED, reason=_text(reason, "reason")
        )
        return self._answer(declined, operator)

    def card_unknown(
        self, request: int, *, reason: str | None = None, operator: str | None = None
    ) -> State:
        """Nobody knows; the sale can't close until someone says what came of it."""
        unknown = CardOutcome(
            tx=self.number, of=request, result=CardResult.UNKNOWN, reason=_text(reason, "reason")
        )
        return self._answer(unknown, operator)

    def void_tender(
        self,
        number: int,
        *,
        reason: str | None = None,
        operator: str | None = None,
        approver: str | None = None,
    ) -> State:
        """Give tender `number` (1 is the first) back."""
        who = self._named(operator)
        _text(reason, "reason")

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            return (_signed(decide_tender_void(sale, number, self.id, reason), who, approver),)

        return self._record(decide).state

    def abort(
        self, reason: str, *, operator: str | None = None, approver: str | None = None
    ) -> State:
        """End the sale without a receipt. Its tenders must have been voided."""
        short_text(reason, "reason", TEXT_LIMIT)
        who = self._named(operator)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            return (_signed(decide_abort(sale, reason, self.id), who, approver),)

        return self._till.returning.release(
            self.id, lambda: live_bookings(self.value), partial(self._record, decide)
        ).state

    def suspend(
        self,
        reason: str | None = None,
        *,
        operator: str | None = None,
        approver: str | None = None,
        lifetime_h: int | None = None,
    ) -> str:
        """Close the sale here and put it on the floor; the ticket that recalls it on any till.

        After `lifetime_h` hours, else as the shop is configured, it is voided. A sale that holds
        a tender is refused: it stays.
        """
        if lifetime_h is None:
            lifetime_h = self._till.configuration.settings.suspend_expiry_h
        if type(lifetime_h) is not int or not 1 <= lifetime_h <= LIFETIME_LIMIT_H:
            raise SaleRefused(f"a sale is suspended for 1 to {LIFETIME_LIMIT_H} hours")
        sale = self._till.parking.suspend(
            self.number,
            operator=self._named(operator),
            approver=_name(approver),
            reason=_text(reason, "reason"),
            hours=lifetime_h,
        )
        assert sale.ticket is not None
        self._last = sale
        self._till.show(sale)
        return sale.ticket

    # --- how ------------------------------------------------------------------------------

    def _let_go(self, number: int, void: Callable[[], Transaction]) -> Transaction:
        """Void line `number`; if it was a receipted return, its receipt can be used again."""
        lines = self.value.lines
        known = type(number) is int and 1 <= number <= len(lines)
        booking = lines.line(number).booking if known else None
        if booking is None or lines.reversal_of(number) is not None:
            return void()
        return self._till.returning.release(self.id, lambda: [booking], void)

    def _post(self, line: Line) -> int:
        def decide(ledger: Ledger) -> tuple[Act, ...]:
            return (decide_line(open_sale(ledger, self.number, self.id), line, self.id),)

        return len(self._record(decide).lines)

    def _tender(
        self,
        how: TenderKind,
        amount: int,
        operator: str | None,
        rounding: int,
        voucher: str | None,
    ) -> State:
        tender = Tender(
            tx=self.number,
            operator=self._named(operator),
            how=how,
            amount_minor=amount,
            voucher=voucher,
            rounding_minor=rounding,
        )
        with_period = self._till.with_period
        self._till.approvals.refuse_total(self.number)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            decided = decide_tender(ledger, sale, tender, self.id)
            return with_period(ledger, decided, tender.operator)

        return self._record(decide).state

    def _answer(self, outcome: CardOutcome, operator: str | None) -> State:
        signed = _signed(outcome, self._named(operator), None)
        with_period = self._till.with_period

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            decided = decide_card_outcome(ledger, sale, signed, self.id)
            return with_period(ledger, decided, signed.operator)

        return self._record(decide).state

    def _record(self, decide: Decide) -> Transaction:
        sale = self._till.journal.record(decide)
        assert sale is not None, "the entries of a sale change it"
        self._last = sale
        self._till.show(sale)
        return sale

    def _named(self, operator: str | None) -> str:
        """Who does it: the operator given, else the sale's."""
        if operator is not None:
            return short_text(operator, "operator", OPERATOR_LIMIT)
        return self._operator()

    def _operator(self) -> str:
        return (self._last or self.value).operator


def _text(value: str | None, name: str) -> str | None:
    return None if value is None else short_text(value, name, TEXT_LIMIT)


def _name(approver: str | None) -> str | None:
    return None if approver is None else short_text(approver, "approver", OPERATOR_LIMIT)


def _check_card(token: str | None, last_four: str | None, authorisation: str | None) -> None:
    if last_four is not None and not (type(last_four) is str and _LAST_FOUR.fullmatch(last_four)):
        raise SaleRefused("a card is named by its last four digits, nothing more")
    for name, text in (("token", token), ("authorisation code", authorisation)):
        if _text(text, name) is not None:
            refuse_card_number(str(text), name)


_AnyAct = TypeVar("_AnyAct", bound=Act)


def _signed(act: _AnyAct, operator: str, approver: str | None) -> _AnyAct:
    return replace(act, operator=operator, approver=_name(approver))
