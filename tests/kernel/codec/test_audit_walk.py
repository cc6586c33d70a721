"""Entries as audit lines: the shop's words, and the same checks as any reader of the log."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.codec.audit import LINE, decode_line
from kernel.codec.audit_events import EVENTS
from kernel.codec.audit_walk import tell
from kernel.codec.entries import body_of, encode_act
from kernel.codec.frame import FIRST_CHAIN, seal_frame
from kernel.codec.scan import Position, read_frames
from kernel.model.entries import (
    Act,
    CardOutcome,
    CardResult,
    Commit,
    Line,
    LineKind,
    SaleAborted,
    SaleBegun,
    Stamp,
    Tender,
    TenderKind,
)
from kernel.model.till_entries import (
    CashMovement,
    Event,
    PeriodOpened,
    Started,
)
from tests.support.processes import CHECKOUT

WALL_MS = 1_767_258_000_123
START = Position(0, FIRST_CHAIN, 1)
BEGUN = Started(
    epoch=3, incarnation="i", boot="b", pid=1, host="h", version="1", zone="UTC", durability="entry"
)
PAID = Commit(receipt=1, total_minor=5)
GIVEN_BACK = Commit(receipt=1, total_minor=-5)
SALE: tuple[Act, ...] = (
    BEGUN,
    SaleBegun(tx=1, operator="anna", store="S1", currency="EUR"),
    Line(tx=1, operator="anna", code="TEA", quantity=2000, unit_minor=50, total_minor=100),
    Tender(tx=1, operator="anna", amount_minor=150, commit=Commit(receipt=1, total_minor=100)),
)


def log_of(*acts: Act | bytes, wall_ms: int = WALL_MS) -> bytes:
    chain, frames = FIRST_CHAIN, []
    for lsn, act in enumerate(acts, 1):
        payload = act if isinstance(act, bytes) else encode_act(act)
        now = Stamp(wall_ms=wall_ms, uptime_ms=5, business_date=20260101)
        frame, chain = seal_frame(chain, body_of(lsn, 0, now, payload))
        frames.append(frame)
    return b"".join(frames)


def said(*acts: Act | bytes) -> dict[str, Any]:
    """The last line of a log of these, as any JSON parser reads it."""
    told = tell(log_of(*acts), START, "TILL", 1)
    assert told.fault is None
    line = told.lines[-1][3]
    assert LINE.fullmatch(line)
    decode_line(line)
    return json.loads(line)


def test_a_line_says_who_when_where_and_what() -> None:
    line = said(Line(tx=4, operator="anna", code="TEA", unit_minor=50, total_minor=50))
    assert (
        line.pop("chain")
        == tell(
            log_of(Line(tx=4, operator="anna", code="TEA", unit_minor=50, total_minor=50)),
            START,
            "TILL",
            1,
        ).at.chain.decode()
    )
    assert line == {
        "terminal": "TILL",
        "epoch": 1,
        "lsn": 1,
        "date": 20260101,
        "at": "2026-01-01T09:00:00.123Z",
        "event": "item_sold",
        "transaction": "TILL-4",
        "operator": "anna",
        "code": "TEA",
        "unit_minor": 50,
        "total_minor": 50,
    }


def test_a_close_has_its_receipt_in_words() -> None:
    line = said(*SALE)
    assert line["event"] == "sale_closed" and line["event_code"] == 13012
    assert line["commit"] == {"receipt": 1, "total_minor": 100}


@pytest.mark.parametrize(
    ("act", "event", "code"),
    [
        (Line(tx=1, code="T", quantity=-1000, total_minor=-5), "item_returned", None),
        (Line(tx=1, kind=LineKind.VOID, quantity=-1000, total_minor=-5), "line_voided", None),
        (Line(tx=1, kind=LineKind.DISCOUNT, total_minor=-5), "discount_given", None),
        (Tender(tx=1, how=TenderKind.CARD, amount_minor=5), "card_taken", None),
        (Tender(tx=1, amount_minor=-5, commit=GIVEN_BACK), "sale_closed", 13013),
        (Tender(tx=-1, amount_minor=5, commit=PAID), "sale_closed", 13017),
        (CardOutcome(tx=1, of=1, result=CardResult.DECLINED), "card_declined", None),
        (CardOutcome(tx=1, of=1, result=CardResult.SETTLED, commit=PAID), "sale_closed", 13012),
        (SaleAborted(tx=1, reason="left"), "sale_voided", 13028),
        (CashMovement(how="no_sale", currency="EUR"), "drawer_opened", 13005),
        (PeriodOpened(number=1, date=20260101, drawer="D", training=True), "training_begun", 13023),
        (PeriodOpened(number=1, date=20260101, drawer="D"), "period_opened", None),
        (Event(what="scan_refused"), "noted", None),
        (b'{"k":"unheard_of","x":3,"o":"anna","amt":"?"}', "unheard_of", None),
    ],
)
def test_each_entry_has_the_name_and_code_of_its_event(
    act: Act | bytes, event: str, code: int | None
) -> None:
    line = said(act)
    assert (line["event"], line.get("event_code")) == (event, code)


@pytest.mark.parametrize("quantity", [10**30, -(10**30), 1.5])
def test_a_number_that_no_entry_has_is_told_by_its_kind_alone(quantity: float) -> None:
    line = said(b'{"k":"line","x":3,"o":"anna","c":"TEA","qty":%b}' % str(quantity).encode())
    assert (line["event"], line["operator"]) == ("line", "anna")
    line = said(b'{"k":"tender","x":3,"o":"anna","amt":5,"commit":{"no":%d}}' % 10**30)
    assert line["event"] == "tender"


def test_a_training_sale_is_named_as_one() -> None:
    assert said(SaleAborted(tx=-7, reason="left"))["transaction"] == "TILL-T7"


def test_an_entrys_own_word_steps_back_where_the_line_has_one_of_that_name() -> None:
    line = said(BEGUN)
    assert (line["epoch"], line["entry_epoch"]) == (3, 3)


def test_an_epoch_holds_until_the_next_start() -> None:
    told = tell(log_of(Event(what="a"), BEGUN, Event(what="b")), START, "TILL", 2)
    assert [json.loads(line[3])["epoch"] for line in told.lines] == [2, 3, 3]
    assert told.epoch == 3


@given(text=st.text(min_size=1, max_size=40))
def test_no_text_breaks_a_line_or_adds_to_it(text: str) -> None:
    line = said(Line(tx=1, code="T", description=text, reason='","event":"x', total_minor=5))
    assert line["description"] == text
    assert line["event"] == "item_sold"


# --- damage: where any other reader stops, the collector stops -----------------------------------


def spoilt(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@given(at=st.integers(0, len(log_of(*SALE)) - 1))
def test_a_flipped_bit_stops_it_where_it_stops_the_reader(at: int) -> None:
    data = spoilt(log_of(*SALE), at)
    told, reading = tell(data, START, "TILL", 1), read_frames(data, START)
    assert (told.at, told.fault) == (reading.at, reading.fault)
    assert len(told.lines) == len(reading.frames)


@pytest.mark.parametrize("cut", [1, 60, 150, 250])
def test_a_cut_log_is_told_up_to_its_last_whole_entry(cut: int) -> None:
    data = log_of(*SALE)[:-cut]
    told, reading = tell(data, START, "TILL", 1), read_frames(data, START)
    assert (told.at, told.fault, len(told.lines)) == (
        reading.at,
        reading.fault,
        len(reading.frames),
    )


def test_a_number_out_of_order_stops_it() -> None:
    data = log_of(*SALE)
    wrong = Position(0, FIRST_CHAIN, 2)
    assert tell(data, wrong, "TILL", 1).fault == read_frames(data, wrong).fault is not None


def test_pieces_tell_the_same_as_the_whole() -> None:
    data = log_of(*SALE)
    whole = tell(data, START, "TILL", 0)
    half = tell(data[: len(data) // 2], START, "TILL", 0)
    rest = tell(data[half.at.offset :], half.at, "TILL", half.epoch)
    assert half.lines + rest.lines == whole.lines
    assert rest.at == whole.at


# --- the page that says so --------------------------------------------------------------------


def test_every_event_stands_in_the_documentation() -> None:
    page = (CHECKOUT / "docs" / "audit.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| `(\w+)` \| (\d*)", page, re.M)
    assert {key: (event, int(code) if code else None) for key, event, code in rows} == EVENTS


def test_values_are_passed_on_as_the_bytes_that_they_are() -> None:
    act = Event(what="x", detail="€ – 1", count=2)
    assert msgspec.json.decode(encode_act(act))["detail"] == said(act)["detail"]
