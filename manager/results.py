"""What an act brought, in rows of text: while it is under way and once it is done.

Pure; the same rows are shown on the screen of acts, beside the keys and on paper. This module must
never say less than the value does: who is missing is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from kernel import (
    Ack,
    Cleaned,
    Delivered,
    Exported,
    Integrity,
    PublishedTo,
    Released,
    Settled,
    ShutdownState,
    StoreReport,
    TillZ,
    Totals,
    shown_ticket,
)
from kernel import gettext as _
from kernel import marked as N_
from manager.times import date_text, time_text, when_text
from themes.formats import amount_text
from themes.sums import SUMS

__all__ = ["report_rows", "rows_of", "short_of"]

_COLUMNS = 42
_LEAVING = {
    "open": N_("still there"),
    "out": N_("out"),
    "dead": N_("DEAD, its next start recovers"),
}


@singledispatch
def short_of(result: object, now_ms: int) -> str:
    """How far it is or what it came to, in one row."""
    return str(result) if result is not None else ""


def rows_of(result: object, now_ms: int) -> tuple[str, ...]:
    """All that is known of it."""
    return (short_of(result, now_ms), *_details(result, now_ms))


def report_rows(report: StoreReport) -> tuple[str, ...]:
    """The store's Z, as it is shown and printed."""
    return tuple(_report(report))


@singledispatch
def _details(result: object, now_ms: int) -> Iterable[str]:
    """What stands below that row; nothing for what the row says all of."""
    return ()


@short_of.register
def _delivered(result: Delivered, now_ms: int) -> str:
    return _("{} of {} have taken it").format(_applied(result.answers), len(result.expected))


@_details.register
def _delivered_rows(result: Delivered, now_ms: int) -> Iterable[str]:
    return _answers(result.answers, result.missing)


@short_of.register
def _published(result: PublishedTo, now_ms: int) -> str:
    counts = result.version, _applied(result.answers), len(result.running)
    if result.effective_ms > now_ms:
        when = when_text(result.effective_ms, now_ms)
        return _("version {}: {} of {} running tills know it, in force from {}").format(
            *counts, when
        )
    return _("version {}: {} of {} running tills go by it").format(*counts)


@_details.register
def _published_rows(result: PublishedTo, now_ms: int) -> Iterable[str]:
    return (
        _("in force from {}").format(when_text(result.effective_ms, now_ms)),
        *_answers(result.answers, result.missing),
        *(_("{:<20} off: takes note at its start").format(name) for name in result.off),
    )


@short_of.register
def _released(result: Released, now_ms: int) -> str:
    return _("any till can recall it by ticket {}").format(shown_ticket(result.ticket))


@short_of.register
def _settled(result: Settled, now_ms: int) -> str:
    return _("{} tickets are on the floor again").format(len(result.tickets))


@short_of.register
def _cleaned(result: Cleaned, now_ms: int) -> str:
    return _("{} terminals, {} messages, {} scratch files taken away").format(
        len(result.terminals), result.messages, result.files
    )


@_details.register
def _cleaned_rows(result: Cleaned, now_ms: int) -> Iterable[str]:
    return [f"{name:<20} {_('its entry in the registry')}" for name in result.terminals]


@short_of.register
def _exported(result: Exported, now_ms: int) -> str:
    return _("{} sales, {} lines").format(result.sales, result.lines)


@_details.register
def _exported_rows(result: Exported, now_ms: int) -> Iterable[str]:
    return (result.sales_path, result.lines_path)


@short_of.register
def _checked(result: Integrity, now_ms: int) -> str:
    return _("all is sound") if result.sound else _("DAMAGED: see the findings")


@short_of.register
def _day_closed(result: StoreReport, now_ms: int) -> str:
    asked = [one.terminal for one in result.unclosed if one.reason == "asked"]
    if asked:
        return _("waiting for {}").format(", ".join(asked))
    return _("{} Z, {} not closed").format(len(result.closed), len(result.unclosed))


@_details.register
def _day_closed_rows(result: StoreReport, now_ms: int) -> Iterable[str]:
    return _report(result)


@_details.register
def _shutdown_rows(result: ShutdownState, now_ms: int) -> Iterable[str]:
    return [f"{one.terminal:<20} {_(_LEAVING[one.state])}" for one in result.terminals]


def _applied(answers: Iterable[Ack]) -> int:
    return sum(one.result == "applied" for one in answers)


def _answers(answers: Iterable[Ack], missing: Iterable[str]) -> Iterator[str]:
    for one in answers:
        said = _("taken") if one.result == "applied" else _("REFUSED: {}").format(one.reason)
        yield f"{one.terminal:<20} {said}"
    for name in missing:
        yield f"{name:<20} {_('no answer yet')}"


@short_of.register
def _shutdown_text(state: ShutdownState, now_ms: int) -> str:
    if state.order is None:
        return _("no shutdown is under way")
    if state.cancelled:
        return _("cancelled ({}); tills that are out already stay out").format(state.order.reason)
    if not state.terminals:
        return _("no till was running")
    out = len(state.terminals) - len(state.open) - len(state.dead)
    said = _("{} of {} tills are out").format(out, len(state.terminals))
    if state.dead:
        said += _("; DEAD: {}").format(", ".join(state.dead))
    left_s = (state.order.deadline_ms - now_ms) // 1000
    if state.open and left_s >= 0:
        said += _(", {} s left; waiting for {}").format(left_s, ", ".join(state.open))
    elif state.open:
        said += _("; STILL THERE: {}").format(", ".join(state.open))
    return said


def _report(report: StoreReport) -> Iterator[str]:
    yield _("Z of the store for {}").format(date_text(report.business_date))
    yield _("{} Z of {} tills").format(
        len(report.closed), len({one.terminal for one in report.closed})
    )
    for one in report.unclosed:
        yield _("NOT CLOSED {}: {}").format(one.terminal, one.reason)
    for currency, totals in report.totals.items():
        yield "-" * _COLUMNS
        yield from _totals(currency, totals)
    for z in report.closed:
        yield "-" * _COLUMNS
        yield from _till(z)


def _totals(currency: str, totals: Totals) -> Iterator[str]:
    yield _("{} sales, {} lines, {} of them returns").format(
        totals.sales, totals.lines, totals.returns
    )
    yield _amount(_("TOTAL {}").format(currency), totals.total_minor, currency)
    for label, name in SUMS:
        amount_minor: int = getattr(totals, name)
        if amount_minor:
            yield _amount(_(label), amount_minor, currency)
    for how, amount_minor in totals.tenders.items():
        label = f"{how.capitalize()} x {totals.tender_counts[how]}"
        yield _amount(label, amount_minor, currency)
    for tax in totals.taxes.values():
        yield _amount(_("Tax {}").format(tax.code), tax.tax_minor, currency)
    yield _amount(_("Expected in the drawers"), totals.expected_drawer_minor, currency)


def _till(z: TillZ) -> Iterator[str]:
    yield _("{} Z {} at {} by {}").format(
        z.terminal, z.z_number, time_text(z.closed_ms), z.operator or "-"
    )
    for currency, totals in z.totals.items():
        yield _amount(f"  {currency}", totals.total_minor, currency)
    for currency, over_minor in z.over_minor.items():
        label = _("  over") if over_minor >= 0 else _("  SHORT")
        yield _amount(label, over_minor, currency)
    if not z.counted_minor:
        yield _("  not counted")
    for sale in z.open:
        yield _("  open: {}").format(sale)


def _amount(label: str, amount_minor: int, currency: str) -> str:
    amount = amount_text(amount_minor, currency)
    return label.ljust(_COLUMNS - len(amount)) + amount
