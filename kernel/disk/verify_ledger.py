"""The deep half of `verify`: every entry folded anew, and what it states held against the fold.

A log can be sound to the last bit and still hold what a bug wrote. Here each commit has to be
the sum of its lines and the money for it, numbers have to be gapless, and each Z and the
checkpoint have to be what the entries before them add up to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from kernel.codec.checkpoint import decode_checkpoint, encode_checkpoint
from kernel.codec.entries import decode_act
from kernel.codec.scan import ReadFrame, first_position, read_frames
from kernel.model.entries import Act, CardOutcome, SaleBegun, SaleRecalled, Tender
from kernel.model.ledger import Ledger
from kernel.model.reports import close_of
from kernel.model.till_entries import PeriodClosed, PeriodOpened, SegmentOpened
from kernel.model.transaction import State, Transaction
from kernel.words import gettext as _

__all__ = ["Contradiction", "check_ledger"]

_REPORT_EVERY = 4096


class Contradiction(NamedTuple):
    path: str
    offset: int
    lsn: int
    meaning: str


def check_ledger(
    segments: Iterable[tuple[str, bytes]],
    checkpoint: bytes | None,
    size_bytes: int,
    progress: Callable[[int, int], None],
) -> Iterator[Contradiction]:
    """Every contradiction, in the order of the log. The segments have been found sound."""
    ledger = Ledger()
    done = 0
    for path, data in segments:
        found = first_position(data)
        assert found is not None, "it was sound a moment ago"
        for number, frame in enumerate(read_frames(data, found[0]).frames):
            if number % _REPORT_EVERY == 0:
                progress(done + frame.start, size_bytes)
            try:
                act = decode_act(frame.body)
            except msgspec.DecodeError as fault:
                yield Contradiction(
                    path, frame.start, frame.stamp.lsn, _("unknown entry: {}").format(fault)
                )
                return
            try:
                meanings = list(_applied(ledger, act, frame, checkpoint))
            except (KeyError, IndexError, AssertionError) as fault:
                meaning = _("it contradicts the entries before it: {}").format(fault)
                yield Contradiction(path, frame.start, frame.stamp.lsn, meaning)
                return
            for meaning in meanings:
                yield Contradiction(path, frame.start, frame.stamp.lsn, meaning)
        done += len(data)
    progress(size_bytes, size_bytes)


def _applied(ledger: Ledger, act: Act, frame: ReadFrame, checkpoint: bytes | None) -> Iterator[str]:
    """Fold the entry in; what it states against the ledger before and after."""
    receipts = ledger.next_receipt, ledger.next_training_receipt
    match act:
        case SegmentOpened():
            yield from _checkpoint_faults(ledger, act, frame, checkpoint)
        case SaleBegun() | SaleRecalled():
            training = isinstance(act, SaleBegun) and act.training
            number = -ledger.next_training if training else ledger.next_transaction
            if act.tx != number:
                yield _("sale {} begins where {} is next").format(act.tx, number)
        case PeriodOpened():
            expected = ledger.next_training_period if act.training else ledger.next_period
            if act.number != expected:
                yield _("till period {} opens where {} is next").format(act.number, expected)
        case PeriodClosed():
            yield from _z_faults(ledger, act)
        case _:
            pass
    sale = ledger.apply(act, frame.stamp)
    if isinstance(act, Tender | CardOutcome) and sale is not None and act.commit is not None:
        yield from _commit_faults(sale, act.commit.total_minor, receipts)


def _commit_faults(
    sale: Transaction, stated_minor: int, receipts: tuple[int, int]
) -> Iterator[str]:
    lines_minor = sum(line.total_minor for line in sale.lines)
    money_minor = sum(tender.amount_minor for tender in sale.tenders if not tender.voided)
    expected = receipts[1] if sale.training else receipts[0]
    if sale.state is not State.COMMITTED or sale.receipt_number != expected:
        yield _("receipt {} where {} is next").format(sale.receipt_number, expected)
    if lines_minor != stated_minor:
        yield _("the commit states a total of {}, its lines come to {}").format(
            stated_minor, lines_minor
        )
    if money_minor - sale.change_minor != lines_minor:
        yield (
            _("tenders of {} less change of {} are not the {} of its lines").format(
                money_minor, sale.change_minor, lines_minor
            )
        )


def _z_faults(ledger: Ledger, stated: PeriodClosed) -> Iterator[str]:
    folded = close_of(ledger, "")
    for name in (
        "number",
        "period",
        "totals",
        "perpetual",
        "first_receipt",
        "last_receipt",
        "no_sales",
        "open",
    ):
        said, adds_up = getattr(stated, name), getattr(folded, name)
        if said != adds_up:
            yield _("the Z states {} {!r:.200}, the entries come to {!r:.200}").format(
                name, said, adds_up
            )


def _checkpoint_faults(
    ledger: Ledger, act: SegmentOpened, frame: ReadFrame, checkpoint: bytes | None
) -> Iterator[str]:
    """The checkpoint that a till would start from holds what the entries before it say."""
    if checkpoint is None or act.checkpoint != sha256(checkpoint).hexdigest():
        return  # of an older segment and long replaced, or one that is rebuilt anyway
    decoded = decode_checkpoint(checkpoint)
    if decoded is None:
        return  # of another schema: rebuilt
    lsn, chain = frame.stamp.lsn - 1, act.previous_chain.encode()
    if encode_checkpoint(ledger, lsn, chain) != checkpoint:
        yield _("the checkpoint that it names is not what the entries before it add up to")
