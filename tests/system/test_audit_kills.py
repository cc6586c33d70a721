"""Kill selling tills that collect, again and again: every entry stands in the audit log once.

Real processes: each till runs the collector's duty, one of them is elected, and its death hands
over to another. What the audit log holds is then made again from the logs and compared.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from kernel import AuditTrail, Terminal, verify_audit
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from tests.support.audits import lines_of
from tests.support.processes import Child, python_child

# Collects eagerly, so that a short life is one full of collecting.
TILL = """
import sys
from kernel.terminal import collector
collector.IDLE_S = collector.STANDBY_S = collector.FRESH_S = 0.005
from kernel import Terminal
with Terminal.start(sys.argv[1], sys.argv[2], segment_bytes=20_000) as till:
    print("ready", flush=True)
    while True:
        sale = till.begin("S1", "EUR", "anna")
        sale.add_line("TEA", 1, 250)
        sale.tender_cash(300)
        print("sold", sale.id, flush=True)
"""
NAMES = ("A", "B", "C")


def lives(data_dir: Path, kills: int, seed: int) -> None:
    chance = Random(seed)
    with ExitStack() as stack:
        running: dict[str, Child] = {}
        for number in range(kills + len(NAMES)):
            name = NAMES[number % len(NAMES)] if number < len(NAMES) else chance.choice(NAMES)
            if name in running:
                running.pop(name).kill()
            child = stack.enter_context(python_child("-c", TILL, name, data_dir))
            child.wait_for_line("ready")
            running[name] = child
            for _ in range(chance.randint(1, 25)):
                child.wait_for_line("sold")


def judge(data_dir: Path) -> int:
    """How many lines there are, each of them once."""
    for name in NAMES:
        with Terminal.start(name, data_dir):
            pass
    trail = AuditTrail(data_dir)
    trail.bring_up_to_date()
    verdict = verify_audit(data_dir)
    assert verdict.damages == () and verdict.waiting == 0, verdict
    lines = lines_of(RealDisk(), Layout(str(data_dir)))
    times = Counter((line.terminal, line.lsn) for line in lines)
    assert set(times.values()) == {1}
    return len(lines)


def test_tills_that_are_killed_while_they_collect_lose_and_double_nothing(data_dir: Path) -> None:
    lives(data_dir, kills=4, seed=1)
    assert judge(data_dir) > 60


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(10))
def test_many_killed_tills_lose_and_double_nothing(data_dir: Path, seed: int) -> None:
    lives(data_dir, kills=40, seed=100 + seed)
    assert judge(data_dir) > 500


def test_a_line_that_is_there_twice_is_found_and_mended_by_who_collects_next(
    data_dir: Path,
) -> None:
    lives(data_dir, kills=0, seed=2)
    judge(data_dir)
    path = Path(Layout(str(data_dir)).audit)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    assert not verify_audit(data_dir).sound
    judge(data_dir)
