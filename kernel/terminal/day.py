"""The end of the day at a till: the manager asks, the drawer is counted, a Z closes the period.

Where an app has a cashier (`attended`), he is asked: `asked` says so until the Z is logged, and the
answer to the manager is that Z. A till without anybody closes by itself, unless a sale is open:
then it says which. This module must never close a period that has been closed:
the Z bears the message's id, so a message that comes again finds that it is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from kernel.clock import Clock
from kernel.codec.messages import Message
from kernel.errors import SaleRefused
from kernel.model.decisions import name_of
from kernel.model.ledger import Ledger
from kernel.model.mail import APPLIED, RECEIVED, Answer
from kernel.model.operators import MANAGER_TERMINAL
from kernel.model.reports import close_of
from kernel.model.till_entries import PeriodClosed
from kernel.terminal.delivery import Decided, Handler
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.terminal.postman import Postman

__all__ = ["CLOSE_DAY", "DayRequest", "EndOfDay"]

CLOSE_DAY = "close_day"
"""The type of the message with which MANAGER asks for the Z of a business date."""
_NAMED = 3


class DayRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `close_day`: the business date that ends, YYYYMMDD."""

    business_date: int


class EndOfDay:
    """What this till has been asked; safe from many threads."""

    def __init__(self, terminal: str, postman: Postman, clock: Clock) -> None:
        self.attended: Callable[[], bool] = lambda: False
        """Whether somebody is at the till who is shown `asked`: the app's to say."""
        self.asked: DayRequest | None = None
        """The manager waits for count and Z."""
        self.handlers: dict[str, Handler] = {CLOSE_DAY: self._on_request}
        self._terminal = terminal
        self._postman = postman
        self._clock = clock
        self._lock = threading.Lock()
        self._message: Message | None = None

    def _on_request(self, message: Message, ledger: Ledger) -> Decided:
        request = message.read(DayRequest)
        if message.sender != MANAGER_TERMINAL:
            raise SaleRefused(
                _("{} is not MANAGER; only MANAGER ends the day").format(message.sender)
            )
        date, period = request.business_date, ledger.period
        if date > self._clock.business_date():
            raise SaleRefused(_("business date {} is yet to come").format(date))
        if period is None or period.date > date:
            # A request that comes late must not close the day after.
            return Decided()
        if period.date < date:
            raise SaleRefused(
                _("period {} is of {}; close that day first").format(period.number, period.date)
            )
        if self.attended():
            # Applied is what the Z will be.
            return Decided(result=RECEIVED, follow_up=lambda: self._ask(request, message))
        if ledger.sales:
            names = [name_of(self._terminal, number) for number in ledger.sales]
            more = _(" and {} more").format(len(names) - _NAMED) if len(names) > _NAMED else ""
            raise SaleRefused(
                _("open: {}{}; finish or suspend them, then ask again").format(
                    ", ".join(names[:_NAMED]), more
                )
            )
        return Decided((close_of(ledger, MANAGER_TERMINAL),), follow_up=self._nobody_counts)

    def closing(self, act: PeriodClosed) -> PeriodClosed:
        """The Z as the answer to the manager, if he waits for it."""
        with self._lock:
            return act if self._message is None else replace(act, applied=self._message.id)

    def closed(self, act: PeriodClosed) -> None:
        """That Z is durable."""
        with self._lock:
            message = self._message
            if message is None or act.applied != message.id:
                return
            self.asked = self._message = None
        self._postman.acknowledge(message, Answer(APPLIED))

    def _nobody_counts(self) -> None:
        """Whoever was asked has gone, and the period is closed."""
        with self._lock:
            self.asked = self._message = None

    def _ask(self, request: DayRequest, message: Message) -> None:
        with self._lock:
            self.asked, self._message = request, message
