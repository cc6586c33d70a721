"""A sale as the cashier rang it: what it was after each entry, and what that entry did. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kernel import LineKind, LoggedSale, State, Transaction, format_minor, sale_steps
from kernel import gettext as _

__all__ = ["ReplayStep", "place_of", "replay"]


class ReplayStep(NamedTuple):
    """`since_ms`: after the sale began. `said` is what the entry did, in words."""

    number: int
    lsn: int
    at_ms: int
    since_ms: int
    operator: str
    approver: str | None
    said: str
    sale: Transaction


def replay(logged: LoggedSale) -> tuple[ReplayStep, ...]:
    """One step an entry that changed the sale, in their order."""
    steps = []
    before: Transaction | None = None
    began_ms: int | None = None
    for number, step in enumerate(sale_steps(logged), 1):
        began_ms = step.stamp.wall_ms if began_ms is None else began_ms
        act = step.act
        steps.append(
            ReplayStep(
                number=number,
                lsn=step.stamp.lsn,
                at_ms=step.stamp.wall_ms,
                since_ms=max(0, step.stamp.wall_ms - began_ms),
                operator=act.operator or step.sale.operator,
                approver=act.approver,
                said="; ".join(_changes(before, step.sale)),
                sale=step.sale,
            )
        )
        before = step.sale
    return tuple(steps)


def place_of(steps: Sequence[ReplayStep], lsn: int | None) -> int:
    """The place of the step that the entry `lsn` made, else of the one before it: an approval
    changes no sale. The last one where none is named."""
    reached = len(steps) if lsn is None else sum(step.lsn <= lsn for step in steps)
    return max(reached - 1, 0)


def _changes(before: Transaction | None, after: Transaction) -> Iterator[str]:
    """What became of it, from the one state to the next."""
    if before is None:
        if after.origin is not None:
            yield _("recalled from {}, ticket {}").format(after.origin, after.ticket)
        else:
            yield _("sale begun")
        return
    for number in range(len(before.lines) + 1, len(after.lines) + 1):
        yield _line(after, number)
    for card in after.cards[len(before.cards) :]:
        yield _("card asked for {}").format(format_minor(card.amount_minor, after.currency))
    for old, new in zip(before.cards, after.cards, strict=False):
        if old.result is not new.result and new.result is not None:
            yield _("card {}").format(new.result.value)
    for tender in after.tenders[len(before.tenders) :]:
        amount = format_minor(tender.amount_minor, after.currency)
        yield f"{tender.how.value} {amount}"
    for old_tender, new_tender in zip(before.tenders, after.tenders, strict=False):
        if new_tender.voided and not old_tender.voided:
            yield _("{} taken back").format(new_tender.how.value)
    if after.state is not before.state:
        yield from _end(after)


def _line(sale: Transaction, number: int) -> str:
    line = sale.lines.line(number)
    named = line.description or line.code or ""
    amount = format_minor(line.total_minor, sale.currency)
    match line.kind:
        case LineKind.VOID:
            return _("void of line {}: {} {}").format(line.of, named, amount)
        case LineKind.ITEM if line.quantity < 0:
            return _("return {} {}").format(named, amount)
        case LineKind.ITEM:
            return f"{named} {amount}"
        case _:
            return " ".join(filter(None, (line.kind.value, named, amount)))


def _end(sale: Transaction) -> Iterator[str]:
    match sale.state:
        case State.COMMITTED:
            yield _("receipt {}").format(sale.receipt_number)
        case State.ABORTED:
            yield _("VOID SALE: {}").format(sale.reason)
        case State.SUSPENDED:
            yield _("suspended, ticket {}").format(sale.ticket)
        case _:
            pass
