"""A disk that fails once under what a console does: refused in words, and the console goes on.

Whatever but a `KernelError` leaves an act ends the whole console as a fault of posterm's. Each
call of one kind that an act makes fails once, each time in a shop of its own in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EIO

import pytest

from kernel import Floor, Host, KernelError, Terminal
from kernel.codec.acts import (
    AnyOrder,
    CancelShutdown,
    CleanUp,
    CloseDay,
    Publish,
    Release,
    SendNotice,
    Settle,
    ShutDown,
)
from kernel.terminal.acting import Acting
from tests.support.faults import Fails, FaultyDisk
from tests.support.posts import LAYOUT, ROOT, Shop

PARKED = "T2-2"


def shop_with_tills() -> Shop:
    """T1 sells; T2 is off and has a sale parked."""
    shop = Shop()
    for name in ("T1", "T2"):
        till = shop.start(name)
        for amount in (300, 100):
            sale = till.begin("S1", "EUR", "0001")
            sale.add_line("TEA", 1, amount)
            if amount == 300:
                sale.tender_cash(amount)
    till.stop()
    return shop


def console_on(*plan: Fails) -> tuple[Floor, FaultyDisk]:
    shop = shop_with_tills()
    disk = FaultyDisk(shop.disk.process(), *plan)
    host = Host(disk, shop.clock, shop.host_dice, shop.disk.boot_id)
    manager = Terminal.start("MANAGER", ROOT, host=host, allow_unsound_locks=True)
    acting = Acting(manager, LAYOUT, host, "system")
    return Floor(LAYOUT, host, manager, acting=acting), disk


def does(*orders: AnyOrder) -> Callable[[Floor], object]:
    return lambda floor: [floor.act(order) for order in orders]


@pytest.mark.parametrize(
    ("call", "act"),
    [
        ("stat", lambda floor: floor.status()),
        ("listdir", lambda floor: floor.status()),
        ("listdir", does(SendNotice(to="*", text="hello"))),
        ("stat", does(SendNotice(to="T1", text="hello"))),
        ("listdir", does(Publish(document='{"store":"S9"}'))),
        ("make_directory", does(Publish(document='{"store":"S9"}'))),
        ("flock", does(Publish(document='{"store":"S9"}'))),
        ("listdir", lambda floor: floor.configuration.change_draft("store", "S9")),
        ("flock", lambda floor: floor.configuration.discard_draft()),
        ("flock", does(ShutDown(grace_s=1.0, reason="stock-taking"), CancelShutdown())),
        ("listdir", does(ShutDown(grace_s=1.0, reason="stock-taking"))),
        ("pread", does(Release(transaction=PARKED))),
        ("flock", does(Settle(terminal="T2"))),
        ("listdir", does(CleanUp())),
        ("listdir", does(CloseDay(wait_s=0.0))),
    ],
)
def test_an_act_on_a_failing_disk_is_refused_in_words(
    call: str, act: Callable[[Floor], object]
) -> None:
    floor, disk = console_on()
    before = disk.calls[call]
    act(floor)
    after = disk.calls[call]
    assert after > before, f"no {call} to fail"
    for number in range(before + 1, after + 1):
        floor, disk = console_on(Fails(call, number, EIO, last=number))
        try:
            act(floor)
        except KernelError as refusal:
            assert str(refusal)
        assert disk.calls[call] >= number


def test_what_was_done_under_a_lock_that_can_not_be_freed_is_done_and_the_next_goes_on() -> None:
    floor, disk = console_on()
    before = disk.calls["flock"]
    floor.configuration.discard_draft()
    freeing = disk.calls["flock"]
    assert freeing == before + 2, "taken and freed"
    floor, disk = console_on(Fails("flock", freeing, EIO, last=freeing))
    floor.configuration.discard_draft()
    floor.configuration.discard_draft()
