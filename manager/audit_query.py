"""What a manager types to find lines of the audit log: `till=REGISTER_01 min=10.00 milk`.

`word=value` narrows down, anything else is looked for in the whole line; all of it must be true.
Amounts are in the shop's currency, times in the zone of this machine. Pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import NamedTuple, TypeVar

from kernel import AuditFilter, BadInput, SaleRefused, parse_major
from kernel import gettext as _
from manager.times import date_of

__all__ = ["WORDS", "AuditQuery", "parse_query"]

WORDS = ("till", "op", "kind", "min", "max", "from", "to", "date", "text")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?")
_SECONDS = re.compile(r"\d:\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_T = TypeVar("_T")
_MINUTE = "%Y-%m-%dT%H:%M"
_SECOND = "%Y-%m-%dT%H:%M:%S"


class AuditQuery(NamedTuple):
    """`business_date` None is the newest; `typed` is how it was said."""

    wanted: AuditFilter = AuditFilter()
    business_date: int | None = None
    typed: str = ""


def parse_query(typed: str, currency: str, now: datetime) -> AuditQuery:
    """`now` says which day a bare `from=09:30` means. Raises `BadInput`."""
    try:
        parts = shlex.split(typed)
    except ValueError:
        raise BadInput(_('a quotation mark is open; close it: text="oat milk"')) from None
    said: dict[str, str] = {}
    words: list[str] = []
    for part in parts:
        word, equals, value = part.partition("=")
        if equals and word in WORDS and value:
            said[word] = value
        elif equals and word in WORDS:
            raise BadInput(_("{}= says nothing; give what it must be").format(word))
        elif equals and word.isalpha() and word.islower():
            known = " ".join(f"{one}=" for one in WORDS)
            raise BadInput(_("there is no filter {}=; there are {}").format(word, known))
        else:
            words.append(part)
    text = " ".join([*([said["text"]] if "text" in said else []), *words])
    date = date_of(said["date"]) if "date" in said else None
    day = datetime.strptime(str(date), "%Y%m%d").astimezone() if date is not None else now
    wanted = AuditFilter(
        terminal=said["till"].upper() if "till" in said else None,
        operator=said.get("op"),
        kind=_given(said, "kind", _event),
        since=_given(said, "from", lambda value: _instant(value, day, time.min)),
        until=_given(said, "to", lambda value: _instant(value, day, time(23, 59))),
        min_minor=_given(said, "min", lambda value: _amount(value, currency)),
        max_minor=_given(said, "max", lambda value: _amount(value, currency)),
        text=text or None,
    )
    _refuse_the_impossible(wanted, said)
    return AuditQuery(wanted, date, typed.strip())


def _given(said: dict[str, str], word: str, read: Callable[[str], _T]) -> _T | None:
    return read(said[word]) if word in said else None


def _event(text: str) -> str:
    """As the log names it: `Sale closed` on the screen is `sale_closed` there."""
    return "_".join(text.casefold().split())


def _refuse_the_impossible(wanted: AuditFilter, said: dict[str, str]) -> None:
    """What no line can be: an empty list would look like a shop in which nothing happened."""
    least, most = wanted.min_minor, wanted.max_minor
    since, until = wanted.since, wanted.until
    for first, last, impossible in (
        ("min", "max", least is not None and most is not None and least > most),
        # A minute covers its seconds: only as much is compared as both say.
        ("from", "to", since is not None and until is not None and since[: len(until)] > until),
    ):
        if impossible:
            known = f"{first}={said[first]}", f"{last}={said[last]}"
            raise BadInput(_("nothing lies between {} and {}; turn them round").format(*known))


def _amount(text: str, currency: str) -> int:
    try:
        return parse_major(text, currency)
    except SaleRefused as fault:
        raise BadInput(str(fault)) from fault


def _instant(text: str, day: datetime, otherwise: time) -> str:
    """The minute or second in UTC, as the audit log writes it."""
    try:
        if _CLOCK.fullmatch(text):
            hour, _colon, rest = text.partition(":")
            at = datetime.combine(day.date(), time.fromisoformat(f"{hour:0>2}:{rest}"))
        elif _DAY.fullmatch(text):
            at = datetime.combine(datetime.fromisoformat(text).date(), otherwise)
        else:
            at = datetime.fromisoformat(text)
        local = at.astimezone()
    except (ValueError, OverflowError, OSError):
        said = _("{} is no time; give one such as 09:30 or 2026-01-31T09:30")
        raise BadInput(said.format(text)) from None
    form = _SECOND if _SECONDS.search(text) else _MINUTE
    return (local - (local.utcoffset() or timedelta())).strftime(form)
