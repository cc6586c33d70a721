"""All that the console shows, as one value that ticks change: no screen keeps facts of its own.

A `Board` belongs to the thread that paints. It begins with whatever comes first, is right about
what it saw, and says so (`whole`) until the day was told from its beginning. This module must
never read a file or a clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from kernel import MANAGER_TERMINAL, Configuration, ShopStatus, TerminalFacts, Transaction
from manager.alerts import Alert, Thresholds, status_alerts
from manager.day import Day, TillDay
from manager.feed import Tick
from manager.mirror import MirroredSale, mirrored
from manager.today import NOTHING, Today, today_of

__all__ = ["Board", "TillCard"]


class TillCard(Struct, frozen=True):
    """One terminal at a glance. Amounts in minor units of `currency`."""

    terminal: str
    activity: str
    """As `TerminalFacts.activity`; `unknown` before the first look at who runs."""
    operator: str | None
    transaction: str | None
    """The sale in hand."""
    lines: int
    sale_minor: int
    currency: str
    sales: int
    takings_minor: int
    takings_currency: str
    """That of most sales; the sale in hand may be in another one."""
    last_event: str
    last_ms: int
    lag: int
    """Durable entries that the audit log does not have yet."""
    configuration: int
    pid: int | None
    started_ms: int | None
    memory_bytes: int | None
    whole: bool
    facts: TerminalFacts | None


class Board:
    """`take` every tick, in order; everything else only reads."""

    def __init__(self) -> None:
        self.day = Day()
        self.status: ShopStatus | None = None
        self.configuration: Configuration | None = None
        self.at_ms = 0
        self.fault = ""
        """What can't be read now; all else is shown as it is."""
        self.behind_bytes = 0
        self.telling = True
        """Whether the day's beginning is still being told."""
        self.serial = 0
        """Grows with each tick that changed anything."""
        self.activities: dict[str, int] = {}
        """How many tills are at what, by the word of it."""
        self._facts: dict[str, TerminalFacts] = {}
        self._cards: dict[str, TillCard] = {}
        self._dirty: set[str] = set()
        self._today: Today | None = NOTHING

    def take(self, tick: Tick) -> None:
        """Fold it in."""
        self.at_ms, self.fault = tick.at_ms, tick.fault
        self.serial += 1
        self.behind_bytes = tick.behind_bytes
        if tick.configuration is not None:
            self.configuration = tick.configuration
            self.day.thresholds = Thresholds.of(tick.configuration)
            self.day.currency = tick.configuration.settings.currency
        if tick.day is not None:
            self._adopt(tick.day)  # these lines are in it
        else:
            for line in tick.lines:
                till = self.day.take(line)
                if till is not None:
                    self._dirty.add(till.terminal)
        if tick.status is not None:
            self._take_status(tick.status)
        if tick.lines or tick.day is not None or tick.status is not None:
            self._today = None

    @property
    def cards(self) -> tuple[TillCard, ...]:
        """Every terminal, sorted by id; one that has not changed is the same card as before."""
        for terminal in self._dirty:
            self._cards[terminal] = self._card(terminal)
        self._dirty.clear()
        return tuple(self._cards[terminal] for terminal in sorted(self._cards))

    def card(self, terminal: str) -> TillCard:
        """One of them: what a screen shows costs less than all there is."""
        if terminal in self._dirty or terminal not in self._cards:
            self._cards[terminal] = self._card(terminal)
            self._dirty.discard(terminal)
        return self._cards[terminal]

    @property
    def terminals(self) -> list[str]:
        """The ids of all cards, sorted."""
        return sorted(self._cards.keys() | self._dirty)

    @property
    def today(self) -> Today:
        """The figures of the newest business date."""
        if self._today is None:
            self._today = today_of(self.day)
        return self._today

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Of the newest business date, each once, the oldest first."""
        date = self.day.business_date
        return tuple(alert for key, alert in self.day.alerts.items() if key[0] == date)

    def alert(self, alert: Alert) -> None:
        """Found on another way than by ticks: once for that terminal today."""
        self.day.add_alert(self.day.business_date, alert)
        self._today = None

    def mirror(self, terminal: str) -> MirroredSale | None:
        """The sale in hand at that terminal, else its last one; None where none was told of."""
        till = self.day.tills.get(terminal)
        if till is None:
            return None
        told = till.told
        sale = next(reversed(told.sales.values()), till.last_sale)
        if sale is None:
            return None
        whole = sale.number not in told.partial
        return mirrored(terminal, told.name_of(sale), sale, whole=whole)

    def last_lsn(self, terminal: str) -> int | None:
        """Of what was told of it last: near the sale in hand."""
        till = self.day.tills.get(terminal)
        return till.told.last_lsn if till is not None else None

    def _adopt(self, day: Day) -> None:
        """Take the whole day for the part of it that was told here."""
        alerts: Mapping[tuple[int, str, str], Alert] = self.day.alerts
        day.thresholds, day.currency = self.day.thresholds, self.day.currency
        for (date, _, _), alert in alerts.items():
            day.add_alert(date or day.business_date, alert)
        self.day = day
        self.telling = False
        self._dirty.update(day.tills)

    def _take_status(self, status: ShopStatus) -> None:
        before, self.status = self.status, status
        facts = {one.terminal: one for one in status.terminals}
        waited = before.audit.waiting if before is not None else {}
        for terminal in facts.keys() | self._facts.keys():
            lag = status.audit.waiting.get(terminal, 0)
            if facts.get(terminal) != self._facts.get(terminal) or lag != waited.get(terminal, 0):
                self._dirty.add(terminal)
        self._facts = facts
        tills = (one.activity for one in status.terminals if one.terminal != MANAGER_TERMINAL)
        self.activities = dict(sorted(Counter(tills).items()))
        for alert in status_alerts(status, self.at_ms):
            self.day.add_alert(self.day.business_date, alert)

    def _card(self, terminal: str) -> TillCard:
        facts, till = self._facts.get(terminal), self.day.tills.get(terminal)
        session = facts.session if facts is not None else None
        identity = facts.identity if facts is not None else None
        sale = None if _left_it(facts, till) else _in_hand(till)
        transaction, lines, sale_minor = None, 0, 0
        if sale is not None and till is not None:
            transaction, lines = till.told.name_of(sale), len(sale.lines)
            sale_minor = sale.total_minor
        elif session is not None and (till is None or till.told.last_lsn < session.last_lsn):
            transaction, lines = session.transaction, session.lines
            sale_minor = session.total_minor
        currency, sales, takings_minor = self._takings(till)
        return TillCard(
            terminal=terminal,
            activity=_activity(facts, till),
            operator=_operator(facts, till),
            transaction=transaction,
            lines=lines,
            sale_minor=sale_minor,
            currency=sale.currency if sale is not None else currency,
            sales=sales,
            takings_minor=takings_minor,
            takings_currency=currency,
            last_event=till.last_event if till is not None else "",
            last_ms=till.last_ms if till is not None else 0,
            lag=self.status.audit.waiting.get(terminal, 0) if self.status is not None else 0,
            configuration=session.configuration if session is not None else 0,
            pid=identity.pid if identity is not None else None,
            started_ms=round(identity.started_at.timestamp() * 1000) if identity else None,
            memory_bytes=facts.memory_bytes if facts is not None else None,
            whole=till is not None and till.told.whole,
            facts=facts,
        )

    def _takings(self, till: TillDay | None) -> tuple[str, int, int]:
        """(currency, sales, takings) of the till's day, in the currency of most sales."""
        shop = self.configuration.settings.currency if self.configuration is not None else ""
        takings = till.told.takings(self.day.business_date) if till is not None else {}
        if not takings:
            return shop, 0, 0
        currency = max(takings, key=lambda one: takings[one])
        return currency, *takings[currency]


def _in_hand(till: TillDay | None) -> Transaction | None:
    """The sale begun last of those that are open."""
    return next(reversed(till.told.sales.values()), None) if till is not None else None


def _left_it(facts: TerminalFacts | None, till: TillDay | None) -> bool:
    """Whether the sale that was begun last there is gone from a till that does not run: the
    manager has released it, and that till's log says so when it starts."""
    sale = _in_hand(till)
    if facts is None or facts.state == "running" or facts.parked is None:
        return False
    return sale is not None and till is not None and till.told.name_of(sale) not in facts.parked


def _activity(facts: TerminalFacts | None, till: TillDay | None) -> str:
    """What it is at; of a sale that the audit log tells first, a till is selling already."""
    if facts is None:
        return "unknown"
    if facts.activity == "idle" and till is not None and till.told.sales:
        return "selling"
    return facts.activity


def _operator(facts: TerminalFacts | None, till: TillDay | None) -> str | None:
    if facts is not None and facts.state != "running":
        return None
    if till is not None and till.told.signed_on is not None:
        return till.told.signed_on.operator
    return facts.session.operator if facts is not None and facts.session is not None else None
