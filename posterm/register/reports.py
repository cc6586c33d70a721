"""X and Z at the register: asked for, confirmed, and shown as a page of rows.

A Z offers to count the drawer first and says which sales it leaves open. All figures are the
kernel's. This module must never sum anything.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kernel import Report, SaleRefused, Totals, ngettext, note
from kernel import gettext as _
from kernel import marked as N_
from posterm.keypad import Command
from posterm.register.counting import count_drawer
from posterm.register.dialogs import Question
from themes.formats import amount_text, date_text, plain_number
from themes.sums import SUMS

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["report_rows", "show_x", "show_z"]

_TENDERS = {"cash": N_("Cash"), "card": N_("Card"), "voucher": N_("Voucher")}


def show_x(session: Session, command: Command) -> None:
    approval = session.counter.require("x_report", _("X report"))
    if approval is not None:
        note(session.till, "x_report", operator=session.counter.operator, approval=approval)
    session.page = tuple(report_rows(session.till.x_report()))


def show_z(session: Session, command: Command) -> None:
    """Close the period; the drawer is counted first where somebody wants that."""
    report = session.till.x_report()
    if report.training:
        raise SaleRefused(_("this is training: it has no Z; sign off to end it"))
    if report.period is None:
        raise SaleRefused(_("no period is open; the first sale opens one"))
    close = partial(_ask_to_close, session)
    if report.counted_minor:
        close()
        return
    words = _("Count the drawer first?  Y count   N close without   Clear neither")
    session.ask(Question(words, {"y": partial(count_drawer, session, close), "n": close}))


def _ask_to_close(session: Session) -> None:
    left = len(session.till.x_report().open)
    stays = ngettext("{} sale stays open.  ", "{} sales stay open.  ", left).format(left)
    stay = stays if left else ""
    words = _("CLOSE the period with a Z?  Y yes   Clear no")
    session.ask(Question(stay + words, {"y": partial(_close, session)}))


def _close(session: Session) -> None:
    approval = session.counter.require("z_report", _("Z report"))
    report = session.till.z_report(session.counter.operator or "", approval=approval)
    session.page = tuple(report_rows(report))
    session.message = _("the period is closed; /55 opens the next with its float")


def report_rows(report: Report) -> Iterator[str]:
    """Of X or Z, within 76 columns."""
    numbered = f" {report.z_number}" if report.z_number is not None else ""
    yield _("{}{} REPORT   {}   business date {}").format(
        report.kind, numbered, report.terminal, _date(report.business_date)
    )
    if report.training:
        yield _("*** TRAINING: nothing here was sold ***")
    if report.period is None:
        yield _("no period is open; the first sale opens one")
    else:
        yield _("period {}   drawer {}   receipts {} to {}").format(
            report.period,
            report.drawer,
            report.first_receipt if report.first_receipt is not None else "-",
            report.last_receipt if report.last_receipt is not None else "-",
        )
    for currency, sums in report.totals.items():
        yield ""
        yield from _sums(report, currency, sums)
    yield ""
    if report.no_sales:
        yield _("drawer opened without a sale: {}").format(report.no_sales)
    yield from _left(report)


def _sums(report: Report, currency: str, sums: Totals) -> Iterator[str]:
    yield _("sales {}   lines {}   returns {}").format(sums.sales, sums.lines, sums.returns)
    yield _sum(_("TAKINGS"), sums.total_minor, currency)
    for how, minor in sums.tenders.items():
        named = f"  {_(_TENDERS.get(how, how))} x {sums.tender_counts[how]}"
        yield _sum(named, minor, currency)
    if not report.training:
        yield _sum(_("Drawer should hold"), report.expected_drawer_minor[currency], currency)
    counted = report.counted_minor.get(currency)
    if counted is not None:
        over_minor = report.over_minor[currency]
        yield _sum(_("Counted"), counted, currency)
        yield _sum(_("Short") if over_minor < 0 else _("Over"), abs(over_minor), currency)
    for tax in sums.taxes.values():
        net = amount_text(tax.net_minor, currency)
        named = _("Tax {} {} % of {}").format(tax.code, plain_number(tax.rate_milli_percent), net)
        yield _sum(named, tax.tax_minor, currency)
    for named, field in SUMS:
        sum_minor: int = getattr(sums, field)
        if sum_minor:
            yield _sum(_(named), sum_minor, currency)
    if not report.training:
        perpetual = report.perpetual_minor.get(currency, 0)
        yield _sum(_("Perpetual total"), perpetual, currency)


def _left(report: Report) -> Iterator[str]:
    """Every sale that is not finished, by name."""
    currency = next(iter(report.totals), "")
    for sale in report.open:
        worth = amount_text(sale.balance_minor, currency) if currency else str(sale.balance_minor)
        cards = _("   card without an answer") if sale.unknown_cards else ""
        yield _("open sale {}-{}   due {}").format(report.terminal, sale.tx, worth) + cards
    for ticket, number in report.suspended.items():
        shown = f"{ticket[:3]} {ticket[3:6]} {ticket[6:]}"
        yield _("suspended sale {}-{}   ticket {}").format(report.terminal, number, shown)
    if not report.open and not report.suspended:
        yield _("no sale is open or suspended")


def _sum(name: str, amount_minor: int, currency: str) -> str:
    return f"{name:<38}{amount_text(amount_minor, currency):>14} {currency}"


def _date(business_date: int | None) -> str:
    """20261123 as the shop writes dates."""
    if business_date is None:
        return "-"
    year, rest = divmod(business_date, 10_000)
    return date_text(datetime.date(year, rest // 100, rest % 100))
