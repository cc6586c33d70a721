"""A `View` as rows of a screen of that size: what stands in each panel, to the last column.

Pure. Where there is no room a name gives way, an explanation is wrapped, and an amount never loses
a digit. This module must never look at the clock or at a widget.
"""

from __future__ import annotations

import textwrap

from msgspec.structs import replace

from kernel import gettext as _
from posterm.keypad import Mode
from posterm.register.rows import line_row, total_caption, total_minor
from posterm.register.view import View
from posterm.widgets.panel import Row
from themes.digits import large
from themes.formats import amount_text

__all__ = ["body_rows", "message_rows", "total_rows"]

_CAPTION = 30
_MESSAGE_ROWS = 3
_GAP = 2
_PRICE = 13


def message_rows(view: View, width: int) -> list[Row]:
    """One row; up to three where a message is longer than the line."""
    role = "error" if view.mode is Mode.HELD else "strong"
    wrapped = textwrap.wrap(
        view.message, width - 1, max_lines=_MESSAGE_ROWS, placeholder=" ...", drop_whitespace=True
    )
    return [Row(row, role) for row in wrapped] or [Row("", role)]


def body_rows(view: View, height: int, width: int) -> list[Row]:
    """A page, or the end of the receipt; as many rows as there is height."""
    if view.coach:
        coach = [Row(one[: width - 1], "strong") for one in view.coach]
        return [*coach, *body_rows(replace(view, coach=()), height - len(coach), width)]
    rows = _page(view, height, width) if view.page is not None else _receipt(view, height, width)
    return rows + [Row("")] * (height - len(rows))


def total_rows(view: View, width: int) -> list[Row]:
    """The caption at the left, the amount in large digits at the right."""
    rule = Row("-" * (width - 1), "quiet")
    if view.sale is None:
        return [rule, Row(""), Row("" if view.mode is Mode.PROMPT else _("READY")), Row("")]
    caption = total_caption(view.sale, totalled=view.totalled)
    amount = amount_text(total_minor(view.sale), view.sale.currency)
    digits = large(amount)
    if len(digits[0]) > width - 1 - _CAPTION - _GAP:
        digits = ("", amount, "")
    room = max(width - 1 - len(digits[1]) - _GAP, 1)
    return [
        rule,
        *(
            Row(f"{left:<{room}.{room}}{right:>{width - 1 - room}}", "strong")
            for left, right in zip(caption, digits, strict=True)
        ),
    ]


def _receipt(view: View, height: int, width: int) -> list[Row]:
    if view.sale is None:
        return []
    lines, currency = view.sale.lines, view.sale.currency
    return [
        Row(
            line_row(
                lines.line(number),
                number,
                currency,
                width,
                newest=number == len(lines),
                awaiting=number in view.awaiting,
            )
        )
        for number in range(max(1, len(lines) - height + 1), len(lines) + 1)
    ]


def _page(view: View, height: int, width: int) -> list[Row]:
    """The part of the page around its marked row, else from `view.first`."""
    assert view.page is not None
    if view.marked is not None:
        first = max(0, view.marked - height + 1)
        shown = enumerate(view.page[first : first + height], first)
        return [_item_row(text, number == view.marked, width) for number, text in shown]
    rows = [part for text in view.page for part in _wrapped(text, width)]
    if len(rows) <= height:
        return [Row(text) for text in rows]
    more = Row(_("  more: arrow keys up and down"), "quiet")
    first = min(view.first, len(rows) - height + 1)
    return [*(Row(text) for text in rows[first : first + height - 1]), more]


def _item_row(text: str, marked: bool, width: int) -> Row:
    """Where it is too long its middle gives way: the price stands at its end."""
    room = width - 3
    if len(text) > room:
        text = text[: room - _PRICE] + text[-_PRICE:]
    return Row(("> " if marked else "  ") + text, "strong" if marked else "")


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width - 1, initial_indent="  ", subsequent_indent="      ") or [""]
