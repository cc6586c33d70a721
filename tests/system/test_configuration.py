"""A configuration published while the shop sells: each sale is priced by the one it began with."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

from kernel import Shop, ShopConfiguration, Terminal
from tests.support.processes import Child, python_child

TILLS = 5
SALES = 10
# Begins sales and leaves them open, takes a line for each word it is told: the price is a
# setting, read by the version that the sale is bound to.
SELLING = """
import sys
from kernel import Terminal
till = Terminal.start(sys.argv[1], sys.argv[2])
def line(sale):
    settings = till.configuration_of(sale.value.configuration).settings
    sale.add_line("TEA", unit_minor=settings.lock_after_s)
def begin(count):
    for _ in range(count):
        line(till.begin("S1", "EUR", "0001"))
if not till.open_sales:
    begin(int(sys.argv[3]))
print("open", len(till.open_sales), flush=True)
for word in sys.stdin:
    if word == "pay\\n":
        for sale in till.open_sales:
            line(sale)
            sale.tender_cash(sale.total_minor)
    else:
        begin(1)
    print("done", till.configuration.version, flush=True)
till.stop()
"""


def selling(stack: ExitStack, data_dir: Path, number: int) -> Child:
    command = ("-c", SELLING, f"T{number}", data_dir, str(SALES))
    child = stack.enter_context(python_child(*command))
    child.wait_for_line(f"open {SALES}")
    return child


def say(child: Child, word: str) -> str:
    child.say(word)
    return child.wait_for_line("done")


def publish(data_dir: Path, price_minor: int) -> set[tuple[str, str]]:
    """By the manager; which till answered what."""
    shop = ShopConfiguration(data_dir)
    with Terminal.start("MANAGER", data_dir) as manager:
        document = b'{"lock_after_s":%d}' % price_minor
        publication = shop.publish(manager, document)
        arrivals = shop.arrivals(manager, publication, timeout_s=30)
        return {(one.terminal, one.state) for one in arrivals}


def test_fifty_open_sales_keep_the_version_that_they_began_with(data_dir: Path) -> None:
    publish(data_dir, 100)
    with ExitStack() as stack:
        tills = [selling(stack, data_dir, number) for number in range(TILLS)]
        killed = tills.pop()
        killed.signal(signal.SIGKILL)
        killed.wait()

        answered = publish(data_dir, 200)

        assert answered == {(f"T{number}", "applied") for number in range(TILLS - 1)}
        tills.append(selling(stack, data_dir, TILLS - 1))
        for child in tills:
            assert say(child, "begin") == "done 2"
            assert say(child, "pay") == "done 2"

    sold = [
        (logged.sale.configuration, logged.sale.total_minor) for logged in Shop(data_dir).sales()
    ]
    assert sorted(sold) == [(1, 200)] * (TILLS * SALES) + [(2, 400)] * TILLS
