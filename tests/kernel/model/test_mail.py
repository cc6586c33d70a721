"""Ids that carry their time, and the fold of a terminal's mail from its entries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from kernel.model.entries import Stamp
from kernel.model.ledger import Ledger
from kernel.model.mail import (
    APPLIED_KEPT,
    BYTES_KEPT,
    LIFETIME_LIMIT_MS,
    MESSAGE_ID,
    SENT_KEPT,
    Ack,
    Answer,
    Mail,
    SentMessage,
    created_ms_of,
    message_id,
)
from kernel.model.till_entries import Acknowledged, Applied, Attempted, Event, MessageSent

NOW_MS = 1_767_258_000_000
BODY = Raw(b"{}")
IDS = [message_id(NOW_MS, bytes([0] * 9 + [n])) for n in range(5)]


def folded(*acts: object, at_ms: int = NOW_MS) -> Mail:
    ledger = Ledger()
    for act in acts:
        ledger.apply(act, Stamp(wall_ms=at_ms))  # type: ignore[arg-type]
    return ledger.mail


def sent(number: int, to: str = "B") -> MessageSent:
    return MessageSent(
        order=number + 1,
        message=IDS[number],
        to=to,
        what="note",
        expires_ms=NOW_MS + 1000,
        body=BODY,
    )


@given(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_26_characters_and_tells_its_time(created_ms: int, chance: bytes) -> None:
    made = message_id(created_ms, chance)
    assert MESSAGE_ID.fullmatch(made)
    assert created_ms_of(made) == created_ms


@given(st.tuples(st.integers(0, (1 << 48) - 1), st.binary(min_size=10, max_size=10)))
def test_ids_sort_as_their_times_and_differ_as_their_chance(one: tuple[int, bytes]) -> None:
    later = (min(one[0] + 1, (1 << 48) - 1), bytes(10))
    assert (message_id(*one) < message_id(*later)) == (one < later)


def test_a_known_id_is_what_the_ulid_specification_makes_of_it() -> None:
    assert message_id(1_469_918_176_385, bytes(10)).startswith("01ARYZ6S41")


def test_a_sent_message_is_kept_until_its_terminal_has_answered_for_good() -> None:
    assert list(folded(sent(0)).sent) == [IDS[0]]
    received = Acknowledged(acks=(Ack(IDS[0], "B", "received"),))
    applied = Acknowledged(acks=(Ack(IDS[0], "B", "applied"),))
    assert folded(sent(0), received).sent[IDS[0]].acks["B"].result == "received"
    assert folded(sent(0), received, applied).sent == {}


def test_a_broadcast_is_kept_with_all_its_answers() -> None:
    acks = (Ack(IDS[0], "B", "applied"), Ack(IDS[0], "C", "refused", "no"))
    mail = folded(sent(0, to="*"), Acknowledged(acks=acks))
    assert mail.sent[IDS[0]].acks == {"B": acks[0], "C": acks[1]}


def test_an_answer_counts_once_and_only_from_whom_was_written_to() -> None:
    mail = folded(sent(0), sent(1, to="*"))
    assert mail.awaits(Ack(IDS[0], "B", "applied"))
    assert not mail.awaits(Ack(IDS[0], "C", "applied"))
    assert not mail.awaits(Ack(IDS[4], "B", "applied"))
    mail.acknowledge((Ack(IDS[1], "B", "applied"),))
    assert not mail.awaits(Ack(IDS[1], "B", "applied"))
    assert not mail.awaits(Ack(IDS[1], "B", "received")), "a later word never takes back"
    assert mail.awaits(Ack(IDS[1], "C", "received"))


def test_orders_rise_by_one_for_ever() -> None:
    assert folded(sent(0), sent(1)).next_order == 3


def test_expired_messages_leave_the_ledger() -> None:
    mail = Mail()
    for number in range(64):
        one = SentMessage(number + 1, "B", "note", BODY, NOW_MS + 1)
        mail.send(message_id(NOW_MS, number.to_bytes(10)), one, NOW_MS)
    mail.send(IDS[0], SentMessage(65, "B", "note", BODY, NOW_MS + 9), NOW_MS + 2)
    assert list(mail.sent) == [IDS[0]]


def test_what_waits_for_answers_is_bounded_by_number_and_by_size() -> None:
    mail = Mail()
    for number in range(SENT_KEPT):
        assert mail.room(BODY, NOW_MS)
        one = SentMessage(number + 1, "B", "note", BODY, NOW_MS + 1)
        mail.send(message_id(NOW_MS, number.to_bytes(10)), one, NOW_MS)
    assert not mail.room(BODY, NOW_MS)
    assert mail.room(BODY, NOW_MS + 1), "what has expired takes no room"
    heavy = Mail()
    heavy.send(IDS[0], SentMessage(1, "B", "note", Raw(b"x" * BYTES_KEPT), NOW_MS + 1), NOW_MS)
    assert not heavy.room(BODY, NOW_MS)


def test_the_effect_of_a_message_is_known_by_its_id_whatever_kind_of_entry_it_is() -> None:
    mail = folded(
        Attempted(messages=(IDS[0], IDS[1], IDS[2])),
        Event(what="note", applied=IDS[0]),
        Applied(sender="A", result="refused", reason="no", applied=IDS[1]),
    )
    assert mail.applied == {IDS[0]: Answer("applied"), IDS[1]: Answer("refused", "no")}
    assert mail.attempts == {IDS[2]: 1}


def test_attempts_are_counted_until_the_message_had_its_effect() -> None:
    twice = (Attempted(messages=(IDS[0],)), Attempted(messages=(IDS[0],)))
    assert folded(*twice).attempts == {IDS[0]: 2}
    assert folded(*twice, Event(what="note", applied=IDS[0])).attempts == {}


def test_an_id_is_forgotten_when_no_message_of_that_time_can_be_alive() -> None:
    mail = Mail()
    for number in range(1023):
        mail.apply(message_id(NOW_MS, number.to_bytes(10)), Answer("applied"), NOW_MS)
    late_ms = NOW_MS + LIFETIME_LIMIT_MS
    assert len(mail.applied) == 1023
    mail.apply(message_id(late_ms, bytes(10)), Answer("applied"), late_ms)
    assert list(mail.applied) == [message_id(late_ms, bytes(10))]


def test_a_terminal_is_full_when_it_has_too_many_ids_that_may_come_again() -> None:
    mail = Mail()
    for number in range(APPLIED_KEPT - 1):
        mail.applied[message_id(NOW_MS, number.to_bytes(10))] = Answer("applied")
    assert not mail.full(NOW_MS)
    mail.applied[message_id(NOW_MS + 1, bytes(10))] = Answer("applied")
    assert mail.full(NOW_MS)
    assert not mail.full(NOW_MS + LIFETIME_LIMIT_MS)


def test_a_fork_goes_its_own_way() -> None:
    mail = folded(sent(0), Attempted(messages=(IDS[1],)))
    fork = mail.fork()
    assert fork == mail
    fork.acknowledge((Ack(IDS[0], "B", "applied"),))
    fork.apply(IDS[1], Answer("applied"), NOW_MS)
    assert mail == folded(sent(0), Attempted(messages=(IDS[1],)))
