"""X and Z: the same sums, one that looks and one that closes."""

from __future__ import annotations

from kernel.model.entries import CardRequest, Commit, Line, SaleBegun, Stamp, Tender
from kernel.model.ledger import Ledger
from kernel.model.reports import close_of, x_report, z_report
from kernel.model.till_entries import PeriodOpened, Unsettled

NOW = Stamp(1, 0, 5_000, 0, 20260101)


def busy() -> Ledger:
    ledger = Ledger()
    for number, currency in ((1, "EUR"), (2, "EUR"), (3, "JPY"), (-1, "EUR")):
        ledger.apply(SaleBegun(tx=number, operator="o", store="s", currency=currency), NOW)
        ledger.apply(Line(tx=number, total_minor=100 * number), NOW)
    opened = PeriodOpened(number=4, date=20260101, drawer="D", float_minor=50, currency="EUR")
    ledger.apply(opened, NOW)
    commit = Commit(receipt=7, total_minor=100, change_minor=20)
    ledger.apply(Tender(tx=1, amount_minor=120, commit=commit), NOW)
    ledger.apply(CardRequest(tx=2, amount_minor=200), NOW)
    return ledger


def test_an_x_shows_the_open_period_and_what_is_open_but_no_training() -> None:
    x = x_report(busy(), "TILL")
    assert (x.kind, x.z_number, x.period, x.drawer, x.opened_ms) == ("X", None, 4, "D", 5_000)
    assert x.expected_drawer_minor == {"EUR": 150}
    assert x.perpetual_minor == {"EUR": 100}
    assert (x.first_receipt, x.last_receipt) == (7, 7)
    assert x.open == (Unsettled(2, 200, 1), Unsettled(3, 300))


def test_an_x_without_a_period_is_empty() -> None:
    x = x_report(Ledger(), "TILL")
    assert (x.period, x.totals, x.expected_drawer_minor, x.open) == (None, {}, {}, ())


def test_a_report_is_a_copy() -> None:
    ledger = busy()
    x = x_report(ledger, "TILL")
    assert ledger.period is not None
    ledger.period.totals["EUR"].total_minor += 1
    ledger.perpetual["EUR"] += 1
    assert (x.totals["EUR"].total_minor, x.perpetual_minor["EUR"]) == (100, 100)


def test_a_z_says_what_the_x_before_it_said() -> None:
    ledger = busy()
    x = x_report(ledger, "TILL")
    closed = close_of(ledger, "0001")
    assert (closed.number, closed.period, closed.operator) == (1, 4, "0001")
    z = z_report(closed, x)
    assert (z.kind, z.z_number) == ("Z", 1)
    for name in ("period", "business_date", "drawer", "totals", "expected_drawer_minor", "open"):
        assert getattr(z, name) == getattr(x, name)
    assert z.perpetual_minor == x.perpetual_minor
