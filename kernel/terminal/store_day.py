"""Closing the day of the whole store: ask every till for its Z, wait, sum up, name who has none.

What counts is in the logs: the answers only say when to look. A till that is off is named, never
closed from here, because only it writes its log. Doing it again asks only who is still open.
A day ends when its last period does, which may be after midnight: the day to close is the oldest
that is not closed, and today only where there is none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, timedelta

from kernel.disk.day_closes import DayClose, day_closes, notes_since
from kernel.disk.layout import Layout
from kernel.disk.period_turns import open_period_date, z_count
from kernel.errors import LogDamaged
from kernel.model.decisions import name_of
from kernel.model.ledger import Period
from kernel.model.mail import Ack
from kernel.model.operators import MANAGER_TERMINAL
from kernel.model.store_report import StoreReport, TillZ, Unclosed, store_report
from kernel.terminal.host import Host
from kernel.terminal.shop import Shop
from kernel.terminal.status_memory import resting_ledger
from kernel.words import gettext as _

__all__ = ["DAY_CLOSED", "StoreDay", "day_note"]

DAY_CLOSED = "day_closed"
"""The event in MANAGER's log that says which Z reports a store's Z holds."""


def day_note(report: StoreReport) -> str:
    """Its detail; how many Z there were tells later whether one has come since."""
    return f"{report.business_date}: {len(report.closed)} Z, {len(report.unclosed)} open"


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
                here = terminal in running
                reason = _still_open(answer) if here else self._off(terminal, business_date)
            except LogDamaged as fault:
                found, reason = [], _("its Z can't be read: {}").format(fault)
            except OSError as fault:
                found, reason = (
                    [],
                    _("its log can't be read: {}; see `posterm verify`").format(fault.strerror),
                )
            closed += [_till_z(terminal, one) for one in found]
            if reason is not None:
                unclosed.append(Unclosed(terminal=terminal, reason=reason))
        return store_report(business_date, closed, unclosed)

    def due(self, today: int, running: Collection[str]) -> int:
        """The oldest date with an open period, or with a Z that is in no store's Z; else `today`.

        Of tills that are off and of Z only the day before `today` counts: a till that is gone for
        good would keep its last day due for ever. What can't be read any report names.
        """
        dates, before = [today], _day_before(today)
        for terminal in self._shop.terminals():
            with suppress(OSError):
                opened = open_period_date(self._host.disk, self._layout.terminal(terminal))
                if opened is not None and (terminal in running or opened >= before):
                    dates.append(opened)
        if min(dates) == today and self._has_new_z(before):
            return before
        return min(dates)

    def _has_new_z(self, business_date: int) -> bool:
        """Whether a till closed that day, and no store's Z has that."""
        known, count = 0, 0
        manager = self._layout.terminal(MANAGER_TERMINAL)
        with suppress(LogDamaged, OSError):
            for note in notes_since(self._host.disk, manager, business_date, DAY_CLOSED):
                of, _colon, said = note.partition(": ")
                known = int(said.split(" ")[0]) if of == str(business_date) else known
        for terminal in self._shop.terminals():
            with suppress(LogDamaged, OSError):
                paths = self._layout.terminal(terminal)
                count += z_count(self._host.disk, paths, business_date)
        return count > known

    def _off(self, terminal: str, business_date: int) -> str | None:
        """Why a till that does not run is not closed; None where it has no such period open."""
        read = resting_ledger(self._host.disk, self._layout.terminal(terminal))
        if read is None:
            return _("it is off and its log needs its start; start it, then close the day again")
        period = _open_period(read[0].period)
        if period is None or period.date > business_date:
            return None
        return _("it is off with period {} of {} open; start it and close it").format(
            period.number, period.date
        )


def _open_period(period: Period | None) -> Period | None:
    """One whose end is a Z."""
    return None if period is None or period.training else period


def _day_before(business_date: int) -> int:
    before = date.fromisoformat(str(business_date)) - timedelta(days=1)
    return int(before.strftime("%Y%m%d"))


def _still_open(ack: Ack | None) -> str | None:
    if ack is None:
        return _("it was asked and has not closed yet")
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
