"""Every single flipped bit of a log, classified by the real start of a till.

Nothing that was acknowledged may vanish without a word: a flip is damage that stops the till
and leaves the bytes alone, or, where a power cut took the proof with it, at most the last batch,
kept aside and reported as possibly acknowledged.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from kernel import LogDamaged
from kernel.codec.scan import first_position, read_frames
from kernel.disk.files import read_file
from kernel.disk.layout import Layout
from kernel.disk.verify import verify
from tests.support.memory_disk import MemoryDisk
from tests.support.paths import find
from tests.support.tills import ROOT, TillMachine
from tests.support.volume import Volume

SEGMENT_BYTES = 1400
SAME_BOOT, NEXT_BOOT = 1, 2
STEP = 5
"""The everyday run takes every fifth bit (5 and 8 share no factor: all bits of a byte come);
`make torture` takes them all."""

EVERY = pytest.param(1, marks=pytest.mark.torture, id="every-bit")
SAMPLED = pytest.param(STEP, id="every-fifth-bit")


class Store:
    """A killed till: two sealed segments, one open, a sale open in it, all of it acknowledged."""

    def __init__(self) -> None:
        machine = TillMachine()
        till = machine.start(segment_bytes=SEGMENT_BYTES)
        for _ in range(4):
            sale = till.begin("STORE_001", "EUR", "0001")
            sale.add_line("COFFEE_001", 1, 399)
            sale.tender_cash(500)
        sale = till.begin("STORE_001", "EUR", "0001")
        sale.add_line("COFFEE_001", 2, 399)
        sale.add_line("TEA_001", 1, 299)
        machine.kill()
        machine.disk.settle()
        self.paths = machine.paths
        self.volume = machine.disk.volume
        self.open = self.bytes_of(machine.disk, self.paths.wal)
        names = machine.disk.listdir(self.paths.directory)
        self.sealed = [
            os.path.join(self.paths.directory, name) for name in names if ".wal.0" in name
        ]
        assert len(self.sealed) == 2
        found = first_position(self.open)
        assert found is not None
        self.last_batch = read_frames(self.open, found[0]).frames[-1].start

    def bytes_of(self, disk: MemoryDisk, path: str) -> bytes:
        data = read_file(disk, path, 1 << 20)
        assert data is not None
        return data

    def machine(self, path: str, bit: int, boots: int, *, mark: bool = True) -> TillMachine:
        """A machine with that bit of that file flipped, and with the durable mark or without."""
        volume = self.volume.copy()
        content = bytearray(volume.file(find(volume, path)[2]))
        content[bit // 8] ^= 1 << bit % 8
        put(volume, path, bytes(content))
        if not mark:
            put(volume, self.paths.durable, b"")
        machine = TillMachine()
        machine.disk = MemoryDisk.started_from(volume, boots)
        return machine


def put(volume: Volume, path: str, content: bytes) -> None:
    inode = find(volume, path)[2]
    volume.nodes[inode] = volume.durable[inode] = content


@pytest.fixture(scope="module")
def store() -> Store:
    return Store()


def outcome(store: Store, bit: int, boots: int, *, mark: bool) -> str:
    """`damage` or `torn`; fails on whatever is neither, or says less than it must."""
    machine = store.machine(store.paths.wal, bit, boots, mark=mark)
    flipped = store.bytes_of(machine.disk, store.paths.wal)
    try:
        till = machine.start()
    except LogDamaged as damaged:
        assert store.bytes_of(machine.disk, store.paths.wal) == flipped
        assert damaged.path == store.paths.wal and damaged.offset <= bit // 8
        return "damage"
    report = till.recovery
    assert report.torn_bytes, f"bit {bit} was not noticed"
    assert report.possibly_acknowledged and report.set_aside is not None
    kept_from = len(flipped) - report.torn_bytes
    assert kept_from <= bit // 8
    assert kept_from >= store.last_batch, f"bit {bit}: entries that were proven are set aside"
    assert store.bytes_of(machine.disk, report.set_aside) == flipped[kept_from:]
    return "torn"


def bits(data: bytes, step: int) -> range:
    return range(0, len(data) * 8, step)


@pytest.mark.parametrize("boots", [SAME_BOOT, NEXT_BOOT])
@pytest.mark.parametrize("step", [SAMPLED, EVERY])
def test_with_the_durable_mark_every_flip_is_damage_and_nothing_is_touched(
    store: Store, step: int, boots: int
) -> None:
    classes = Counter(outcome(store, bit, boots, mark=True) for bit in bits(store.open, step))
    assert classes == {"damage": len(bits(store.open, step))}


@pytest.mark.parametrize("step", [SAMPLED, EVERY])
def test_without_mark_or_power_cut_only_the_last_newline_can_pass_for_a_short_write(
    store: Store, step: int
) -> None:
    """Whoever removed the mark removed the proof for the last entry; the report says so."""
    torn = [
        bit
        for bit in bits(store.open, step)
        if outcome(store, bit, SAME_BOOT, mark=False) == "torn"
    ]
    last_byte = len(store.open) - 1
    assert torn and all(bit // 8 == last_byte for bit in torn)


@pytest.mark.parametrize("step", [SAMPLED, EVERY])
def test_after_a_power_cut_that_took_the_mark_at_most_the_last_batch_is_set_aside(
    store: Store, step: int
) -> None:
    classes = Counter(outcome(store, bit, NEXT_BOOT, mark=False) for bit in bits(store.open, step))
    last = [bit for bit in bits(store.open, step) if bit // 8 >= store.last_batch]
    assert classes["torn"] == len(last) > 0
    assert classes["damage"] == len(bits(store.open, step)) - len(last) > 0


def test_a_reader_without_mark_and_stated_ends_loses_acknowledged_entries(store: Store) -> None:
    """The control: it takes every fault for a torn tail, as many a log reader does."""
    lost = Counter(naive(store, bit) < store.last_batch for bit in bits(store.open, STEP))
    assert lost[True] > lost[False]


def naive(store: Store, bit: int) -> int:
    """Where a reader that knows frames only would cut the log off."""
    machine = store.machine(store.paths.wal, bit, NEXT_BOOT)
    data = store.bytes_of(machine.disk, store.paths.wal)
    found = first_position(data)
    return read_frames(data, found[0]).at.offset if found is not None else 0


def sealed_flips(store: Store, step: int) -> Iterator[tuple[str, int]]:
    """(path, bit) of the sealed segments, a seeded sample: verify reads the whole shop."""
    for path in store.sealed:
        everything = bits(store.bytes_of(MemoryDisk.started_from(store.volume, 1), path), 1)
        sample = Random(7).sample(everything, 2_000 if step == 1 else 200)
        yield from ((path, bit) for bit in sample)


@pytest.mark.parametrize("step", [SAMPLED, EVERY])
def test_verify_finds_every_flip_in_a_sealed_segment_and_says_where(
    store: Store, step: int
) -> None:
    for path, bit in sealed_flips(store, step):
        machine = store.machine(path, bit, SAME_BOOT)
        (verdict,) = verify(machine.disk, Layout(ROOT), boot_id=machine.disk.boot_id)
        assert verdict.damages[0].path == path, (path, bit, verdict)
        assert verdict.damages[0].offset <= bit // 8
        flipped = store.bytes_of(machine.disk, path)
        try:
            machine.start()
        except LogDamaged as damaged:
            assert damaged.path == path
        assert store.bytes_of(machine.disk, path) == flipped


def test_the_untouched_store_starts_and_verifies(store: Store) -> None:
    """The other control: what finds a flip everywhere must find none where there is none."""
    machine = TillMachine()
    machine.disk = MemoryDisk.started_from(store.volume, NEXT_BOOT)
    (verdict,) = verify(machine.disk, Layout(ROOT), boot_id="another", ledger=True)
    assert verdict.sound and verdict.segments == 3
    assert machine.start().recovery.torn_bytes == 0
