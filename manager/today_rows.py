"""Today as rows of text for any screen: figures, hours, tills or operators, alerts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from kernel import Totals
from kernel import gettext as _
from manager.alerts import Alert
from manager.audit_rows import amount_text
from manager.charts import Glyphs, bar, percent, sparkline
from manager.today import OperatorFigures, TillFigures, Today
from manager.widgets.panel import Row

__all__ = ["day_text", "today_rows"]

_HOUR_S = 3_600
_QUARTER_S = 900
_HOURS_WIDTH = 35
_NARROW = 80
_HOURS_NARROW = 17
"""Below so many columns the hours have no bars: the tills' figures need the room."""
_NAME = 12
_AMOUNT = 12
_ALERTS_AT_MOST = 4
_SPARK_AT_MOST = 48


def today_rows(
    today: Today,
    width: int,
    height: int,
    glyphs: Glyphs,
    *,
    first: int = 0,
    operators: bool = False,
) -> list[Row]:
    """`height` rows. `first` is the first till or operator that is shown."""
    currency = today.currency
    rows = [Row(text) for parts in _figures(today, currency) for text in _flowing(parts, width)]
    alerts = _alerts(today.alerts, min(_ALERTS_AT_MOST, max(1, height // 6)))
    room = max(height - len(rows) - len(alerts), 1)
    hours_width = _HOURS_WIDTH if width >= _NARROW else _HOURS_NARROW
    left = _hours(_local_hours(today.quarters.get(currency, {})), currency, room, glyphs)
    wide = max(width - hours_width - 3, 20)
    right = (
        _operators(today.operators, currency, wide)
        if operators
        else _tills(today.tills, currency, wide, glyphs)
    )
    head, *listed = right
    shown = [head, *listed[first : first + room - 1]]
    for number in range(room):
        one = left[number] if number < len(left) else ""
        other = shown[number] if number < len(shown) else ""
        role = "quiet" if number == 0 else ""
        rows.append(Row(f"{one:<{hours_width}.{hours_width}}  {other}"[: width - 1], role))
    return [*rows, *alerts][:height]


def day_text(business_date: int) -> str:
    """`2026-01-31`; a dash before the first line of the day."""
    if not business_date:
        return "-"
    year, rest = divmod(business_date, 10_000)
    return f"{year}-{rest // 100:02}-{rest % 100:02}"


def _flowing(parts: Sequence[str], width: int) -> list[str]:
    """In as many rows as they need: half a figure would be another figure."""
    rows = [""]
    for part in parts:
        longer = f"{rows[-1]}{'  ' if rows[-1] else ''} {part}"
        if rows[-1] and len(longer) >= width:
            rows.append(f" {part}")
        else:
            rows[-1] = longer
    return [row[: width - 1] for row in rows]


def _figures(today: Today, currency: str) -> Iterator[Sequence[str]]:
    sums = today.totals.get(currency, Totals())

    def money(amount_minor: int) -> str:
        return amount_text(amount_minor, currency)

    yield (
        _("takings {} {}").format(money(sums.total_minor), currency),
        _("sales {}").format(sums.sales),
        _("average {}").format(money(today.average_minor(currency))),
        _("lines {}").format(sums.lines),
    )
    yield (
        _("returns {} {}").format(sums.returns, money(sums.returns_minor)),
        _("discounts {} {}").format(sums.discounts, money(sums.discounts_minor)),
        _("voids {} {}").format(today.voids, money(sums.voids_minor)),
    )
    yield (
        _("void sales {}").format(sums.aborted),
        _("overrides {}").format(today.overrides),
        _("drawer opened {}").format(today.no_sales),
        *_shares(_("by"), today.inputs),
    )
    yield tuple(_tenders(sums, currency))
    yield [
        f"{one} {amount_text(today.totals[one].total_minor, one)} ({today.totals[one].sales})"
        for one in sorted(today.totals)
        if one != currency
    ]


def _shares(word: str, counted: Mapping[str, int]) -> Iterator[str]:
    whole = sum(counted.values())
    for name, count in sorted(counted.items(), key=lambda one: -one[1])[:4]:
        yield f"{word} {name} {percent(count, whole)} %"


def _tenders(sums: Totals, currency: str) -> Iterator[str]:
    """Cash is what stayed in the drawer, without the change."""
    taken = dict(sums.tenders)
    if "cash" in taken:
        taken["cash"] -= sums.change_minor
    whole = sum(amount for amount in taken.values() if amount > 0)
    for how, amount in sorted(taken.items(), key=lambda one: -one[1]):
        yield f"{how} {amount_text(amount, currency)} {percent(max(amount, 0), whole)} %"


def _local_hours(quarters: Mapping[int, int]) -> Mapping[int, int]:
    """Takings by hours as this machine's clock counts them; one that a clock put back tells
    twice is one hour."""
    hours: Counter[int] = Counter()
    for quarter, minor in quarters.items():
        at = datetime.fromtimestamp(quarter * _QUARTER_S, UTC).astimezone()
        offset_s = int((at.utcoffset() or timedelta()).total_seconds())
        hours[(quarter * _QUARTER_S + offset_s) // _HOUR_S] += minor
    return hours


def _hours(hours: Mapping[int, int], currency: str, room: int, glyphs: Glyphs) -> list[str]:
    """A row an hour, the newest at the bottom, those without sales between two others too."""
    rows = [_(" hour            takings")]
    if not hours:
        return [*rows, _("  no sale yet")]
    first = max(min(hours), max(hours) - room + 2)
    largest = max(hours.values())
    width = _HOURS_WIDTH - _AMOUNT - 5
    for hour in range(first, max(hours) + 1):
        amount = hours.get(hour, 0)
        shown = bar(amount, largest, width, glyphs)
        rows.append(f" {hour % 24:02} {amount_text(amount, currency):>{_AMOUNT}} {shown}")
    return rows


def _amount(amount_minor: int, currency: str, main: str) -> str:
    """Another currency than the day's is named: 123 JPY are no 123.00 EUR."""
    amount = amount_text(amount_minor, currency)
    return amount if currency == main else f"{amount} {currency}"


def _tills(tills: Sequence[TillFigures], main: str, width: int, glyphs: Glyphs) -> list[str]:
    spark = min(max(width - _NAME - _AMOUNT - 8, 4), _SPARK_AT_MOST)
    rows = [f"{_('till'):<{_NAME}} {_('takings'):>{_AMOUNT}} {_('sales'):>5} {_('minutes')}"]
    newest = max((max(one.minutes, default=0) for one in tills), default=0)
    for one in tills:
        minutes = [one.minutes.get(newest - spark + 1 + place, 0) for place in range(spark)]
        partly = "" if one.whole else "~"
        amount = _amount(one.totals.total_minor, one.currency, main) + partly
        rows.append(
            f"{one.terminal:<{_NAME}.{_NAME}} {amount:>{_AMOUNT}} {one.totals.sales:>5} "
            f"{sparkline(minutes, glyphs)}"
        )
    return rows


def _operators(operators: Sequence[OperatorFigures], main: str, width: int) -> list[str]:
    head = (
        f"{_('operator'):<9}{_('takings'):>{_AMOUNT}}{_('sales'):>6}{_('voids'):>6}"
        f"{_('disc'):>5}{_('ret'):>4}"
    )
    rows = [head]
    for one in operators:
        amount = _amount(one.takings_minor, one.currency, main) if one.currency else "-"
        rows.append(
            f"{one.operator:<9.9}{amount:>{_AMOUNT}}{one.sales:>6}{one.voids:>6}"
            f"{one.discounts:>5}{one.returns:>4}"[:width]
        )
    return rows


def _alerts(alerts: Sequence[Alert], room: int) -> list[Row]:
    """The newest ones, the last at the bottom."""
    if not alerts:
        return [Row(_(" no alerts"), "quiet")]
    shown = alerts[-room:]
    rows = []
    for alert in shown:
        at = datetime.fromtimestamp(alert.at_ms / 1000).astimezone()
        rows.append(Row(f" ! {at:%H:%M} {alert.terminal} {alert.words}", "error"))
    return rows
