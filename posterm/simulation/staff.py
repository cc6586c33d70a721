"""The operator that simulated cashiers sign on as, for as long as a simulation lasts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from kernel import MANAGER_TERMINAL, Role, Terminal

__all__ = ["CASHIER", "cashier_pin"]

CASHIER = "9000"
_NAME = "Simulated cashier"


@contextmanager
def cashier_pin(data_dir: str) -> Iterator[str]:
    """The PIN of operator `CASHIER`, new each time; afterwards nobody can sign on with it.

    It acts as terminal MANAGER, twice for a moment. Raises `TerminalInUse` while a console runs.
    """
    pin = f"{secrets.randbelow(10**6):06d}"
    with Terminal.start(MANAGER_TERMINAL, data_dir) as manager:
        if manager.operators.find(CASHIER) is None:
            manager.operators.add(CASHIER, name=_NAME, role=Role.CASHIER, pin=pin)
        else:
            manager.operators.set_pin(CASHIER, pin)
            manager.operators.set_active(CASHIER, True)
    try:
        yield pin
    finally:
        with Terminal.start(MANAGER_TERMINAL, data_dir) as manager:
            manager.operators.set_active(CASHIER, False)
