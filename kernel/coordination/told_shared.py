"""What the logs of a shop say about what its tills share: suspended sales and receipted returns.

The files in `shared/` are names that were moved; the entries are what somebody was told. One pass
over every log collects the entries that speak of either, so that the files can be held against
them. Pure but for reading; it must never decide what a file means: `verify_shared` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kernel.coordination.suspended import RELEASED
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.log_search import FoundEntry, entries_at, holding, of_sales
from kernel.model.decisions import name_of
from kernel.model.entries import (
    Act,
    Line,
    LineKind,
    ParkedSale,
    SaleAborted,
    SaleRecalled,
    SaleSuspended,
)
from kernel.model.identity import TransactionId
from kernel.model.ledger import Ledger, Period
from kernel.model.suspension import LastTicket
from kernel.model.till_entries import Event
from kernel.model.transaction import State, Transaction

__all__ = ["GivenBack", "Moved", "Place", "Told", "digest_of", "receipts", "told_by"]

_ABOUT_SHARED = holding(
    b'"k":"suspend"',
    b'"k":"recall"',
    b'"k":"abort"',
    b'"bk":"',
    b'"from":[',
    b'"what":"released"',
)


class Place(NamedTuple):
    """Where an entry stands."""

    path: str
    offset: int
    lsn: int


class Moved(NamedTuple):
    """A sale that was suspended, or recalled, by an entry of `transaction`."""

    transaction: str
    ticket: str
    expires_ms: int
    digest: bytes
    at: Place


class GivenBack(NamedTuple):
    """`quantity` thousandths of line `line` of sale `origin`, taken back in `transaction`."""

    transaction: str
    origin: str
    line: int
    quantity: int
    at: Place


@dataclass(slots=True)
class Told:
    """All of it. Transactions are named as people know them, `TILL-7`."""

    suspended: dict[str, Moved] = field(default_factory=dict)
    """By the transaction that was suspended, which happens to it once."""
    recalled: dict[str, list[Moved]] = field(default_factory=dict)
    """By the transaction that it came from."""
    last: dict[str, LastTicket] = field(default_factory=dict)
    """Till -> what its log says last about a ticket."""
    released: set[tuple[str, str, str]] = field(default_factory=set)
    """(transaction, ticket, till that released it)."""
    returns: dict[str, list[GivenBack]] = field(default_factory=dict)
    """By their booking; a recall takes a return from one transaction to the next."""
    unbooked: list[GivenBack] = field(default_factory=list)
    voided: set[tuple[str, str]] = field(default_factory=set)
    """(transaction, booking)."""
    aborted: set[str] = field(default_factory=set)

    def standing(self, booking: str) -> list[GivenBack]:
        """The returns of that booking that are neither void nor aborted nor went on elsewhere."""
        return [
            one
            for one in self.returns.get(booking, ())
            if one.transaction not in self.aborted
            and (one.transaction, booking) not in self.voided
            and one.transaction not in self.recalled
        ]


def told_by(disk: Disk, layout: Layout, terminals: dict[str, bool]) -> Told:
    """`terminals`: name -> whether it runs. Raises `LogDamaged`, `OSError`."""
    told = Told()
    for terminal, running in terminals.items():
        paths = layout.terminal(terminal)
        for entry in entries_at(disk, paths, _ABOUT_SHARED, running=running):
            _take(told, terminal, entry)
    return told


def receipts(
    disk: Disk, layout: Layout, terminals: dict[str, bool], origins: Iterable[str]
) -> dict[str, Transaction]:
    """Those of these transactions that a log commits. Raises `LogDamaged`, `OSError`."""
    wanted: dict[str, set[int]] = {}
    for origin in origins:
        parsed = TransactionId.parse(origin)
        wanted.setdefault(parsed.terminal, set()).add(parsed.logged)
    found: dict[str, Transaction] = {}
    for terminal in wanted.keys() & terminals.keys():
        numbers = wanted[terminal]
        ledger = Ledger(period=Period(0, 0, "", 0))
        paths, running = layout.terminal(terminal), terminals[terminal]
        for entry in entries_at(disk, paths, of_sales(numbers), running=running):
            sale = ledger.apply(entry.act, entry.stamp) if entry.act.tx in numbers else None
            if sale is not None and sale.state is State.COMMITTED:
                found[name_of(terminal, sale.number)] = sale
    return found


def digest_of(sale: ParkedSale) -> bytes:
    """Equal for equal sales: a year of them need not be kept in memory."""
    return sha256(msgspec.json.encode(sale)).digest()


def _take(told: Told, terminal: str, entry: FoundEntry) -> None:
    act, at = entry.act, Place(entry.path, entry.offset, entry.stamp.lsn)
    match act:
        case SaleSuspended():
            name = _name(terminal, act)
            moved = Moved(name, act.ticket, act.expires_ms, digest_of(act.sale), at)
            told.suspended[name] = moved
            told.last[terminal] = LastTicket(act.ticket)
        case SaleRecalled():
            name = _name(terminal, act)
            moved = Moved(name, act.ticket, 0, digest_of(act.sale), at)
            told.recalled.setdefault(act.origin, []).append(moved)
            told.last[terminal] = LastTicket(act.ticket, act.origin)
            for line in act.sale.lines:
                _take_line(told, name, line, at)
        case SaleAborted():
            told.aborted.add(_name(terminal, act))
        case Line() if act.tx is not None and act.tx > 0:
            _take_line(told, _name(terminal, act), act, at)
        case Event() if act.what == RELEASED:
            origin, _, ticket = (act.detail or "").partition(" as ")
            told.released.add((origin, ticket, terminal))
        case _:
            pass  # a text that names one of these keys, or a trained return


def _take_line(told: Told, transaction: str, line: Line, at: Place) -> None:
    if line.kind is LineKind.VOID:
        if line.booking is not None:
            told.voided.add((transaction, line.booking))
    elif line.origin is not None:
        origin, number = line.origin
        given = GivenBack(transaction, origin, number, -line.quantity, at)
        if line.booking is None:
            told.unbooked.append(given)
        else:
            told.returns.setdefault(line.booking, []).append(given)


def _name(terminal: str, act: Act) -> str:
    assert act.tx is not None, "the entry is of a sale"
    return name_of(terminal, act.tx)
