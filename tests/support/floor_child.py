"""A till in a process of its own that fights for suspended sales until it is killed or told to end.

`python -m tests.support.floor_child DIRECTORY TILL SEED WHAT [HOW]`: `races` recalls whatever is
on the floor, pays some of it and suspends the rest again; `returns` gives TEA back on receipt
SHOP-1 for ever; `stands` recalls one sale and stops itself (SIGSTOP) while it has the claim. `HOW`
breaks the till for a control: `copies` leaves the file on the floor, `unbooked` forgets to look.
"""

from __future__ import annotations

import os
import signal
import sys
from random import Random

from kernel import Contention, Host, KernelError, SaleRefused, Terminal
from kernel.coordination.returns import Returns
from kernel.coordination.suspended import SuspendedSales, TicketFile
from kernel.disk.files import RealDisk

__all__ = ["RECEIPT", "SOLD"]

SOLD = 3
RECEIPT = ("SHOP-1", 1)


class StopsWithTheClaim(RealDisk):
    """Stops this process when it has claimed a sale and is about to log that."""

    def __init__(self) -> None:
        self.claimed = False

    def rename(self, source: str, target: str) -> None:  # type: ignore[override]
        os.rename(source, target)
        self.claimed = self.claimed or ".claim." in target

    def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:  # type: ignore[override]
        if self.claimed:
            self.claimed = False
            say("claimed")
            os.kill(os.getpid(), signal.SIGSTOP)
        return os.pwrite(descriptor, data, offset)


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def races(till: Terminal, chance: Random) -> bool:
    """One sale, if any is left that is not paid."""
    waiting = till.suspended()
    if not waiting and not till.open_sales:
        return False
    try:
        sale = till.open_sales[0] if till.open_sales else till.recall(chance.choice(waiting).ticket)
    except SaleRefused:
        return True  # another was faster
    say(f"told {sale.id} {sale.lines[0].code}")
    if chance.random() < 0.3:
        sale.suspend()
    else:
        sale.tender_cash(sale.balance_minor)
    return True


def returns(till: Terminal, chance: Random) -> bool:
    """One item back, now and then thought better of."""
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("HAM", 1, 1_000)
    try:
        line = sale.add_line("TEA", -1, 100, origin=RECEIPT)
    except Contention:
        sale.abort("too many at once")
        return True
    except SaleRefused:
        sale.abort("given back already")
        return False
    if chance.random() < 0.4:
        sale.void_line(line)
    elif chance.random() < 0.4:
        sale.abort("left")
        return True
    sale.tender_cash(sale.balance_minor)
    return True


def break_it(how: str) -> None:
    if how == "copies":

        def claim(self: SuspendedSales, file: TicketFile, *rest: object) -> TicketFile:
            return file

        SuspendedSales.move = claim  # type: ignore[assignment,method-assign]
        SuspendedSales.remove = lambda self, file: None  # type: ignore[method-assign]
    if how == "unbooked":
        Returns.book = lambda self, booking, sold: None  # type: ignore[method-assign]


def main(directory: str, name: str, seed: str, what: str, *how: str) -> None:
    for one in how:
        break_it(one)
    host = Host(disk=StopsWithTheClaim() if what == "stands" else RealDisk())
    till = Terminal.start(name, directory, host=host)
    say("ready")
    chance = Random(f"{name} {seed}")
    if what == "stands":
        try:
            say(f"recalled {till.recall(till.suspended()[0].ticket).id}")
        except KernelError as refusal:
            say(f"refused {refusal}")
    else:
        act = races if what == "races" else returns
        while act(till, chance):
            pass
    till.stop()
    say("over")


if __name__ == "__main__":
    main(*sys.argv[1:])
