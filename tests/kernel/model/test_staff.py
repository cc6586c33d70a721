"""What the log says about the people at a till: folded, bounded, and never refused."""

from __future__ import annotations

from kernel.model.entries import Act, Stamp
from kernel.model.ledger import Ledger
from kernel.model.staff import APPROVALS_KEPT, FAILED_KEPT, PIN_FAILED, FailedPins, SignedOn, Staff
from kernel.model.till_entries import Approval, ApprovalUsed, Event, OperatorChange, Started


def folded(*acts: Act) -> Staff:
    ledger = Ledger()
    for number, act in enumerate(acts, 1):
        ledger.apply(act, Stamp(lsn=number, wall_ms=number * 1000))
    return ledger.staff


def change(how: str, operator: str = "1", to: str | None = None) -> OperatorChange:
    return OperatorChange(how=how, operator=operator, to=to)


def wrong_pin(operator: str | None = "1") -> Event:
    return Event(what=PIN_FAILED, operator=operator)


def approval(token: str, *, by: str | None = None) -> Approval:
    return Approval(token=token, what="discount", operator="1", approver="2", by=by)


START = Started(
    epoch=1, incarnation="i", boot="b", pid=1, host="h", version="1", zone="UTC", durability="entry"
)


def test_an_operator_is_at_the_till_from_sign_on_to_sign_off() -> None:
    assert folded(change("sign_on")).signed_on == SignedOn("1", 1000)
    assert folded(change("sign_on"), change("lock")).signed_on == SignedOn("1", 1000, locked=True)
    unlocked = folded(change("sign_on"), change("lock"), change("unlock"))
    assert unlocked.signed_on == SignedOn("1", 1000)
    assert folded(change("sign_on"), change("sign_off")).signed_on is None


def test_a_hand_over_puts_the_other_there_unlocked() -> None:
    staff = folded(change("sign_on"), change("lock"), change("hand_over", to="2"))
    assert staff.signed_on == SignedOn("2", 3000)


def test_after_a_start_everybody_signs_on_again_and_old_approvals_are_gone() -> None:
    staff = folded(change("sign_on"), approval("t"), wrong_pin(), START)
    assert staff == Staff(failed_pins={"1": FailedPins(1, 3000)})


def test_wrong_pins_count_up_until_a_right_one() -> None:
    assert folded(wrong_pin(), wrong_pin()).failed_pins == {"1": FailedPins(2, 2000)}
    for right in (change("sign_on"), change("unlock"), change("hand_over", "9", "1")):
        assert folded(wrong_pin(), right).failed_pins == {}
    assert folded(wrong_pin("2"), approval("t")).failed_pins == {}


def test_no_wrong_pin_is_forgiven_by_what_needed_no_pin() -> None:
    assert folded(change("sign_on"), wrong_pin(), change("sign_off")).failed_pins
    assert folded(wrong_pin("2"), approval("t", by="MANAGER")).failed_pins
    assert folded(wrong_pin(), change("sign_on", "2"), Event(what="other")).failed_pins


def test_unknown_numbers_are_counted_together() -> None:
    assert folded(wrong_pin(None), wrong_pin(None)).failed_pins == {"": FailedPins(2, 2000)}


def test_an_approval_is_there_until_it_is_used_or_the_operator_changes() -> None:
    assert list(folded(approval("t"), approval("u")).approvals) == ["t", "u"]
    assert list(folded(approval("t"), approval("u"), ApprovalUsed(token="t")).approvals) == ["u"]
    assert folded(approval("t"), change("sign_on")).approvals == {}
    assert folded(change("sign_on"), approval("t"), change("sign_off")).approvals == {}


def test_what_is_kept_is_bounded_and_the_oldest_goes() -> None:
    failed = folded(*(wrong_pin(str(number)) for number in range(FAILED_KEPT + 1))).failed_pins
    given = folded(*(approval(str(number)) for number in range(APPROVALS_KEPT + 1))).approvals
    assert (len(failed), len(given)) == (FAILED_KEPT, APPROVALS_KEPT)
    assert "0" not in failed and "0" not in given


def test_a_fork_goes_its_own_way() -> None:
    ledger = Ledger()
    fork = ledger.fork()
    for act in (change("sign_on"), wrong_pin(), approval("t")):
        fork.apply(act, Stamp(lsn=1))
    assert ledger.staff == Staff()
    assert fork.staff != Staff()
