"""Suspended sales as a terminal meets them: recalled, released, expired.

The part of a `Terminal` that takes up what another till, or this one, has put on the floor.
Suspending is a thing that one does to a sale, and stands there.
"""

from __future__ import annotations

from contextlib import suppress

from kernel.errors import SaleRefused
from kernel.model.identity import OPERATOR_LIMIT, optional_text, short_text
from kernel.model.ledger import Ledger
from kernel.model.till_entries import PeriodOpened
from kernel.model.training import refuse_in_training
from kernel.model.transaction import Transaction
from kernel.terminal.closing import Closing
from kernel.terminal.drawer import Drawer
from kernel.terminal.parking import EXPIRED, Parking, SuspendedSale
from kernel.terminal.sale import Sale

__all__ = ["Recalling"]


class Recalling(Drawer):
    """What a terminal does with the sales on the floor."""

    closing: Closing
    parking: Parking

    def handle(self, number: int, last: Transaction | None = None) -> Sale:
        """The sale of that number, to work with; `last` where it has just been read."""
        raise NotImplementedError

    @property
    def open_sales(self) -> list[Sale]:
        """All open sales, oldest first; parked ones come back here after a start."""
        numbers = self.journal.read(lambda ledger: list(ledger.sales))
        return [self.handle(number) for number in numbers]

    def recall(
        self,
        ticket: str,
        *,
        operator: str | None = None,
        configuration: int | None = None,
        catalogue: int = 0,
    ) -> Sale:
        """A suspended sale of any till as a new one of this one, with the prices it had.

        New lines go by this till's configuration. Raises `SaleRefused` where another till has it.
        """
        self.closing.refuse_new()
        self.journal.read(lambda ledger: refuse_in_training(ledger, "recalling a sale"))
        named = optional_text(operator, "operator", OPERATOR_LIMIT)
        version = self._configuration.version_now if configuration is None else configuration

        def opening(ledger: Ledger) -> PeriodOpened:
            self.closing.refuse_new()  # ordered meanwhile: it goes back to the floor
            return self.opening(ledger, named)

        sale = self.parking.recall(
            ticket,
            opening=opening,
            operator=named,
            configuration=version,
            catalogue=catalogue,
        )
        return self.handle(sale.number)

    def suspended(self) -> list[SuspendedSale]:
        """All suspended sales of the shop, sorted by ticket."""
        return self.parking.waiting()

    def release(self, transaction: str, *, operator: str, lifetime_h: int | None = None) -> str:
        """Suspend a parked sale of a till that does not run; its ticket.

        Raises `TerminalInUse` while that till runs, `SaleRefused` for a sale that must stay.
        """
        short_text(operator, "operator", OPERATOR_LIMIT)
        hours = (
            self._configuration.now.settings.suspend_expiry_h if lifetime_h is None else lifetime_h
        )
        return self.parking.release(transaction, operator=operator, hours=hours)

    def expire_suspended(self) -> list[str]:
        """Void the suspended sales whose time is over; their transactions here.

        Each is recalled and aborted, so that it is logged like any other sale. Raises
        `BadConfiguration`, `DiskFull`.
        """
        for ticket in self.parking.expired():
            with suppress(SaleRefused):  # another till has it
                self.parking.recall(ticket, opening=None, operator="system", reason=EXPIRED)
        voided = [sale for sale in self.open_sales if sale.value.reason == EXPIRED]
        for sale in voided:
            sale.abort(EXPIRED, operator="system")
        return [sale.id for sale in voided]
