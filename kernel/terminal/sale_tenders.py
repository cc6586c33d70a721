"""The money of a sale: cash, vouchers and cards, and a tender given back.

A card is two entries with the card terminal between them: the request is durable before anybody
is asked, so that no payment is ever forgotten.
"""

from __future__ import annotations

import re

from kernel.errors import SaleRefused
from kernel.model.cards import refuse_card_in, refuse_card_number
from kernel.model.decisions import (
    decide_card_outcome,
    decide_card_request,
    decide_tender,
    decide_tender_void,
    open_sale,
)
from kernel.model.entries import Act, CardOutcome, CardResult, Tender, TenderKind
from kernel.model.identity import short_text
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor
from kernel.model.transaction import State
from kernel.terminal.line_facts import TEXT_LIMIT
from kernel.terminal.sale_record import SaleRecord, signed, text_of
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["SaleTenders"]

_LAST_FOUR = re.compile("[0-9]{4}")


class SaleTenders(SaleRecord):
    """A sale that can be paid. Each method returns when its entry is on disk."""

    __slots__ = ()

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
        """Take a voucher of that number; one that looks like a card's is of the shop's ranges."""
        short_text(voucher, "voucher", TEXT_LIMIT)
        if not voucher.startswith(self._till.configuration.settings.voucher_prefixes):
            refuse_card_in(voucher, "voucher")
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
            return (signed(decide_card_request(sale, amount_minor, self.id), who, None),)

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
            tx=self.number, of=request, result=CardResult.DECLINED, reason=text_of(reason, "reason")
        )
        return self._answer(declined, operator)

    def card_unknown(
        self, request: int, *, reason: str | None = None, operator: str | None = None
    ) -> State:
        """Nobody knows; the sale can't close until someone says what came of it."""
        unknown = CardOutcome(
            tx=self.number, of=request, result=CardResult.UNKNOWN, reason=text_of(reason, "reason")
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
        text_of(reason, "reason")
        with_kick = self._till.kicks.with_kick

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            act = signed(decide_tender_void(sale, number, self.id, reason), who, approver)
            return with_kick(ledger, (act,))

        return self._record(decide).state

    # --- how ------------------------------------------------------------------------------

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
        with_period, with_receipt = self._till.with_period, self._till.printer.with_receipt
        with_kick = self._till.kicks.with_kick
        self._till.approvals.refuse_total(self.number)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            decided = decide_tender(ledger, sale, tender, self.id)
            acts = with_receipt(ledger, with_period(ledger, decided, tender.operator))
            return with_kick(ledger, acts)

        return self._record(decide).state

    def _answer(self, outcome: CardOutcome, operator: str | None) -> State:
        answer = signed(outcome, self._named(operator), None)
        with_period, with_receipt = self._till.with_period, self._till.printer.with_receipt

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = open_sale(ledger, self.number, self.id)
            decided = decide_card_outcome(ledger, sale, answer, self.id)
            return with_receipt(ledger, with_period(ledger, decided, answer.operator))

        return self._record(decide).state


def _check_card(token: str | None, last_four: str | None, authorisation: str | None) -> None:
    if last_four is not None and not (type(last_four) is str and _LAST_FOUR.fullmatch(last_four)):
        raise SaleRefused(_("a card is named by its last four digits, nothing more"))
    for name, text in (("token", token), (N_("authorisation code"), authorisation)):
        if text_of(text, name) is not None:
            refuse_card_number(str(text), name)
