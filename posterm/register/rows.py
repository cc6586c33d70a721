"""Rows of text for the screen: posted lines, the total, a report. Pure, each within its width."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from gettext import gettext as _

from kernel import Line, LineKind, Report, State, Transaction, format_minor
from posterm.catalog import Item

__all__ = ["item_row", "line_row", "report_rows", "total_caption", "total_minor"]

_AMOUNT = 12
_HOW_MUCH = 18
_NUMBER = 5


def line_row(line: Line, number: int, currency: str, width: int, *, newest: bool) -> str:
    """Gutter, number, name, quantity and price where they say more, amount."""
    amount = format_minor(line.total_minor, currency)
    how_much = ""
    if line.kind in (LineKind.ITEM, LineKind.DEPOSIT, LineKind.VOID) and line.quantity != 1000:
        whole, part = divmod(abs(line.quantity), 1000)
        sign = "-" if line.quantity < 0 else ""
        shown = f"{sign}{whole}.{part:03}" if part else f"{sign}{whole}"
        how_much = f"{shown} x {format_minor(line.unit_minor, currency)}"
    room = max(width - 2 - _NUMBER - _HOW_MUCH - _AMOUNT, 1)
    gutter = ">" if newest else " "
    name = _name(line)[:room]
    return (
        f"{gutter}{number:>{_NUMBER - 1}} {name:<{room}}{how_much:>{_HOW_MUCH}}{amount:>{_AMOUNT}} "
    )[:width]


def item_row(item: Item, currency: str) -> str:
    price = _("open") if item.price_minor is None else format_minor(item.price_minor, currency)
    return f"{item.sku:<16.16} {item.description:<40.40} {price:>12}"


def total_caption(sale: Transaction, *, totalled: bool) -> tuple[str, str, str]:
    """What stands left of the large digits: three rows."""
    lines = _("{} lines").format(len(sale.lines))
    match sale.state:
        case State.COMMITTED:
            given = format_minor(sale.tendered_minor, sale.currency)
            total = format_minor(sale.total_minor, sale.currency)
            number = _("receipt {}").format(sale.receipt_number)
            return (_("CHANGE {}").format(sale.currency), f"{total} / {given}", number)
        case State.SUSPENDED:
            return (_("SUSPENDED"), _("ticket {}").format(sale.ticket), lines)
        case State.ABORTED:
            return (_("VOID SALE"), "", lines)
        case _:
            word = _("TOTAL DUE {}") if totalled else _("SUBTOTAL {}")
            paid = format_minor(sale.tendered_minor, sale.currency)
            rest = _("paid {}").format(paid) if sale.tendered_minor else ""
            return (word.format(sale.currency), rest, lines)


def total_minor(sale: Transaction) -> int:
    """The amount in large digits: what is due, or the change of a sale that is closed."""
    if sale.state in (State.ABORTED, State.SUSPENDED):
        return 0
    return sale.change_minor if sale.state is State.COMMITTED else sale.balance_minor


def report_rows(report: Report) -> Iterator[str]:
    """X or Z as a page of the screen."""
    numbered = f" {report.z_number}" if report.z_number is not None else ""
    yield _("{}{} REPORT   {}   business date {}").format(
        report.kind, numbered, report.terminal, report.business_date or "-"
    )
    for currency, sums in report.totals.items():
        yield ""
        yield _sum(_("Sales"), str(sums.sales), "")
        yield _sum(_("Takings"), format_minor(sums.total_minor, currency), currency)
        for how, minor in sums.tenders.items():
            yield _sum(f"  {how}", format_minor(minor, currency), currency)
        drawer = format_minor(report.expected_drawer_minor[currency], currency)
        yield _sum(_("Drawer should hold"), drawer, currency)
        for tax in sums.taxes.values():
            name = _("Tax {} {} %").format(tax.code, _plain(tax.rate_milli_percent))
            yield _sum(name, format_minor(tax.tax_minor, currency), currency)
    yield ""
    yield _("open sales {}   suspended {}   no sales {}").format(
        len(report.open), len(report.suspended), report.no_sales
    )


def _sum(name: str, amount: str, currency: str) -> str:
    return f"{name:<30}{amount:>14} {currency}"


def _name(line: Line) -> str:
    named = line.description or line.code or ""
    match line.kind:
        case LineKind.VOID:
            return _("VOID {}").format(named)
        case LineKind.DISCOUNT:
            percent = "" if line.percent_milli is None else f" {_plain(line.percent_milli)} %"
            of = "" if line.of is None else _(" on line {}").format(line.of)
            return _("Discount") + percent + of
        case LineKind.TAX:
            return _("Tax") + (f" {line.taxes[0].code}" if line.taxes else "")
        case LineKind.ROUNDING:
            return _("Rounding")
        case _:
            return named


def _plain(thousandths: int) -> str:
    """3000 is `3`, 1250 is `1.25`."""
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"
