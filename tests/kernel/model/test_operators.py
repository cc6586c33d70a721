"""Roles, numbers and PINs that can be one, and who may sign on, off and take over."""

from __future__ import annotations

import pytest

from kernel.errors import BadInput, SaleRefused
from kernel.model.entries import CardRequest, SaleBegun, Stamp
from kernel.model.ledger import Ledger
from kernel.model.operators import (
    Role,
    decide_hand_over,
    decide_lock,
    decide_sign_off,
    decide_sign_on,
    decide_unlock,
    operator_number,
    pin_digits,
    refuse_locked,
    wait_s,
)
from kernel.model.staff import SignedOn
from kernel.model.till_entries import OperatorChange


def at_the_till(operator: str, *, locked: bool = False) -> Ledger:
    ledger = Ledger()
    ledger.staff.signed_on = SignedOn(operator, 0, locked)
    return ledger


def with_a_sale(ledger: Ledger) -> Ledger:
    ledger.apply(SaleBegun(tx=1, operator="0001", store="S", currency="EUR"), Stamp(lsn=1))
    return ledger


def test_each_role_may_do_what_those_below_it_may() -> None:
    covered = [[role.covers(needed) for needed in Role] for role in Role]
    assert covered == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize("value", ["", "12345678901", "4111111111111111", "a1", "١", " 1", None])
def test_what_is_no_operator_number_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        operator_number(value)


@pytest.mark.parametrize("value", ["123", "1" * 13, "12a4", "", "١٢٣٤", None])
def test_what_can_be_no_pin_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(BadInput) as refused:
        pin_digits(value)
    assert not value or str(value) not in str(refused.value)


def test_three_wrong_pins_are_free_and_then_the_wait_doubles_up_to_five_minutes() -> None:
    assert [wait_s(failures) for failures in range(11)] == [
        0, 0, 0, 5, 10, 20, 40, 80, 160, 300, 300,
    ]  # fmt: skip
    assert wait_s(10**9) == 300


def test_one_signs_on_where_nobody_is() -> None:
    assert decide_sign_on(Ledger(), "0001") == OperatorChange(how="sign_on", operator="0001")
    with pytest.raises(SaleRefused, match="0002 is signed on"):
        decide_sign_on(at_the_till("0002"), "0001")


def test_nobody_signs_off_with_a_sale_open() -> None:
    assert decide_sign_off(at_the_till("0001")).how == "sign_off"
    with pytest.raises(SaleRefused, match="open"):
        decide_sign_off(with_a_sale(at_the_till("0001")))
    with pytest.raises(SaleRefused, match="nobody"):
        decide_sign_off(Ledger())


def test_a_till_is_not_locked_while_a_card_is_asked() -> None:
    ledger = with_a_sale(at_the_till("0001"))
    assert decide_lock(ledger).how == "lock"
    ledger.apply(CardRequest(tx=1, amount_minor=5), Stamp(lsn=2))
    with pytest.raises(SaleRefused, match="card"):
        decide_lock(ledger)


def test_a_locked_till_begins_no_sale_and_is_not_locked_again() -> None:
    locked = at_the_till("0001", locked=True)
    with pytest.raises(SaleRefused, match="locked by operator 0001"):
        refuse_locked(locked)
    with pytest.raises(SaleRefused, match="already"):
        decide_lock(locked)
    refuse_locked(at_the_till("0001"))
    refuse_locked(Ledger())


def test_only_who_locked_the_till_unlocks_it() -> None:
    assert decide_unlock(at_the_till("0001", locked=True), "0001").how == "unlock"
    with pytest.raises(SaleRefused, match="who alone unlocks"):
        decide_unlock(at_the_till("0001", locked=True), "0002")
    with pytest.raises(SaleRefused, match="not locked"):
        decide_unlock(at_the_till("0001"), "0001")


@pytest.mark.parametrize(
    ("locked", "role", "approved", "may"),
    [
        (False, Role.CASHIER, False, True),
        (True, Role.CASHIER, False, False),
        (True, Role.CASHIER, True, True),
        (True, Role.SUPERVISOR, False, True),
    ],
)
def test_a_locked_till_goes_to_a_supervisor_or_by_approval(
    locked: bool, role: Role, approved: bool, may: bool
) -> None:
    ledger = at_the_till("0001", locked=locked)
    if not may:
        with pytest.raises(SaleRefused, match="must approve"):
            decide_hand_over(ledger, "0002", role=role, approved=approved)
        return
    change = decide_hand_over(ledger, "0002", role=role, approved=approved)
    assert change == OperatorChange(how="hand_over", operator="0001", to="0002")


def test_nobody_hands_over_to_himself_or_where_nobody_is() -> None:
    with pytest.raises(SaleRefused, match="already"):
        decide_hand_over(at_the_till("0001"), "0001", role=Role.MANAGER, approved=True)
    with pytest.raises(SaleRefused, match="nobody"):
        decide_hand_over(Ledger(), "0001", role=Role.MANAGER, approved=True)
