"""A till and the manager's console on one machine in memory, and what one asks the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kernel import Host, Sale, Terminal
from kernel.coordination.approvals import Awaited
from kernel.disk.files import Disk
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.entries import Act
from tests.support.staff import ANNA, CLEO, PINS, operators_json
from tests.support.tills import ROOT, TillMachine

__all__ = [
    "LAYOUT",
    "a_sale",
    "acts",
    "asked",
    "console",
    "deliver",
    "signed_on",
    "staffed",
]

LAYOUT = Layout(ROOT)


def staffed() -> TillMachine:
    """A till that has been started before, in a shop with operators."""
    machine = TillMachine()
    with machine.start():
        pass
    machine.write(LAYOUT.operators, operators_json())
    return machine


@contextmanager
def signed_on(machine: TillMachine) -> Iterator[Terminal]:
    with machine.start() as till:
        till.sign_on(ANNA, PINS[ANNA])
        yield till


@contextmanager
def console(machine: TillMachine, disk: Disk | None = None) -> Iterator[Terminal]:
    """The manager's, on the same machine; who manages it is signed on."""
    host = Host(
        disk or machine.disk.process(),
        machine.clock,
        machine.host().random_bytes,
        machine.disk.boot_id,
    )
    with Terminal.start("MANAGER", ROOT, host=host, allow_unsound_locks=True) as manager:
        manager.sign_on(CLEO, PINS[CLEO])
        yield manager


def a_sale(till: Terminal) -> Sale:
    sale = till.begin("S", "EUR", ANNA)
    sale.add_line("COFFEE", 1, 500)
    sale.add_line("TEA", 1, 300)
    return sale


def acts(machine: TillMachine, *kinds: type[Act]) -> list[Act]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    return [entry.act for entry in log if isinstance(entry.act, kinds)]


def deliver(*terminals: Terminal) -> None:
    """Until nobody has mail."""
    for _ in range(3):
        for terminal in terminals:
            terminal.postman.deliver()


@contextmanager
def asked(
    machine: TillMachine,
    till: Terminal,
    what: str = "void_line",
    line: int = 2,
    new: int | None = None,
) -> Iterator[tuple[Terminal, Sale, Awaited]]:
    """The manager's console, a sale, and what the console has been asked about it."""
    sale = a_sale(till)
    with console(machine) as manager:
        awaited = till.approvals.ask(what, sale=sale, line=line, new=new)
        deliver(manager)
        yield manager, sale, awaited
