"""What a person at the till should know besides the sale: words in the header, texts on a page.

A notice steals nothing: no key, no row, no scan. The header says that there is one, a function
shows the texts. The countdown of a shop that closes goes by steps, because a clock that ticks is
a line that is never quiet. This module must never decide anything.
"""

from __future__ import annotations

import textwrap
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kernel import Clock, Notice
from kernel import gettext as _
from kernel import marked as N_
from themes.formats import amount_text

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["NoticeBoard", "messages"]

_KEPT = 50
_WIDTH = 60
_STEPS_S = (
    (10, N_("in 10 s")),
    (30, N_("in 30 s")),
    (60, N_("in 1 min")),
    (120, N_("in 2 min")),
    (300, N_("in 5 min")),
    (600, N_("in 10 min")),
)


class NoticeBoard:
    """The notices of one session."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._known: tuple[Notice, ...] = ()
        self._kept: deque[Notice] = deque(maxlen=_KEPT)
        self._unread = 0
        self._shown = ""
        self._closes = False
        """Whether what is shown says that the shop closes."""
        self._lsn = 0
        self._drawer_is_full = False
        self._day_ends = False
        """Whether what is shown says that the manager waits for the Z."""

    def add(self, text: str) -> None:
        """Of the till itself."""
        self._take(Notice(self._session.till.id, text, self._clock.wall_ms()))

    @property
    def stirred(self) -> bool:
        """Whether `look` may find something. Any thread may ask: it only reads."""
        till = self._session.till
        grown = till.journal.last_lsn != self._lsn
        limited = till.configuration.settings.drawer_limit_minor is not None
        closing = till.closing.order is not None or self._closes
        day_ends = (till.day.asked is not None) is not self._day_ends
        return closing or day_ends or till.notices != self._known or (grown and limited)

    def look(self) -> bool:
        """Whether the words are others than were shown last."""
        latest = self._session.till.notices
        if latest != self._known:
            for notice in latest:
                if notice not in self._known:
                    self._take(notice)
            self._known = latest
        self._look_into_drawer()
        return self._said() != self._shown

    def words(self) -> str:
        """For the header: what is most urgent first."""
        self._closes = self._session.till.closing.order is not None
        self._day_ends = self._session.till.day.asked is not None
        self._shown = self._said()
        return self._shown

    def read(self) -> tuple[str, ...]:
        """All of them as rows, the newest first; from now on they are read."""
        self._unread = 0
        rows = [_("MESSAGES   Clear goes back to the sale"), ""]
        for notice in reversed(self._kept):
            at = datetime.fromtimestamp(notice.came_ms / 1000, UTC).astimezone()
            first, *more = textwrap.wrap(notice.text, _WIDTH) or [""]
            rows.append(f"{at:%H:%M} {notice.sender:<11.11} {first}")
            rows += [f"{'':17} {row}" for row in more]
        return tuple(rows) if self._kept else (*rows, _("none"))

    def _take(self, notice: Notice) -> None:
        self._kept.append(notice)
        self._unread += 1

    def _said(self) -> str:
        said = [self._closing()]
        if self._session.signed_on:
            unread = _("MESSAGES {} /41").format(self._unread) if self._unread else ""
            drawer = _("DRAWER FULL /31") if self._drawer_is_full else ""
            day = _("DAY ENDS: COUNT /53, Z /22") if self._session.till.day.asked else ""
            said += [self._session.approving.word, day, drawer, unread]
        return "  ".join(word for word in said if word)

    def _closing(self) -> str:
        """The shop's coordinated shutdown: when, and about how soon."""
        order = self._session.till.closing.order
        if order is None:
            return ""
        left_s = (order.deadline_ms - self._clock.wall_ms()) / 1000
        at = datetime.fromtimestamp(order.deadline_ms / 1000, UTC).astimezone()
        soon = next((_(words) for step_s, words in _STEPS_S if left_s <= step_s), "")
        return _("SHOP CLOSES {}").format(f"{at:%H:%M} {soon}".rstrip())

    def _look_into_drawer(self) -> None:
        """Whether there is more in it than the shop wants there; asked when the log has grown."""
        till = self._session.till
        limit = till.configuration.settings.drawer_limit_minor
        if limit is None:
            self._drawer_is_full = False
            return
        if till.journal.last_lsn == self._lsn:
            return
        self._lsn = till.journal.last_lsn
        currency = self._session.counter.currency
        holds = till.x_report().expected_drawer_minor.get(currency, 0)
        if holds > limit and not self._drawer_is_full:
            shown = amount_text(holds, currency)
            self.add(_("{} are in the drawer; take some to the safe: /31").format(shown))
        self._drawer_is_full = holds > limit


def messages(session: Session, command: Command) -> None:
    """The function: show the texts."""
    session.page = session.notices.read()
