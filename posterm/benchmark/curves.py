"""What the n-th line of a sale and the n-th sale of a day cost: the same as the first, or not.

CPU time, not the disk's: so the store of these two curves may stand in memory, which makes a day
of 100,000 sales a matter of a minute. A figure is the mean of all since the mark before: what comes
now and then, as a rotation does, is in it. Every sale has a reference, as an invoice that is rung
has: the dearest of the things that a till remembers of its past sales.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kernel import Terminal

__all__ = ["LINE_MARKS", "SALE_MARKS", "line_curve", "sale_curve"]

LINE_MARKS = (10, 100, 250, 500, 750, 1_000)
SALE_MARKS = (1_000, 10_000, 25_000, 50_000, 75_000, 100_000)


def line_curve(till: Terminal, marks: Sequence[int] = LINE_MARKS) -> dict[int, float]:
    """Line number -> CPU microseconds of a line up to it, in one growing sale."""
    sale = till.begin(store="STORE_001", currency="USD", operator="0001")

    def add(_: int) -> None:
        sale.add_line("COFFEE_001", quantity=1, unit_minor=399)

    curve = _cpu_us_at(marks, add)
    sale.tender_cash(sale.total_minor)
    return curve


def sale_curve(
    till: Terminal, marks: Sequence[int] = SALE_MARKS, tick: Callable[[], None] = lambda: None
) -> dict[int, float]:
    """Sale number -> CPU microseconds of a one-line sale up to it, in one till period."""

    def sell(number: int) -> None:
        reference = f"INVOICE-{number}"
        sale = till.begin("STORE_001", "USD", "0001", reference=reference)
        sale.add_line("COFFEE_001", quantity=1, unit_minor=399)
        sale.tender_cash(500)
        tick()

    return _cpu_us_at(marks, sell)


def _cpu_us_at(marks: Sequence[int], act: Callable[[int], None]) -> dict[int, float]:
    """Do `act` up to the last mark; the mean CPU time of those since the mark before."""
    curve, done = {}, 0
    for mark in marks:
        begun_s = time.process_time()
        for number in range(done + 1, mark + 1):
            act(number)
        curve[mark] = (time.process_time() - begun_s) / (mark - done) * 1e6
        done = mark
    return curve
