"""MANAGER's signature: made with a key that only MANAGER has, checked by everybody."""

from __future__ import annotations

import pytest

from kernel.coordination.signatures import Signatures, fingerprint
from kernel.disk.files import replace_file
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, SaleRefused
from tests.support.clock import ManualClock
from tests.support.crash_images import every_crash_image
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")
MANAGER, TILL = 1001, 1002
PRIVATE = LAYOUT.terminal("MANAGER").signing_key


@pytest.fixture
def disk() -> MemoryDisk:
    disk = MemoryDisk(uid=MANAGER)
    LAYOUT.make(disk)
    return disk


def signatures(disk: MemoryDisk, terminal: str = "MANAGER", *, seed: int = 1) -> Signatures:
    return Signatures(
        disk,
        LAYOUT,
        terminal,
        clock=ManualClock(),
        random_bytes=lambda size: bytes([seed]) * size,
    )


def test_what_manager_signed_every_till_believes_and_nothing_else(disk: MemoryDisk) -> None:
    signature = signatures(disk).sign(b"approved")
    till = signatures(disk.process(TILL), "TILL")
    assert till.verify(b"approved", signature)
    key = till.public_key()
    assert key is not None and till.verified_by == fingerprint(key)
    assert not till.verify(b"declined", signature)
    assert not till.verify(b"approved", "A" * 88)
    assert not till.verify(b"approved", "no base64 é")
    assert not till.verify(b"approved", "")
    assert not till.verify(b"approved", "A" * 1_000_000)


def test_the_key_stays_the_same_from_process_to_process(disk: MemoryDisk) -> None:
    first = signatures(disk, seed=1).sign(b"x")
    assert signatures(disk.process(), seed=2).sign(b"x") == first


def test_without_a_key_nothing_is_signed(disk: MemoryDisk) -> None:
    till = signatures(disk, "TILL")
    assert till.public_key() is None
    assert not till.verify(b"x", "A" * 88)


def test_a_till_signs_nothing_and_makes_no_key(disk: MemoryDisk) -> None:
    with pytest.raises(SaleRefused, match="only MANAGER signs"):
        signatures(disk, "TILL").sign(b"x")
    assert signatures(disk).public_key() is None


def test_another_user_can_neither_sign_nor_put_his_key_there(disk: MemoryDisk) -> None:
    with pytest.raises(BadConfiguration, match="1001"):
        signatures(disk.process(TILL)).sign(b"x")
    manager = signatures(disk)
    manager.sign(b"x")
    other = MemoryDisk(uid=TILL)
    LAYOUT.make(other)
    forged = signatures(other, seed=9).sign(b"x")
    text = other.pread(other.open(LAYOUT.manager_key, 0), 4096, 0)
    replace_file(disk.process(TILL), LAYOUT.manager_key, text, scratch="/shop/x")
    assert not signatures(disk, "TILL").verify(b"x", forged)
    with pytest.raises(BadConfiguration, match="of user 1002"):
        manager.public_key()


def test_a_lost_public_half_is_put_back_by_the_next_signature(disk: MemoryDisk) -> None:
    signature = signatures(disk).sign(b"x")
    disk.unlink(LAYOUT.manager_key)
    assert not signatures(disk, "TILL").verify(b"x", signature)
    signatures(disk).sign(b"y")
    assert signatures(disk, "TILL").verify(b"x", signature)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\0" * 100, b"x" * 10_000])
def test_a_damaged_key_is_named_and_nothing_is_believed(disk: MemoryDisk, garbage: bytes) -> None:
    signature = signatures(disk).sign(b"x")
    for path in (PRIVATE, LAYOUT.manager_key):
        replace_file(disk, path, garbage, scratch="/shop/x")
        with pytest.raises(BadConfiguration, match=path):
            signatures(disk).sign(b"x")
        if path == LAYOUT.manager_key:
            assert not signatures(disk, "TILL").verify(b"x", signature)
        replace_file(disk, path, _intact(path), scratch="/shop/x")


def _intact(path: str) -> bytes:
    disk = MemoryDisk(uid=MANAGER)
    LAYOUT.make(disk)
    signatures(disk).sign(b"x")
    return disk.pread(disk.open(path, 0), 4096, 0)


def test_after_any_crash_manager_signs_and_tills_believe(disk: MemoryDisk) -> None:
    made_from = len(disk.operations)
    signatures(disk).sign(b"x")
    images = [image for image in every_crash_image(disk.recording) if image.at >= made_from]
    assert len(images) > 5
    for image in images:
        machine = image.disk().process(MANAGER)
        signature = signatures(machine, seed=2).sign(b"x")
        assert signatures(machine, "TILL").verify(b"x", signature), image
