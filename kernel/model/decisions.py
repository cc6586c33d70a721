"""What the ledger allows: each function turns a request into entries, or refuses it.

Pure: the ledger is read, never changed. A refusal is a `SaleRefused` that tells the cashier
the thing, the fact and the next step; then nothing is logged. All amounts are minor units.
"""

from __future__ import annotations

from msgspec.structs import replace

from kernel.errors import SaleRefused
from kernel.model.entries import (
    CardOutcome,
    CardRequest,
    CardResult,
    Commit,
    Line,
    LineKind,
    SaleAborted,
    SaleBegun,
    Tender,
    TenderKind,
    TenderVoided,
)
from kernel.model.ledger import Ledger
from kernel.model.money import LIMIT, ROUNDING_STEP_LIMIT_MINOR, check_minor
from kernel.model.operators import refuse_locked
from kernel.model.suspension import LINES_LIMIT
from kernel.model.transaction import TRANSITIONS, State, Step, Transaction, reversal
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = [
    "decide_abort",
    "decide_begin",
    "decide_card_outcome",
    "decide_card_request",
    "decide_line",
    "decide_line_void",
    "decide_tender",
    "decide_tender_void",
    "name_of",
    "open_sale",
]

_GOODS = (LineKind.ITEM, LineKind.DEPOSIT)
_STAYS = {LineKind.VOID: N_("void"), LineKind.ROUNDING: N_("rounding")}
_TAKES_LINES = frozenset(at for at, step in TRANSITIONS if step is Step.POST)


def name_of(terminal: str, number: int) -> str:
    """The transaction id that people see; numbers below zero are training."""
    return f"{terminal}-{number}" if number > 0 else f"{terminal}-T{-number}"


def open_sale(ledger: Ledger, number: int, name: str) -> Transaction:
    """The open sale of that number, or a refusal that says so."""
    sale = ledger.sales.get(number)
    if sale is None:
        raise SaleRefused(_("sale {} is closed; begin a new one").format(name))
    return sale


def decide_begin(ledger: Ledger, act: SaleBegun, training: bool = False) -> SaleBegun:
    """`act` with its number."""
    refuse_locked(ledger)
    number = -ledger.next_training if training else ledger.next_transaction
    return replace(act, tx=number, training=training)


def decide_line(sale: Transaction, line: Line, name: str) -> Line:
    """A line that may be posted to the sale as it stands."""
    if sale.state not in _TAKES_LINES:
        _step(sale, Step.POST, name)
    if len(sale.lines) >= LINES_LIMIT:
        raise SaleRefused(
            _("sale {} has {} lines; close it and begin another").format(name, LINES_LIMIT)
        )
    if line.of is not None and (type(line.of) is not int or not 1 <= line.of <= len(sale.lines)):
        raise SaleRefused(
            _("sale {} has no line {}; it has {}").format(name, _shown(line.of), len(sale.lines))
        )
    if line.kind is LineKind.DISCOUNT:
        _refuse_discount(sale, line, name)
    total_minor = sale.total_minor + line.total_minor
    if not -LIMIT <= total_minor <= LIMIT:
        raise SaleRefused(
            _("the total of sale {} would be out of range; begin another sale").format(name)
        )
    if not (sale.tendered_minor or sale.cards):
        return line
    held = sale.tendered_minor + sum(card.amount_minor for card in sale.cards if card.open)
    if (held > 0 and total_minor < held) or (held < 0 and total_minor > held):
        raise SaleRefused(
            _(
                "sale {} would be worth less than what was tendered or asked of a "
                "card; void the tender or answer the card first"
            ).format(name)
        )
    return line


def decide_line_void(sale: Transaction, number: int, name: str, reason: str | None) -> Line:
    """The line that reverses line `number`, once."""
    if type(number) is not int or not 1 <= number <= len(sale.lines):
        raise SaleRefused(
            _("sale {} has no line {}; it has {}").format(name, _shown(number), len(sale.lines))
        )
    original = sale.lines.line(number)
    reversed_by = sale.lines.reversal_of(number)
    if reversed_by is not None:
        raise SaleRefused(
            _("line {} of sale {} is already void by line {}").format(number, name, reversed_by)
        )
    if original.kind in _STAYS:
        raise SaleRefused(
            _("line {} of sale {} is a {} line; it stays").format(
                number, name, _(_STAYS[original.kind])
            )
        )
    if original.kind in _GOODS and original.quantity > 0 and sale.sums.discounts:
        _refuse_more_off_than(sale.sums.items_minor - original.total_minor, sale, 0, name)
    return decide_line(sale, replace(reversal(sale, number), reason=reason), name)


def decide_tender(ledger: Ledger, sale: Transaction, act: Tender, name: str) -> Tender:
    """The tender, with the commit in it when it covers the total."""
    amount = check_minor(act.amount_minor, "tender")
    rounded = check_minor(sale.total_minor + act.rounding_minor, "rounded total")
    balance = sale.balance_minor + act.rounding_minor
    _refuse_rounding(sale, act.rounding_minor, name)
    _payable(sale, amount, balance, name)
    if act.rounding_minor and (act.how is not TenderKind.CASH or _partial(amount, balance)):
        raise SaleRefused(
            _("sale {}: rounding belongs to a cash tender that closes the sale").format(name)
        )
    if act.how is not TenderKind.CASH and abs(amount) > abs(balance):
        raise SaleRefused(
            _(
                "sale {}: {} is more than the balance of {}; change is given against cash only"
            ).format(name, amount, balance)
        )
    if _partial(amount, balance):
        _step(sale, Step.TENDER, name)
        return act
    change = amount - balance
    return replace(act, commit=_commit(ledger, sale, rounded, change, name))


def decide_tender_void(
    sale: Transaction, number: int, name: str, reason: str | None
) -> TenderVoided:
    if type(number) is not int or not 1 <= number <= len(sale.tenders):
        raise SaleRefused(
            _("sale {} has no tender {}; it has {}").format(name, _shown(number), len(sale.tenders))
        )
    if sale.tenders[number - 1].voided:
        raise SaleRefused(_("tender {} of sale {} is already void").format(number, name))
    _step(sale, Step.VOID_TENDER, name)
    return TenderVoided(tx=sale.number, of=number, reason=reason)


def decide_card_request(sale: Transaction, amount_minor: int, name: str) -> CardRequest:
    """To be durable before the card terminal is asked."""
    amount = check_minor(amount_minor, "card amount")
    if sale.training:
        raise SaleRefused(_("sale {} is training; no card is asked, pay it in cash").format(name))
    _step(sale, Step.ASK_CARD, name)
    if not sale.lines:
        raise SaleRefused(_("sale {} has no lines; there is nothing to pay").format(name))
    if sale.open_cards:
        raise SaleRefused(
            _("card request {} of sale {} has no answer yet; answer it first").format(
                sale.open_cards[0], name
            )
        )
    balance = sale.balance_minor
    if amount == 0 or abs(amount) > abs(balance) or (amount > 0) != (balance > 0):
        raise SaleRefused(
            _("sale {}: a card takes at most the balance of {} minor units, not {}").format(
                name, balance, amount
            )
        )
    return CardRequest(tx=sale.number, amount_minor=amount)


def decide_card_outcome(
    ledger: Ledger, sale: Transaction, act: CardOutcome, name: str
) -> CardOutcome:
    """What the card terminal, or the cashier for it, answered; settles the sale if it covers."""
    if type(act.of) is not int or not 1 <= act.of <= len(sale.cards):
        raise SaleRefused(_("sale {} has no card request {}").format(name, _shown(act.of)))
    asked = sale.cards[act.of - 1]
    if not asked.open:
        raise SaleRefused(
            _("card request {} of sale {} is already {}").format(act.of, name, asked.result)
        )
    if asked.result is act.result:
        raise SaleRefused(
            _("card request {} of sale {} is known as unknown already").format(act.of, name)
        )
    _step(sale, Step.ANSWER_CARD, name)
    if act.result is not CardResult.SETTLED:
        return act
    balance = sale.balance_minor
    if _partial(asked.amount_minor, balance):
        return act
    change = asked.amount_minor - balance
    if change:
        raise SaleRefused(
            _(
                "sale {} changed to a balance of {} while the card took {}; post what "
                "is missing, then settle the card"
            ).format(name, balance, asked.amount_minor)
        )
    answered = replace(sale, cards=(*sale.cards[: act.of - 1], *sale.cards[act.of :]))
    return replace(act, commit=_commit(ledger, answered, sale.total_minor, 0, name))


def decide_abort(sale: Transaction, reason: str, name: str) -> SaleAborted:
    if sale.state is State.TENDERED:
        raise SaleRefused(
            _("sale {} holds a tender; void the tender first, then abort").format(name)
        )
    if sale.open_cards:
        raise SaleRefused(
            _(
                "card request {} of sale {} has no known outcome; answer it first, then abort"
            ).format(sale.open_cards[0], name)
        )
    _step(sale, Step.ABORT, name)
    return SaleAborted(tx=sale.number, reason=reason)


def _payable(sale: Transaction, amount: int, balance: int, name: str) -> None:
    """Refuse what can't be taken against this balance, whatever the kind of tender."""
    _step(sale, Step.TENDER, name)
    if not sale.lines:
        raise SaleRefused(_("sale {} has no lines; there is nothing to pay").format(name))
    if sale.open_cards:
        raise SaleRefused(
            _(
                "card request {} of sale {} has no known outcome; answer it before "
                "anything else is tendered"
            ).format(sale.open_cards[0], name)
        )
    if amount == 0 and balance != 0:
        raise SaleRefused(
            _("sale {} has a balance of {} minor units; tender that").format(name, balance)
        )
    if amount > 0 and balance == 0:
        raise SaleRefused(_("sale {} has nothing to pay; close it with a tender of 0").format(name))
    if amount > 0 and balance < 0:
        raise SaleRefused(
            _("sale {} pays out {} minor units; tender {}").format(name, -balance, balance)
        )
    if amount < 0 and (balance >= 0 or amount < balance):
        raise SaleRefused(
            _("sale {}: {} can't be paid out against a balance of {}").format(
                name, -amount, balance
            )
        )


def _refuse_discount(sale: Transaction, line: Line, name: str) -> None:
    """No discount makes goods cost less than nothing: not a line, not all of them together."""
    if line.of is not None and -line.total_minor > max(sale.lines.line(line.of).total_minor, 0):
        raise SaleRefused(
            _("sale {}: a discount of {} is more than line {} costs; give less").format(
                name, -line.total_minor, line.of
            )
        )
    _refuse_more_off_than(sale.sums.items_minor, sale, line.total_minor, name)


def _refuse_more_off_than(goods_minor: int, sale: Transaction, off_minor: int, name: str) -> None:
    """`off_minor` is that of a discount to be posted: below zero, as those that stand are."""
    off = -(sale.sums.discounts_minor + off_minor)
    if off > max(goods_minor, 0):
        raise SaleRefused(
            _("sale {}: discounts of {} would be more than the goods of {}; ").format(
                name, off, goods_minor
            )
            + (_("give less") if off_minor else _("void the discount first"))
        )


def _refuse_rounding(sale: Transaction, rounding_minor: int, name: str) -> None:
    """Less than the largest coin that a shop can round to, and never past zero."""
    rounded = sale.balance_minor + rounding_minor
    if abs(rounding_minor) >= ROUNDING_STEP_LIMIT_MINOR or rounded * sale.balance_minor < 0:
        raise SaleRefused(
            _(
                "sale {}: {} is no rounding of a balance of {}; it is less than {} and "
                "changes nobody's debt"
            ).format(name, rounding_minor, sale.balance_minor, ROUNDING_STEP_LIMIT_MINOR)
        )


def _partial(amount: int, balance: int) -> bool:
    return amount < balance if balance > 0 else amount > balance


def _commit(
    ledger: Ledger, sale: Transaction, total_minor: int, change_minor: int, name: str
) -> Commit:
    _step(sale, Step.COMMIT, name)
    if sale.open_cards:
        raise SaleRefused(
            _(
                "card request {} of sale {} has no known outcome; answer it before the "
                "sale can close"
            ).format(sale.open_cards[0], name)
        )
    receipt = ledger.next_training_receipt if sale.training else ledger.next_receipt
    return Commit(receipt=receipt, total_minor=total_minor, change_minor=change_minor)


def _shown(number: object) -> str:
    """What was asked for, short; an int of thousands of digits can't even be written down."""
    return f"beyond {LIMIT}" if type(number) is int and abs(number) > LIMIT else f"{number!r:.20}"


def _step(sale: Transaction, step: Step, name: str) -> None:
    if (sale.state, step) not in TRANSITIONS:
        raise SaleRefused(
            _("sale {} is {}; it can't {}").format(name, _(sale.state.value), _(step.value))
        )
