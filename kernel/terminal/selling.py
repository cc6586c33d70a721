"""Sales as a terminal begins and finds them: open ones, closed ones, receipts of any till.

The part of a `Terminal` that hands out sales to work with. What is done to one stands at `Sale`,
how one goes from till to till at `Recalling`. This module must never keep a sale: the ledger and
the log do.
"""

from __future__ import annotations

from kernel.disk.history import closed_sale, read_log
from kernel.disk.layout import TerminalPaths
from kernel.errors import SaleRefused
from kernel.model.decisions import decide_begin, name_of
from kernel.model.entries import Act, SaleBegun
from kernel.model.identity import (
    OPERATOR_LIMIT,
    REFERENCE_LIMIT,
    STORE_LIMIT,
    TransactionId,
    optional_text,
    short_text,
)
from kernel.model.ledger import Ledger
from kernel.model.money import exponent
from kernel.model.transaction import State, Transaction
from kernel.terminal.configuring import bound
from kernel.terminal.recalling import Recalling
from kernel.terminal.returning import Returning
from kernel.terminal.sale import Sale
from kernel.words import gettext as _

__all__ = ["Selling"]

_OPEN_STATES = (State.OPEN, State.TENDERED)


class Selling(Recalling):
    """What a terminal does with sales of its own."""

    returning: Returning
    _paths: TerminalPaths

    def begin(
        self,
        store: str,
        currency: str,
        operator: str,
        reference: str | None = None,
        *,
        customer: str | None = None,
        price_list: str | None = None,
        tax_profile: str | None = None,
        configuration: int | None = None,
        catalogue: int = 0,
    ) -> Sale:
        """A new sale, or with a `reference` that this terminal knows, the sale that has it.

        It binds the configuration in force at this moment, unless another version is given.
        """
        exponent(currency)
        act = SaleBegun(
            tx=0,
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
            store=short_text(store, "store", STORE_LIMIT),
            currency=currency,
            reference=optional_text(reference, "reference", REFERENCE_LIMIT),
            customer=optional_text(customer, "customer", REFERENCE_LIMIT),
            price_list=optional_text(price_list, "price list", STORE_LIMIT),
            tax_profile=optional_text(tax_profile, "tax profile", STORE_LIMIT),
            configuration=configuration or 0,
            catalogue=catalogue,
        )
        known: list[int] = []

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            number = ledger.references.get(reference) if reference is not None else None
            if number is not None and ledger.training is None:
                known.append(number)
                return ()
            self.closing.refuse_new()
            if ledger.training is not None:
                return (decide_begin(ledger, act, training=True),)
            asked = act if configuration is not None else bound(act, self._configuration)
            return self.with_period(ledger, decide_begin(ledger, asked), operator)

        begun = self.journal.record(decide)
        if begun is not None:
            return self.handle(begun.number)
        sale = self.handle(known[0])
        if (sale.currency, sale.store) != (currency, store):
            raise SaleRefused(
                _("reference {} is sale {} of store {} in {}; give another reference").format(
                    reference, sale.id, sale.store, sale.currency
                )
            )
        return sale

    def sale(self, transaction: str) -> Sale:
        """The sale of that id, open or closed. Raises `SaleRefused` if there is none."""
        parsed = TransactionId.parse(transaction)
        if parsed.terminal != self.id:
            raise SaleRefused(
                _("sale {} is of {}, not of {}").format(transaction, parsed.terminal, self.id)
            )
        return self.handle(parsed.logged, self.transaction(parsed.logged))

    def receipt(self, named: str) -> tuple[str, Transaction]:
        """The transaction id and the committed sale of a receipt of any till of the shop.

        `named` is a transaction, `TERMINAL RECEIPT`, or the number of a receipt given here. Raises
        `SaleRefused` if there is none.
        """
        return self.returning.receipt(named)

    def returned(self, transaction: str) -> dict[int, int]:
        """What came back of that receipt so far, on all tills: line number -> thousandths."""
        return self.returning.returned(transaction)

    def transaction(self, number: int, last: Transaction | None = None) -> Transaction:
        """The sale of that number as durable; `last` is what the caller knew of it.

        A sale closed long ago is read back from the log.
        """
        sale = self.journal.sale(number)
        if sale is None and last is not None and last.state not in _OPEN_STATES:
            return last
        if sale is None:
            log = read_log(self._host.disk, self._paths, terminal_is_free=False)
            sale = closed_sale(log, number)
        if sale is None:
            raise SaleRefused(
                _("there is no sale {}; see `posterm sales`").format(name_of(self.id, number))
            )
        return sale
