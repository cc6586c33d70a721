"""A sale in hand as rows of text, for who looks over a cashier's shoulder. Pure."""

from __future__ import annotations

from decimal import Decimal

from kernel import LineKind
from kernel import gettext as _
from manager.audit_rows import amount_text
from manager.mirror import MirroredLine, MirroredSale
from manager.widgets.panel import Row

__all__ = ["sale_rows"]

_ONE = 1000
_NUMBER = 5
_HOW_MUCH = 18
_AMOUNT = 12


def sale_rows(sale: MirroredSale, width: int, height: int) -> list[Row]:
    """`height` rows: its newest lines, then what was paid and what is due."""
    foot = _foot(sale, width)
    room = max(height - len(foot), 1)
    rows = [] if sale.whole else [Row(_("     ... begun before this console looked"), "quiet")]
    newest = len(sale.lines)
    rows += [
        _line_row(one, sale.currency, width, newest=one.number == newest) for one in sale.lines
    ]
    rows = rows[-room:]
    return [*rows, *[Row("")] * (room - len(rows)), *foot]


def _line_row(line: MirroredLine, currency: str, width: int, *, newest: bool) -> Row:
    how_much = ""
    counted = line.kind in (LineKind.ITEM, LineKind.VOID, LineKind.DEPOSIT)
    if counted and line.quantity != _ONE:
        quantity = f"{Decimal(line.quantity).scaleb(-3).normalize():f}"
        how_much = f"{quantity} x {amount_text(line.unit_minor, currency)}"
    room = max(width - 2 - _NUMBER - _HOW_MUCH - _AMOUNT, 1)
    name = _name(line)
    gutter = ">" if newest else " "
    amount = amount_text(line.amount_minor, currency)
    text = f"{gutter}{line.number:>{_NUMBER - 1}} {name:<{room}.{room}}{how_much:>{_HOW_MUCH}}"
    return Row(f"{text}{amount:>{_AMOUNT}}", "quiet" if line.voided else "")


def _name(line: MirroredLine) -> str:
    match line.kind:
        case LineKind.VOID:
            return _("VOID {}").format(line.description)
        case LineKind.DISCOUNT:
            return _("Discount")
        case LineKind.TAX:
            return _("Tax")
        case LineKind.ROUNDING:
            return _("Rounding")
        case _:
            return _("{} (voided)").format(line.description) if line.voided else line.description


def _foot(sale: MirroredSale, width: int) -> list[Row]:
    def row(name: str, amount_minor: int, role: str = "") -> Row:
        amount = amount_text(amount_minor, sale.currency)
        return Row(f"      {name:<{max(width - 7 - _AMOUNT, 1)}}{amount:>{_AMOUNT}}", role)

    rows = [Row("-" * max(width - 1, 0), "quiet")]
    rows.append(row(_("TOTAL {}").format(sale.currency), sale.total_minor, "strong"))
    for tender in sale.tenders:
        name = _("{} (taken back)").format(tender.how) if tender.voided else tender.how
        rows.append(row(name, tender.amount_minor))
    match sale.state:
        case "committed":
            rows.append(row(_("change; receipt {}").format(sale.receipt_number), sale.change_minor))
        case "aborted":
            rows.append(Row(_("      VOID SALE"), "strong"))
        case "suspended":
            rows.append(Row(_("      SUSPENDED"), "strong"))
        case _ if sale.tenders:
            rows.append(row(_("still due"), sale.balance_minor))
        case _:
            pass
    return rows
