"""A sale's receipt as rows of text: the same on the screen, on paper and on the command line.

Pure: the same sale gives the same rows. Every row fits its columns as a terminal or a printer
draws them, wide characters counted as two. Figures are those of the log, never computed anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from gettext import gettext as _

from kernel.model.decisions import name_of
from kernel.model.entries import ONE, Line, LineKind, TenderKind
from kernel.model.money import format_minor
from kernel.model.transaction import TenderTaken, Transaction

__all__ = ["MINIMUM_COLUMNS", "receipt_rows", "text_columns"]

MINIMUM_COLUMNS = 32
_WIDE = ("W", "F")
_NO_WIDTH = ("Mn", "Me", "Cf", "Cc")


def receipt_rows(
    sale: Transaction,
    *,
    terminal: str,
    at: datetime,
    columns: int = 42,
    copy: bool = False,
) -> list[str]:
    """The receipt of `sale`; `at` is the time that it shows, in the shop's zone.

    An open sale shows what it holds so far, without a receipt number. `copy`: it says COPY.
    """
    assert columns >= MINIMUM_COLUMNS, "no receipt is that narrow"
    rule = "-" * columns
    rows = [_centred(sale.store, columns)]
    if sale.training:
        rows.append(_centred(_("*** TRAINING - NO SALE ***"), columns))
    if copy:
        rows.append(_centred(_("*** COPY ***"), columns))
    rows.append(_sides(name_of(terminal, sale.number), f"{at:%Y-%m-%d %H:%M}", columns))
    number = "" if sale.receipt_number is None else _("Receipt {}").format(sale.receipt_number)
    rows.append(_sides(_("Operator {}").format(sale.operator), number, columns))
    if sale.reference is not None:
        rows += _wrapped(_("Reference {}").format(sale.reference), columns)
    rows.append(rule)
    for line in sale.lines:
        rows += _line_rows(line, sale.currency, columns)
    rows.append(rule)
    rows.append(_amount(_("TOTAL {}").format(sale.currency), sale.total_minor, sale, columns))
    rows += _tax_rows(sale, columns)
    rows += [
        _amount(_tender_name(tender), tender.amount_minor, sale, columns)
        for tender in sale.tenders
        if not tender.voided
    ]
    if sale.change_minor:
        rows.append(_amount(_("Change"), sale.change_minor, sale, columns))
    return rows


def text_columns(text: str) -> int:
    """How many columns `text` takes on a screen or a printer of fixed pitch."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.east_asian_width(character) in _WIDE:
        return 2
    return 0 if unicodedata.category(character) in _NO_WIDTH else 1


def _line_rows(line: Line, currency: str, columns: int) -> Iterator[str]:
    """The name, then quantity and price where they say more than the amount does."""
    amount = format_minor(line.total_minor, currency)
    name = _line_name(line)
    item = line.kind in (LineKind.ITEM, LineKind.VOID, LineKind.DEPOSIT)
    if item and line.quantity != ONE:
        yield from _wrapped(name, columns)
        each = format_minor(line.unit_minor, currency)
        yield _sides(f"  {_plain(line.quantity)} x {each}", amount, columns)
    elif text_columns(name) + 1 + len(amount) <= columns:
        yield _sides(name, amount, columns)
    else:
        yield from _wrapped(name, columns)
        yield _sides("", amount, columns)


def _line_name(line: Line) -> str:
    named = line.description or line.code or ""
    match line.kind:
        case LineKind.VOID:
            return _("VOID {}").format(named).rstrip()
        case LineKind.DISCOUNT:
            percent = "" if line.percent_milli is None else f" {_plain(line.percent_milli)} %"
            of = "" if line.of is None else _(" on line {}").format(line.of)
            return _("Discount") + percent + of
        case LineKind.TAX:
            return _("Tax")
        case LineKind.ROUNDING:
            return _("Rounding")
        case _:
            return named or str(line.kind.value)


def _tax_rows(sale: Transaction, columns: int) -> Iterator[str]:
    for tax in sale.sums.taxes:
        rate = _plain(tax.rate_milli_percent)
        net = format_minor(tax.net_minor, sale.currency)
        name = _("Tax {code} {rate} % of {net}").format(code=tax.code, rate=rate, net=net)
        yield _amount(name, tax.tax_minor, sale, columns)


def _tender_name(tender: TenderTaken) -> str:
    match tender.how:
        case TenderKind.CASH:
            return _("Cash") if tender.amount_minor >= 0 else _("Cash paid out")
        case TenderKind.CARD:
            last_four = f" *{tender.last_four}" if tender.last_four else ""
            return _("Card") + last_four
        case TenderKind.VOUCHER:
            return _("Voucher")


def _amount(name: str, amount_minor: int, sale: Transaction, columns: int) -> str:
    return _sides(name, format_minor(amount_minor, sale.currency), columns)


def _plain(thousandths: int) -> str:
    """3000 is `3`, 1250 is `1.25`."""
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"


def _sides(left: str, right: str, columns: int) -> str:
    """Both at their edges; what does not fit is cut from the left one: amounts are whole."""
    left = next(_pieces(left, columns - text_columns(right) - 1))
    return left + " " * (columns - text_columns(left) - text_columns(right)) + right


def _centred(text: str, columns: int) -> str:
    text = next(_pieces(text, columns))
    return " " * ((columns - text_columns(text)) // 2) + text


def _wrapped(text: str, columns: int) -> Iterator[str]:
    """Rows of whole words; a word that is longer than a row is cut."""
    row = ""
    for word in text.split():
        if row and text_columns(row) + 1 + text_columns(word) <= columns:
            row = f"{row} {word}"
            continue
        if row:
            yield row
        *whole, row = _pieces(word, columns)
        yield from whole
    if row:
        yield row


def _pieces(text: str, columns: int) -> Iterator[str]:
    """`text` in pieces of at most `columns`, never inside a character; at least one."""
    piece, used = "", 0
    for character in text:
        width = _columns_of(character)
        if used + width > columns:
            yield piece
            piece, used = "", 0
        piece += character
        used += width
    yield piece
