"""What a manager types after `/`, read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from kernel import AuditFilter, BadInput
from manager.audit_query import AuditQuery, parse_query


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def parsed(typed: str, currency: str = "EUR") -> AuditQuery:
    return parse_query(typed, currency, datetime(2026, 1, 31, 12, 0).astimezone())


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", AuditFilter()),
        ("till=register_01", AuditFilter(terminal="REGISTER_01")),
        ("kind=item_sold min=10.00", AuditFilter(kind="item_sold", min_minor=1_000)),
        ("max=5", AuditFilter(max_minor=500)),
        ('kind="Sale closed"', AuditFilter(kind="sale_closed")),
        (
            "from=9:30:05 to=09:30:59",
            AuditFilter(since="2026-01-31T08:30:05", until="2026-01-31T08:30:59"),
        ),
        ("from=2026-01-30T10:00:07", AuditFilter(since="2026-01-30T09:00:07")),
        (
            "from=10:00:30 to=10:00",
            AuditFilter(since="2026-01-31T09:00:30", until="2026-01-31T09:00"),
        ),
        ("op=0007 milk", AuditFilter(operator="0007", text="milk")),
        ("oat milk", AuditFilter(text="oat milk")),
        ('text="oat  milk"', AuditFilter(text="oat  milk")),
        ("from=09:30 to=9:45", AuditFilter(since="2026-01-31T08:30", until="2026-01-31T08:45")),
        ("from=2026-01-30", AuditFilter(since="2026-01-29T23:00")),
        ("to=2026-01-30", AuditFilter(until="2026-01-30T22:59")),
        ("from=2026-01-30T10:00", AuditFilter(since="2026-01-30T09:00")),
        ("A=b", AuditFilter(text="A=b")),
    ],
)
def test_words_narrow_down_and_the_rest_is_looked_for(typed: str, wanted: AuditFilter) -> None:
    assert parsed(typed).wanted == wanted


def test_a_date_is_another_file_and_the_day_of_bare_times() -> None:
    query = parsed("date=2026-01-05 from=10:00")
    assert query.business_date == 20260105 and query.wanted.since == "2026-01-05T09:00"
    assert query.typed == "date=2026-01-05 from=10:00"
    assert parsed("date=20260105").business_date == 20260105


def test_amounts_have_the_decimals_of_the_currency() -> None:
    assert parsed("min=10", "JPY").wanted.min_minor == 10
    assert parsed("min=1.5", "KWD").wanted.min_minor == 1_500


@pytest.mark.parametrize(
    "typed",
    [
        "tll=A",
        "till=../x",
        "min=ten",
        "min=1.005",
        "from=25:99",
        "from=yesterday",
        "date=2026-13-01",
        'text="open',
        "kind='",
        "text=",
        "min=10 max=9.99",
        "from=10:01 to=10:00",
        "from=10:00:30 to=10:00:29",
        "from=2026-01-31 to=2026-01-30",
        "from=10:00:61",
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_can(typed: str) -> None:
    with pytest.raises(BadInput):
        parsed(typed)
