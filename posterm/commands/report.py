"""`posterm report x ID` and `posterm report z ID`: what a till period holds.

An X is read from the log beside a till that sells. A Z closes the period, so it starts the
terminal for that moment and is refused while another process runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options, signals_held
from posterm.commands.counted import counted
from posterm.commands.sales import utc_text
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import Report, Totals

__all__ = ["command"]

_COLUMNS = 42


@click.group()
def command() -> None:
    """Print the X or the Z report of a terminal."""


@command.command("x")
@click.argument("terminal", metavar="ID")
@shared_options
def x(terminal: str, data_dir: str, as_json: bool) -> None:
    """What the open period of terminal ID holds so far; changes nothing."""
    from kernel import Shop

    shop = Shop(data_dir)
    _print(shop.x_report(shop.known(terminal)), as_json)
    if not as_json:
        click.echo(next_command(f"sales --terminal {terminal}", data_dir))


@command.command("z")
@click.argument("terminal", metavar="ID")
@click.option("--operator", default="system", show_default=True, help=N_("Who closes the period."))
@shared_options
def z(terminal: str, operator: str, data_dir: str, as_json: bool) -> None:
    """Close the period of terminal ID and print what it held."""
    from kernel import Shop, Terminal

    known = Shop(data_dir).known(terminal)  # else a slip of the pen would make a new terminal
    with signals_held(), Terminal.start(known, data_dir) as till:
        report = till.z_report(operator)
        _print(report, as_json)
    if not as_json:
        click.echo(next_command(f"verify {terminal}", data_dir))


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        print_json(_json_of(report))
    else:
        click.echo("\n".join(_rows(report)))


def _json_of(report: Report) -> dict[str, object]:
    opened = report.opened_ms
    return {
        "kind": report.kind,
        "terminal": report.terminal,
        "z_number": report.z_number,
        "period": report.period,
        "business_date": _date(report.business_date),
        "drawer": report.drawer,
        "opened_at": None if opened is None else utc_text(opened),
        "totals": {currency: _json_totals(sums) for currency, sums in report.totals.items()},
        "expected_drawer_minor": report.expected_drawer_minor,
        "perpetual_minor": report.perpetual_minor,
        "first_receipt": report.first_receipt,
        "last_receipt": report.last_receipt,
        "no_sales": report.no_sales,
        "open": [
            {
                "transaction": f"{report.terminal}-{sale.tx}",
                "balance_minor": sale.balance_minor,
                "unknown_cards": sale.unknown_cards,
            }
            for sale in report.open
        ],
        "suspended": [
            {"transaction": f"{report.terminal}-{number}", "ticket": ticket}
            for ticket, number in report.suspended.items()
        ],
    }


def _json_totals(totals: Totals) -> dict[str, object]:
    """Every sum by its name, zeros too; taxes as a list of objects."""
    sums = {name: getattr(totals, name) for name in totals.__struct_fields__}
    sums["taxes"] = [
        {name: getattr(tax, name) for name in tax.__struct_fields__}
        for tax in totals.taxes.values()
    ]
    return sums


def _rows(report: Report) -> Iterator[str]:
    number = "" if report.z_number is None else f" {report.z_number}"
    yield _("{} report{} of {}").format(report.kind, number, report.terminal)
    if report.period is None or report.opened_ms is None:
        yield _("no till period is open; the first sale opens one")
        return
    yield _("period {} of {}, drawer {}").format(
        report.period, _date(report.business_date), report.drawer
    )
    yield _("open since {}Z").format(utc_text(report.opened_ms)[:19])
    if report.first_receipt is not None:
        yield _("receipts {} to {}").format(report.first_receipt, report.last_receipt)
    for currency, totals in report.totals.items():
        yield "-" * _COLUMNS
        yield from _totals_rows(currency, totals)
        drawer = report.expected_drawer_minor[currency]
        yield _row(_("Expected in the drawer"), drawer, currency)
        yield _row(_("Perpetual total"), report.perpetual_minor.get(currency, 0), currency)
    yield "-" * _COLUMNS
    if report.no_sales:
        yield _("drawer opened without a sale: {}").format(report.no_sales)
    for sale in report.open:
        unknown = (
            _(", {} cards without an answer").format(sale.unknown_cards)
            if sale.unknown_cards
            else ""
        )
        yield _("open: {}-{}, balance {}{}").format(
            report.terminal, sale.tx, sale.balance_minor, unknown
        )
    for ticket, transaction in report.suspended.items():
        yield _("suspended: {}-{}, ticket {}").format(report.terminal, transaction, ticket)


def _totals_rows(currency: str, totals: Totals) -> Iterator[str]:
    from themes.sums import SUMS  # the kernel's words: no help needs them

    sales = counted(totals.sales, "{} sale", "{} sales")
    lines = counted(totals.lines, "{} line", "{} lines")
    yield _("{}, {}, {} of them returns").format(sales, lines, totals.returns)
    yield _row(_("TOTAL {}").format(currency), totals.total_minor, currency)
    for label, name in SUMS:
        amount_minor: int = getattr(totals, name)
        if amount_minor:
            yield _row(_(label), amount_minor, currency)
    for how, amount_minor in totals.tenders.items():
        yield _row(f"{how.capitalize()} x {totals.tender_counts[how]}", amount_minor, currency)
    for tax in totals.taxes.values():
        yield _row(_("Tax {}").format(tax.code), tax.tax_minor, currency)


def _row(label: str, amount_minor: int, currency: str) -> str:
    from kernel import format_minor

    amount = format_minor(amount_minor, currency)
    return label.ljust(_COLUMNS - len(amount)) + amount


def _date(date: int | None) -> str | None:
    """20261123 is `2026-11-23`."""
    return None if date is None else f"{date // 10_000}-{date // 100 % 100:02}-{date % 100:02}"
