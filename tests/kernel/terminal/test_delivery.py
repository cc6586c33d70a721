"""Messages that are refused, that fail, and that kill who takes them."""

from __future__ import annotations

import pytest

from kernel import BadInput, SaleRefused
from kernel.codec.messages import Message
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Attempted
from kernel.terminal.delivery import ATTEMPTS_LIMIT, Decided, Handler
from tests.support.posts import Shop, acts_of, applied_notes, deliver_all, events, note

BODY = {"n": 1}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def refuses(message: Message, ledger: Ledger) -> Decided:
    raise SaleRefused("not now")


def cannot_read(message: Message, ledger: Ledger) -> Decided:
    raise BadInput("nonsense")


@pytest.mark.parametrize(("handler", "reason"), [(refuses, "not now"), (cannot_read, "nonsense")])
def test_a_refusal_is_logged_and_told_with_its_reason(
    shop: Shop, handler: Handler, reason: str
) -> None:
    a, b = shop.start("A"), shop.start("B", handlers={"note": handler})
    sent = a.send("B", "note", BODY, 60)
    deliver_all(b, a)
    (ack,) = a.wait_acks(sent, 0)
    assert (ack.result, ack.reason) == ("refused", reason)
    assert shop.inbox == shop.cleanup == []
    assert not events(shop, "B")


def test_a_type_that_nobody_knows_is_refused_kept_and_named(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    sent = a.send("B", "dance", BODY, 60)
    deliver_all(b, a)
    (ack,) = a.wait_acks(sent, 0)
    assert ack.result == "refused" and "dance" in ack.reason
    assert len(shop.cleanup) == 1
    (event,) = events(shop, "B")
    assert "dance" in (event.detail or "")


def test_a_handler_that_fails_is_tried_three_times_then_the_message_is_refused(shop: Shop) -> None:
    begun: list[str] = []

    def handler(message: Message, ledger: Ledger) -> Decided:
        begun.append(message.id)
        raise KeyError("a bug")

    a = shop.start("A")
    b = shop.start("B", handlers={"bad": handler, "note": note})
    bad = a.send("B", "bad", BODY, 600)
    a.send("B", "note", {"n": 2}, 600)
    b.postman.deliver()
    assert applied_notes(shop.disk, "B") == [], "what the sender sent later waits"
    deliver_all(b, a)
    assert begun == [bad.id] * ATTEMPTS_LIMIT
    (ack,) = a.wait_acks(bad, 0)
    assert ack.result == "refused" and "3 times" in ack.reason
    assert applied_notes(shop.disk, "B") == ['{"n":2}']
    assert len(shop.cleanup) == 1
    shop.clock.advance(61)
    deliver_all(b)
    assert "KeyError" in (events(shop, "B")[0].detail or "")
    assert events(shop, "B")[-1].count >= 1


def test_others_do_not_wait_for_a_sender_whose_message_fails(shop: Shop) -> None:
    def handler(message: Message, ledger: Ledger) -> Decided:
        if message.sender == "A":
            raise KeyError("a bug")
        return note(message, ledger)

    a, c, b = shop.start("A"), shop.start("C"), shop.start("B", handlers={"note": handler})
    a.send("B", "note", BODY, 600)
    c.send("B", "note", {"n": 2}, 600)
    b.postman.deliver()
    assert applied_notes(shop.disk, "B") == ['{"n":2}']


def test_a_message_that_kills_the_process_is_begun_three_times_and_costs_the_others_one(
    shop: Shop,
) -> None:
    class Killed(BaseException):
        pass

    begun: list[str] = []

    def handler(message: Message, ledger: Ledger) -> Decided:
        begun.append(bytes(message.body).decode())
        if message.sender == "A" and begun[-1] == '{"n":1}':
            raise Killed
        return note(message, ledger)

    a, c = shop.start("A"), shop.start("C")
    disk = shop.disk.process()
    b = shop.start("B", disk=disk, handlers={"note": handler})
    for n in range(3):
        a.send("B", "note", {"n": n}, 600)
        c.send("B", "note", {"n": 10 + n}, 600)
    deaths = 0
    for _ in range(10):
        try:
            deliver_all(b)
            break
        except Killed:
            deaths += 1
            disk.kill()
            disk = shop.disk.process()
            b = shop.start("B", disk=disk, handlers={"note": handler})
    assert deaths == ATTEMPTS_LIMIT
    notes = applied_notes(shop.disk, "B")
    assert [one for one in notes if len(one) == 7] == ['{"n":0}', '{"n":2}']
    assert [one for one in notes if len(one) == 8] == ['{"n":10}', '{"n":11}', '{"n":12}']
    assert begun.count('{"n":12}') == 1


def test_attempts_of_messages_that_wait_together_cost_one_entry(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    for n in range(10):
        a.send("B", "note", {"n": n}, 60)
    deliver_all(b)
    assert len([act for act in acts_of(shop.disk, "B") if isinstance(act, Attempted)]) == 1
