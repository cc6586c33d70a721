"""Messages between two tills: sent once logged, in effect once, answered when durable."""

from __future__ import annotations

import os
import threading
from errno import ENOSPC
from pathlib import Path

import pytest

from kernel import BadInput, SaleRefused, Terminal
from kernel.codec.messages import FileName, Message, encode_message
from kernel.errors import Stopped
from kernel.model.ledger import Ledger
from kernel.model.mail import RECEIVED, SENT_KEPT, Answer
from kernel.model.till_entries import Acknowledged, Applied, Attempted, Event, MessageSent
from kernel.terminal.delivery import ATTEMPTS_LIMIT, Decided, Handler
from tests.support.faults import Fails, FaultyDisk
from tests.support.posts import Shop, acts_of, applied_notes, deliver_all, note

BODY = {"n": 1}


@pytest.fixture
def shop() -> Shop:
    return Shop()


def events(shop: Shop, terminal: str) -> list[Event]:
    found = [act for act in acts_of(shop.disk, terminal) if isinstance(act, Event)]
    return [act for act in found if act.what == "message_set_aside"]


def test_a_message_takes_effect_once_and_is_answered_and_nothing_is_left(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    sent = a.send("B", "note", BODY, 60)
    assert len(shop.inbox) == 1
    deliver_all(a, b)
    assert applied_notes(shop.disk, "B") == ['{"n":1}']
    (ack,) = a.wait_acks(sent, 0)
    assert (ack.terminal, ack.result) == ("B", "applied")
    assert shop.inbox == shop.broadcasts == shop.cleanup == []
    assert a.journal.read(lambda ledger: ledger.mail.sent) == {}


def test_effect_and_id_stand_in_one_entry(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    sent = a.send("B", "note", BODY, 60)
    deliver_all(b)
    (effect,) = [act for act in acts_of(shop.disk, "B") if isinstance(act, Event)]
    assert effect.applied == sent.id


def test_a_broadcast_takes_effect_at_all_others_and_stays_until_it_expires(shop: Shop) -> None:
    a, b, c = shop.start("A"), shop.start("B"), shop.start("C")
    sent = a.send("*", "note", BODY, 60)
    deliver_all(b, c, a)
    assert {ack.terminal: ack.result for ack in a.wait_acks(sent, 0)} == {
        "B": "applied",
        "C": "applied",
    }
    assert [len(applied_notes(shop.disk, name)) for name in ("A", "B", "C")] == [0, 1, 1]
    d = shop.start("D")
    deliver_all(d)
    assert len(applied_notes(shop.disk, "D")) == 1, "who comes later gets it too"
    assert len(shop.broadcasts) == 1
    shop.clock.advance(61)
    deliver_all(b, c, a, d)
    assert shop.broadcasts == shop.cleanup == []


def test_messages_take_effect_in_the_order_in_which_they_were_sent(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    for n in range(150):
        a.send("*" if n % 7 == 0 else "B", "note", {"n": n}, 60)
    deliver_all(b)
    assert applied_notes(shop.disk, "B") == [f'{{"n":{n}}}' for n in range(150)]


def test_a_message_without_entries_of_its_own_is_taken_note_of(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B", handlers={"ping": lambda message, ledger: Decided()})
    sent = a.send("B", "ping", {}, 60)
    deliver_all(b)
    (applied,) = [act for act in acts_of(shop.disk, "B") if isinstance(act, Applied)]
    assert (applied.applied, applied.sender, applied.result) == (sent.id, "A", "applied")


def test_the_follow_up_comes_after_the_effect_and_before_the_answer(shop: Shop) -> None:
    seen: list[tuple[int, list[str]]] = []

    def handler(message: Message, ledger: Ledger) -> Decided:
        return Decided(
            (Event(what="note", detail="x"),),
            follow_up=lambda: seen.append((len(applied_notes(shop.disk, "B")), shop.inbox)),
        )

    a, b = shop.start("A"), shop.start("B", handlers={"note": handler})
    sent = a.send("B", "note", BODY, 60)
    deliver_all(b)
    assert seen == [(1, [f"B_{sent.id}.json"])]


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


# --- poison ------------------------------------------------------------------------------------


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


# --- once ----------------------------------------------------------------------------------------


def test_a_message_that_comes_again_is_answered_again_and_has_no_second_effect(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    sent = a.send("B", "note", BODY, 600)
    path = os.path.join(shop.layout.terminal_inbox, f"B_{sent.id}.json")
    data = shop.disk.pread(shop.disk.open(path, os.O_RDONLY), 1 << 16, 0)
    for _ in range(3):
        deliver_all(b)
        shop.put(path, data)
    deliver_all(b)
    assert len(applied_notes(shop.disk, "B")) == 1
    assert len([name for name in shop.inbox if name.startswith("A_")]) == 1, "one answer"


def test_a_restarted_receiver_knows_what_it_applied(shop: Shop) -> None:
    a, disk = shop.start("A"), shop.disk.process()
    b = shop.start("B", disk=disk)
    sent = a.send("*", "note", BODY, 600)
    deliver_all(b)
    b.stop()
    b = shop.start("B")
    deliver_all(b)
    assert len(applied_notes(shop.disk, "B")) == 1
    deliver_all(a)
    assert [ack.terminal for ack in a.wait_acks(sent, 0)] == ["B"]


def test_a_restarted_sender_puts_out_what_is_logged_and_not_answered(shop: Shop) -> None:
    disk = shop.disk.process()
    a, b = shop.start("A", disk=disk), shop.start("B")
    sent = [a.send(to, "note", {"n": n}, 600) for n, to in enumerate(("B", "*", "B"))]
    disk.kill()
    for directory in (shop.layout.terminal_inbox, shop.layout.broadcast):
        for name in shop.disk.listdir(directory):
            shop.disk.unlink(os.path.join(directory, name))
    a = shop.start("A")
    deliver_all(a, b)
    assert applied_notes(shop.disk, "B") == [f'{{"n":{n}}}' for n in range(3)]
    assert [one.id for one in sent if not a.wait_acks(one, 0)] == []


def test_an_answered_message_is_not_put_out_again(shop: Shop) -> None:
    disk = shop.disk.process()
    a, b = shop.start("A", disk=disk), shop.start("B")
    a.send("B", "note", BODY, 600)
    deliver_all(b)
    disk.kill()
    a = shop.start("A")
    a.postman.deliver()
    assert shop.inbox == []


def test_an_expired_message_has_no_effect_and_is_named(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    a.send("B", "note", BODY, 1)
    shop.clock.advance(2)
    deliver_all(b)
    assert applied_notes(shop.disk, "B") == []
    (event,) = events(shop, "B")
    assert "expired" in (event.detail or "")
    assert len(shop.cleanup) == 1


def test_answers_are_logged_once_and_forged_ones_are_not(shop: Shop) -> None:
    a, b, c = shop.start("A"), shop.start("B"), shop.start("C")
    sent = a.send("B", "note", BODY, 600)
    deliver_all(b)
    (name,) = shop.inbox
    path = os.path.join(shop.layout.terminal_inbox, name)
    data = shop.disk.pread(shop.disk.open(path, os.O_RDONLY), 1 << 16, 0)
    deliver_all(a)
    shop.put(path, data)
    deliver_all(a)
    assert len([act for act in acts_of(shop.disk, "A") if isinstance(act, Acknowledged)]) == 1
    wrong = c.postman._delivery.ack(sent.id, "A", shop.clock.wall_ms() + 999, Answer("refused"))
    shop.put(
        os.path.join(shop.layout.terminal_inbox, str(FileName.of(wrong))), encode_message(wrong)
    )
    deliver_all(a)
    assert [ack.result for ack in a.wait_acks(sent, 0)] == ["applied"]


def test_received_promises_a_later_answer_also_after_the_log_is_closed(shop: Shop) -> None:
    held: list[Message] = []

    def handler(message: Message, ledger: Ledger) -> Decided:
        return Decided(result=RECEIVED, follow_up=lambda: held.append(message))

    a, b = shop.start("A"), shop.start("B", handlers={"errand": handler})
    sent = a.send("B", "errand", {}, 600)
    deliver_all(b, a)
    assert [ack.result for ack in a.wait_acks(sent, 0)] == ["received"]
    b.stop()
    b.postman.acknowledge(held[0], Answer("applied"))
    deliver_all(a)
    assert [ack.result for ack in a.wait_acks(sent, 0)] == ["applied"]


# --- bounds and faults -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "kind", "lifetime_s"),
    [
        ("../x", "note", 60),
        ("", "note", 60),
        ("B", "ack", 60),
        ("B", "No", 60),
        ("B", "note", 0),
        ("B", "note", -1),
        ("B", "note", 8 * 86_400),
        ("B", "note", float("nan")),
        ("B", "note", float("inf")),
    ],
)
def test_what_can_t_be_sent_is_refused_and_not_logged(
    shop: Shop, to: str, kind: str, lifetime_s: float
) -> None:
    a = shop.start("A")
    shop.start("B")
    with pytest.raises(BadInput):
        a.send(to, kind, BODY, lifetime_s)
    assert not [act for act in acts_of(shop.disk, "A") if isinstance(act, MessageSent)]


def test_a_terminal_that_the_shop_does_not_have_is_refused(shop: Shop) -> None:
    with pytest.raises(SaleRefused, match="no terminal NOBODY"):
        shop.start("A").send("NOBODY", "note", BODY, 60)


def test_who_sends_faster_than_the_others_answer_is_held_back(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    for n in range(SENT_KEPT):
        a.send("B", "note", {"n": n}, 60)
    with pytest.raises(SaleRefused, match="wait for their answers"):
        a.send("B", "note", BODY, 60)
    deliver_all(b, a)
    a.send("B", "note", BODY, 60)
    assert len(applied_notes(shop.disk, "B")) == SENT_KEPT


def test_a_message_that_finds_no_space_goes_out_later_and_in_order() -> None:
    """At each call of putting it out; the log's own calls come before."""
    for call, number in (("open", 1), ("pwrite", 3), ("fsync", 1), ("rename", 1)):
        before = sender_of(Shop())[1].calls[call]
        shop = Shop()
        a, disk = sender_of(shop, Fails(call, before + number, ENOSPC, last=before + number))
        b = shop.start("B")
        a.send("B", "note", {"n": 1}, 60)
        assert disk.calls[call] == before + number and shop.inbox == [], call
        a.send("B", "note", {"n": 2}, 60)
        deliver_all(a, b)
        assert applied_notes(shop.disk, "B") == ['{"n":1}', '{"n":2}']


def sender_of(shop: Shop, *plan: Fails) -> tuple[Terminal, FaultyDisk]:
    shop.start("B").stop()
    disk = FaultyDisk(shop.disk.process(), *plan)
    return shop.start("A", disk=disk), disk


def test_a_flood_of_garbage_is_one_entry_a_minute(shop: Shop) -> None:
    a = shop.start("A")
    for second in range(61):
        for n in range(20):
            shop.put(os.path.join(shop.layout.broadcast, f"garbage {second} {n}\n"), b"x")
        a.postman.deliver()
        shop.clock.advance(1)
    assert [event.count for event in events(shop, "A")] == [20, 20 * 60]
    assert all(len(event.detail or "") < 1_000 for event in events(shop, "A"))
    assert "garbage 0 " in (events(shop, "A")[0].detail or "")


def test_after_the_stop_nothing_is_sent(shop: Shop) -> None:
    a = shop.start("A")
    a.stop()
    with pytest.raises(Stopped):
        a.send("*", "note", BODY, 60)
    assert shop.broadcasts == []


def test_attempts_of_messages_that_wait_together_cost_one_entry(shop: Shop) -> None:
    a, b = shop.start("A"), shop.start("B")
    for n in range(10):
        a.send("B", "note", {"n": n}, 60)
    deliver_all(b)
    assert len([act for act in acts_of(shop.disk, "B") if isinstance(act, Attempted)]) == 1


# --- real tills, with threads and bells ----------------------------------------------------------


def test_two_running_tills_answer_by_themselves(data_dir: Path) -> None:
    with (
        Terminal.start("A", data_dir) as a,
        Terminal.start("B", data_dir, handlers={"note": note}) as b,
    ):
        sent = a.send("B", "note", BODY, 60)
        assert [ack.result for ack in a.wait_acks(sent, 20)] == ["applied"]
        everybody = b.send("*", "dance", BODY, 60)
        assert [ack.result for ack in b.wait_acks(everybody, 20)] == ["refused"]


def test_a_bell_that_nobody_hears_costs_a_second_and_nothing_else(data_dir: Path) -> None:
    with (
        Terminal.start("A", data_dir) as a,
        Terminal.start("B", data_dir, handlers={"note": note}),
    ):
        for name in ("A", "B"):
            (data_dir / "terminals" / name / "doorbell").unlink()
        sent = a.send("B", "note", BODY, 60)
        assert [ack.result for ack in a.wait_acks(sent, 20)] == ["applied"]


def test_a_stopped_till_leaves_no_thread_no_descriptor_and_no_bell(data_dir: Path) -> None:
    Terminal.start("A", data_dir).stop()
    before = set(os.listdir("/proc/self/fd")), threading.active_count()
    Terminal.start("A", data_dir).stop()
    assert (set(os.listdir("/proc/self/fd")), threading.active_count()) == before
    assert not (data_dir / "terminals" / "A" / "doorbell").exists()


def test_a_handler_may_stop_its_till(data_dir: Path) -> None:
    stopped = threading.Event()
    b: Terminal

    def handler(message: Message, ledger: Ledger) -> Decided:
        def leave() -> None:
            b.stop("shutdown")
            stopped.set()

        return Decided(follow_up=leave)

    with Terminal.start("A", data_dir) as a:
        b = Terminal.start("B", data_dir, handlers={"errand": handler})
        sent = a.send("B", "errand", {}, 60)
        assert stopped.wait(20)
        assert [ack.result for ack in a.wait_acks(sent, 20)] == ["applied"]
