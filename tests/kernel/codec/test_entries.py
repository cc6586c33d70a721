"""Entries as JSON and back."""

from __future__ import annotations

import json
from typing import get_args

import msgspec
import pytest
from msgspec import UNSET

from kernel.codec.entries import body_of, decode_act, decode_stamp, encode_act
from kernel.model.entries import (
    Act,
    CardOutcome,
    CardResult,
    Commit,
    Line,
    LineKind,
    SaleBegun,
    Stamp,
    TaxAmount,
    Tender,
)
from kernel.model.till_entries import AnyAct, Event, PeriodClosed, Unsettled
from kernel.model.totals import TaxTotal, Totals

ACTS: list[Act] = [
    SaleBegun(tx=1, operator="0001", store="S", currency="EUR", reference='ä\x1d"\\'),
    Line(
        tx=1,
        operator="0001",
        approver="9",
        applied="m1",
        kind=LineKind.DEPOSIT,
        code="4006381333931",
        quantity=-1250,
        unit_minor=2**53,
        total_minor=-(2**53),
        taxes=(TaxAmount("A", 19_000, -5), TaxAmount("B", 7_000, 3, 0)),
        origin=("T-1", 3),
        shares=((1, 5), (2, -5)),
    ),
    Tender(tx=1, amount_minor=5, commit=Commit(receipt=1, total_minor=4, change_minor=1)),
    CardOutcome(tx=-1, of=1, result=CardResult.UNKNOWN),
    PeriodClosed(
        number=1,
        period=1,
        totals={"EUR": Totals(tenders={"cash": 5}, taxes={"A@1": TaxTotal("A", 1, 2, 3)})},
        perpetual={"EUR": 2**70},
        open=(Unsettled(3, -5),),
    ),
    Event(what="scan", count=3),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: type(act).__name__)
def test_an_entry_comes_back_as_it_went(act: Act) -> None:
    stamp = Stamp(7, 123, -5, 6, 20260101)
    body = body_of(7, 123, stamp, encode_act(act))
    assert decode_act(body) == act
    assert decode_stamp(body) == stamp
    assert b"\n" not in body
    plain = json.loads(body)
    assert list(plain)[:6] == ["n", "e", "t", "m", "d", "k"]


def test_an_entry_before_which_all_is_durable_does_not_say_so() -> None:
    body = body_of(7, UNSET, Stamp(7, 123, -5, 6, 20260101), encode_act(ACTS[0]))
    assert decode_stamp(body) == Stamp(7, UNSET, -5, 6, 20260101)
    assert list(json.loads(body))[:5] == ["n", "t", "m", "d", "k"]


def test_an_unknown_kind_and_a_wrong_type_are_refused() -> None:
    for body in (b'{"k":"hologram"}', b'{"k":"event","what":5}', b'{"k":"event"}', b"{}", b"["):
        with pytest.raises(msgspec.DecodeError):
            decode_act(body)
    with pytest.raises(msgspec.DecodeError):
        decode_stamp(b'{"n":"1"}')


def test_a_field_of_a_later_version_is_passed_over() -> None:
    assert decode_act(b'{"k":"event","what":"x","later":[1]}') == Event(what="x")


def test_every_kind_can_be_told_by_its_tag() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(AnyAct)}
    assert {type(act).__struct_config__.tag for act in ACTS} <= tags
    assert len(tags) == 32
