"""A line of the audit log as a row on the screen. Pure."""

from __future__ import annotations

import json
import re
from datetime import datetime

from kernel import AuditLine, KernelError, format_minor

__all__ = ["COLUMNS", "audit_row", "detail_of", "local_time"]

_TEXT = r'":("(?:[^"\\]|\\.)*")'
_DETAILS = (
    re.compile('"(?:description|what|reason|ticket)' + _TEXT),
    re.compile('"(?:code|how|detail)' + _TEXT),
)
"""What says most, then what else there is."""
COLUMNS = f"{'time':<8} {'till':<12} {'event':<18} {'by':<6} {'amount':>10}  what"


def audit_row(line: AuditLine, currency: str) -> str:
    """When, where, what, who, how much, and the most telling of its words."""
    amount = line.about_minor
    shown = "" if amount is None else amount_text(amount, line.currency or currency)
    who = line.operator or "-"
    event = line.event.replace("_", " ")
    return (
        f"{local_time(line.at):<8} {line.terminal:<12.12} {event:<18.18} {who:<6.6} "
        f"{shown:>10}  {detail_of(line)}"
    ).rstrip()


def detail_of(line: AuditLine) -> str:
    """The first of its texts: an item's description, a reason, a ticket."""
    if line.commit is not None:
        return f"{line.transaction or ''} #{line.commit.receipt}"
    found = next(filter(None, (one.search(line.text) for one in _DETAILS)), None)
    if found is None:
        return line.transaction or ""
    said = json.loads(found[1])
    text = said if isinstance(said, str) else ""
    return "".join(one if one.isprintable() else "?" for one in text)


def local_time(at: str) -> str:
    """`16:20:05` in the zone of this machine."""
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
