"""A sale found by an LSN of its own: the same as from the whole log, of the few bytes it needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kernel import Host, LogDamaged, SaleRefused, Shop, Terminal
from kernel.disk.files import RealDisk

SEGMENT_BYTES = 4_000


class CountingDisk(RealDisk):
    """Counts what is read of each file."""

    def __init__(self) -> None:
        super().__init__()
        self.read: Counter[str] = Counter()
        self._paths: dict[int, str] = {}

    def open(self, path: str, flags: int, mode: int = 0o640) -> int:
        descriptor = super().open(path, flags, mode)
        self._paths[descriptor] = Path(path).name
        return descriptor

    def pread(self, descriptor: int, size: int, offset: int) -> bytes:
        data = super().pread(descriptor, size, offset)
        self.read[self._paths[descriptor]] += len(data)
        return data


@dataclass
class Sold:
    """A log of many segments; `long` is open through several of them."""

    ids: list[str] = field(default_factory=list)
    long: str = ""
    late: str = ""


def sell(till: Terminal, sold: Sold, lines: int = 3) -> None:
    sale = till.begin("STORE_001", "EUR", "0001")
    for _ in range(lines):
        sale.add_line("TEA", 1, 100)
    sale.tender_cash(100 * lines)
    sold.ids.append(sale.id)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sold]:
    data_dir, sold = tmp_path_factory.mktemp("shop"), Sold()
    with Terminal.start("R1", data_dir, segment_bytes=SEGMENT_BYTES) as till:
        for _ in range(20):
            sell(till, sold)
        long = till.begin("STORE_001", "EUR", "0001")
        for _ in range(30):
            sell(till, sold)
            long.add_line("TEA", 1, 5)
        long.tender_cash(1_000)
        sold.long = long.id
        waits = till.begin("STORE_001", "EUR", "0001")
        waits.add_line("TEA", 2, 100)
        waits.suspend()
        aborted = till.begin("STORE_001", "EUR", "0001")
        aborted.add_line("TEA", 2, 100)
        aborted.abort("changed mind")
        sold.ids += [long.id, waits.id, aborted.id]
        for _ in range(20):
            sell(till, sold)
        late = till.begin("STORE_001", "EUR", "0001")
        late.add_line("TEA", 1, 100)
        sold.late = late.id
    with Terminal.start("R1", data_dir, segment_bytes=SEGMENT_BYTES) as till:
        till.sale(late.id).add_line("TEA", 1, 100)
    sold.ids.append(late.id)
    return data_dir, sold


def test_every_sale_is_the_one_that_the_whole_log_tells(shop: tuple[Path, Sold]) -> None:
    data_dir, sold = shop
    reader = Shop(data_dir)
    for name in sold.ids:
        whole = reader.sale(name)
        lsns = [entry.stamp.lsn for entry in whole.entries]
        for lsn in (lsns[0], lsns[len(lsns) // 2], lsns[-1]):
            assert reader.sale(name, near_lsn=lsn) == whole


def test_no_segment_is_read_but_those_that_hold_it(shop: tuple[Path, Sold]) -> None:
    data_dir, sold = shop
    count = len(list((data_dir / "terminals/R1").glob("transaction.wal.0*")))
    assert count > 10
    lsn = Shop(data_dir).sale(sold.ids[1]).entries[0].stamp.lsn
    disk = CountingDisk()
    Shop(data_dir, Host(disk=disk)).sale(sold.ids[1], near_lsn=lsn)
    sealed = [name for name in disk.read if name.startswith("transaction.wal.0")]
    assert len(sealed) == 1
    assert sum(disk.read.values()) < 4 * SEGMENT_BYTES, disk.read
    disk = CountingDisk()
    Shop(data_dir, Host(disk=disk)).sale(sold.ids[1])
    assert sum(name.startswith("transaction.wal") for name in disk.read) == count + 1


def test_a_sale_that_was_open_through_many_segments_has_all_its_lines(
    shop: tuple[Path, Sold],
) -> None:
    data_dir, sold = shop
    reader = Shop(data_dir)
    last = reader.sale(sold.long).entries[-1].stamp.lsn
    found = reader.sale(sold.long, near_lsn=last)
    assert len(found.sale.lines) == 30 and found.sale.receipt_number is not None


def test_one_that_a_new_start_went_on_with_says_so(shop: tuple[Path, Sold]) -> None:
    data_dir, sold = shop
    begun = Shop(data_dir).sale(sold.late).entries[0].stamp.lsn
    assert Shop(data_dir).sale(sold.late, near_lsn=begun).resumed


@pytest.mark.parametrize("lsn", [-1, 0, 2, 10**9])
def test_a_wrong_lsn_costs_time_and_no_more(shop: tuple[Path, Sold], lsn: int) -> None:
    data_dir, sold = shop
    reader = Shop(data_dir)
    assert reader.sale(sold.ids[30], near_lsn=lsn) == reader.sale(sold.ids[30])
    with pytest.raises(SaleRefused):
        reader.sale("R1-9999", near_lsn=lsn)
    with pytest.raises(SaleRefused):
        reader.sale("R9-1", near_lsn=lsn)


def test_damage_in_what_is_read_is_said(tmp_path: Path) -> None:
    sold = Sold()
    with Terminal.start("R1", tmp_path) as till:
        sell(till, sold)
        till.z_report()
        sell(till, sold)
    lsn = Shop(tmp_path).sale(sold.ids[0]).entries[0].stamp.lsn
    (sealed,) = (tmp_path / "terminals/R1").glob("transaction.wal.0*")
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    with pytest.raises(LogDamaged):
        Shop(tmp_path).sale(sold.ids[0], near_lsn=lsn)
