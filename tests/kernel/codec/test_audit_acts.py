"""From a line of the audit log back to its entry."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import asdict

from kernel import BadInput
from kernel.codec.audit_acts import told_act
from kernel.model.till_entries import Seal, SegmentOpened
from tests.support.audited_day import told_day
from tests.support.audits import AuditedShop

NAME = "TILL"
LINE = (
    '{"terminal":"TILL","epoch":1,"lsn":9,"chain":"AAAAAAAAAAAAAAAAAAAAAA","date":20260101,'
    '"at":"2026-01-01T09:00:00.125Z",%s}'
)


def test_every_line_of_a_day_tells_the_entry_that_stands_in_the_log() -> None:
    shop, dice = AuditedShop(NAME), Random(7)
    lines = told_day(shop, [(NAME, dice.randrange(1_000)) for _ in range(400)])
    told = {one.stamp.lsn: one for one in map(told_act, [line.text for line in lines]) if one}
    compared = set()
    for entry in shop.tills[NAME].entries():
        if isinstance(entry.act, SegmentOpened | Seal):
            continue
        found = told[entry.stamp.lsn]
        own = {name: getattr(found.act, name) for name in entry.act.__struct_fields__}
        said = asdict(entry.act)
        for name in said:
            if name == "commit" and said[name] is not None:
                assert asdict(own[name]) == asdict(said[name])
            else:
                assert own[name] == said[name], name
        assert isinstance(found.act, type(entry.act))
        assert found.stamp.wall_ms == entry.stamp.wall_ms
        assert found.stamp.business_date == entry.stamp.business_date
        compared.add(type(entry.act).__name__)
    assert {"Line", "Tender", "CardOutcome", "SaleSuspended", "PeriodClosed"} <= compared


@pytest.mark.parametrize("event", ["message_sent", "log_segment_opened", "of_the_year_2030"])
def test_what_is_nothing_for_sums_is_passed_over(event: str) -> None:
    assert told_act(LINE % f'"event":"{event}"') is None


def test_a_number_below_zero_is_a_training_sale() -> None:
    told = told_act(LINE % '"event":"item_sold","transaction":"TILL-T7","total_minor":5')
    assert told is not None and told.act.tx == -7


@pytest.mark.parametrize(
    "said",
    [
        '"event":"item_sold","transaction":"TILL-0x7","total_minor":5',
        '"event":"item_sold","transaction":"TILL-","total_minor":5',
    ],
)
def test_a_line_that_was_made_up_is_refused(said: str) -> None:
    with pytest.raises(BadInput):
        told_act(LINE % said)


@pytest.mark.parametrize("line", ["", "{", '{"terminal":"TILL"', b"\xff"])
def test_what_is_no_line_is_refused(line: str | bytes) -> None:
    with pytest.raises(BadInput):
        told_act(line)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        told_act(
            (LINE % '"event":"drawer_opened","how":"no_sale","currency":"EUR"').replace(
                "2026-01-01T09:00:00.125Z", "yesterday"
            )
        )
