"""What can't be sent, what must wait, and what goes out later."""

from __future__ import annotations

from errno import ENOSPC

import pytest

from kernel import BadInput, SaleRefused, Terminal
from kernel.errors import Stopped
from kernel.model.mail import SENT_KEPT
from kernel.model.till_entries import MessageSent, OperatorChange
from tests.support.faults import Fails, FaultyDisk
from tests.support.posts import Shop, acts_of, applied_notes, deliver_all

BODY = {"n": 1}


@pytest.fixture
def shop() -> Shop:
    return Shop()


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


def test_a_message_names_who_was_signed_on_where_it_was_sent(shop: Shop) -> None:
    a = shop.start("A")
    shop.start("B")
    a.send("B", "note", BODY, 60)
    a.journal.record(lambda ledger: (OperatorChange(operator="0007", how="sign_on"),))
    a.send("B", "note", BODY, 60)
    sent = [act for act in acts_of(shop.disk, "A") if isinstance(act, MessageSent)]
    assert [act.operator for act in sent] == [None, "0007"]


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


def test_after_the_stop_nothing_is_sent(shop: Shop) -> None:
    a = shop.start("A")
    a.stop()
    with pytest.raises(Stopped):
        a.send("*", "note", BODY, 60)
    assert shop.broadcasts == []
