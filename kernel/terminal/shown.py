"""What a running terminal lets others see of it: its session file, a second old at most.

The part of a `Terminal` that is watched. A sale never waits for its watchers: what comes faster
than once a second is owed, and shown by the mail thread when the second is over.
"""

from __future__ import annotations

from threading import Lock

from kernel.codec.documents import Activity, SessionData
from kernel.coordination.session import SessionFile
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.layout import TerminalPaths
from kernel.model.decisions import name_of
from kernel.model.transaction import Transaction
from kernel.terminal.host import Host
from kernel.terminal.signing import SignOn

__all__ = ["Shown"]


class Shown(SignOn):
    """Shows the sale in hand, the operator, and that the process lives."""

    _configuration: TillConfiguration
    _incarnation: str
    _stopped: bool

    def show_from(self, host: Host, paths: TerminalPaths) -> None:
        """Before anything is shown."""
        self._session = SessionFile(host.disk, paths.session_data, clock=host.clock)
        self._showing = Lock()

    def in_hand(self) -> Transaction | None:
        """The sale to be shown: the one begun last."""
        sales = self.journal.read(lambda ledger: list(ledger.sales.values()))
        return sales[-1] if sales else None

    def show(self, sale: Transaction) -> None:
        """Let watchers see the sale, once a second at most; nobody waits for that."""
        if self._session.due:
            self.show_as(sale, "selling")
        else:
            self._session.owe()

    def show_life(self) -> None:
        """Let watchers see that this process lives, and what they could not be told yet."""
        if self._session.overdue and not self._stopped:
            there, sale = self.signed_on, self.in_hand()
            if sale is not None and not (there is not None and there.locked):
                self.show_as(sale, "selling")
            else:
                self.show_staff()

    def show_staff(self) -> None:
        """Let watchers see who is at the till; of a locked one they see no sale."""
        there = self.signed_on
        self.show_as(None, "locked" if there is not None and there.locked else "idle")

    def show_as(self, sale: Transaction | None, activity: Activity) -> None:
        """Show this now; where another thread is at it, that one's is as good."""
        there = self.signed_on
        if not self._showing.acquire(blocking=False):
            return
        try:
            self._session.write(
                SessionData(
                    terminal=self.id,
                    incarnation=self._incarnation,
                    activity=activity,
                    operator=there.operator if there else sale.operator if sale else None,
                    transaction=name_of(self.id, sale.number) if sale else None,
                    lines=len(sale.lines) if sale else 0,
                    total_minor=sale.total_minor if sale else 0,
                    currency=sale.currency if sale else None,
                    last_lsn=self.journal.last_lsn,
                    configuration=self._configuration.version_now,
                    heartbeat_ms=self._host.clock.wall_ms(),
                ),
                last=sale is None,
            )
        finally:
            self._showing.release()
