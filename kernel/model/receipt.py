"""A sale's receipt as rows of text: the same on the screen, on paper and on the command line.

Pure: the same sale gives the same rows. Every row fits its columns as a terminal or a printer
draws them, wide characters counted as two. Figures are those of the log, never computed anew.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from kernel.model.decisions import name_of
from kernel.model.entries import ONE, Line, LineKind, TenderKind
from kernel.model.money import format_minor
from kernel.model.transaction import TenderTaken, Transaction
from kernel.words import gettext as _

__all__ = ["MINIMUM_COLUMNS", "Figures", "Marks", "receipt_rows", "text_columns"]

MINIMUM_COLUMNS = 32
_WIDE = ("W", "F")
_NO_WIDTH = ("Mn", "Me", "Cf", "Cc")
_JOINED_JAMO = range(0x1160, 0x1200)
"""Vowels and finals of Hangul: drawn into the syllable that is begun before them."""
_RATE = 8
_WITH_GROSS = 40
"""Columns from which the tax table has one for net and tax together."""


class Figures(Protocol):
    """How amounts, quantities and days are written on it; `Plain` where nobody says otherwise."""

    def amount(self, amount_minor: int, currency: str) -> str: ...

    def number(self, thousandths: int) -> str: ...

    def day(self, day: date) -> str: ...


class Plain:
    """As the log has them: a point, no groups, ISO 8601."""

    def amount(self, amount_minor: int, currency: str) -> str:
        return format_minor(amount_minor, currency)

    def number(self, thousandths: int) -> str:
        """3000 is `3`, 1250 is `1.25`."""
        return f"{Decimal(thousandths).scaleb(-3).normalize():f}"

    def day(self, day: date) -> str:
        return day.isoformat()


_PLAIN = Plain()


class Marks(Struct, frozen=True, kw_only=True):
    """What a receipt says besides its sale."""

    copy: bool = False
    resumed: bool = False
    """The till was started anew in the middle of the sale."""
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


def receipt_rows(
    sale: Transaction,
    *,
    terminal: str,
    at: datetime,
    columns: int = 42,
    copy: bool = False,
    marks: Marks | None = None,
    figures: Figures = _PLAIN,
) -> list[str]:
    """The receipt of `sale`; `at` is the time that it shows, in the shop's zone.

    An open sale shows what it holds so far, without a receipt number. `copy`: it says COPY.
    """
    assert columns >= MINIMUM_COLUMNS, "no receipt is that narrow"
    marks = Marks(copy=copy) if marks is None else marks
    rule = "-" * columns
    shown = f"{figures.day(at.date())} {at:%H:%M}"
    rows = [*_head(sale, marks, columns), *_ident(sale, terminal, shown, columns), rule]
    for line in sale.lines:
        if not _is_rounding(line, sale):
            rows += _line_rows(line, sale.currency, columns, figures)
    rows.append(rule)
    rows += _money_rows(sale, columns, figures)
    rows += _tax_table(sale, columns, figures)
    if marks.resumed:
        rows += ["", _centred(_("resumed after an interruption"), columns)]
    if marks.footer:
        rows += ["", *_block(marks.footer, columns)]
    return rows


def text_columns(text: str) -> int:
    """How many columns `text` takes on a screen or a printer of fixed pitch."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    # Unicode Standard Annex 11, and as terminals draw combining marks and joined Jamo.
    if ord(character) in _JOINED_JAMO or unicodedata.category(character) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _head(sale: Transaction, marks: Marks, columns: int) -> Iterator[str]:
    yield from _block(marks.header, columns)
    yield _centred(sale.store, columns)
    if sale.training:
        yield _centred(_("*** TRAINING - NO SALE ***"), columns)
    if marks.copy:
        yield _centred(_("*** COPY ***"), columns)


def _ident(sale: Transaction, terminal: str, at: str, columns: int) -> Iterator[str]:
    yield from _pair(name_of(terminal, sale.number), at, columns)
    series = "T-" if sale.training else ""
    number = _("Receipt {}").format(f"{series}{sale.receipt_number}")
    number = "" if sale.receipt_number is None else number
    yield from _pair(_("Operator {}").format(sale.operator), number, columns)
    if sale.reference is not None:
        yield from _wrapped(_("Reference {}").format(sale.reference), columns)


def _line_rows(line: Line, currency: str, columns: int, figures: Figures) -> Iterator[str]:
    """The name, then quantity and price where they say more than the amount does."""
    if line.kind is LineKind.ADJUSTMENT and line.total_minor == 0:
        return  # it only carries tax, which the table shows
    amount = figures.amount(line.total_minor, currency)
    name = _line_name(line, figures)
    item = line.kind in (LineKind.ITEM, LineKind.VOID, LineKind.DEPOSIT)
    if item and line.quantity != ONE:
        yield from _wrapped(name, columns)
        each = figures.amount(line.unit_minor, currency)
        yield _sides(f"  {figures.number(line.quantity)} x {each}", amount, columns)
    elif text_columns(name) + 1 + len(amount) <= columns:
        yield _sides(name, amount, columns)
    else:
        yield from _wrapped(name, columns)
        yield _sides("", amount, columns)
    if line.origin is not None:
        transaction, number = line.origin
        yield from _wrapped(_("  of {} line {}").format(transaction, number), columns, "  ")


def _line_name(line: Line, figures: Figures) -> str:
    named = line.description or line.code or ""
    match line.kind:
        case LineKind.VOID:
            return _("VOID {}").format(named).rstrip()
        case LineKind.ITEM if line.quantity < 0:
            return _("RETURN {}").format(named).rstrip()
        case LineKind.DISCOUNT:
            taken = line.percent_milli
            percent = "" if taken is None else f" {figures.number(taken)} %"
            of = "" if line.of is None else _(" on line {}").format(line.of)
            return _("Discount") + percent + of
        case LineKind.TAX:
            return _("Tax {}").format(line.taxes[0].code if line.taxes else "").rstrip()
        case LineKind.ROUNDING:
            return _("Cash rounding")
        case _:
            return named or str(line.kind.value)


def _is_rounding(line: Line, sale: Transaction) -> bool:
    """Whether it is cash rounding or its reversal, which stand above the total in one row."""
    if line.kind is LineKind.VOID and line.of is not None:
        return sale.lines.line(line.of).kind is LineKind.ROUNDING
    return line.kind is LineKind.ROUNDING


def _money_rows(sale: Transaction, columns: int, figures: Figures) -> Iterator[str]:
    """Rounding, the total, what was given for it, the change."""

    def row(name: str, amount_minor: int) -> str:
        return _sides(name, figures.amount(amount_minor, sale.currency), columns)

    rounding = sale.sums.rounding_minor
    if rounding:
        yield row(_("Subtotal"), sale.total_minor - rounding)
        yield row(_("Cash rounding"), rounding)
    yield row(_("TOTAL {}").format(sale.currency), sale.total_minor)
    for tender in sale.tenders:
        if not tender.voided:
            yield row(_tender_name(tender), tender.amount_minor)
            if tender.authorisation:
                yield from _wrapped(_("  code {}").format(tender.authorisation), columns, "  ")
    if sale.change_minor:
        yield row(_("Change"), sale.change_minor)


def _tax_table(sale: Transaction, columns: int, figures: Figures) -> Iterator[str]:
    """A row a rate: its net turnover and its tax; on wide paper both together, too."""
    taxes = [tax for tax in sale.sums.taxes if tax.net_minor or tax.tax_minor]
    if not taxes:
        return
    gross = columns >= _WITH_GROSS
    amounts = 3 if gross else 2
    width = (columns - _RATE - 1) // (amounts + 1)
    name = columns - _RATE - amounts * width
    heads = [_("Net"), _("Tax"), _("Gross")][:amounts]
    yield ""
    yield _cells(_("Tax"), name, ["%", *heads], _RATE, width)
    for tax in taxes:
        sums = [tax.net_minor, tax.tax_minor, tax.net_minor + tax.tax_minor][:amounts]
        shown = [figures.amount(one, sale.currency) for one in sums]
        rate = figures.number(tax.rate_milli_percent)
        if max(map(text_columns, shown)) >= width:
            # Amounts of many digits: a row each, never one cut.
            yield from _wrapped(f"{tax.code} {rate} %", columns)
            for head, one in zip(heads, shown, strict=True):
                yield _sides(f"  {head}", one, columns)
            continue
        yield _cells(tax.code, name, [rate, *shown], _RATE, width)


def _cells(left: str, name: int, cells: Sequence[str], first: int, width: int) -> str:
    """A row of the table: a name at the left, then columns that end at the same places."""
    left = next(_pieces(left, name - 1))
    row = left + " " * (name - text_columns(left))
    for number, cell in enumerate(cells):
        room = first if number == 0 else width
        row += " " * max(room - text_columns(cell), 0) + cell
    return row


def _tender_name(tender: TenderTaken) -> str:
    match tender.how:
        case TenderKind.CASH:
            return _("Cash") if tender.amount_minor >= 0 else _("Cash paid out")
        case TenderKind.CARD:
            last_four = f" *{tender.last_four}" if tender.last_four else ""
            return _("Card") + last_four
        case TenderKind.VOUCHER:
            return f"{_('Voucher')} {tender.voucher or ''}".rstrip()


def _sides(left: str, right: str, columns: int) -> str:
    """Both at their edges; what does not fit is cut from the left one: amounts are whole."""
    left = next(_pieces(left, columns - text_columns(right) - 1))
    return left + " " * (columns - text_columns(left) - text_columns(right)) + right


def _pair(left: str, right: str, columns: int) -> Iterator[str]:
    """Both at their edges of one row, or where they don't fit, of two: nothing is cut."""
    if text_columns(left) + 1 + text_columns(right) <= columns:
        yield _sides(left, right, columns) if right else left
        return
    yield from _wrapped(left, columns)
    yield _sides("", right, columns)


def _block(rows: Sequence[str], columns: int) -> Iterator[str]:
    """The shop's own rows, centred; a long one goes on in the next."""
    for row in rows:
        for piece in [*_wrapped(row, columns)] or [""]:
            yield _centred(piece, columns)


def _centred(text: str, columns: int) -> str:
    text = next(_pieces(text, columns))
    return " " * ((columns - text_columns(text)) // 2) + text


def _wrapped(text: str, columns: int, indent: str = "") -> Iterator[str]:
    """Rows of whole words, each behind `indent`; a word that is longer than a row is cut."""
    room = columns - len(indent)
    row = ""
    for word in text.split():
        if row and text_columns(row) + 1 + text_columns(word) <= room:
            row = f"{row} {word}"
            continue
        if row:
            yield indent + row
        *whole, row = _pieces(word, room)
        yield from (indent + piece for piece in whole)
    if row:
        yield indent + row


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
