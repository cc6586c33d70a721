"""When something is to happen, as a person types it, and when it was, as one reads it. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

from kernel import BadInput
from kernel import gettext as _

__all__ = [
    "business_date",
    "date_of",
    "date_text",
    "instant",
    "time_text",
    "utc_text",
    "when_text",
]

_AHEAD = re.compile(r"\+(\d{1,7})([smhd])")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def instant(text: str, now_ms: int) -> int | None:
    """`+30s`, `+2h`, `2026-01-31T06:00` in milliseconds of UTC; None of an empty text: at once."""
    if not text:
        return None
    ahead = _AHEAD.fullmatch(text)
    if ahead is not None:
        return now_ms + int(ahead[1]) * _UNIT_MS[ahead[2]]
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        said = _("{} is no time; give one such as +30s, +2h or 2026-01-31T06:00")
        raise BadInput(said.format(text)) from None


def utc_text(wall_ms: int) -> str:
    """`2026-01-31T09:30:00.000Z`, as the audit trail writes it."""
    at = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_text(wall_ms: int) -> str:
    """`17:03:12`, on this machine's clock."""
    return _clock_text(wall_ms // 1000)


@lru_cache(maxsize=256)
def _clock_text(second: int) -> str:
    """Of a hundred tills that sell, most say the same second."""
    return datetime.fromtimestamp(second, UTC).astimezone().strftime("%H:%M:%S")


def when_text(wall_ms: int, now_ms: int) -> str:
    """The time of a day that is today, else the date too."""
    at, now = (datetime.fromtimestamp(one / 1000, UTC).astimezone() for one in (wall_ms, now_ms))
    return time_text(wall_ms) if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S}"


def date_text(date: int) -> str:
    """20261123 is `2026-11-23`."""
    return f"{date // 10_000}-{date // 100 % 100:02}-{date % 100:02}"


def business_date(text: str, today: int) -> int:
    """YYYYMMDD of `2026-01-31` or `20260131`; of an empty text it is `today`."""
    if not text:
        return today
    return date_of(text)


def date_of(text: str) -> int:
    """YYYYMMDD of `2026-01-31`, `2026-1-31` or `20260131`."""
    try:
        form = "%Y-%m-%d" if "-" in text else "%Y%m%d"
        day = datetime.strptime(text, form).astimezone()
    except (ValueError, OverflowError):
        raise BadInput(_("{} is no date; give one such as 2026-01-31").format(text)) from None
    return day.year * 10_000 + day.month * 100 + day.day
