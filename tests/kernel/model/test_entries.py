"""The schema of format 1: frozen, short, and no name used twice."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from kernel.model.entries import Act, Line, Stamp, Tender
from kernel.model.till_entries import AnyAct

KINDS: tuple[type[Act], ...] = get_args(AnyAct)


def test_no_two_entries_have_one_tag() -> None:
    tags = [kind.__struct_config__.tag for kind in KINDS]
    assert len(set(tags)) == len(tags)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_entry_uses_a_key_of_its_stamp_or_its_tag(kind: type[Act]) -> None:
    taken = {field.encode_name for field in msgspec.structs.fields(Stamp)} | {"k"}
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    assert not taken & set(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_entry_may_name_sale_operator_approver_and_message(kind: type[Act]) -> None:
    names = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    assert (names["tx"], names["operator"]) == ("x", "o")
    assert (names["approver"], names["applied"]) == ("a", "i")
    assert kind.__struct_config__.frozen


def test_what_is_left_out_costs_nothing() -> None:
    assert msgspec.json.encode(Line(total_minor=5)) == b'{"k":"line","tot":5}'
    assert msgspec.json.encode(Tender(amount_minor=5)) == b'{"k":"tender","amt":5}'


def test_an_entry_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Line(total_minor=5).total_minor = 6  # type: ignore[misc]
