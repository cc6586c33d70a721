"""Today: the business date in figures, by hour, by till or operator, and what wants a look."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from kernel import marked as N_
from manager.charts import glyphs_for
from manager.page import Page
from manager.today import NOTHING, Today
from manager.today_rows import day_text, today_rows
from manager.widgets.panel import Panel
from themes.glyphs import has_unicode

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["TodayPage"]

_EVERY_MS = 500
_STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}


class TodayPage(Page):
    """Up and down move through the tills; o shows operators in their place."""

    page_name = "today"
    own_keys = ((N_("arrows"), N_("more tills")), ("o", N_("operators in their place, or tills")))
    _first = 0
    _listed = 0
    _operators = False
    _today = NOTHING
    _summed = (-_EVERY_MS, True)

    def content(self) -> Iterable[Widget]:
        yield Panel(id="body")

    def show(self, board: Board) -> None:
        today = self._newest(board)
        said = _("TODAY {}").format(day_text(today.business_date))
        if self._operators:
            said += _("   by operator")
        if board.telling:
            left = (board.behind_bytes >> 20) + 1
            said += _("   reading the day: {} MB to go").format(left)
        elif not today.whole:
            said += _("   ~ a period's beginning is not in the audit log")
        self.set_heading(said)
        self._listed = len(today.operators if self._operators else today.tills)
        self._first = max(0, min(self._first, self._listed - 1))
        body = self.query_one("#body", Panel)
        encoding = getattr(sys.__stdout__, "encoding", None)
        glyphs = glyphs_for(encoding if has_unicode(os.environ) else None)
        width, height = body.size
        body.show(
            today_rows(today, width, height, glyphs, first=self._first, operators=self._operators)
        )

    def _newest(self, board: Board) -> Today:
        """Summed up twice a second at most: a hundred tills sell all the time."""
        telling = board.telling
        if not 0 <= board.at_ms - self._summed[0] < _EVERY_MS or telling != self._summed[1]:
            self._summed = board.at_ms, telling
            self._today = board.today
        return self._today

    def feed(self, key: str) -> bool:
        if key in _STEPS:
            self._first = max(0, min(self._first + _STEPS[key], self._listed - 1))
        elif key in ("home", "end"):
            self._first = 0 if key == "home" else max(0, self._listed - 1)
        elif key == "o":
            self._operators, self._first = not self._operators, 0
        else:
            return False
        return True
