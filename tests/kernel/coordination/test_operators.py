"""The shop's operators: changed by the manager, found by number, proved by PIN."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from kernel.clock import SystemClock
from kernel.coordination.operators import Operators, PinHashes, operators_of
from kernel.disk.files import read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from kernel.errors import BadConfiguration, BadInput, Contention
from kernel.model.operators import Operator, Role
from tests.support.clock import ManualClock
from tests.support.meeting import MeetingDisk
from tests.support.memory_disk import MemoryDisk
from tests.support.staff import ANNA, BO, CLEO, PINS, operators_json

LAYOUT = Layout("/shop")


class Shop:
    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.clock = ManualClock()
        LAYOUT.make(self.disk)
        self.notes: list[tuple[str, str]] = []
        self.hashes = self.hashes_on(self.disk)
        self.operators = Operators(
            self.disk, LAYOUT, self.hashes, clock=self.clock, note=self._note
        )

    def hashes_on(self, disk: MemoryDisk) -> PinHashes:
        return PinHashes(disk, LAYOUT, clock=self.clock, pause=self.clock.advance)

    def _note(self, what: str, who: str) -> None:
        # Before the file says so: the log may tell of a change that was prevented, never miss one.
        self.notes.append((what, who))

    def staffed(self) -> Shop:
        replace_file(self.disk, LAYOUT.operators, operators_json(), scratch="/shop/scratch")
        return self


def test_an_operator_who_was_added_is_proved_by_his_pin_alone() -> None:
    shop = Shop()
    added = shop.operators.add("7", name="Dora", role=Role.CASHIER, pin="4711")
    assert added == Operator("7", "Dora", Role.CASHIER, True)
    assert shop.operators.check("7", "4711") == (added, True)
    assert shop.operators.check("7", "4712") == (added, False)
    assert shop.operators.check("8", "4711") == (None, False)
    assert shop.notes == [("operator_added", "7 cashier")]


def test_a_pin_is_kept_as_argon2id_of_eight_mebibytes_and_one_thread() -> None:
    shop = Shop()
    shop.operators.add("7", name="Dora", role=Role.CASHIER, pin="4711")
    data = read_file(shop.disk, LAYOUT.operators, 1 << 20)
    assert data is not None and b"4711" not in data
    (kept,) = json.loads(data)["operators"]
    assert kept["pin"].startswith("$argon2id$v=19$m=8192,t=12,p=1$")


def test_two_operators_with_one_pin_have_different_hashes() -> None:
    hashes = Shop().hashes
    assert hashes.of("4711") != hashes.of("4711")


def test_role_pin_and_activity_change_one_by_one() -> None:
    shop = Shop().staffed()
    assert shop.operators.set_role(ANNA, Role.SUPERVISOR).role is Role.SUPERVISOR
    shop.operators.set_pin(ANNA, "9876")
    assert shop.operators.check(ANNA, PINS[ANNA])[1] is False
    assert shop.operators.check(ANNA, "9876")[1] is True
    assert shop.operators.set_active(ANNA, False).active is False
    assert shop.operators.check(ANNA, "9876")[1] is False
    assert shop.operators.set_active(ANNA, True).active is True
    assert shop.operators.check(ANNA, "9876")[1] is True
    assert [one.number for one in operators_of(shop.disk, LAYOUT)] == [ANNA, BO, CLEO]
    assert [what for what, _ in shop.notes] == [
        "operator_role", "operator_pin", "operator_disabled", "operator_enabled"
    ]  # fmt: skip


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    shop = Shop().staffed()
    before = shop.operators.all()
    add = shop.operators.add
    for refused in (
        lambda: add(ANNA, name="Twice", role=Role.CASHIER, pin="1234"),
        lambda: add("abc", name="Name", role=Role.CASHIER, pin="1234"),
        lambda: add("9", name="Name", role=Role.CASHIER, pin="12"),
        lambda: shop.operators.set_role("9", Role.CASHIER),
        lambda: shop.operators.set_active(CLEO, False),
        lambda: shop.operators.set_role(CLEO, Role.CASHIER),
    ):
        with pytest.raises(BadInput):
            refused()
    assert shop.operators.all() == before
    assert shop.notes == []


def test_the_last_manager_may_go_once_there_is_another() -> None:
    shop = Shop().staffed()
    shop.operators.set_role(BO, Role.MANAGER)
    assert shop.operators.set_active(CLEO, False).active is False


def test_changes_at_the_same_time_are_all_kept() -> None:
    shop = Shop().staffed()
    clock = SystemClock()
    disk = MeetingDisk(shop.disk.process(), LAYOUT.operators)
    operators = Operators(disk, LAYOUT, PinHashes(disk, LAYOUT, clock=clock), clock=clock)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: operators.set_role(number, Role.MANAGER), (ANNA, BO)))
    assert [one.role for one in shop.operators.all()] == [Role.MANAGER] * 3


def test_a_third_hash_at_once_waits_its_turn() -> None:
    shop = Shop().staffed()
    others = shop.disk.process()
    with ExitStack() as held:
        for turn in ("pin_1", "pin_2"):
            lock = OperationLock(others, LAYOUT.operation_lock(turn), clock=shop.clock)
            held.enter_context(lock)
        with pytest.raises(Contention, match="PINs"):
            shop.operators.check(ANNA, PINS[ANNA])
    assert shop.operators.check(ANNA, PINS[ANNA])[1] is True


def test_one_turn_that_is_free_is_enough() -> None:
    shop = Shop().staffed()
    path = LAYOUT.operation_lock("pin_1")
    with OperationLock(shop.disk.process(), path, clock=shop.clock):
        assert shop.operators.check(ANNA, PINS[ANNA])[1] is True


def test_the_operators_of_another_user_are_nobodys() -> None:
    shop = Shop()
    till = shop.disk.process(uid=1002)
    replace_file(till, LAYOUT.operators, operators_json(), scratch="/shop/scratch")
    with pytest.raises(BadConfiguration, match="of user 1002"):
        shop.operators.check(CLEO, PINS[CLEO])
