"""The figures of a benchmark as rows of text and as one JSON object: the same figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from posterm.benchmark.kernel_sales import LINES, SALE_ENTRIES
from posterm.benchmark.measure import Spread, percentile, ratios, spread
from posterm.benchmark.reference_sale import LIMITS_BYTES
from posterm.benchmark.run import Curves, Result, Standing
from posterm.words import gettext as _
from posterm.words import ngettext

__all__ = ["as_json", "rows", "curve_rows"]

SYNC_FLOOR_US = 50
"""No disk makes a write durable faster than this; what does, keeps it in memory."""


def as_json(result: Result, curves: Curves | None) -> dict[str, object]:
    return {
        "file_system": result.file_system,
        "directory": result.directory,
        "rounds": result.plan.rounds,
        "seconds_per_round": result.plan.seconds,
        "entries_per_sale": SALE_ENTRIES,
        "raw_p50_us": round(_p50_us(_raw(result)), 1),
        "warnings": list(_warnings(result)),
        "contestants": [_standing_json(standing) for standing in result.standings],
        "ratios": {
            f"threads_{threads}_to_{against.lower()}": _spread_json(ratio)
            for threads, against, ratio in _ratios(result)
        },
        "cpu_us_above_raw": _above_raw_us(result),
        "bytes_per_sale": result.bytes_per_sale,
        "bytes_limits": LIMITS_BYTES,
        "curves": asdict(curves) if curves is not None else None,
    }


def rows(result: Result) -> Iterator[str]:
    """For people, 80 columns wide."""
    plan = result.plan
    yield _("{} rounds of {:g} s each, on {}").format(plan.rounds, plan.seconds, result.file_system)
    yield _("a sale is {} lines: {} entries, each durable before the next").format(
        LINES, SALE_ENTRIES
    )
    yield ""
    entries, sales, cpu = _("entries/s (quartiles)"), _("sales/s"), _("CPU µs")
    yield f"{'':24}{entries:>26}{sales:>9}{'p50':>7}{'p99':>7}{cpu:>7}"
    for standing in result.standings:
        yield _row(standing)
    yield ""
    for threads, against, ratio in _ratios(result):
        yield _("{:>11} : {:<8}{:6.2f} times  ({:.2f}–{:.2f})").format(
            _threads(threads), against, ratio.median, ratio.lower, ratio.upper
        )
    above_us = _above_raw_us(result)
    if above_us is not None:
        yield _("CPU time of an entry above the bare loop, one thread: {:.0f} µs").format(above_us)
    yield ""
    for name, size_bytes in result.bytes_per_sale.items():
        limit = LIMITS_BYTES[name]
        verdict = "" if size_bytes <= limit else _("  over the limit of {}").format(limit)
        yield _("bytes a sale, {:<22}{:>6}{}").format(_(name), size_bytes, verdict)
    for warning in _warnings(result):
        yield ""
        yield _("warning: {}").format(warning)


def curve_rows(curves: Curves) -> Iterator[str]:
    yield _("CPU time of each, on {}:").format(curves.where)
    for what, curve in (
        (_("lines of a sale"), curves.lines),
        (_("sales of a day"), curves.sales),
    ):
        before = 0
        for number, cpu_us in curve.items():
            yield _("  {:<15} {:>6,} to {:>7,}: {:6.0f} µs").format(
                what, before + 1, number, cpu_us
            )
            before = number


def _row(standing: Standing) -> str:
    entries = spread(measured.entries_per_s for measured in standing.rounds)
    sales = spread(measured.sales_per_s for measured in standing.rounds)
    cpu_us = spread(measured.cpu_us for measured in standing.rounds)
    quartiles = f"({entries.lower:,.0f}–{entries.upper:,.0f})"
    return (
        f"{_(standing.name):<20}{standing.threads:>3} {entries.median:>9,.0f} {quartiles:>16}"
        f"{sales.median:>9,.0f}{_p50_us(standing):>7.0f}{_p99_us(standing):>7.0f}"
        f"{cpu_us.median:>7.0f}"
    )


def _standing_json(standing: Standing) -> dict[str, object]:
    return {
        "kind": standing.kind,
        "name": standing.name,
        "threads": standing.threads,
        "entries_per_s": _spread_json(spread(m.entries_per_s for m in standing.rounds)),
        "sales_per_s": _spread_json(spread(m.sales_per_s for m in standing.rounds)),
        "p50_us": round(_p50_us(standing), 1),
        "p99_us": round(_p99_us(standing), 1),
        "cpu_us_per_entry": round(spread(m.cpu_us for m in standing.rounds).median, 1),
    }


def _ratios(result: Result) -> Iterator[tuple[int, str, Spread]]:
    """(threads, against whom, ratio): against the bare loop, and against the better SQLite."""
    for ours in result.standings:
        if ours.kind != "kernel":
            continue
        yield ours.threads, "raw", ratios(ours.rounds, _raw(result).rounds)
        theirs = [
            standing
            for standing in result.standings
            if standing.kind == "sqlite" and standing.threads == ours.threads
        ]
        better = max(theirs, key=lambda one: spread(m.entries_per_s for m in one.rounds).median)
        yield ours.threads, "SQLite", ratios(ours.rounds, better.rounds)


def _above_raw_us(result: Result) -> float | None:
    """CPU microseconds of an entry above the bare loop's; None if one thread wasn't measured."""
    for standing in result.standings:
        if standing.kind == "kernel" and standing.threads == 1:
            pairs = zip(standing.rounds, _raw(result).rounds, strict=True)
            return round(spread(ours.cpu_us - raw.cpu_us for ours, raw in pairs).median, 1)
    return None


def _warnings(result: Result) -> Iterator[str]:
    p50_us = _p50_us(_raw(result))
    if p50_us < SYNC_FLOOR_US:
        yield (
            _(
                "this disk does not really sync: a durable write took {:.0f} µs; the "
                "figures say nothing about power cuts"
            ).format(p50_us)
        )


def _raw(result: Result) -> Standing:
    return next(standing for standing in result.standings if standing.kind == "raw")


def _p50_us(standing: Standing) -> float:
    return _percentile_us(standing, 50)


def _p99_us(standing: Standing) -> float:
    return _percentile_us(standing, 99)


def _percentile_us(standing: Standing, percent: float) -> float:
    return percentile((s for m in standing.rounds for s in m.latencies_s), percent) * 1e6


def _spread_json(values: Spread) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(values).items()}


def _threads(count: int) -> str:
    return ngettext("{} thread", "{} threads", count).format(count)
