"""A line of the audit log as a row on the screen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache

from kernel import AuditLine, KernelError, format_minor
from kernel import gettext as _
from manager.fitting import fitted

__all__ = ["audit_row", "columns_row", "detail_of", "local_time"]

_TEXT = r'":("(?:[^"\\]|\\.)*")'
_DETAILS = (
    re.compile('"(?:description|what|reason|ticket)' + _TEXT),
    re.compile('"(?:code|how|detail)' + _TEXT),
)
"""What says most, then what else there is."""
_NOTED = "noted"
_NOTE_WORDS = (re.compile('"what' + _TEXT), re.compile('"detail' + _TEXT))
"""Of a note: what it is, and whom or what it is about."""
_WIDTHS = (8, 12, 18, 6, 10)
_NARROW = 72
_NARROW_WIDTHS = (8, 11, 16, 4, 7)
"""Below that many columns, what it was about needs the room that the others can spare."""


def columns_row(width: int = 80) -> str:
    """What stands above the rows of `audit_row` on a screen of that width."""
    return _row(width, _("time"), _("till"), _("event"), _("by"), _("amount"), _("what"))


def audit_row(line: AuditLine, currency: str, width: int = 80) -> str:
    """When, where, what, who, how much, and the most telling of its words."""
    amount = line.about_minor
    shown = "" if amount is None else amount_text(amount, line.currency or currency)
    who = line.operator or "-"
    event = line.event.replace("_", " ")
    return _row(width, local_time(line.at), line.terminal, event, who, shown, detail_of(line))


def _row(width: int, *cells: str) -> str:
    at, till, event, by, amount, what = cells
    a, b, c, d, e = _WIDTHS if width >= _NARROW else _NARROW_WIDTHS
    row = (
        f"{at:<{a}} {fitted(till, b):<{b}} {fitted(event, c):<{c}} {fitted(by, d):<{d}} "
        f"{amount:>{e}}  {what}"
    )
    return row.rstrip()


def detail_of(line: AuditLine) -> str:
    """The first of its texts: an item's description, a reason, a ticket."""
    if line.commit is not None:
        return f"{line.transaction or ''} #{line.commit.receipt}"
    if line.event == _NOTED:
        return _printable(": ".join(_said(line, _NOTE_WORDS)))
    return _printable(next(_said(line, _DETAILS), line.transaction or ""))


def _said(line: AuditLine, patterns: Iterable[re.Pattern[str]]) -> Iterator[str]:
    """The texts of the line that those find, in their order."""
    import json  # no first frame has an event to show

    for pattern in patterns:
        found = pattern.search(line.text)
        if found is not None:
            yield str(json.loads(found[1]))


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


def local_time(at: str) -> str:
    """`16:20:05` in the zone of this machine."""
    return _local_second(at.partition(".")[0].removesuffix("Z"))


@lru_cache(maxsize=256)
def _local_second(second: str) -> str:
    """Of a second of UTC: a shop writes many lines in each."""
    at = f"{second}+00:00"
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except (ValueError, OverflowError):
        return "??:??:??"


def amount_text(amount_minor: int, currency: str) -> str:
    """In the currency's own decimals; as minor units where there is no such currency."""
    try:
        return format_minor(amount_minor, currency)
    except KernelError:
        return str(amount_minor)
