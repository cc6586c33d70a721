"""The end of the day: each till is asked, closes by itself or through its cashier, or is named.

MANAGER and tills of one shop in memory; mail is carried by hand.
"""

from __future__ import annotations

from errno import EIO
from typing import get_args

import pytest

from kernel import BadInput, CloseDay, Host, SaleRefused, StoreReport, Terminal
from kernel.codec.acts import AnyOrder
from kernel.codec.messages import Message, encode_body
from kernel.disk.files import read_file
from kernel.model.ledger import Ledger
from kernel.model.mail import message_id
from kernel.model.till_entries import PeriodClosed
from kernel.terminal.acting import Acting
from kernel.terminal.day import CLOSE_DAY, DayRequest
from kernel.terminal.store_day import StoreDay
from tests.support.faults import Fails, FaultyDisk
from tests.support.posts import LAYOUT, Shop, acts_of, deliver_all

TODAY = 20260101


class Store:
    """A manager and two tills."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.manager = self.shop.start("MANAGER", handlers={})
        self.tills = {name: self.shop.start(name) for name in ("T1", "T2")}
        self.acting = Acting(self.manager, LAYOUT, self.manager._host, "system")

    def close(self, *, rounds: int = 2) -> StoreReport:
        """What the manager's act says after so many rounds of mail."""
        left = rounds

        def go_on(so_far: object) -> bool:
            nonlocal left
            left -= 1
            deliver_all(*self.tills.values())
            return left >= 0

        report = self.acting.do(CloseDay(wait_s=60.0), go_on)
        assert isinstance(report, StoreReport)
        return report

    def sell(self, till: str, amount: int) -> None:
        sale = self.tills[till].begin("S1", "EUR", "0001")
        sale.add_line("TEA", 1, amount)
        sale.tender_cash(amount)


@pytest.fixture
def store() -> Store:
    return Store()


def closed_of(store: Store, till: str) -> list[PeriodClosed]:
    return [act for act in acts_of(store.shop.disk, till) if isinstance(act, PeriodClosed)]


def asked(till: Terminal) -> DayRequest | None:
    return till.day.asked


def test_tills_that_nobody_attends_close_by_themselves_and_are_summed(store: Store) -> None:
    store.sell("T1", 300)
    store.sell("T2", 50)
    report = store.close()
    assert [(one.terminal, one.z_number) for one in report.closed] == [("T1", 1), ("T2", 1)]
    assert report.unclosed == ()
    assert report.business_date == TODAY
    assert (report.totals["EUR"].sales, report.totals["EUR"].total_minor) == (2, 350)
    assert [act.operator for act in closed_of(store, "T1")] == ["MANAGER"]


def test_a_till_without_a_period_has_nothing_to_close(store: Store) -> None:
    store.sell("T1", 300)
    report = store.close()
    assert [one.terminal for one in report.closed] == ["T1"]
    assert report.unclosed == ()
    assert closed_of(store, "T2") == []


def test_a_till_with_an_open_sale_stays_open_and_says_which(store: Store) -> None:
    sale = store.tills["T1"].begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 300)
    report = store.close()
    (unclosed,) = report.unclosed
    assert unclosed.terminal == "T1"
    assert unclosed.reason == f"open: {sale.id}; finish or suspend them, then ask again"
    sale.tender_cash(300)
    again = store.close()
    assert (again.unclosed, again.totals["EUR"].total_minor) == ((), 300)


def test_a_cashier_counts_and_closes_and_the_z_is_the_answer(store: Store) -> None:
    till = store.tills["T1"]
    till.day.attended = lambda: True
    store.sell("T1", 300)
    waiting = store.close()
    assert [one.reason for one in waiting.unclosed] == ["it was asked and has not closed yet"]
    assert asked(till) == DayRequest(TODAY)

    till.count_drawer(290, "EUR", "0001")
    till.z_report("0001")
    assert asked(till) is None
    (z,) = closed_of(store, "T1")
    assert z.operator == "0001" and z.applied is not None
    deliver_all(store.manager)
    acks = store.manager.journal.read(lambda ledger: ledger.mail.sent[z.applied or ""].acks)
    assert acks["T1"].result == "applied"
    (till_z,) = store.close().closed
    assert (till_z.counted_minor, till_z.over_minor) == ({"EUR": 290}, {"EUR": -10})


def test_a_till_whose_cashier_was_asked_and_has_left_closes_by_itself(store: Store) -> None:
    till = store.tills["T1"]
    till.day.attended = lambda: True
    store.sell("T1", 300)
    store.close()
    assert asked(till) == DayRequest(TODAY)
    till.day.attended = lambda: False
    report = store.close()
    assert [one.terminal for one in report.closed] == ["T1"]
    assert asked(till) is None, "who comes next is not asked for what is done"


def test_a_z_that_nobody_asked_for_answers_nothing(store: Store) -> None:
    store.sell("T1", 300)
    store.tills["T1"].z_report("0001")
    (z,) = closed_of(store, "T1")
    assert z.applied is None
    report = store.close()
    assert [one.terminal for one in report.closed] == ["T1"], "it is of today all the same"


def test_all_z_reports_of_the_date_are_in_the_sum_and_no_other(store: Store) -> None:
    store.sell("T1", 1_000)
    store.tills["T1"].z_report("0001")
    store.shop.clock.date = TODAY + 1
    for amount in (1, 20):
        store.sell("T1", amount)
        store.tills["T1"].z_report("0001")
    sums = []
    for _day in range(2):
        report = store.close()
        numbers = [one.z_number for one in report.closed]
        sums.append((report.business_date, numbers, report.totals["EUR"].total_minor))
    assert sums == [(TODAY, [1], 1_000), (TODAY + 1, [2, 3], 21)]


def test_a_till_that_is_off_with_its_period_open_is_named(store: Store) -> None:
    store.sell("T2", 50)
    store.tills.pop("T2").stop()
    report = store.close()
    (unclosed,) = report.unclosed
    assert unclosed.terminal == "T2"
    assert unclosed.reason == "it is off with period 1 of 20260101 open; start it and close it"


def test_a_till_whose_z_can_not_be_read_is_named_and_the_others_are_summed(store: Store) -> None:
    for till, amount in (("T1", 300), ("T2", 50)):
        store.sell(till, amount)
    store.close()
    for name in ("T1", "T2"):
        store.tills.pop(name).stop()
    sealed = LAYOUT.terminal("T1").segment(1)
    data = read_file(store.shop.disk.process(), sealed, 1 << 20)
    assert data is not None
    store.shop.put(sealed, data.replace(b"TEA", b"TAE"))
    report = store.close()
    assert [one.terminal for one in report.closed] == ["T2"]
    (unclosed,) = report.unclosed
    assert unclosed.terminal == "T1" and "can't be read" in unclosed.reason


def test_a_log_that_the_disk_does_not_give_is_named_too(store: Store) -> None:
    store.sell("T1", 300)
    store.tills.pop("T1").stop()
    host = store.manager._host
    failing = FaultyDisk(store.shop.disk.process(), Fails("pread", 1, EIO))
    day = StoreDay(LAYOUT, Host(failing, host.clock, host.random_bytes, host.boot_id))
    unclosed = {one.terminal: one.reason for one in day.report(TODAY, (), ()).unclosed}
    assert unclosed["T1"] == "its log can't be read: Input/output error; see `posterm verify`"


def test_every_order_has_its_act(store: Store) -> None:
    assert set(store.acting._acts) == set(get_args(AnyOrder))


def test_the_same_message_again_closes_no_second_period(store: Store) -> None:
    store.sell("T1", 300)
    store.close()
    name = next(one for one in store.shop.broadcasts if one.startswith(CLOSE_DAY))
    store.sell("T1", 5)
    store.tills["T1"].stop()
    store.tills["T1"] = store.shop.start("T1")
    deliver_all(store.tills["T1"])
    assert name in store.shop.broadcasts
    assert len(closed_of(store, "T1")) == 1
    assert store.tills["T1"].x_report().period == 2


def request(store: Store, *, sender: str = "MANAGER", date: int = TODAY) -> Message:
    now_ms = store.shop.clock.wall_ms()
    return Message(
        format=1,
        id=message_id(now_ms, bytes(10)),
        sender=sender,
        to="*",
        order=1,
        kind=CLOSE_DAY,
        created_ms=now_ms,
        expires_ms=now_ms + 1,
        body=encode_body(DayRequest(date)),
    )


def test_only_the_manager_ends_the_day_and_none_that_is_yet_to_come(store: Store) -> None:
    handle = store.tills["T1"].day.handlers[CLOSE_DAY]
    with pytest.raises(SaleRefused, match="T2 is not MANAGER"):
        handle(request(store, sender="T2"), Ledger())
    with pytest.raises(SaleRefused, match="20260102 is yet to come"):
        handle(request(store, date=TODAY + 1), Ledger())
    with pytest.raises(BadInput, match="20260102 is yet to come"):
        store.acting.do(CloseDay(business_date=TODAY + 1), lambda so_far: True)


def test_a_shop_that_closes_after_midnight_closes_the_day_that_has_ended(store: Store) -> None:
    store.sell("T1", 300)
    store.sell("T2", 50)
    store.tills.pop("T2").stop()
    store.shop.clock.date = TODAY + 1
    assert store.acting.day_due() == TODAY
    report = store.close()
    assert report.business_date == TODAY
    assert [(one.terminal, one.totals["EUR"].total_minor) for one in report.closed] == [("T1", 300)]
    assert [one.terminal for one in report.unclosed] == ["T2"]
    assert store.acting.day_due() == TODAY, "T2's period is open"


def test_the_day_before_is_due_until_a_store_s_z_holds_all_its_z(store: Store) -> None:
    store.sell("T1", 300)
    store.sell("T2", 50)
    store.shop.clock.date = TODAY + 1
    store.tills["T1"].z_report("0001")
    store.tills["T2"].z_report("0001")
    store.sell("T1", 7)
    assert store.acting.day_due() == TODAY
    report = store.close()
    assert report.totals["EUR"].total_minor == 350
    assert closed_of(store, "T1")[1:] == [], "the period of the new day stays open"
    assert store.acting.day_due() == TODAY + 1
    assert store.close().totals["EUR"].total_minor == 7


def test_a_z_that_comes_after_the_store_s_z_makes_its_day_due_again(store: Store) -> None:
    store.sell("T1", 300)
    store.sell("T2", 50)
    sale = store.tills["T2"].begin("S1", "EUR", "0001")
    sale.add_line("TEA", 1, 1)
    store.shop.clock.date = TODAY + 1
    assert [one.terminal for one in store.close().unclosed] == ["T2"]
    sale.tender_cash(1)
    store.tills["T2"].z_report("0001")
    assert store.acting.day_due() == TODAY
    assert store.close().totals["EUR"].total_minor == 351
    assert store.acting.day_due() == TODAY + 1


def test_a_till_that_is_off_in_a_later_day_is_not_named_for_the_one_before(store: Store) -> None:
    store.sell("T1", 300)
    store.shop.clock.date = TODAY + 1
    store.sell("T2", 50)
    store.tills.pop("T2").stop()
    report = store.close()
    assert (report.business_date, report.unclosed) == (TODAY, ())


def test_a_till_that_is_gone_for_good_keeps_no_day_due_but_one_that_runs_does(store: Store) -> None:
    store.sell("T2", 50)
    store.tills.pop("T2").stop()
    store.shop.clock.date = TODAY + 2
    assert store.acting.day_due() == TODAY + 2
    store.tills["T2"] = store.shop.start("T2")
    assert store.acting.day_due() == TODAY
    assert store.close().totals["EUR"].total_minor == 50


def test_a_request_that_comes_late_closes_no_later_day(store: Store) -> None:
    store.shop.clock.date = TODAY + 1
    store.sell("T1", 300)
    store.shop.clock.date = TODAY
    report = store.acting.do(CloseDay(wait_s=0.0, business_date=TODAY), lambda so_far: True)
    deliver_all(*store.tills.values())
    assert isinstance(report, StoreReport)
    assert closed_of(store, "T1") == []


def test_a_till_with_an_older_day_open_says_to_close_that_first(store: Store) -> None:
    store.sell("T1", 300)
    store.shop.clock.date = TODAY + 1
    left = iter((True, False))

    def go_on(so_far: object) -> bool:
        deliver_all(*store.tills.values())
        return next(left)

    report = store.acting.do(CloseDay(wait_s=60.0, business_date=TODAY + 1), go_on)
    assert isinstance(report, StoreReport)
    assert [one.reason for one in report.unclosed] == [
        "period 1 is of 20260101; close that day first"
    ]
    assert closed_of(store, "T1") == []


def test_a_request_without_the_manager_s_signature_is_not_believed(store: Store) -> None:
    store.sell("T1", 300)
    thief: Terminal = store.tills["T2"]
    with pytest.raises(SaleRefused, match="only MANAGER signs"):
        thief.send("T1", CLOSE_DAY, DayRequest(TODAY), 60)
    deliver_all(store.tills["T1"])
    assert closed_of(store, "T1") == []
