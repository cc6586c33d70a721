"""Settings are typed and bounded, and what one of them means no other one contradicts."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest

from kernel.codec.setting_facts import setting_facts, settings_schema
from kernel.codec.settings import LocalSettings, Settings
from kernel.model.approvals import Approvable


def test_a_shop_that_sets_nothing_has_a_value_for_everything() -> None:
    assert msgspec.convert({}, Settings) == Settings()
    assert Settings().currency == "EUR" and Settings().durability == "entry"


def test_a_till_may_set_a_part_of_what_a_shop_may() -> None:
    assert set(LocalSettings.__struct_fields__) < set(Settings.__struct_fields__)
    assert issubclass(Settings, LocalSettings)


def test_every_act_that_may_need_approval_has_a_role() -> None:
    roles = {f"role_{act}" for act in Approvable}
    assert roles <= set(Settings.__struct_fields__)


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "eur"},
        {"currency": "XYZ"},
        {"currency": "XAU"},
        {"cash_rounding_minor": 0},
        {"cash_rounding_minor": True},
        {"cash_rounding_minor": 1.0},
        {"cash_ceiling_minor": 0},
        {"cash_ceiling_minor": 2**53 + 1},
        {"receipt_header": "one line"},
        {"receipt_header": ["a\nb"]},
        {"receipt_header": ["a\u202eb"]},
        {"receipt_header": ["x" * 49]},
        {"receipt_footer": [""] * 9},
        {"store": ""},
        {"store": "a\tb"},
        {"drawer": "x" * 33},
        {"theme": "../../x"},
        {"keymap": "pc\n"},
        {"role_discount": "owner"},
        {"suspend_expiry_h": 0},
        {"suspend_expiry_h": 169},
        {"weight_prefixes": ["40"]},
        {"weight_prefixes": ["21", "21"]},
        {"weight_prefixes": ["21"], "price_prefixes": ["21"]},
        {"voucher_prefixes": ["1234567890123"]},
        {"voucher_prefixes": ["12\n"]},
        {"colour": "red"},
    ],
)
def test_a_value_out_of_its_bounds_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Settings)


def test_values_at_their_bounds_are_taken() -> None:
    values = {
        "currency": "KWD",
        "cash_rounding_minor": 1000,
        "cash_ceiling_minor": 2**53,
        "receipt_header": ["x" * 48, "", "Straße 1"],
        "weight_prefixes": ["21", "02"],
        "price_prefixes": ["22"],
        "voucher_prefixes": ["9"],
        "suspend_expiry_h": 168,
        "lock_after_s": 0,
    }
    settings = msgspec.convert(values, Settings)
    assert settings.receipt_header == ("x" * 48, "", "Straße 1")
    assert settings.weight_prefixes == ("21", "02")


def test_every_setting_is_told_with_its_type_default_and_meaning() -> None:
    facts = setting_facts()
    assert [fact.key for fact in facts] == list(Settings.__struct_fields__)
    assert all(len(fact.description) > 10 and fact.kind for fact in facts)
    told = {fact.key: fact for fact in facts}
    assert told["lock_after_s"].kind == "integer 0 to 86400" and told["lock_after_s"].local
    assert told["store"].kind == "text or null"
    assert told["receipt_header"].kind == "list of text, at most 8"
    assert told["role_void_sale"].kind == "cashier, supervisor, manager"
    assert told["role_void_sale"].default == "supervisor" and not told["role_void_sale"].local


def test_the_schema_for_editors_names_every_key() -> None:
    schema = msgspec.json.decode(settings_schema())
    assert set(schema["$defs"]["Settings"]["properties"]) == set(get_type_hints(Settings))
