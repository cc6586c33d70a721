"""The console's figures, folded from audit lines, against what the tills say."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import AuditLine, Host, Report, Shop, Totals
from manager.alerts import Thresholds
from manager.day import Day
from manager.today import today_of
from tests.support.audited_day import told_day
from tests.support.audits import AuditedShop
from tests.support.tills import ROOT

TILLS = ("A", "B", "C")
DATE = 20260101
ACTS = st.lists(st.tuples(st.sampled_from(TILLS), st.integers(0, 999)), min_size=10, max_size=80)


def report_of(shop: AuditedShop, name: str) -> Report:
    return Shop(ROOT, Host(disk=shop.view(), boot_id="boot")).x_report(name)


def folded(lines: list[AuditLine], thresholds: Thresholds | None = None) -> Day:
    day = Day(thresholds, "EUR")
    day.take_all([line.text for line in lines])
    return day


@given(ACTS)
@settings(max_examples=25)
def test_figures_of_each_till_are_its_z_and_x_reports_by_currency(
    acts: list[tuple[str, int]],
) -> None:
    shop = AuditedShop(*TILLS)
    lines = told_day(shop, acts)
    day = folded(lines)
    takings: Counter[str] = Counter()
    for name in {name for name, _ in acts}:
        x = report_of(shop, name)
        assert day.tills[name].told.x_report() == x
        takings.update(x.perpetual_minor)
    today = today_of(day)
    assert {one: sums.total_minor for one, sums in today.totals.items() if sums.sales} == {
        one: minor for one, minor in takings.items() if today.totals[one].sales
    }
    for currency, quarters in today.quarters.items():
        assert sum(quarters.values()) == takings[currency]
    by_operator = Counter[str]()
    for one in today.operators:
        by_operator[one.currency] += one.takings_minor
    assert {c: by_operator[c] for c in takings} == dict(takings)


@given(ACTS, st.integers(0, 10_000))
@settings(max_examples=15)
def test_a_day_that_was_cut_and_told_again_is_the_same_day(
    acts: list[tuple[str, int]], seed: int
) -> None:
    lines = told_day(AuditedShop(*TILLS), acts)
    cut = Random(seed).randrange(len(lines) + 1)
    again = folded([*lines[:cut], *lines])
    assert today_of(again) == today_of(folded(lines))


def test_what_stands_in_no_x_report_is_counted_beside_it() -> None:
    acts = [0, 1, 2, 4, 17, 17, 5, 6]  # tea, two cups at another price, void, drawer twice, ...
    lines = told_day(AuditedShop("A"), [("A", number) for number in acts])
    counts = folded(lines).tills["A"].counts(DATE)
    assert counts.inputs == {"scan": 1, "key": 1} and counts.overrides == 1
    assert counts.voids == 1 and counts.no_sales == 2 and counts.items == 2
    assert counts.operators["0000"].sales == 1 and counts.operators["0002"].no_sales == 2
    assert counts.operators["0000"].takings_minor == {"EUR": 225}
    assert sum(counts.minutes["EUR"].values()) == 225


def test_the_average_basket_is_rounded_half_away_from_zero() -> None:
    lines = told_day(AuditedShop("A"), [("A", number) for number in (0, 1, 6, 0, 1, 5, 6)])
    today = today_of(folded(lines))
    assert today.totals["EUR"].total_minor == 475 and today.average_minor("EUR") == 238
    assert today.average_minor("CHF") == 0 and today.currency == "EUR"


@pytest.mark.parametrize(
    ("thresholds", "what"),
    [
        (Thresholds(no_sales=2), "no_sales"),
        (Thresholds(overrides=2), "overrides"),
        (Thresholds(voids_percent=5), "voids"),
    ],
)
def test_an_alert_comes_once_at_the_line_that_passed_the_threshold(
    thresholds: Thresholds, what: str
) -> None:
    acts = [0, *[1] * 20, 2, 2, 2, 2, 4, 1, 4, 17, 17, 17, 17, 6]
    lines = told_day(AuditedShop("A"), [("A", number) for number in acts])
    day = folded(lines, thresholds)
    (alert,) = day.alerts.values()
    counted = {"no_sales": "3 times", "overrides": "3 price", "voids": "2 of 25"}
    assert (alert.terminal, alert.what) == ("A", what) and counted[what] in alert.words
    before = folded([line for line in lines if line.lsn < lines_passed(lines, what)], thresholds)
    assert not before.alerts
    assert not folded(lines).alerts, "0 is never"


def lines_passed(lines: list[AuditLine], what: str) -> int:
    """The LSN of the line that is one too many."""
    event = {"no_sales": "drawer_opened", "overrides": "item_sold", "voids": "line_voided"}[what]
    found = [
        line.lsn
        for line in lines
        if line.event == event and (what != "overrides" or "override" in line.text)
    ]
    return found[1] if what == "voids" else found[2]


def test_lines_that_can_not_be_read_are_counted_and_passed_over() -> None:
    day = Day()
    assert day.take("{") is None and day.unreadable == 1
    assert today_of(day).totals == {} and today_of(day).average_minor("EUR") == 0


def test_training_is_in_no_figure() -> None:
    day = Day()
    head = '{"terminal":"A","epoch":1,"lsn":%d,"date":20260101,"at":"2026-01-01T09:00:00Z",'
    for lsn, said in enumerate(
        (
            '"event":"sale_begun","transaction":"A-T1","operator":"1","store":"S","currency":"EUR"}',
            '"event":"item_sold","transaction":"A-T1","operator":"1","total_minor":500}',
            '"event":"sale_closed","transaction":"A-T1","operator":"1","amount_minor":500,'
            '"commit":{"receipt":1,"total_minor":500}}',
        ),
        2,
    ):
        assert day.take(head % lsn + said) is not None
    assert today_of(day).totals.get("EUR", Totals()).sales == 0
    assert not day.tills["A"].counts(DATE).items and not day.tills["A"].counts(DATE).minutes
