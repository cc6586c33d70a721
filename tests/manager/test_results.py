"""What is said of an act in one row: while it is under way, and once it is over."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from kernel import BadInput, PublishedTo, Released, ShutdownState
from kernel.codec.shutdown import ShutdownOrder
from kernel.model.store_report import Unclosed, store_report
from kernel.terminal.shutdown import Leaving
from manager.audit_query import parse_query
from manager.results import short_of
from manager.times import business_date, when_text

NOW_MS = 1_767_258_000_000
ORDER = ShutdownOrder(
    id="1", by="MANAGER", ordered_ms=NOW_MS, deadline_ms=NOW_MS + 60_000, reason="end"
)
DAY_MS = 86_400_000


def leaving(**tills: str) -> ShutdownState:
    found = tuple(Leaving(name, state, None) for name, state in tills.items())
    return ShutdownState(order=ORDER, terminals=found)


@pytest.mark.parametrize(
    ("state", "after_s", "said"),
    [
        (leaving(A="open", B="out"), 10, "1 of 2 tills are out, 50 s left; waiting for A"),
        (leaving(A="open", B="out"), 61, "1 of 2 tills are out; STILL THERE: A"),
        (leaving(A="dead", B="out"), 10, "1 of 2 tills are out; DEAD: A"),
        (leaving(A="out", B="out"), 10, "2 of 2 tills are out"),
        (leaving(), 10, "no till was running"),
        (ShutdownState(order=ORDER, cancelled=True), 10, "cancelled (end); tills that are out"),
        (ShutdownState(order=None), 10, "no shutdown is under way"),
    ],
)
def test_a_shutdown_says_who_is_out_who_is_dead_and_who_is_still_there(
    state: ShutdownState, after_s: int, said: str
) -> None:
    shown = short_of(state, NOW_MS + after_s * 1000)
    assert shown == said or (state.cancelled and shown.startswith(said))


def test_a_day_that_is_being_closed_says_whom_it_waits_for() -> None:
    asked = store_report(20260101, (), [Unclosed(terminal="A", reason="asked")])
    off = store_report(20260101, (), [Unclosed(terminal="A", reason="it is off")])
    assert short_of(asked, NOW_MS) == "waiting for A"
    assert short_of(off, NOW_MS) == "0 Z, 1 not closed"


def test_a_configuration_for_later_is_known_and_one_in_force_is_gone_by() -> None:
    told = PublishedTo(
        version=3, sha256="", effective_ms=NOW_MS, running=("A", "B"), off=(), answers=()
    )
    assert short_of(told, NOW_MS) == "version 3: 0 of 2 running tills go by it"
    later = replace(told, effective_ms=NOW_MS + 3 * DAY_MS)
    said = short_of(later, NOW_MS)
    assert said.startswith("version 3: 0 of 2 running tills know it, in force from 2026-01-04 ")


def test_a_released_sale_names_its_ticket_as_the_tills_show_it() -> None:
    assert short_of(Released(ticket="434322796"), NOW_MS).endswith("ticket 434 322 796")


def test_a_time_of_another_day_has_its_date() -> None:
    assert len(when_text(NOW_MS, NOW_MS)) == len("09:00:00")
    assert when_text(NOW_MS + 3 * DAY_MS, NOW_MS).startswith("2026-01-04 ")


def test_a_date_without_its_noughts_is_that_date() -> None:
    assert business_date("2026-1-31", 0) == 20260131
    assert parse_query("date=2026-1-31", "EUR", datetime.now(UTC)).business_date == 20260131


@pytest.mark.parametrize("typed", ["2026-99-99", "20260230", "today", "2026"])
def test_a_date_that_is_none_is_refused(typed: str) -> None:
    assert business_date("2026-01-31", 0) == business_date("20260131", 0) == 20260131
    with pytest.raises(BadInput):
        business_date(typed, 0)
