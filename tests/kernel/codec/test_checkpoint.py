"""A ledger saved and read back, or not believed."""

from __future__ import annotations

from zlib import crc32

import pytest

from kernel.codec.checkpoint import decode_checkpoint, encode_checkpoint
from kernel.codec.frame import FIRST_CHAIN
from kernel.model.entries import CardRequest, Commit, Line, LineKind, SaleBegun, Stamp, Tender
from kernel.model.ledger import Ledger
from kernel.model.till_entries import PeriodOpened

NOW = Stamp(1, 0, 5_000, 0, 20260101)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(epoch=3, perpetual={"EUR": 2**70})
    ledger.apply(PeriodOpened(number=1, date=20260101, drawer="D"), NOW)
    for number in (1, 2):
        begun = SaleBegun(
            tx=number, operator="o", store="s", currency="EUR", reference=f"R{number}"
        )
        ledger.apply(begun, NOW)
        ledger.apply(Line(tx=number, total_minor=500, code="é"), NOW)
    ledger.apply(Line(tx=2, kind=LineKind.VOID, total_minor=-500, of=1), NOW)
    ledger.apply(Line(tx=2, total_minor=700), NOW)
    ledger.apply(CardRequest(tx=2, amount_minor=700), NOW)
    commit = Commit(receipt=1, total_minor=500)
    ledger.apply(Tender(tx=1, amount_minor=500, commit=commit), NOW)
    return ledger


def test_a_ledger_comes_back_as_it_went(ledger: Ledger) -> None:
    checkpoint = decode_checkpoint(encode_checkpoint(ledger, 17, FIRST_CHAIN))
    assert checkpoint is not None
    assert checkpoint.ledger == ledger
    assert (checkpoint.lsn, checkpoint.chain) == (17, FIRST_CHAIN.decode())
    again = checkpoint.ledger.sales[2]
    assert (again.lines.reversal_of(1), again.open_cards) == (2, (1,))


def test_a_ledger_goes_on_after_it_came_back(ledger: Ledger) -> None:
    checkpoint = decode_checkpoint(encode_checkpoint(ledger, 17, FIRST_CHAIN))
    assert checkpoint is not None
    for one in (ledger, checkpoint.ledger):
        one.apply(Line(tx=2, total_minor=9), NOW)
    assert checkpoint.ledger == ledger


def test_no_damage_is_believed(ledger: Ledger) -> None:
    data = encode_checkpoint(ledger, 17, FIRST_CHAIN)
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= 4
        assert decode_checkpoint(bytes(damaged)) is None
    for size in (0, 5, 9, len(data) - 1):
        assert decode_checkpoint(data[:size]) is None
    assert decode_checkpoint(data + b" ") is None


def test_another_schema_is_not_read(ledger: Ledger) -> None:
    body = encode_checkpoint(ledger, 17, FIRST_CHAIN)[9:]
    other = body.replace(b'"schema":1', b'"schema":2')
    assert other != body
    assert decode_checkpoint(b"%08x %b" % (crc32(other), other)) is None
    assert decode_checkpoint(b"%08x %b" % (crc32(body), body)) is not None
