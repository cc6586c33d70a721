"""An entry in the shop's own words: the names of events, and of all that an entry says.

The words are the attribute names of the entries in `kernel.model`; only the log's keys are short.
So each kind has two shapes made from its class: one reads the short keys, one writes the words,
and the values between them stay the bytes that they are. An entry of a kind that is not known
here keeps its own name, and says who and when. Pure: bytes in, bytes out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Annotated, Any, NamedTuple, cast, get_args

import msgspec
from msgspec import Meta, Raw, Struct, defstruct, field
from msgspec.structs import astuple

from kernel.codec.audit_events import EVENTS
from kernel.model.entries import Act
from kernel.model.till_entries import AnyAct

__all__ = ["Said", "Whose", "epoch_begun", "read", "read_known", "write"]

_OWN = ("terminal", "epoch", "lsn", "chain", "date", "at", "event", "event_code", "transaction")
"""A line's own words; an entry's of the same name are called `entry_...`."""
_NOTHING = Raw(b"")
_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""What can be written again as it was read."""
_STAMPED = 4
"""So many values before those that are passed on: LSN, time, business date, transaction."""

Event = tuple[str, int | None]


class Said(Struct, gc=False):
    """What is read of every entry. Each kind has a class of its own with all that it says."""

    lsn: int = field(name="n")
    wall_ms: int = field(name="t")
    business_date: int = field(name="d")
    tx: int | None = field(name="x", default=None)


class Whose(NamedTuple):
    """Whose log it stands in: the first words of a line."""

    terminal: str
    epoch: int


class _Shape(NamedTuple):
    """One kind of entry: `write` makes its words. The last three are places among the values
    read, 0 where the kind has no such value."""

    write: Callable[..., Any]
    event: Event
    varieties: dict[bytes, Event]
    variety: int
    commit: int
    quantity: int


class _Commit(Struct, gc=False):
    receipt: _Number = field(name="no", default=0)
    total_minor: _Number = field(name="tot", default=0)
    change_minor: _Number = field(name="chg", default=0)
    fiscal: Raw = _NOTHING


class _Closed(Struct, gc=False, omit_defaults=True):
    receipt: int
    total_minor: int
    change_minor: int = 0
    fiscal: Raw = _NOTHING


def read(body: bytes) -> Said:
    """What the entry says. Raises `msgspec.DecodeError` where it is no entry."""
    try:
        return read_known(body)
    except msgspec.ValidationError:
        return _read_unknown(body)


def write(said: Said, whose: Whose, chain: str, at: str, transaction: str | None) -> bytes:
    """The line of what was said, without its newline."""
    words, (event, code), varieties, variety, commit, quantity = _SHAPES[type(said)]
    values = astuple(said)
    if commit and values[commit] is not _NOTHING:
        (event, code), values = _closed(values, commit, said.tx)
    elif variety and (value := values[variety]) is not _NOTHING:
        event, code = varieties.get(bytes(value), (event, code))
    elif quantity and (value := values[quantity]) is not _NOTHING and value < 0:
        event, code = EVENTS["line:return"]
    elif not event:
        event = _name_of_unknown(said)
    place = said.lsn, chain, said.business_date, at
    return _encode(words(*whose, *place, event, code, transaction, *values[_STAMPED:]))


def _name_of_unknown(said: Said) -> str:
    assert isinstance(said, _Unknown), "every kind that is known has an event"
    return said.kind


def epoch_begun(said: Said) -> int | None:
    """The epoch that a `start` entry begins; None for any other entry."""
    return int(bytes(said.epoch)) if isinstance(said, _Started) else None


def _closed(values: tuple[Any, ...], place: int, tx: int | None) -> tuple[Event, tuple[Any, ...]]:
    """A close's event, and the values with its commit in words."""
    commit = values[place]
    words = _Closed(commit.receipt, commit.total_minor, commit.change_minor, commit.fiscal)
    if tx is not None and tx < 0:
        event = EVENTS["closed:training"]
    else:
        event = EVENTS["closed:return" if commit.total_minor < 0 else "closed"]
    return event, (*values[:place], words, *values[place + 1 :])


def _reader(kind: str, act: type[Act]) -> type[Said]:
    """The short keys of one kind, each value as its bytes but those that say what happened."""
    keys = [
        (name, _looked_at(kind, name), field(name=key, default=_NOTHING))
        for name, key in zip(act.__struct_fields__, act.__struct_encode_fields__, strict=True)
        if name != "tx"
    ]
    name = f"{act.__name__}Said"
    made: Any = defstruct(name, keys, bases=(Said,), gc=False, tag_field="k", tag=kind)
    return cast(type[Said], made)


def _looked_at(kind: str, name: str) -> Any:
    if name == "commit":
        return _Commit
    return _Number if (kind, name) == ("line", "quantity") else Raw


def _shape(kind: str, said: type[Said]) -> _Shape:
    names = said.__struct_fields__
    words = [f"entry_{name}" if name in _OWN else name for name in names[_STAMPED:]]
    writer = defstruct(
        f"{said.__name__}Line",
        [
            *[(name, object) for name in _OWN[:7]],
            *[(name, object, None) for name in _OWN[7:]],
            *[(word, object, _NOTHING) for word in words],
        ],
        gc=False,
        omit_defaults=True,
    )

    def place(*wanted: str) -> int:
        return next((names.index(name) for name in wanted if name in names), 0)

    varieties = {
        b'"%b"' % key.partition(":")[2].encode(): event
        for key, event in EVENTS.items()
        if key.startswith(f"{kind}:")
    }
    if kind == "period":
        varieties = {b"true": EVENTS["period:training"]}
    return _Shape(
        write=writer,
        event=EVENTS.get(kind, (kind, None)),
        varieties=varieties,
        variety=place("training") if kind == "period" else place("kind", "how", "result"),
        commit=place("commit"),
        quantity=place("quantity") if kind == "line" else 0,
    )


def _kind(act: type[Act]) -> str:
    return str(act.__struct_config__.tag)


_encode = msgspec.json.Encoder().encode
_READERS = {_kind(act): _reader(_kind(act), act) for act in get_args(AnyAct)}
_Started: Any = _READERS["start"]
_SHAPES: dict[type[Said], _Shape] = {said: _shape(kind, said) for kind, said in _READERS.items()}
read_known: Callable[[bytes], Said] = msgspec.json.Decoder(reduce(or_, _READERS.values())).decode
"""`read` of an entry of a kind that this version knows; anything else is a `DecodeError`."""


class _Unknown(Said, gc=False):
    """An entry of a kind that a newer posterm wrote."""

    kind: str = field(name="k", default="")
    operator: Raw = field(name="o", default=_NOTHING)
    approver: Raw = field(name="a", default=_NOTHING)
    applied: Raw = field(name="i", default=_NOTHING)


_read_unknown = msgspec.json.Decoder(_Unknown).decode
_SHAPES[_Unknown] = _shape("", _Unknown)._replace(variety=0)
