"""One sale, entry by entry as it was rung, with its receipt as it was at each of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import LoggedSale, Shop, receipt_rows
from kernel import gettext as _
from kernel import marked as N_
from manager.fitting import fitted_before_amount
from manager.page import Page
from manager.replay import ReplayStep, place_of, replay
from manager.widgets.panel import Panel, Row

if TYPE_CHECKING:
    from manager.board import Board
    from manager.console import Console

__all__ = ["ReplayPage"]

_RECEIPT = 42
_GAP = 2


class ReplayPage(Page):
    """Up and down, left and right step through it. It opens at the step of the entry that it was
    asked for from, else at the last one."""

    page_name = "replay"
    own_keys = ((N_("arrows"), N_("the next entry, the one before")),)

    def __init__(
        self,
        console: Console,
        transaction: str,
        near_lsn: int | None = None,
        *,
        at_lsn: int | None = None,
    ) -> None:
        """`near_lsn` is that of one of its entries, where it is known; `at_lsn` of the one to open
        it at."""
        super().__init__(console)
        self.transaction = transaction
        self._near_lsn = near_lsn
        self._at_lsn = at_lsn
        self._logged: LoggedSale | None = None
        self._steps: tuple[ReplayStep, ...] = ()
        self._at = 0
        self._asked = False

    def content(self) -> Iterable[Widget]:
        yield Panel(id="body")

    def look(self) -> None:
        """Read the sale from its log, on a thread: a log may be long."""
        if self._asked:
            return
        self._asked = True
        data_dir, transaction = self.console.data_dir, self.transaction
        near_lsn = self._near_lsn

        def read() -> tuple[LoggedSale, tuple[ReplayStep, ...]]:
            logged = Shop(data_dir).sale(transaction, near_lsn=near_lsn)
            return logged, replay(logged)

        def read_it(found: tuple[LoggedSale, tuple[ReplayStep, ...]]) -> None:
            self._logged, self._steps = found
            self._at = place_of(self._steps, self._at_lsn)

        self.console.aside(read, read_it)

    def show(self, board: Board) -> None:
        body = self.query_one("#body", Panel)
        self.set_heading(self._heading())
        if not self._steps:
            body.show([Row(_(" reading the log of that terminal ..."), "quiet")])
            return
        width, height = body.size
        left = self._step_rows(height, max(width - _RECEIPT - _GAP - 1, 10))
        right = self._receipt()[-height:]
        wide = max(width - _RECEIPT - _GAP - 1, 10)
        rows = []
        for y in range(height):
            text, role = left[y] if y < len(left) else ("", "")
            paper = right[y] if y < len(right) else ""
            rows.append(Row(f"{text:<{wide}.{wide}}{'':{_GAP}}{paper}", role))
        body.show(rows)

    def feed(self, key: str) -> bool:
        steps = {"up": -1, "down": 1, "left": -1, "right": 1, "pageup": -10, "pagedown": 10}
        last = max(len(self._steps) - 1, 0)
        if key in steps:
            self._at = max(0, min(self._at + steps[key], last))
        elif key in ("home", "end"):
            self._at = 0 if key == "home" else last
        else:
            return False
        return True

    def subject(self) -> str:
        return self.transaction

    def _heading(self) -> str:
        said = _("SALE {}").format(self.transaction)
        if self._steps:
            step = self._steps[self._at]
            at = datetime.fromtimestamp(step.at_ms / 1000).astimezone()
            said += _("   step {} of {}   {}   by {}").format(
                step.number, len(self._steps), f"{at:%H:%M:%S}", step.operator or "-"
            )
            if step.approver is not None:
                said += _(" with {}").format(step.approver)
        return said

    def _step_rows(self, height: int, width: int) -> list[tuple[str, str]]:
        """Those around the one that is shown, marked by `>`."""
        first = max(0, min(self._at - height // 2, len(self._steps) - height))
        rows = []
        for place, step in enumerate(self._steps[first : first + height], first):
            gutter = ">" if place == self._at else " "
            minutes, seconds = divmod(step.since_ms // 1000, 60)
            role = "strong" if place == self._at else ""
            when = f"{gutter}{minutes:>3}:{seconds:02} "
            rows.append((when + fitted_before_amount(step.said, width - len(when)), role))
        return rows

    def _receipt(self) -> list[str]:
        assert self._logged is not None
        step = self._steps[self._at]
        at = datetime.fromtimestamp(step.at_ms / 1000).astimezone()
        terminal = self._logged.terminal
        return receipt_rows(step.sale, terminal=terminal, at=at, columns=_RECEIPT)
