"""A terminal that is ordered to close: it finishes, puts away what it can't, stops by itself.

Two tills of one shop in memory. Mail is carried by hand; the thread of an order is the real one.
"""

from __future__ import annotations

import math
import threading

import pytest

from kernel import SaleRefused, State, Terminal
from kernel.codec.messages import Message, encode_body
from kernel.codec.shutdown import ShutdownOrder
from kernel.coordination.registry import Registry
from kernel.coordination.shutdown import ORDER, ShutdownFlag
from kernel.coordination.signatures import Signatures
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.lock import probe
from kernel.errors import Contention, Stopped
from kernel.model.ledger import Ledger
from kernel.model.mail import APPLIED, RECEIVED, message_id
from kernel.model.till_entries import Stopped as StopEntry
from tests.support.faults import FaultyDisk
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import ROOT, TillMachine

LAYOUT = Layout(ROOT)
GRACE_S = 30.0
WAIT_S = 10.0


class Shop:
    """A manager's terminal and a till on one memory disk."""

    def __init__(self) -> None:
        self.machine = TillMachine("TILL_01")
        self.disks: dict[str, MemoryDisk] = {}
        self.manager = self.start("MANAGER")
        self.till = self.start("TILL_01")

    def start(self, terminal: str) -> Terminal:
        self.disks[terminal] = self.machine.disk.process()
        host = self.machine.host(self.disks[terminal])
        return Terminal.start(terminal, ROOT, host=host, allow_unsound_locks=True)

    def order(self, grace_s: float = GRACE_S) -> ShutdownOrder:
        return self.manager.shutdown.begin(grace_s, "stock-taking")

    def deliver(self) -> None:
        while self.till.postman.deliver():
            pass

    def pass_grace(self) -> None:
        self.machine.clock.advance(GRACE_S)

    def until_out(self) -> StopEntry:
        """The till's last entry, once it has stopped by itself."""
        thread = self.till.closing.thread
        assert thread is not None, "the till follows no order"
        thread.join(WAIT_S)
        assert not thread.is_alive() and self.till.stopped
        last = self.machine.entries()[-1].act
        assert isinstance(last, StopEntry)
        return last

    @property
    def flag(self) -> ShutdownFlag:
        disk, clock = self.machine.disk, self.machine.clock
        return ShutdownFlag(disk, LAYOUT, Signatures(disk, LAYOUT, clock=clock), clock=clock)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def leaving(shop: Shop) -> dict[str, str]:
    return {one.terminal: one.state for one in shop.manager.shutdown.look()}


def followed(shop: Shop) -> ShutdownOrder | None:
    return shop.till.closing.order


def test_an_idle_till_stops_unregisters_unlocks_and_says_so(shop: Shop) -> None:
    order = shop.order()
    assert leaving(shop) == {"TILL_01": "open"}
    shop.deliver()
    stop = shop.until_out()

    assert stop.reason == "shutdown" and stop.applied is not None
    disk = shop.machine.disk
    assert probe(disk, LAYOUT.terminal("TILL_01").lock) is None
    entries = Registry(disk, LAYOUT, clock=shop.machine.clock).read()
    assert [entry.terminal for entry in entries] == ["MANAGER"]
    assert leaving(shop) == {"TILL_01": "out"}
    shop.manager.postman.deliver()
    (ack,) = shop.manager.journal.read(
        lambda ledger: ledger.mail.sent[stop.applied or ""].acks
    ).values()
    assert (ack.terminal, ack.result) == ("TILL_01", APPLIED)
    assert shop.manager.shutdown.finish() is True
    assert shop.flag.standing() is None
    assert order.by == "MANAGER"


def test_a_selling_till_begins_nothing_new_and_stops_when_it_has_finished(shop: Shop) -> None:
    sale = shop.till.begin("STORE_001", "EUR", "0001", "A1")
    sale.add_line("TEA", 1, 250)
    shop.order()
    shop.deliver()

    with pytest.raises(Stopped, match=r"the shop closes at .* \(stock-taking\)"):
        shop.till.begin("STORE_001", "EUR", "0001")
    with pytest.raises(Stopped, match="the shop closes"):
        shop.till.recall("123456789")
    assert shop.till.begin("STORE_001", "EUR", "0001", "A1").id == sale.id, "this one is open"
    shop.manager.postman.deliver()
    (sent,) = shop.manager.journal.read(lambda ledger: list(ledger.mail.sent.values()))
    assert [ack.result for ack in sent.acks.values()] == [RECEIVED]
    sale.tender_cash(250)

    assert shop.until_out().parked == ()


def test_at_the_end_of_the_grace_period_sales_are_suspended_parked_or_ended(shop: Shop) -> None:
    suspended, tendered, empty = (shop.till.begin("STORE_001", "EUR", "0001") for _ in range(3))
    for sale in (suspended, tendered):
        sale.add_line("TEA", 1, 250)
    tendered.tender_voucher(50, "V1")
    shop.order()
    shop.deliver()
    shop.pass_grace()

    assert shop.until_out().parked == (tendered.number,)
    assert (suspended.value.state, empty.value.state) == (State.SUSPENDED, State.ABORTED)
    (waiting,) = shop.manager.suspended()
    assert (waiting.origin, waiting.reason) == (suspended.id, "shutdown")
    shop.manager.shutdown.finish()
    again = shop.start("TILL_01")
    assert [sale.id for sale in again.open_sales] == [tendered.id]


@pytest.mark.parametrize("grace_s", [-1.0, 86_401.0, math.nan, math.inf, 10**400])
def test_a_grace_period_that_is_none_is_refused_and_nobody_is_told(
    shop: Shop, grace_s: float
) -> None:
    with pytest.raises(SaleRefused, match="grace period is out of range"):
        shop.order(grace_s)
    assert shop.flag.standing() is None
    shop.deliver()
    assert followed(shop) is None


def test_a_till_stops_also_where_its_sales_can_be_put_nowhere(shop: Shop) -> None:
    sale = shop.till.begin("STORE_001", "EUR", "0001")
    sale.add_line("TEA", 1, 250)
    shop.order()
    shop.deliver()
    shop.machine.disk.rename(LAYOUT.suspended, f"{LAYOUT.suspended}.gone")
    shop.pass_grace()
    assert shop.until_out().parked == (sale.number,)


def test_no_till_starts_before_the_deadline_or_the_end_of_the_shutdown(shop: Shop) -> None:
    shop.till.stop()
    shop.order()
    with pytest.raises(Contention, match="being shut down until"):
        shop.start("TILL_01")
    assert shop.manager.shutdown.finish() is True
    shop.start("TILL_01")


def test_a_cancelled_shutdown_is_forgotten_by_who_followed_it(shop: Shop) -> None:
    sale = shop.till.begin("STORE_001", "EUR", "0001")
    sale.add_line("TEA", 1, 250)
    order = shop.order()
    shop.deliver()
    assert followed(shop) == order
    thread = shop.till.closing.thread
    assert thread is not None

    cancelled = shop.manager.shutdown.cancel()
    assert cancelled is not None and cancelled.id == order.id
    shop.deliver()

    assert followed(shop) is None
    thread.join(WAIT_S)
    assert not thread.is_alive()
    sale.tender_cash(250)
    shop.till.begin("STORE_001", "EUR", "0001")
    assert not shop.till.stopped
    assert shop.manager.shutdown.cancel() is None


def test_a_till_that_hears_of_a_cancelled_order_goes_on(shop: Shop) -> None:
    shop.order()
    shop.manager.shutdown.cancel()
    shop.deliver()
    assert shop.till.closing.thread is None
    shop.order()
    shop.deliver()
    assert shop.until_out().reason == "shutdown"


def test_a_till_that_was_started_after_the_deadline_ignores_the_order(shop: Shop) -> None:
    shop.order()
    shop.till.stop()
    shop.pass_grace()
    shop.till = shop.start("TILL_01")
    shop.deliver()
    assert shop.till.closing.thread is None
    assert not shop.till.stopped


def test_a_till_that_slept_through_the_grace_period_obeys_late(shop: Shop) -> None:
    sale = shop.till.begin("STORE_001", "EUR", "0001")
    sale.add_line("TEA", 1, 250)
    shop.order()
    shop.pass_grace()
    assert shop.manager.shutdown.finish() is False, "the till still runs"
    shop.deliver()
    shop.until_out()
    assert sale.value.state is State.SUSPENDED


def test_a_till_that_dies_in_the_shutdown_is_named_and_cleaned_up(shop: Shop) -> None:
    shop.order()
    shop.disks["TILL_01"].kill()
    assert leaving(shop) == {"TILL_01": "dead"}
    assert shop.manager.shutdown.finish() is True
    entries = Registry(shop.machine.disk, LAYOUT, clock=shop.machine.clock).read()
    assert [entry.terminal for entry in entries] == ["MANAGER"]
    assert shop.start("TILL_01").recovery.crashed


def message_of(order: ShutdownOrder, sender: str) -> Message:
    return Message(
        format=1,
        id=message_id(order.ordered_ms, bytes(10)),
        sender=sender,
        to="*",
        order=1,
        kind=ORDER,
        created_ms=order.ordered_ms,
        expires_ms=order.deadline_ms,
        body=encode_body(order),
    )


def test_an_order_in_another_s_name_is_refused(shop: Shop) -> None:
    message = message_of(shop.order(), "TILL_02")
    with pytest.raises(SaleRefused, match="TILL_02 sent a shutdown order of MANAGER"):
        shop.till.closing.handlers[ORDER](message, Ledger())


def test_only_the_manager_shuts_the_shop_down(shop: Shop) -> None:
    with pytest.raises(SaleRefused, match="only MANAGER"):
        shop.till.shutdown.begin(GRACE_S, "a joke")
    assert shop.flag.standing() is None
    shop.deliver()
    assert shop.till.closing.thread is None


def test_an_order_that_can_not_be_sent_leaves_no_flag(shop: Shop) -> None:
    shop.manager.stop()
    with pytest.raises(Stopped):
        shop.order()
    assert shop.flag.standing() is None


class SlowDisk(FaultyDisk):
    """One on which a sync takes until the test lets it end."""

    def __init__(self, inner: Disk) -> None:
        super().__init__(inner)
        self.syncing, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def fdatasync(self, descriptor: int) -> None:
        self.syncing.set()
        assert self.may_end.wait(WAIT_S)
        super().fdatasync(descriptor)


def test_a_sale_that_was_begun_just_before_the_order_is_finished(shop: Shop) -> None:
    shop.till.stop()
    disk = SlowDisk(shop.machine.disk.process())
    shop.till = Terminal.start(
        "TILL_01", ROOT, host=shop.machine.host(disk), allow_unsound_locks=True
    )
    order, begun = shop.order(), []
    disk.may_end.clear()
    disk.syncing.clear()
    cashier = threading.Thread(
        target=lambda: begun.append(shop.till.begin("STORE_001", "EUR", "0001"))
    )
    cashier.start()
    assert disk.syncing.wait(WAIT_S)
    shop.till.closing.obey(order, message_of(order, "MANAGER"))
    assert shop.till.closing.thread is not None
    shop.till.closing.thread.join(0.2)
    disk.may_end.set()
    cashier.join(WAIT_S)

    (sale,) = begun
    sale.add_line("TEA", 1, 250)
    sale.tender_cash(250)
    assert shop.until_out().parked == ()


def test_whoever_stops_second_waits_for_whoever_stops_first() -> None:
    machine = TillMachine("TILL_01")
    disk = SlowDisk(machine.disk)
    till = machine.start(disk=disk)
    disk.may_end.clear()
    disk.syncing.clear()
    first, second = threading.Thread(target=till.stop), threading.Thread(target=till.stop)
    first.start()
    assert disk.syncing.wait(WAIT_S)
    second.start()
    second.join(0.1)
    assert second.is_alive(), "its process could end now, with the stop half done"
    disk.may_end.set()
    for thread in (first, second):
        thread.join(WAIT_S)
        assert not thread.is_alive()
    assert probe(machine.disk, LAYOUT.terminal("TILL_01").lock) is None
