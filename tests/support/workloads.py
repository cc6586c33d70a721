"""What the crash tests let a till do: one story for each way in which a log grows, turns or fills.

Each takes the disk, so that a control can give it one that lies. Stories must be the same every
time: no clock, no chance, no threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from kernel.disk.recovery import sealed_segments
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
    while disk.stat(PATHS.wal).st_size % 4096 < 3_850:
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
    )
}
