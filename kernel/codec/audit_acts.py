"""From an audit line back to the entry that it tells of: its act, and where and when it was.

A line says all that its entry says, so that whoever has the audit log can fold the shop's day by
the rules of the ledger itself, and comes to the figures that the tills have. Each event has a
class of its own, made from its entry's: the entry with the line's words for keys. What the
ledger's sums and sales don't need (mail, segments) is not read. Pure; never trusts a line.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache, reduce
from operator import or_
from typing import Any, NamedTuple

import msgspec
from msgspec import defstruct, field
from msgspec.structs import FieldInfo, fields, force_setattr

from kernel.codec.audit_events import EVENTS
from kernel.errors import BadInput
from kernel.model.entries import (
    Act,
    CardOutcome,
    CardRequest,
    Commit,
    Line,
    SaleAborted,
    SaleBegun,
    SaleRecalled,
    SaleSuspended,
    Stamp,
    Tender,
    TenderVoided,
)
from kernel.model.identity import TransactionId
from kernel.model.till_entries import (
    Approval,
    CashMovement,
    ConfigurationApplied,
    Counted,
    Event,
    OperatorChange,
    PeriodClosed,
    PeriodOpened,
    Started,
    Stopped,
    TrainingEnded,
)
from kernel.words import gettext as _

__all__ = ["ToldAct", "told_act"]

_OWN = frozenset(("terminal", "epoch", "lsn", "chain", "date", "at", "event", "event_code"))
_READ: tuple[type[Act], ...] = (
    SaleBegun, Line, Tender, TenderVoided, CardRequest, CardOutcome, SaleAborted, SaleSuspended,
    SaleRecalled, Started, Stopped, PeriodOpened, PeriodClosed, CashMovement, Counted,
    OperatorChange, ConfigurationApplied, Approval, Event, TrainingEnded,
)  # fmt: skip


class ToldAct(NamedTuple):
    """One entry of a terminal's log, as its line tells it."""

    terminal: str
    epoch: int
    event: str
    act: Act
    stamp: Stamp


class _Commit(Commit, frozen=True, kw_only=True, gc=False):
    """The close of a sale in a line's words."""

    receipt: int = field(name="receipt")
    total_minor: int = field(name="total_minor")
    change_minor: int = field(name="change_minor", default=0)


def told_act(line: str | bytes) -> ToldAct | None:
    """What the entry was; None where it is of a kind that is not read here.

    Raises `BadInput` where the line contradicts itself or was made up.
    """
    try:
        told = _decoded(line)
    except msgspec.ValidationError:
        return None  # another kind, or one of a newer posterm
    except (ValueError, RecursionError) as fault:
        raise BadInput(
            _("an audit line can't be read ({}); run posterm verify").format(fault)
        ) from fault
    if told.line_transaction is not None:
        force_setattr(told, "tx", _number(told.line_transaction))
    try:
        wall_ms = round(datetime.fromisoformat(told.line_at).timestamp() * 1000)
    except (ValueError, OverflowError) as fault:
        raise BadInput(_("an audit line has no time ({!r:.40})").format(told.line_at)) from fault
    stamp = Stamp(lsn=told.line_lsn, wall_ms=wall_ms, business_date=told.line_date)
    event = _EVENT_OF[type(told)]
    return ToldAct(told.line_terminal, told.line_epoch, event, told, stamp)


def _decoded(line: str | bytes) -> Any:
    try:
        return _decode(line)
    except msgspec.ValidationError:
        return _decode_card_close(line)  # the one event that two kinds of entry share


def _number(transaction: str) -> int:
    """Of a training sale below zero."""
    number = transaction.rpartition("-")[2]
    if number.isascii() and number.isdecimal():
        return int(number)
    return TransactionId.parse(transaction).logged


def _worded(act: type[Act], event: str) -> Any:
    """That entry's class, with the words of its line for keys; no `applied`: mail is not read."""
    return defstruct(
        f"{act.__name__}Told",
        [
            *_renamed_fields(act),
            ("line_terminal", str, field(name="terminal")),
            ("line_epoch", int, field(name="epoch")),
            ("line_lsn", int, field(name="lsn")),
            ("line_date", int, field(name="date")),
            ("line_at", str, field(name="at")),
            ("line_transaction", str | None, field(name="transaction", default=None)),
        ],
        bases=(act,),
        frozen=True,
        kw_only=True,
        gc=False,
        tag_field="event",
        tag=event,
    )


@cache
def _renamed_fields(act: type[Act]) -> list[tuple[str, Any, Any]]:
    """Kept: what msgspec works out of a class costs a millisecond, and an act has many events."""
    return [_renamed(one) for one in fields(act) if one.name not in ("tx", "applied")]


def _renamed(one: FieldInfo) -> tuple[str, Any, Any]:
    name = f"entry_{one.name}" if one.name in _OWN else one.name
    kind = _Commit | None if one.name == "commit" else one.type
    if one.default is not msgspec.NODEFAULT:
        return one.name, kind, field(name=name, default=one.default)
    if one.default_factory is not msgspec.NODEFAULT:
        return one.name, kind, field(name=name, default_factory=one.default_factory)
    return one.name, kind, field(name=name)


def _classes() -> list[Any]:
    """One for each event of what is read; an event that two kinds share is the first one's."""
    by_kind = {str(act.__struct_config__.tag): act for act in _READ}
    events: dict[str, type[Act]] = {}
    for key, (event, _writer) in EVENTS.items():
        kind = key.partition(":")[0]
        act = Tender if kind == "closed" else by_kind.get(kind)
        if act is not None:
            events.setdefault(event, act)
    return [_worded(act, event) for event, act in events.items()]


_CLASSES = _classes()
_CARD_CLOSE = _worded(CardOutcome, "sale_closed")
_EVENT_OF: dict[type, str] = {
    one: str(one.__struct_config__.tag) for one in (*_CLASSES, _CARD_CLOSE)
}
_decode: Any = msgspec.json.Decoder(reduce(or_, _CLASSES)).decode
_decode_card_close: Any = msgspec.json.Decoder(_CARD_CLOSE).decode
