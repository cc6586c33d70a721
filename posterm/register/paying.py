"""How a sale ends: cash, card, suspended, recalled, void. Each posts through the sale in hand.

A card is two entries with the card terminal between them, so that a request which a power cut
left open is asked about and never forgotten. This module must never decide what an amount is
worth: pricing does.
"""

from __future__ import annotations

from collections.abc import Mapping

from kernel import Sale, SaleRefused, State, SuspendedSale
from kernel import gettext as _
from posterm.pricing import CashTender, cash_tender, other_tender
from posterm.register.counter import Counter
from posterm.register.rows import ticket_text
from themes.formats import amount_text

__all__ = [
    "answer_card",
    "cash_for",
    "open_card",
    "recall",
    "request_card",
    "suspend",
    "take_cash",
    "take_voucher",
    "void_sale",
    "void_tender",
    "voucher_amount",
    "waiting",
]


def cash_for(counter: Counter, text: str) -> CashTender:
    """What that cash would do: `text` is an amount, or nothing for exactly what is due."""
    sale = counter.in_hand
    given = counter.amount(text) if text else None
    if given is not None and sale.balance_minor < 0:
        given = -given
    step = counter.till.configuration.settings.cash_rounding_minor
    return cash_tender(sale.balance_minor, given, step)


def take_cash(counter: Counter, cash: CashTender) -> bool:
    """Whether that closed the sale."""
    counter.in_hand.tender_cash(
        cash.amount_minor, rounding_minor=cash.rounding_minor, operator=counter.operator
    )
    return _close_if_paid(counter)


def open_card(sale: Sale) -> tuple[int, int] | None:
    """(request, amount) of a card payment whose outcome nobody has said yet."""
    for number, card in enumerate(sale.cards, 1):
        if card.open:
            return number, card.amount_minor
    return None


def request_card(counter: Counter, text: str) -> None:
    """Durable before the card terminal is asked. Raises `SaleRefused`."""
    sale = counter.in_hand
    amount = _other(counter, text)
    if amount == 0:
        raise SaleRefused(_("nothing is due by card"))
    sale.request_card(amount, operator=counter.operator)


def answer_card(counter: Counter, answer: str, details: Mapping[str, str]) -> bool:
    """`y` it paid, `n` it did not, `u` nobody knows; whether that closed the sale.

    `details`: what the shop wants known of one that paid, by the names of `Sale.settle_card`.
    """
    sale = counter.in_hand
    asked = open_card(sale)
    assert asked is not None, "only an open request is asked about"
    match answer:
        case "y":
            sale.settle_card(
                asked[0],
                token=details.get("token"),
                last_four=details.get("last_four"),
                authorisation=details.get("authorisation"),
                operator=counter.operator,
            )
        case "n":
            sale.decline_card(asked[0], operator=counter.operator)
        case _:
            sale.card_unknown(asked[0], operator=counter.operator)
    return _close_if_paid(counter)


def voucher_amount(counter: Counter, text: str) -> int:
    """What a voucher takes; nothing typed is all that is due. Raises `SaleRefused`."""
    amount = _other(counter, text)
    if amount <= 0:
        raise SaleRefused(_("nothing is due; a return is paid out in cash or by card"))
    return amount


def take_voucher(counter: Counter, amount_minor: int, number: str) -> bool:
    """Whether that closed the sale."""
    counter.in_hand.tender_voucher(amount_minor, number, operator=counter.operator)
    return _close_if_paid(counter)


def void_tender(counter: Counter, number: int, approval: str | None = None) -> None:
    """Give that tender back; the cash rounding that came with it goes, too."""
    counter.under(approval).void_tender(number, operator=counter.operator)


def _other(counter: Counter, text: str) -> int:
    """An amount is typed without a sign, whichever way the money goes."""
    balance_minor = counter.in_hand.balance_minor
    given = counter.amount(text) if text else None
    if given is not None and balance_minor < 0:
        given = -given
    return other_tender(balance_minor, given)


def suspend(counter: Counter) -> str:
    """The ticket that takes it up again on any till."""
    sale = counter.in_hand
    if not counter.lines:
        raise SaleRefused(_("the sale has no lines; there is nothing to suspend"))
    ticket = sale.suspend(operator=counter.operator)
    counter.finish()
    return ticket


def recall(counter: Counter, ticket: str) -> None:
    counter.drop_empty()
    if counter.sale is not None:
        raise SaleRefused(_("a sale is open; finish or suspend it first"))
    version = counter.shelf.use()
    counter.take_up(counter.till.recall(ticket, operator=counter.operator, catalogue=version))


def void_sale(counter: Counter, approval: str | None = None) -> None:
    counter.under(approval).abort("void", operator=counter.operator)
    counter.finish()


def waiting(counter: Counter) -> tuple[str, ...]:
    """The suspended sales of the shop as rows."""
    return tuple(_waiting_row(one) for one in counter.till.suspended() if one.damage is None)


def _waiting_row(one: SuspendedSale) -> str:
    ticket = ticket_text(one.ticket)
    amount = f"{amount_text(one.total_minor, one.currency):>12} {one.currency}"
    return f"{ticket}  {one.origin:<20.20} {one.operator:<8.8} {one.lines:>5}  {amount}"


def _close_if_paid(counter: Counter) -> bool:
    paid = counter.in_hand.state is State.COMMITTED
    if paid:
        counter.finish()
    return paid
