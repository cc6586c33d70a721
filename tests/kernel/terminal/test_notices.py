"""A notice stands in the log, with its sender, before anybody is shown it."""

from __future__ import annotations

import pytest

from kernel.model.till_entries import Event
from kernel.terminal.notices import NoticeText
from tests.support.posts import Shop, acts_of, deliver_all


def notices_of(shop: Shop, terminal: str) -> list[str]:
    acts = acts_of(shop.disk, terminal)
    return [act.detail or "" for act in acts if isinstance(act, Event) and act.what == "notice"]


def test_a_notice_is_logged_and_then_shown_with_its_sender() -> None:
    shop = Shop()
    a, b, c = (shop.start(name) for name in ("A", "B", "C"))
    a.send("*", "notice", NoticeText("closing at six"), 60)
    deliver_all(b, c)
    for till in (b, c):
        (notice,) = till.postman.notices.latest
        assert (notice.sender, notice.text) == ("A", "closing at six")
        assert notices_of(shop, till.id) == ["A: closing at six"]


def test_only_the_latest_are_kept_for_a_screen() -> None:
    shop = Shop()
    a, b = shop.start("A"), shop.start("B")
    for n in range(60):
        a.send("B", "notice", NoticeText(f"notice {n}"), 60)
    deliver_all(b)
    assert [notice.text for notice in b.postman.notices.latest] == [
        f"notice {n}" for n in range(10, 60)
    ]
    assert len(notices_of(shop, "B")) == 60


@pytest.mark.parametrize(
    "body", [{"text": ""}, {"text": "x" * 501}, {"text": "a\x1b[2J"}, {"text": 1}, {}, {"more": 1}]
)
def test_a_notice_that_could_steer_a_screen_is_refused(body: dict[str, object]) -> None:
    shop = Shop()
    a, b = shop.start("A"), shop.start("B")
    sent = a.send("B", "notice", body, 60)
    deliver_all(b, a)
    assert [ack.result for ack in a.wait_acks(sent, 0)] == ["refused"]
    assert b.postman.notices.latest == () and notices_of(shop, "B") == []
