"""Closing the day of the whole store: ask every till for its Z, wait, sum up, name who has none.

What counts is in the logs: the answers only say when to look. A till that is off is named, never
closed from here, because only it writes its log. Doing it again asks only who is still open.
"""

from __future__ import annotations

from collections.abc import Iterable

from kernel.disk.day_closes import DayClose, day_closes
from kernel.disk.layout import Layout
from kernel.errors import LogDamaged
from kernel.model.decisions import name_of
from kernel.model.mail import Ack
from kernel.model.store_report import StoreReport, TillZ, Unclosed, store_report
from kernel.terminal.host import Host
from kernel.terminal.shop import Shop
from kernel.terminal.status_memory import resting_ledger

__all__ = ["StoreDay"]


class StoreDay:
    """The Z reports of one shop, read from its logs."""

    def __init__(self, layout: Layout, host: Host) -> None:
        self._layout = layout
        self._host = host
        self._shop = Shop(layout.root, host)

    def report(
        self, business_date: int, running: Iterable[str], answers: Iterable[Ack]
    ) -> StoreReport:
        """All Z of that date, and who is still open, `running` ones by what they answered."""
        said = {ack.terminal: ack for ack in answers}
        closed: list[TillZ] = []
        unclosed: list[Unclosed] = []
        running = set(running)
        for terminal in self._shop.terminals():
            try:
                found = day_closes(self._host.disk, self._layout.terminal(terminal), business_date)
                answer = said.get(terminal)
                reason = _still_open(answer) if terminal in running else self._off(terminal)
            except LogDamaged as fault:
                found, reason = [], f"its Z can't be read: {fault}"
            except OSError as fault:
                found, reason = [], f"its log can't be read: {fault.strerror}; see `posterm verify`"
            closed += [_till_z(terminal, one) for one in found]
            if reason is not None:
                unclosed.append(Unclosed(terminal=terminal, reason=reason))
        return store_report(business_date, closed, unclosed)

    def _off(self, terminal: str) -> str | None:
        """Why a till that does not run is not closed; None where it has no open period."""
        read = resting_ledger(self._host.disk, self._layout.terminal(terminal))
        if read is None:
            return "it is off and its log needs its start; start it, then close the day again"
        period = read[0].period
        if period is None or period.training:
            return None
        return f"it is off with period {period.number} of {period.date} open; start it and close it"


def _still_open(ack: Ack | None) -> str | None:
    if ack is None:
        return "it was asked and has not closed yet"
    return ack.reason if ack.result == "refused" else None


def _till_z(terminal: str, one: DayClose) -> TillZ:
    z = one.closed
    return TillZ(
        terminal=terminal,
        z_number=z.number,
        period=z.period,
        closed_ms=one.wall_ms,
        operator=z.operator,
        totals=z.totals,
        counted_minor=one.counted_minor,
        open=tuple(name_of(terminal, sale.tx) for sale in z.open),
    )
