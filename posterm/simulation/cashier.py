"""A cashier who never tires: serves invented customers on one terminal, by the front door alone.

All chance comes from the dice that it is given, so that a seed tells the whole day. It adds up
what it sold by its own arithmetic: asking the kernel for the total that the kernel is to be
checked by would prove nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import TypeVar

from kernel import Sale, SaleRefused, State, Stopped, Terminal
from posterm.invoices import Item
from posterm.simulation.baskets import Basket
from posterm.simulation.tally import Tally, note

__all__ = ["Cashier", "Habits", "amount_of", "clear_up"]

_NOTE_MINOR = 500
_RECEIPTS_KEPT = 200
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Habits:
    """How often, in percent of the sales, what happens. The rest is paid in cash."""

    void: int = 5
    line_discount: int = 4
    sale_discount: int = 3
    abort: int = 2
    give_back: int = 3
    card: int = 40
    declined: int = 4
    """Of the cards."""
    split: int = 8
    suspend: int = 3
    rest: int = 1
    """Locks the till after the sale and unlocks it, where somebody is signed on."""
    recall: int = 4
    """Looks whether somebody waits; serves that customer first, whichever till that was at."""


@dataclass(slots=True)
class _Checkout:
    """A sale at the counter, and what it comes to by the cashier's own sum."""

    sale: Sale
    total_minor: int = 0
    posted: dict[int, Item] = field(default_factory=dict)
    """Line number -> what was scanned and still stands at its full price."""


class Cashier:
    """Serves one customer after the other; `tally` is what came of it."""

    def __init__(
        self,
        till: Terminal,
        baskets: tuple[Basket, ...],
        dice: Random,
        *,
        store: str,
        currency: str,
        operator: str,
        pin: str | None = None,
        habits: Habits | None = None,
    ) -> None:
        self.tally = Tally()
        self._till = till
        self._baskets = baskets
        self._dice = dice
        self._store = store
        self._currency = currency
        self._operator = operator
        self._habits = habits or Habits()
        self._pin = pin
        self._sold: deque[tuple[str, int, Item]] = deque(maxlen=_RECEIPTS_KEPT)

    def serve(self) -> None:
        """One customer, from the first item to the receipt."""
        habits = self._habits
        if self._sold and self._happens(habits.give_back):
            self._take_back()
            return
        checkout = self._recall() if self._happens(habits.recall) else None
        if checkout is None:
            checkout = self._begin()
            for item in self._dice.choice(self._baskets):
                self._scan(checkout, item)
            if self._happens(habits.suspend):
                sale = checkout.sale
                self._entry(lambda: sale.suspend("purse forgotten"))
                self.tally.suspends += 1
                return
        if self._happens(habits.void):
            self._void(checkout)
        if self._happens(habits.line_discount):
            self._discount_line(checkout)
        if self._happens(habits.sale_discount):
            self._discount(checkout, checkout.total_minor // 20, None)
        if self._happens(habits.abort):
            sale = checkout.sale
            self._entry(lambda: sale.abort("customer left"))
            self.tally.aborts += 1
            return
        self._pay(checkout)

    # --- the basket ----------------------------------------------------------------------

    def _begin(self) -> _Checkout:
        begin = self._till.begin
        return _Checkout(self._entry(lambda: begin(self._store, self._currency, self._operator)))

    def _scan(self, checkout: _Checkout, item: Item, origin: tuple[str, int] | None = None) -> None:
        number = self._entry(
            lambda: checkout.sale.add_line(
                item.code,
                item.pieces,
                item.unit_minor,
                description=item.description,
                input_origin="scan",
                origin=origin,
            )
        )
        checkout.total_minor += amount_of(item)
        checkout.posted[number] = item
        self.tally.lines += 1

    def _recall(self) -> _Checkout | None:
        """The sale that waits longest on any till; None if there is none or another was faster."""
        waiting = [sale for sale in self._till.suspended() if sale.till is None]
        if not waiting:
            return None
        ticket = min(waiting, key=lambda sale: sale.suspended_ms).ticket
        try:
            sale = self._entry(lambda: self._till.recall(ticket, operator=self._operator))
        except Stopped:
            raise
        except SaleRefused:
            self.tally.refused += 1
            return None
        self.tally.recalls += 1
        items = {
            number: Item(line.code or "", line.description, line.quantity, line.unit_minor)
            for number, line in enumerate(sale.lines, 1)
        }
        return _Checkout(sale, sum(map(amount_of, items.values())), items)

    def _void(self, checkout: _Checkout) -> None:
        number = self._dice.choice(list(checkout.posted))
        self._entry(lambda: checkout.sale.void_line(number, reason="customer's wish"))
        checkout.total_minor -= amount_of(checkout.posted.pop(number))
        self.tally.voids += 1

    def _discount_line(self, checkout: _Checkout) -> None:
        if not checkout.posted:
            return
        number = self._dice.choice(list(checkout.posted))
        self._discount(checkout, amount_of(checkout.posted[number]) // 10, number)

    def _discount(self, checkout: _Checkout, amount_minor: int, line: int | None) -> None:
        if amount_minor <= 0:
            return  # nothing to take off, or goods given back
        self._entry(lambda: checkout.sale.discount(amount_minor, line=line, reason="loyalty"))
        checkout.total_minor -= amount_minor
        # Whatever is given back later is given back at the price that was paid for it.
        checkout.posted = {} if line is None else _without(checkout.posted, line)
        self.tally.discounts += 1

    def _take_back(self) -> None:
        """Goods of an earlier receipt of this till, each line of it once."""
        place = self._dice.randrange(len(self._sold))
        transaction, line, item = self._sold[place]
        del self._sold[place]
        checkout = self._begin()
        self._scan(checkout, item._replace(quantity=-item.quantity), (transaction, line))
        self.tally.returns += 1
        self._pay(checkout)

    # --- the money -----------------------------------------------------------------------

    def _pay(self, checkout: _Checkout) -> None:
        sale, due_minor = checkout.sale, checkout.total_minor
        if due_minor > 1 and self._happens(self._habits.split):
            part_minor = due_minor // 2
            voucher = f"V{self._dice.randrange(10**6):06d}"
            self._entry(lambda: sale.tender_voucher(part_minor, voucher))
            due_minor -= part_minor
            self.tally.splits += 1
        if not (due_minor > 0 and self._happens(self._habits.card) and self._card(sale, due_minor)):
            notes = -(-due_minor // _NOTE_MINOR) * _NOTE_MINOR if due_minor > 0 else due_minor
            self._commit(lambda: sale.tender_cash(notes))
        self._closed(checkout)

    def _card(self, sale: Sale, due_minor: int) -> bool:
        """Whether the card paid."""
        request = self._entry(lambda: sale.request_card(due_minor))
        self.tally.cards += 1
        if self._happens(self._habits.declined):
            self._entry(lambda: sale.decline_card(request, reason="declined"))
            self.tally.declined += 1
            return False
        last_four, code = f"{self._dice.randrange(10**4):04d}", f"{self._dice.randrange(10**6):06d}"
        self._commit(lambda: sale.settle_card(request, last_four=last_four, authorisation=code))
        return True

    def _closed(self, checkout: _Checkout) -> None:
        if self._pin is not None and self._happens(self._habits.rest):
            self._till.lock()
            self._till.unlock(self._operator, self._pin)
            self.tally.rests += 1
        self.tally.sales += 1
        self.tally.total_minor += checkout.total_minor
        sold = [(number, item) for number, item in checkout.posted.items() if item.quantity > 0]
        if sold:
            self._sold.append((checkout.sale.id, *self._dice.choice(sold)))

    # --- how -----------------------------------------------------------------------------

    def _happens(self, percent: int) -> bool:
        return self._dice.randrange(100) < percent

    def _entry(self, call: Callable[[], _T]) -> _T:
        begun_s = time.perf_counter()
        made = call()
        note(self.tally.entries, time.perf_counter() - begun_s)
        return made

    def _commit(self, call: Callable[[], State]) -> None:
        begun_s = time.perf_counter()
        state = call()
        note(self.tally.commits, time.perf_counter() - begun_s)
        assert state is State.COMMITTED, f"the last tender left the sale {state}"


def amount_of(item: Item) -> int:
    """What the item comes to in minor units: half rounds away from zero."""
    exact = Decimal(item.unit_minor) * Decimal(item.quantity) / 1000
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def clear_up(till: Terminal) -> int:
    """Abort the sales that an earlier simulation left open on this till; how many."""
    left = till.open_sales
    for sale in left:
        for number, card in enumerate(sale.cards, 1):
            if card.open:
                sale.decline_card(number, reason="no answer")
        for number, tender in enumerate(sale.tenders, 1):
            if not tender.voided:
                sale.void_tender(number, reason="left open")
        sale.abort("left open")
    return len(left)


def _without(posted: dict[int, Item], line: int) -> dict[int, Item]:
    return {number: item for number, item in posted.items() if number != line}
