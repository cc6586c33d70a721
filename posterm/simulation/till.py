"""One simulated till, at work in a process of its own.

It reads its orders, says that it is ready, begins to sell at the next word, and tells in the end
what it did. It waits for the next customer by waiting for whoever started it to hang up: so it
stops at a whole sale as soon as that process is gone, however that ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from random import Random

import msgspec
from msgspec import Struct

from kernel import KernelError, Terminal
from posterm.invoices import Item
from posterm.simulation.cashier import Cashier, clear_up
from posterm.simulation.tally import Tally

__all__ = ["READY", "Orders", "Told", "sell", "serve", "work"]

READY = b"ready"
_LOOK_EVERY_S = 5.0
"""By then a till that was shut down has long left the shop; only its process is still there. Looked
for more often, that would be half of what an idle till costs."""

HungUp = Callable[[float], bool]
"""Waits for so many seconds; True at once when nobody wants to hear of this till any more."""


class Orders(Struct, frozen=True):
    """What a till is to do. `rate` is customers a second; they come when they like."""

    seed: str
    rate: float
    seconds: float
    store: str
    currency: str
    operator: str
    pin: str | None
    """With one, the cashier signs on."""
    baskets: tuple[tuple[Item, ...], ...]


class Told(Struct, frozen=True):
    """What a till says in the end; `fault` is why it ended early, if it did."""

    terminal: str
    tally: Tally
    fault: str | None = None


def work(directory: str, terminal: str, line: Connection[bytes, bytes]) -> None:
    """The life of the process."""
    # Out of the terminal's foreground: Ctrl+C and a dropped line reach whoever started this till.
    os.setpgid(0, 0)
    with line:
        serve(directory, terminal, line)


def serve(directory: str, terminal: str, line: Connection[bytes, bytes]) -> None:
    """From its orders to its answer. Whoever hangs up is not answered; the log has it all."""
    told = Told(terminal, Tally())
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        orders = msgspec.json.decode(line.recv_bytes(), type=Orders)
        try:
            with Terminal.start(terminal, directory) as till:
                clear_up(till)
                if orders.pin is not None:
                    _sign_on(till, orders.operator, orders.pin)
                line.send_bytes(READY)
                line.recv_bytes()
                told = sell(till, orders, line.poll)
        except KernelError as error:
            told = Told(terminal, told.tally, str(error))
        line.send_bytes(msgspec.json.encode(told))


def sell(
    till: Terminal, orders: Orders, hung_up: HungUp, *, look_every_s: float = _LOOK_EVERY_S
) -> Told:
    """Serve customers until the time is over, somebody hangs up or the terminal has stopped."""
    dice = Random(orders.seed)
    cashier = Cashier(
        till,
        orders.baskets,
        dice,
        store=orders.store,
        currency=orders.currency,
        operator=orders.operator,
        pin=orders.pin,
    )
    cashier.tally.sign_ons = int(orders.pin is not None)
    tally, cpu_s = cashier.tally, time.process_time()
    end_s = time.monotonic() + orders.seconds
    due_s = end_s - orders.seconds + dice.expovariate(orders.rate)
    fault = None
    try:
        while (now_s := time.monotonic()) < end_s and not till.stopped:
            if hung_up(max(0.0, min(due_s - now_s, end_s - now_s, look_every_s))):
                break
            if due_s <= time.monotonic():
                tally.behind_s = max(tally.behind_s, time.monotonic() - due_s)
                cashier.serve()
                due_s += dice.expovariate(orders.rate)
    except KernelError as error:
        # Where the shop is shut down, the till ends by itself, and that is no fault.
        fault = None if till.stopped or till.closing.order is not None else str(error)
    tally.cpu_s = time.process_time() - cpu_s
    return Told(till.id, tally, fault)


def _sign_on(till: Terminal, operator: str, pin: str) -> None:
    """In place of whoever an earlier simulation left at the till."""
    if till.signed_on is not None:
        till.sign_off()
    till.sign_on(operator, pin)
