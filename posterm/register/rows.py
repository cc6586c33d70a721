"""Rows of text for the screen: posted lines, the total. Pure, each within its width."""

from __future__ import annotations

from kernel import Line, LineKind, State, Transaction, ngettext
from kernel import gettext as _
from posterm.catalog import Item
from posterm.pricing import TAX_ROUNDING
from themes.formats import amount_text, plain_number, quantity_text

__all__ = [
    "header_row",
    "item_row",
    "line_row",
    "ticket_text",
    "total_caption",
    "total_minor",
]

_AMOUNT = 12
_HOW_MUCH = 18
_NUMBER = 5


def header_row(said: str, notice: str, width: int) -> str:
    """What stands at the left, and at the right what a person should know; that is never cut."""
    room = max(width - len(notice) - 2, 0)
    return f"{said[:room]:<{room}}  {notice}"[:width] if notice else said[:width]


def line_row(
    line: Line,
    number: int,
    currency: str,
    width: int,
    *,
    newest: bool,
    awaiting: bool = False,
) -> str:
    """Gutter, number, name, quantity and price where they say more, amount."""
    amount = amount_text(line.total_minor, currency)
    how_much = ""
    if line.kind in (LineKind.ITEM, LineKind.DEPOSIT, LineKind.VOID) and line.quantity != 1000:
        how_much = f"{quantity_text(line.quantity)} x {amount_text(line.unit_minor, currency)}"
    figures = f"{how_much:>{_HOW_MUCH}} {amount:>{_AMOUNT - 1}}"
    room = max(width - 2 - _NUMBER - len(figures), 0)
    gutter = ">" if newest else " "
    name = _name(line)[:room]
    if awaiting:
        word = _("(awaiting)")
        name = f"{name[: room - len(word) - 1]} {word}"
    return f"{gutter}{number:>{_NUMBER - 1}} {name:<{room}}{figures} "


def item_row(item: Item, currency: str) -> str:
    price = _("open") if item.price_minor is None else amount_text(item.price_minor, currency)
    return f"{item.sku:<16.16} {item.description:<40.40} {price:>12}"


def ticket_text(ticket: str) -> str:
    """In groups of three, as it is read aloud."""
    return f"{ticket[:3]} {ticket[3:6]} {ticket[6:]}"


def total_caption(sale: Transaction, *, totalled: bool) -> tuple[str, str, str]:
    """What stands left of the large digits: three rows."""
    count = len(sale.lines)
    lines = ngettext("{} line", "{} lines", count).format(count)
    match sale.state:
        case State.COMMITTED:
            given = amount_text(sale.tendered_minor, sale.currency)
            total = amount_text(sale.total_minor, sale.currency)
            series = "T-" if sale.training else ""
            number = _("receipt {}").format(f"{series}{sale.receipt_number}")
            if sale.total_minor < 0:
                return (_("PAID OUT {}").format(sale.currency), "", number)
            return (_("CHANGE {}").format(sale.currency), f"{total} / {given}", number)
        case State.SUSPENDED:
            return (_("SUSPENDED"), _("ticket {}").format(ticket_text(sale.ticket or "")), lines)
        case State.ABORTED:
            return (_("VOID SALE"), "", lines)
        case _:
            due = _("TOTAL DUE {}") if sale.balance_minor >= 0 else _("TO PAY OUT {}")
            word = due if totalled else _("SUBTOTAL {}")
            paid = amount_text(sale.tendered_minor, sale.currency)
            rest = _("paid {}").format(paid) if sale.tendered_minor else ""
            return (word.format(sale.currency), rest, lines)


def total_minor(sale: Transaction) -> int:
    """The amount in large digits: what is due, or the change of a sale that is closed, or what was
    paid out for it."""
    if sale.state in (State.ABORTED, State.SUSPENDED):
        return 0
    if sale.state is State.COMMITTED and sale.total_minor < 0:
        return -sale.total_minor
    return sale.change_minor if sale.state is State.COMMITTED else sale.balance_minor


def _name(line: Line) -> str:
    named = line.description or line.code or ""
    match line.kind:
        case LineKind.VOID:
            return _("VOID {}").format(named)
        case LineKind.DISCOUNT:
            percent = "" if line.percent_milli is None else f" {plain_number(line.percent_milli)} %"
            of = "" if line.of is None else _(" on line {}").format(line.of)
            return _("Discount") + percent + of
        case LineKind.TAX:
            return _("Tax") + (f" {line.taxes[0].code}" if line.taxes else "")
        case LineKind.ROUNDING:
            return _("Rounding")
        case LineKind.ADJUSTMENT if line.code == TAX_ROUNDING:
            return _("Tax rounding")
        case _:
            return named
