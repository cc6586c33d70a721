"""A terminal as its audit lines tell it, against what it says itself."""

from __future__ import annotations

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kernel import Totals
from kernel.codec.audit_acts import ToldAct
from kernel.disk.history import read_log
from kernel.model.entries import Stamp
from kernel.model.ledger import Ledger
from kernel.model.reports import x_report
from kernel.model.till_entries import Event, PeriodClosed
from kernel.terminal.retold import RetoldTerminal
from tests.support.audited_day import told_day
from tests.support.audits import LAYOUT, AuditedShop

NAME = "TILL"
NUMBERS = st.lists(st.integers(0, 999), min_size=5, max_size=60)
CLOSED = (*[13] * 12, 0, 18)
"""Sales that are open are given up, as far as they can be; then a Z."""


def ledger_of(shop: AuditedShop, name: str = NAME) -> tuple[Ledger, list[PeriodClosed]]:
    """What the till itself has, by its log; and its Z entries."""
    ledger, closed = Ledger(), []
    for entry in read_log(shop.view(), LAYOUT.terminal(name), terminal_is_free=False):
        ledger.apply(entry.act, entry.stamp)
        if isinstance(entry.act, PeriodClosed):
            closed.append(entry.act)
    return ledger, closed


@given(NUMBERS)
@settings(max_examples=40)
def test_the_fold_of_the_audit_lines_is_the_x_report_of_the_till(numbers: list[int]) -> None:
    shop = AuditedShop(NAME)
    told = RetoldTerminal(NAME)
    for line in told_day(shop, [(NAME, number) for number in numbers]):
        told.take(line.text)
    ledger, closed = ledger_of(shop)
    assert told.whole and not told.partial
    assert told.x_report() == x_report(ledger, NAME)
    currencies = {one for z in closed for one in z.totals} | set(
        ledger.period.totals if ledger.period else ()
    )
    for currency in currencies:
        zs = [z.totals[currency].total_minor for z in closed if currency in z.totals]
        period = ledger.period.totals if ledger.period is not None else {}
        takings = sum(zs) + period.get(currency, Totals()).total_minor
        assert told.totals(20260101)[currency].total_minor == takings


@given(NUMBERS, NUMBERS, st.integers(0, 200))
@example([0] * 5, [0, 0, 0, 0, 1, 94, 120], 30)  # a sale of before the Z is closed after it
@settings(max_examples=40)
def test_beginning_anywhere_it_is_whole_and_right_from_the_next_period_on(
    before: list[int], after: list[int], skipped: int
) -> None:
    shop = AuditedShop(NAME)
    numbers = [*before, *CLOSED, *after]
    lines = told_day(shop, [(NAME, number) for number in numbers])
    closed = max(n for n, line in enumerate(lines) if line.event == "z_report")
    told = RetoldTerminal(NAME, "EUR")
    for line in lines[min(skipped, closed) :]:
        told.take(line.text)
    assume(told.whole)
    ledger, _ = ledger_of(shop)
    assert told.x_report().totals == x_report(ledger, NAME).totals


def test_a_refusal_that_comes_when_its_sale_is_closed_opens_none() -> None:
    shop = AuditedShop(NAME)
    lines = told_day(shop, [(NAME, 0), (NAME, 0)])
    told = RetoldTerminal(NAME)
    for line in lines:
        told.take(line.text)
    open_sales = dict(told.sales)
    late = Event(what="approval_declined", tx=900, operator="1", approver="2")
    told.take_act(ToldAct(NAME, 1, "", late, Stamp(lsn=told.last_lsn + 1)))
    assert told.sales == open_sales and not told.partial


def test_a_sale_begun_before_is_partial_and_has_what_came_since() -> None:
    shop = AuditedShop(NAME)
    lines = told_day(shop, [(NAME, 0), (NAME, 1), (NAME, 2)])
    first = next(n for n, line in enumerate(lines) if line.event == "item_sold")
    told = RetoldTerminal(NAME, "EUR")
    for line in lines[first + 1 :]:
        told.take(line.text)
    (sale,) = told.sales.values()
    assert told.partial == {sale.number} and not told.whole
    assert [line.code for line in sale.lines] == ["CUP"] and sale.currency == "EUR"


def test_a_period_in_which_a_partial_sale_ends_is_not_whole() -> None:
    shop = AuditedShop(NAME)
    # A sale over a Z: begun before what is told, closed in the next period.
    lines = told_day(shop, [(NAME, number) for number in (0, 1, 0, 1 + 19, 6 + 19, 18, 1, 6)])
    events = [line.event for line in lines]
    assert events[-1] == "sale_closed" and "z_report" in events
    told = RetoldTerminal(NAME, "EUR")
    last_item = len(events) - 1 - events[::-1].index("z_report") + 1
    for line in lines[last_item:]:
        told.take(line.text)
    assert not told.whole
    told = RetoldTerminal(NAME, "EUR")
    for line in lines[events.index("item_sold") + 1 :]:
        told.take(line.text)
    ledger, _ = ledger_of(shop)
    assert told.x_report().totals != x_report(ledger, NAME).totals and not told.whole


def test_a_close_of_a_sale_that_was_not_seen_has_the_total_of_its_entry() -> None:
    shop = AuditedShop(NAME)
    lines = told_day(shop, [(NAME, 0), (NAME, 1), (NAME, 9)])
    told = RetoldTerminal(NAME, "EUR")
    what = told.take(lines[-1].text)
    assert lines[-1].event == "sale_closed" and what is not None and what.sale is not None
    assert what.sale.receipt_number == 1 and not told.sales and not told.partial


def test_a_line_that_was_told_already_changes_nothing() -> None:
    shop = AuditedShop(NAME)
    lines = told_day(shop, [(NAME, number) for number in (0, 1, 6)])
    told = RetoldTerminal(NAME)
    for line in [*lines, *lines[-3:]]:
        told.take(line.text)
    assert told.x_report().totals["EUR"].sales == 1
    assert told.x_report().totals["EUR"].total_minor == 250
