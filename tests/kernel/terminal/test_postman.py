"""Messages between two tills: sent once logged, in effect once, answered when durable."""

from __future__ import annotations

import os
import threading
from errno import ENOSPC
from pathlib import Path

import pytest
from msgspec.structs import replace

from kernel import Terminal
from kernel.codec.frame import FRAME_LIMIT_BYTES
from kernel.codec.messages import FileName, Message, encode_message
from kernel.errors import DiskFull
from kernel.model.ledger import Ledger
from kernel.model.mail import RECEIVED, Answer
from kernel.model.till_entries import Acknowledged, Applied, Event
from kernel.terminal.delivery import Decided
from tests.support.faults import Fails, FaultyDisk
from tests.support.posts import Shop, acts_of, applied_notes, deliver_all, events, note

BODY = {"n": 1}


@pytest.fixture
def shop() -> Shop:
    return Shop()


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


def test_a_follow_up_that_fails_costs_neither_its_effect_nor_other_mail(shop: Shop) -> None:
    def fails() -> None:
        raise KeyError("a bug")

    def handler(message: Message, ledger: Ledger) -> Decided:
        return replace(note(message, ledger), follow_up=fails)

    a, c = shop.start("A"), shop.start("C")
    b = shop.start("B", handlers={"bad": handler, "note": note})
    sent = a.send("B", "bad", BODY, 600)
    c.send("B", "note", {"n": 2}, 600)
    deliver_all(b, a)
    assert sorted(applied_notes(shop.disk, "B")) == ['{"n":1}', '{"n":2}']
    assert [ack.result for ack in a.wait_acks(sent, 0)] == ["applied"]


def test_an_entry_that_can_not_be_kept_in_the_log_is_its_handler_s_fault(shop: Shop) -> None:
    def handler(message: Message, ledger: Ledger) -> Decided:
        return Decided((Event(what="note", detail="x" * (FRAME_LIMIT_BYTES + 1)),))

    a, b = shop.start("A"), shop.start("B", handlers={"note": handler})
    sent = a.send("B", "note", BODY, 600)
    deliver_all(b, a)
    (ack,) = a.wait_acks(sent, 0)
    assert (ack.result, ack.reason) == ("refused", "it failed 3 times")


def test_a_full_disk_keeps_a_message_waiting_and_is_no_fault_of_its_handler() -> None:
    effect = 0

    def handler(message: Message, ledger: Ledger) -> Decided:
        nonlocal effect
        effect = effect or disk.calls["pwrite"] + 1
        return note(message, ledger)

    def meet(*plan: Fails) -> tuple[Shop, Terminal, FaultyDisk]:
        shop = Shop()
        disk = FaultyDisk(shop.disk.process(), *plan)
        return shop, shop.start("B", disk=disk, handlers={"note": handler}), disk

    shop, b, disk = meet()
    shop.start("A").send("B", "note", BODY, 600)
    deliver_all(b)
    shop, b, disk = meet(Fails("pwrite", effect, ENOSPC, last=effect))
    shop.start("A").send("B", "note", BODY, 600)
    with pytest.raises(DiskFull):
        b.postman.deliver()
    assert applied_notes(shop.disk, "B") == []
    deliver_all(b)
    assert applied_notes(shop.disk, "B") == ['{"n":1}']
    shop.clock.advance(61)
    deliver_all(b)
    assert events(shop, "B") == []


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
