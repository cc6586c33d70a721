"""What the n-th line of a sale and the n-th sale of a day cost: the same as the first, or not.

CPU time, not the disk's: so the store of these two curves may stand in memory, which makes a day
of 100,000 sales a matter of a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kernel import Terminal

__all__ = ["LINE_MARKS", "SALE_MARKS", "line_curve", "sale_curve"]

LINE_MARKS = (10, 100, 500, 1_000)
SALE_MARKS = (1_000, 10_000, 50_000, 100_000)
_LINE_WINDOW = 10
_SALE_WINDOW = 200


def line_curve(till: Terminal, marks: Sequence[int] = LINE_MARKS) -> dict[int, float]:
    """Line number -> CPU microseconds of a line thereabouts, in one growing sale."""
    sale = till.begin(store="STORE_001", currency="USD", operator="0001")

    def add() -> None:
        sale.add_line("COFFEE_001", quantity=1, unit_minor=399)

    curve = _cpu_us_at(marks, _LINE_WINDOW, add)
    sale.tender_cash(sale.total_minor)
    return curve


def sale_curve(
    till: Terminal, marks: Sequence[int] = SALE_MARKS, tick: Callable[[], None] = lambda: None
) -> dict[int, float]:
    """Sale number -> CPU microseconds of a one-line sale thereabouts, in one till period."""

    def sell() -> None:
        sale = till.begin(store="STORE_001", currency="USD", operator="0001")
        sale.add_line("COFFEE_001", quantity=1, unit_minor=399)
        sale.tender_cash(500)
        tick()

    return _cpu_us_at(marks, _SALE_WINDOW, sell)


def _cpu_us_at(marks: Sequence[int], window: int, act: Callable[[], None]) -> dict[int, float]:
    """Do `act` up to the last mark; the CPU time of each among the `window` before a mark."""
    curve, done = {}, 0
    for mark in marks:
        counted = min(window, mark - done)
        for _ in range(mark - done - counted):
            act()
        begun_s = time.process_time()
        for _ in range(counted):
            act()
        curve[mark] = (time.process_time() - begun_s) / counted * 1e6
        done = mark
    return curve
