"""A till in a process of its own that rings random sales until it is killed.

`python -m tests.support.till_child DIRECTORY SEED [no-sync]`: after each call has returned it
prints `told` and what the till has acknowledged by then. With `no-sync` its disk lies: a control.
"""

from __future__ import annotations

import os
import sys
from random import Random

from kernel import Host, Sale, Terminal
from kernel.disk.files import RealDisk

__all__ = ["TILL"]

TILL = "TILL"
_SEGMENT_BYTES = 6_000


class _NoSync(RealDisk):
    """Says that all is durable and does nothing for it."""

    fdatasync = staticmethod(os.fstat)  # type: ignore[assignment]


def _tell(till: Terminal, sale: Sale) -> None:
    lines, total, receipt = len(sale.lines), sale.total_minor, sale.receipt_number or 0
    state = sale.state.value
    said = f"told {till.journal.last_lsn} {sale.number} {lines} {total} {state} {receipt}\n"
    os.write(1, said.encode())


def _ring(till: Terminal, chance: Random) -> None:
    """One random act on a random sale; a rule may refuse it before anything is written."""
    open_sales = till.open_sales
    if len(open_sales) < 3:
        _tell(till, till.begin("S1", "EUR", "anna"))
        return
    sale = chance.choice(open_sales)
    lines = len(sale.lines)
    dice = chance.random()
    if lines < 2 or dice < 0.6:
        sale.add_line("4006381333931", chance.randint(1, 9), chance.randint(1, 9_999))
    elif dice < 0.65 and not sale.tenders:
        sale.abort("left")
    elif dice < 0.7 and sale.balance_minor > 1:
        sale.tender_cash(1)
    elif dice < 0.98:
        sale.tender_cash(sale.balance_minor + 5)
    elif till.x_report().period is not None:
        till.z_report("anna")
    _tell(till, sale)


def main(directory: str, seed: str, *lies: str) -> None:
    host = Host(disk=_NoSync() if lies else RealDisk())
    till = Terminal.start(TILL, directory, host=host, segment_bytes=_SEGMENT_BYTES)
    os.write(1, b"ready\n")
    chance = Random(int(seed))
    while True:
        _ring(till, chance)


if __name__ == "__main__":
    main(*sys.argv[1:])
