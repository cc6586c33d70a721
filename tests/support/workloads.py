"""What the crash tests let a till do: one story for each way in which a log grows, turns or fills.

Each takes the disk, so that a control can give it one that lies. Stories must be the same every
time: no clock, no chance, no threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

from kernel import DiscountPart, LineKind, ReturnedPart, Sale
from kernel.disk.recovery import sealed_segments
from tests.support.staff import ANNA, BO, PINS, operators_json
from tests.support.story import LAYOUT, PATHS, TILL, Story, TillDisk, start_till

__all__ = ["STORIES"]


def _opened(disk: TillDisk, segment_bytes: int = 1 << 22) -> Story:
    story = Story(disk, segment_bytes)
    story.start()
    story.settle()
    return story


def first_day(disk: TillDisk) -> Story:
    story = Story(disk)
    story.start()
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    return story


def one_sale(disk: TillDisk) -> Story:
    story = _opened(disk)
    sale = story.begin()
    for price in (199, 250, 1_000):
        story.line(sale, price)
    story.do(lambda: sale.void_line(2, reason="wrong item"))
    story.do(lambda: sale.discount(50, line=3, reason="dent"))
    story.do(lambda: sale.void_line(9))
    story.pay(sale)
    return story


def several_sales(disk: TillDisk) -> Story:
    story = _opened(disk)
    first, second, third = (story.begin() for _ in range(3))
    for sale in (second, first, third, first):
        story.line(sale)
    story.do(lambda: first.tender_cash(100))
    story.do(lambda: third.abort("customer left"))
    story.do(lambda: first.void_tender(1, reason="other card"))
    story.pay(second)
    return story


def cards(disk: TillDisk) -> Story:
    story = _opened(disk)
    first, second = story.begin(), story.begin()
    story.line(first)
    story.line(second)
    story.do(lambda: first.request_card(500))
    story.do(lambda: first.settle_card(1, last_four="1234", authorisation="77"))
    story.do(lambda: second.request_card(400))
    story.do(lambda: second.decline_card(1, reason="no cover"))
    story.do(lambda: second.request_card(500))
    story.do(lambda: second.card_unknown(2))
    story.pay(second)
    return story


def z_and_rotation(disk: TillDisk) -> Story:
    story = _opened(disk)
    for _ in range(2):
        parked, sale = story.begin(), story.begin()
        story.line(parked)
        story.line(sale)
        story.pay(sale)
        story.do(lambda: story.till.z_report("anna"))
    return story


def rotation_by_size(disk: TillDisk) -> Story:
    story = _opened(disk, segment_bytes=900)
    for _ in range(3):
        sale = story.begin()
        story.line(sale)
        story.line(sale)
        story.pay(sale)
    return story


def stopped_and_started(disk: TillDisk) -> Story:
    story = _opened(disk)
    sale = story.begin()
    story.line(sale)
    story.stop()
    story.start()
    story.line(story.till.open_sales[0])
    story.pay(story.till.open_sales[0])
    story.stop()
    return story


def killed_and_started(disk: TillDisk) -> Story:
    story = _opened(disk, segment_bytes=1_200)
    story.line(story.begin())
    for _ in range(3):
        story.kill()
        story.start()
        story.line(story.till.open_sales[0])
    story.pay(story.till.open_sales[0])
    return story


def full_without_reserve(disk: TillDisk) -> Story:
    """The file system fills up in mid-batch: a whole entry of the refused batch is written."""
    disk.can_reserve = False
    story = _opened(disk)
    while disk.stat(PATHS.wal).st_size % 4096 < 3_830:
        story.till.count_drawer(0, "EUR", "a")
    story.settle()
    disk.limit_capacity(disk.used_bytes)
    for _ in range(3):
        story.do(lambda: story.till.begin("S1", "EUR", "a"))
    assert story.refusals == 3
    disk.limit_capacity(disk.used_bytes + 4096)
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    assert story.refusals == 3
    return story


def full_with_reserve(disk: TillDisk) -> Story:
    """A start without room for a reservation: open sales can be paid, none is begun."""
    story = _opened(disk)
    sale = story.begin()
    for _ in range(18):
        story.do(lambda: sale.add_line("1", 1, 100, description="x" * 250, reason="y" * 250))
    story.settle()
    story.stop()
    disk.limit_capacity(disk.used_bytes)
    story.start()
    open_sale = story.till.open_sales[0]
    story.do(lambda: story.till.begin("S1", "EUR", "anna"))
    story.line(open_sale)
    story.pay(open_sale)
    assert story.refusals == 2
    return story


def full_at_rotation(disk: TillDisk) -> Story:
    """No room for another segment: the open one grows on."""
    story = _opened(disk, segment_bytes=900)
    disk.limit_capacity(disk.used_bytes + 3 * 4096)
    sale = story.begin()
    for _ in range(5):
        story.line(sale)
    story.pay(sale)
    story.do(lambda: story.till.z_report("anna"))
    assert not sealed_segments(disk, PATHS)
    return story


def relaxed_lines(disk: TillDisk) -> Story:
    """Durability `commit`: a power cut may take the lines of an open sale, a kill may not."""
    LAYOUT.make(disk)
    LAYOUT.make_terminal(disk, TILL)
    descriptor = disk.open(PATHS.local_config, os.O_RDWR | os.O_CREAT)
    disk.pwrite(descriptor, b'{"durability":"commit"}', 0)
    disk.close(descriptor)
    story = _opened(disk)
    story.relaxed_lines = True
    first, second = story.begin(), story.begin()
    for sale in (first, second, first, first):
        story.line(sale)
    story.pay(first)
    story.line(second)
    return story


def a_neighbour_comes_and_goes(disk: TillDisk) -> Story:
    """Two tills of one shop: they share the registry and nothing else."""
    story = _opened(disk)
    story.line(story.begin())
    neighbour = start_till(disk, terminal="OTHER")
    story.line(story.till.open_sales[0])
    neighbour.stop()
    story.pay(story.till.open_sales[0])
    story.stop()
    return story


def training(disk: TillDisk) -> Story:
    """Trained between what is real, over a rotation and a death: two series, one of them marked."""
    story = _opened(disk, segment_bytes=1_500)
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    story.do(lambda: story.till.begin_training("anna"))
    for _ in range(2):
        sale = story.begin()
        story.line(sale)
        story.do(lambda: story.till.z_report("anna"))
        story.pay(sale)
    story.line(story.begin())
    story.kill()
    story.start()
    story.do(lambda: story.till.end_training("anna"))
    story.pay(story.till.open_sales[0])
    story.do(lambda: story.till.end_training("anna"))
    sale = story.begin()
    story.line(sale)
    story.pay(sale)
    story.do(lambda: story.till.z_report("anna"))
    assert story.refusals == 3
    return story


def printing(disk: TillDisk) -> Story:
    """Receipts owed, put and repeated, with a death while one is owed."""
    story = _opened(disk, segment_bytes=1_800)

    def sell() -> None:
        sale = story.begin()
        story.line(sale)
        story.pay(sale)

    def put_all() -> None:
        printer = story.till.printer
        for job in printer.due():
            text = f"receipt {job.sale}\n"
            story.do(partial(printer.put, job, text, limit=9, receipt=job.sale))

    story.do(story.till.printer.start)
    sell()
    put_all()
    story.do(lambda: story.till.printer.ask_copy(1, "anna"))
    sell()
    put_all()
    sell()
    story.kill()
    story.start()
    story.do(story.till.printer.start)
    put_all()
    sell()
    return story


def several_lines_at_once(disk: TillDisk) -> Story:
    """What hangs together goes together, some of it under a supervisor's word; then a Z."""
    with start_till(disk):
        pass
    operators = disk.open(LAYOUT.operators, os.O_WRONLY | os.O_CREAT)
    disk.pwrite(operators, operators_json(), 0)
    disk.close(operators)
    story = _opened(disk, segment_bytes=2_500)
    till = story.till
    tokens: list[str] = []

    def allow(what: str, sale: Sale | None, line: int | None, new: int | None) -> None:
        token = till.approvals.by_pin
        story.do(lambda: tokens.append(token(what, BO, PINS[BO], sale=sale, line=line, new=new)))

    story.do(lambda: till.sign_on(ANNA, PINS[ANNA]))
    sold = story.begin()
    for price in (500, 300):
        story.line(sold, price)
    story.pay(sold)
    sale = story.begin()
    story.line(sale, 400)
    story.do(lambda: sale.add_line("BOTTLE", 1, 8, kind=LineKind.DEPOSIT, of=1))
    parts = [DiscountPart(10, ((1, 10),), ()), DiscountPart(5, ((2, 5),), ())]
    story.do(lambda: sale.discount_in_parts(parts, reason="dent"))
    allow("price_override", sale, 1, 350)
    swap = till.approvals.use(sale, tokens[-1])
    story.do(lambda: swap.add_line("4006381333931", 1, 350, instead_of=(4, 3, 2, 1)))
    story.do(lambda: swap.add_line("4006381333931", 1, 350, instead_of=(4, 3, 2, 1)))
    allow("return", sale, None, -793)
    back = [ReturnedPart(1, 1_000, adjustment_minor=7), ReturnedPart(2, 1_000)]
    story.do(lambda: till.approvals.use(sale, tokens[-1]).give_back(sold.id, back))
    story.do(lambda: sale.tender_cash(sale.balance_minor))
    story.do(lambda: till.count_drawer(100, "EUR", ANNA))
    allow("z_report", None, None, None)
    story.do(lambda: till.z_report(ANNA, approval=tokens[-1]))
    assert story.refusals == 1
    return story


STORIES: dict[str, Callable[[TillDisk], Story]] = {
    tell.__name__: tell
    for tell in (
        first_day,
        one_sale,
        several_sales,
        cards,
        z_and_rotation,
        rotation_by_size,
        stopped_and_started,
        killed_and_started,
        full_without_reserve,
        full_with_reserve,
        full_at_rotation,
        relaxed_lines,
        a_neighbour_comes_and_goes,
        training,
        printing,
        several_lines_at_once,
    )
}
