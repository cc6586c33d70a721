"""One sale as the front door gives it out: a handle whose figures are always durable ones.

Every method returns when its entry is on disk, or raises a `KernelError` and has changed
nothing. A handle may be used from many threads; several handles of one sale show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Unpack

from msgspec import Struct
from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.cards import refuse_card_number
from kernel.model.decisions import (
    decide_abort,
    decide_line,
    decide_line_void,
    open_sale,
)
from kernel.model.entries import (
    ONE,
    Act,
    Line,
    LineKind,
    TaxAmount,
)
from kernel.model.identity import item_code, short_text
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor, extend, parse_quantity
from kernel.model.transaction import State, Transaction, with_line
from kernel.terminal.line_facts import TEXT_LIMIT, LineFacts, checked
from kernel.terminal.parking import LIFETIME_LIMIT_H
from kernel.terminal.returned_parts import ReturnedPart, postings, returned_line
from kernel.terminal.returning import live_bookings
from kernel.terminal.sale_record import approver_of, signed, text_of
from kernel.terminal.sale_tenders import SaleTenders
from kernel.words import gettext as _

__all__ = ["TEXT_LIMIT", "DiscountPart", "ReturnedPart", "Sale"]


class DiscountPart(Struct, frozen=True):
    """What a discount on the sale takes off the lines of one set of taxes."""

    amount_minor: int
    shares: tuple[tuple[int, int], ...]
    taxes: tuple[TaxAmount, ...]


class Sale(SaleTenders):
    """A sale of one terminal: what can be done to it."""

    __slots__ = ()

    def add_line(
        self,
        code: str,
        quantity: int | Decimal = 1,
        unit_minor: int = 0,
        *,
        instead_of: Sequence[int] = (),
        **said: Unpack[LineFacts],
    ) -> int:
        """Sell (or, with a quantity below zero, take back) an item; its line number.

        Quantity times unit price is rounded half away from zero. What may be said besides
        stands in `LineFacts`. The lines `instead_of` are voided in the same write; the last of
        them is the one that this takes the place of.
        """
        refuse_card_number(item_code(code), "item code")
        if check_minor(unit_minor, "unit price") < 0:
            raise SaleRefused(
                _("unit price {} is below zero; give the quantity a sign").format(unit_minor)
            )
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
            if line.origin is not None and instead_of:
                raise SaleRefused(_("a return takes no other line's place; void that line first"))
            if line.origin is not None and self.number > 0:
                return self._till.returning.post([line], lambda booked: self._post(booked[0]))
        if instead_of:
            voids = [self._void(number, None, line.operator, None) for number in instead_of]
            post = partial(self._post_all, (*voids, partial(_given, line)))
            return len(self._let_go(instead_of, post).lines)
        return self._post(line)

    def void_line(
        self,
        number: int,
        *,
        also: Sequence[int] = (),
        reason: str | None = None,
        operator: str | None = None,
        approver: str | None = None,
    ) -> int:
        """Reverse line `number` (1 is the first); the number of the reversing line.

        Lines that hang on it, `also`, are reversed before it in the same write.
        """
        who = self._named(operator)
        text_of(reason, "reason")
        numbers = (*also, number)
        voids = [self._void(one, reason, who, approver) for one in numbers]
        return len(self._let_go(numbers, partial(self._post_all, voids)).lines)

    def give_back(
        self,
        receipt: str,
        parts: Sequence[ReturnedPart],
        *,
        reason: str | None = None,
        operator: str | None = None,
    ) -> None:
        """Take parts of a receipt back in one write; what hangs on the first comes after it.

        Each is booked against its receipt's line, so that no till takes it back again. Code,
        words and price are the receipt's own.
        """
        if self.number < 0:
            raise SaleRefused(_("a receipt is real and this is training; sign off to end it"))
        receipt, sold = self._till.receipt(receipt)
        who, said = self._named(operator), text_of(reason, "reason")
        lines = [
            replace(returned_line(sold, part, receipt), tx=self.number, operator=who, reason=said)
            for part in parts
        ]

        def post(booked: Sequence[Line]) -> Transaction:
            return self._post_all(postings(booked, parts))

        self._till.returning.post(lines, post)

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
        _off(amount_minor)
        posted = Line(
            tx=self.number,
            operator=self._named(operator),
            approver=approver_of(approver),
            kind=LineKind.DISCOUNT,
            unit_minor=-amount_minor,
            total_minor=-amount_minor,
            of=line,
            reason=text_of(reason, "reason"),
            percent_milli=percent_milli,
            shares=shares,
            taxes=taxes,
        )
        return self._post(posted)

    def discount_in_parts(
        self,
        parts: Sequence[DiscountPart],
        *,
        reason: str | None = None,
        percent_milli: int | None = None,
        operator: str | None = None,
    ) -> int:
        """A discount on the sale that falls on lines of several taxes: one line each, in one
        write. The number of the last."""
        lines = [
            Line(
                tx=self.number,
                operator=self._named(operator),
                kind=LineKind.DISCOUNT,
                unit_minor=-_off(part.amount_minor),
                total_minor=-part.amount_minor,
                reason=text_of(reason, "reason"),
                percent_milli=percent_milli,
                shares=part.shares,
                taxes=part.taxes,
            )
            for part in parts
        ]
        return len(self._post_all([partial(_given, line) for line in lines]).lines)

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

    def abort(
        self, reason: str, *, operator: str | None = None, approver: str | None = None
    ) -> State:
        """End the sale without a receipt. Its tenders must have been voided."""
        text_of(short_text(reason, "reason", TEXT_LIMIT), "reason")
        who = self._named(operator)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            return (signed(decide_abort(sale, reason, self.id), who, approver),)

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
            raise SaleRefused(_("a sale is suspended for 1 to {} hours").format(LIFETIME_LIMIT_H))
        sale = self._till.parking.suspend(
            self.number,
            operator=self._named(operator),
            approver=approver_of(approver),
            reason=text_of(reason, "reason"),
            hours=lifetime_h,
        )
        assert sale.ticket is not None
        self._last = sale
        self._till.show(sale)
        return sale.ticket

    # --- how ------------------------------------------------------------------------------

    def _let_go(self, numbers: Sequence[int], void: Callable[[], Transaction]) -> Transaction:
        """Void these lines; if one was a receipted return, its receipt can be used again."""
        bookings = [booking for one in numbers if (booking := self._booking(one)) is not None]
        if not bookings:
            return void()
        return self._till.returning.release(self.id, lambda: bookings, void)

    def _booking(self, number: int) -> str | None:
        """Of a receipted return that stands."""
        lines = self.value.lines
        known = type(number) is int and 1 <= number <= len(lines)
        stands = known and lines.reversal_of(number) is None
        return lines.line(number).booking if stands else None

    def _void(
        self, number: int, reason: str | None, operator: str | None, approver: str | None
    ) -> Callable[[Transaction], Line]:
        def void(sale: Transaction) -> Line:
            line = decide_line_void(sale, number, self.id, reason)
            return replace(line, operator=operator, approver=approver_of(approver))

        return void

    def _post_all(self, lines: Sequence[Callable[[Transaction], Line]]) -> Transaction:
        """In one write, each decided on the sale as those before it leave it: one that is refused
        refuses all. A crash before it is durable may keep the first ones, as of any write."""

        if not lines:
            raise SaleRefused(_("no line was named; name at least one"))

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            acts: list[Line] = []
            for line in lines:
                acts.append(decide_line(sale, line(sale), self.id))
                sale = with_line(sale, acts[-1])
            return tuple(acts)

        return self._record(decide)

    def _post(self, line: Line) -> int:
        def decide(ledger: Ledger) -> tuple[Act, ...]:
            return (decide_line(open_sale(ledger, self.number, self.id), line, self.id),)

        return len(self._record(decide).lines)


def _given(line: Line, sale: Transaction) -> Line:
    return line


def _off(amount_minor: int) -> int:
    if check_minor(amount_minor, "discount") <= 0:
        raise SaleRefused(
            _("discount {} is not above zero; give what to take off").format(amount_minor)
        )
    return amount_minor
