"""What a till does with sales that go from till to till: suspend, recall, release, and settle.

Order is all here: the file durable, then the entry durable, then the file's new name, so that at
every moment either a log or a name says whose the sale is. One such step at a time, with whatever
an earlier one left settled first; then the last entry of the log tells all there is to know. This
module must never guess what an entry's fate was: where the disk failed, the next start reads it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from threading import Lock

from msgspec import Struct

from kernel.codec.tickets import Ticket
from kernel.coordination.suspended import (
    RELEASED,
    Place,
    Release,
    SuspendedSales,
    TicketFile,
)
from kernel.disk.layout import Layout
from kernel.disk.resting import resting
from kernel.errors import BadConfiguration, BadInput, Contention, DiskFull, LogDamaged, SaleRefused
from kernel.model.decisions import name_of
from kernel.model.entries import Act, ParkedSale, SaleRecalled, SaleSuspended
from kernel.model.identity import TransactionId, terminal_id
from kernel.model.ledger import Ledger
from kernel.model.suspending import Changed, Opening, decide_recall, decide_suspend, suspendable
from kernel.model.suspension import LastTicket, parked
from kernel.model.ticket import parse_ticket, shown_ticket, ticket_of
from kernel.model.till_entries import Event
from kernel.model.transaction import Transaction
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.words import gettext as _

__all__ = [
    "EXPIRED",
    "LIFETIME_LIMIT_H",
    "Parking",
    "SuspendedSale",
    "suspended_sales",
]

LIFETIME_LIMIT_H = 24 * 366
EXPIRED = "suspended sale expired"
"""The reason of a sale that is recalled only to be aborted."""
_HOUR_MS = 3_600_000
_SUSPENDED_LIMIT = 10_000
_TRIES = 10
_LOOKS = 3

_NOT_DONE = (DiskFull, BadConfiguration, FileNotFoundError)
"""Beside an entry that is decided: the file keeps its name, and the next settling goes on."""


class SuspendedSale(Struct, frozen=True):
    """A sale that waits. `till` is who holds its file now; None while anybody can recall it.

    Of one whose file can't be read, only `ticket`, `till` and `damage` are known.
    """

    ticket: str
    till: str | None
    origin: str = ""
    store: str = ""
    currency: str = ""
    operator: str = ""
    lines: int = 0
    total_minor: int = 0
    suspended_ms: int = 0
    expires_ms: int = 0
    reason: str | None = None
    damage: str | None = None


class Parking:
    """The suspended sales as one running till sees them. Safe from many threads."""

    def __init__(self, terminal: str, host: Host, layout: Layout, journal: Journal) -> None:
        self._terminal = terminal
        self._host = host
        self._layout = layout
        self._journal = journal
        self._sales = SuspendedSales(host.disk, layout)
        self.step = Lock()
        """Held for each step that touches shared files; `Returning` takes it too."""

    def start(self) -> list[tuple[str, str]]:
        """Settle what the last process left, and log what was released meanwhile: (sale, ticket)
        of each that was still open here."""
        with self.step:
            self._settle()
            found = [
                (release.origin, shown_ticket(release.ticket), self._acknowledge(release))
                for release in self._sales.released_from(self._terminal)
            ]
        return [(origin, ticket) for origin, ticket, was_open in found if was_open]

    def suspend(
        self, number: int, *, operator: str, approver: str | None, reason: str | None, hours: int
    ) -> Transaction:
        """Close the sale here; its `ticket` opens it anywhere."""
        name = name_of(self._terminal, number)
        with self.step:
            self._settle()
            for _try in range(_TRIES):
                left = self._journal.read(partial(suspendable, number=number, name=name))
                ticket, file = self._put(left, name, reason, hours)
                act = SaleSuspended(
                    tx=number,
                    operator=operator,
                    approver=approver,
                    ticket=ticket.ticket,
                    expires_ms=ticket.expires_ms,
                    sale=left,
                    reason=reason,
                )
                try:
                    sale = self._journal.record(partial(decide_suspend, act=act, name=name))
                except SaleRefused as refusal:
                    # It was not logged, so nothing was suspended.
                    self._forget(file)
                    if not isinstance(refusal, Changed):
                        raise
                else:
                    with suppress(*_NOT_DONE):
                        self._sales.move(file, Place.READY)
                    assert sale is not None
                    return sale
        raise SaleRefused(
            _("sale {} is being changed elsewhere on this till; try again").format(name)
        )

    def recall(
        self,
        text: str,
        *,
        opening: Opening | None,
        operator: str | None = None,
        configuration: int = 0,
        catalogue: int = 0,
        reason: str | None = None,
    ) -> Transaction:
        """The suspended sale as a new one of this till. `opening`: of a till period, should none
        be open; `reason`: why it is taken even though it has expired."""
        ticket = parse_ticket(text)
        with self.step:
            self._settle()
            claim = self._claim(ticket)
            try:
                found = self._usable(claim, expired=reason is not None)
                act = SaleRecalled(
                    operator=operator or found.sale.operator,
                    ticket=ticket,
                    origin=found.origin,
                    sale=found.sale,
                    configuration=configuration,
                    catalogue=catalogue,
                    reason=reason,
                )
                sale = self._journal.record(partial(decide_recall, act=act, opening=opening))
            except (SaleRefused, BadInput):
                # It was not logged, so it goes back to the floor.
                with suppress(*_NOT_DONE):
                    self._sales.move(claim, Place.READY)
                raise
            with suppress(*_NOT_DONE):
                self._sales.remove(claim)
        assert sale is not None
        return sale

    def waiting(self) -> list[SuspendedSale]:
        """All suspended sales of the shop, sorted by ticket; those on the move too."""
        return suspended_sales(self._sales)

    def expired(self) -> list[str]:
        """The tickets whose time is over."""
        now_ms = self._host.clock.wall_ms()
        sales = [sale for sale in self.waiting() if sale.damage is None]
        return [sale.ticket for sale in sales if sale.expires_ms <= now_ms]

    def release(self, transaction: str, *, operator: str, hours: int) -> str:
        """Put a parked sale of a till that does not run on the floor; its ticket.

        That till's next start logs it before it sells. Raises `TerminalInUse`, `SaleRefused`.
        """
        parsed = TransactionId.parse(transaction)
        if parsed.terminal == self._terminal:
            raise SaleRefused(_("sale {} is open on this till; suspend it").format(transaction))
        with self.step:
            self._settle()
            paths = self._layout.terminal(parsed.terminal)
            with resting(self._host.disk, paths, boot_id=self._host.boot_id) as ledger:
                left = suspendable(ledger, parsed.logged, transaction)
                for release in self._sales.releases():
                    if release.origin == transaction:
                        raise SaleRefused(
                            _("sale {} is released already, as ticket {}").format(
                                transaction, shown_ticket(release.ticket)
                            )
                        )
                ticket, file = self._put(left, transaction, RELEASED, hours)
                event = Event(
                    operator=operator, what=RELEASED, detail=f"{transaction} as {ticket.ticket}"
                )
                try:
                    self._journal.record(lambda ledger: (event,))
                except SaleRefused:
                    self._forget(file)
                    raise
                self._sales.release(Release(transaction, ticket.ticket, self._terminal))
                with suppress(*_NOT_DONE):
                    self._sales.move(file, Place.READY)
                return ticket.ticket

    # --- settling ------------------------------------------------------------------------

    def _settle(self) -> None:
        self._sales.settle(self._terminal, self._last_ticket())

    def _last_ticket(self) -> LastTicket | None:
        """As durable. Raises if the log's end is in doubt: then only the next start may settle."""
        found: list[LastTicket | None] = []

        def look(ledger: Ledger) -> tuple[Act, ...]:
            found.append(ledger.last_ticket)
            return ()

        self._journal.record(look)
        return found[-1]

    def settle_for(self, till: str) -> bool:
        """Put back or finish what a till that is gone had in its hands; False while it runs.

        Raises `SaleRefused` where only its own start can tell.
        """
        with self.step:
            return self._settle_for(till)

    def _settle_for(self, till: str) -> bool:
        """Settle for another till; False while it runs."""
        paths = self._layout.terminal(terminal_id(till))
        try:
            with resting(self._host.disk, paths, boot_id=self._host.boot_id) as ledger:
                self._sales.settle(till, ledger.last_ticket)
        except Contention:
            return False
        except (LogDamaged, BadInput) as fault:
            raise SaleRefused(
                _("{} was at this sale when it ended, and: {}").format(till, fault)
            ) from fault
        return True

    def _acknowledge(self, release: Release) -> bool:
        """Whether that sale was open until now."""
        number = TransactionId.parse(release.origin).logged

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            sale = ledger.sales.get(number)
            if sale is None:
                return ()
            return (
                SaleSuspended(
                    tx=number,
                    ticket=release.ticket,
                    expires_ms=0,  # its file says that, and may be another till's by now
                    sale=parked(sale),
                    reason=RELEASED,
                ),
            )

        closed = self._journal.record(decide)
        with suppress(*_NOT_DONE):  # then at the next start
            self._sales.acknowledge(release)
        return closed is not None

    # --- files ---------------------------------------------------------------------------

    def _put(
        self,
        left: ParkedSale,
        origin: str,
        reason: str | None,
        hours: int,
    ) -> tuple[Ticket, TicketFile]:
        """The sale in a pending file, under a ticket that nothing else has."""
        now_ms = self._host.clock.wall_ms()
        if len(self._sales.files()) >= _SUSPENDED_LIMIT:
            raise SaleRefused(
                _("{} sales are suspended; recall or void some first").format(_SUSPENDED_LIMIT)
            )
        last = self._last_ticket()
        for _try in range(_TRIES):
            ticket = Ticket(
                format=1,
                ticket=ticket_of(self._host.random_bytes(8)),
                origin=origin,
                suspended_ms=now_ms,
                expires_ms=now_ms + hours * _HOUR_MS,
                reason=reason,
                sale=left,
            )
            if last is not None and last.ticket == ticket.ticket:
                continue  # a settling would take the older entry for this one's
            try:
                file = self._sales.put(ticket, self._terminal)
            except BadConfiguration:
                raise
            except BadInput as fault:
                raise SaleRefused(
                    _("sale {} can't be suspended: {}").format(origin, fault)
                ) from fault
            if file is not None:
                return ticket, file
        raise SaleRefused(_("no free ticket was found; try again"))

    def _claim(self, ticket: str) -> TicketFile:
        """The sale's file, renamed to this till: of all who try, one gets there."""
        for _try in range(_LOOKS):  # a file on the move may show under neither of its names
            for file in self._sales.files():
                if file.ticket != ticket:
                    continue
                if file.till is None:
                    with suppress(FileNotFoundError):  # another till was faster
                        return self._sales.move(file, Place.CLAIM, self._terminal)
                elif not self._settle_for(file.till):
                    raise SaleRefused(
                        _("ticket {} is in the hands of {}").format(shown_ticket(ticket), file.till)
                    )
        raise SaleRefused(
            _("there is no suspended sale {}; look at the list").format(shown_ticket(ticket))
        )

    def _usable(self, claim: TicketFile, *, expired: bool) -> Ticket:
        try:
            ticket = self._sales.read(claim)
        except (BadInput, FileNotFoundError) as fault:
            raise SaleRefused(
                _("ticket {}: {}; the log of the till that suspended it still has the sale").format(
                    shown_ticket(claim.ticket), fault
                )
            ) from fault
        if ticket.expires_ms <= self._host.clock.wall_ms() and not expired:
            raise SaleRefused(
                _("ticket {} has expired; begin a new sale").format(shown_ticket(claim.ticket))
            )
        return ticket

    def _forget(self, file: TicketFile) -> None:
        with suppress(*_NOT_DONE):
            self._sales.remove(file)


def suspended_sales(sales: SuspendedSales) -> list[SuspendedSale]:
    """All that are in the shop's directory, sorted by ticket."""
    found = []
    for file in sales.files():
        try:
            found.append(_shown(file, sales.read(file)))
        except FileNotFoundError:
            continue  # recalled this moment
        except BadInput as fault:
            found.append(SuspendedSale(file.ticket, file.till, damage=str(fault)))
    return found


def _shown(file: TicketFile, ticket: Ticket) -> SuspendedSale:
    sale = ticket.sale
    return SuspendedSale(
        ticket=ticket.ticket,
        till=file.till,
        origin=ticket.origin,
        store=sale.store,
        currency=sale.currency,
        operator=sale.operator,
        lines=len(sale.lines),
        total_minor=sale.total_minor,
        suspended_ms=ticket.suspended_ms,
        expires_ms=ticket.expires_ms,
        reason=ticket.reason,
    )
