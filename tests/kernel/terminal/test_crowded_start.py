"""Many tills that start at once, as after a power cut: the registry is crowded, and only a hint."""

from __future__ import annotations

from kernel import State
from kernel.coordination.registry import Registry
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from tests.support.tills import ROOT, SteppingClock, TillMachine

LAYOUT = Layout(ROOT)


class RunningClock(SteppingClock):
    """A tenth of a second passes each time that somebody asks."""

    def monotonic_s(self) -> float:
        self.advance(0.1)
        return super().monotonic_s()


def test_a_till_starts_and_sells_though_it_finds_no_place_in_the_registry() -> None:
    machine = TillMachine()
    machine.clock = RunningClock()
    LAYOUT.make(machine.disk)
    others = machine.disk.process()
    with OperationLock(others, LAYOUT.operation_lock("registry"), clock=machine.clock):
        till = machine.start(disk=machine.disk.process())
    sale = till.begin("STORE_001", "EUR", "0001")
    sale.add_line("TEA", 1, 250)
    assert sale.tender_cash(250) is State.COMMITTED
    (status,) = Registry(machine.disk, LAYOUT, clock=machine.clock).status()
    assert (status.terminal, status.state.value, status.registered) == ("TILL", "running", False)
    till.stop()
    assert till.stopped
