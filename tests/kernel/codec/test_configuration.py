"""Configuration documents: strict, so that a slip of the pen is not a setting that nobody set."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from kernel.codec.configuration import (
    CONFIGURATION_LIMIT_BYTES,
    Published,
    changed,
    decode_draft,
    decode_local,
    decode_published,
    decode_values,
    encode_published,
    encode_values,
    parse_setting,
    resolve,
)
from kernel.errors import BadConfiguration

WRONG = [
    *(b"", b"null", b"[]", b"{", b'{"durability":"none"}', b'{"durability":null}'),
    *(b'{"Durability":"entry"}', b'{"drawer":""}', b'{"drawer":1}'),
    *(b'{"store":"%b"}' % (b"x" * 33), b'{"drawer":"\xff"}', b"[" * 99_999),
]


def published(
    values: dict[str, object] | None = None,
    before: Published | None = None,
    *,
    effective_ms: int = 2_000,
) -> tuple[bytes, Published]:
    data = encode_published(
        values or {},  # type: ignore[arg-type]
        before,
        effective_ms=effective_ms,
        now_ms=1_000,
        sign=None,
    )
    return data, decode_published(data, "x")


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_local_document_is_refused_with_path_and_next_step(text: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"^/a/b can't be used: .*correct it or remove it"):
        decode_local(text, "/a/b")


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_document_of_the_shop_is_refused_alike(text: bytes) -> None:
    with pytest.raises(BadConfiguration, match=r"^/a/b can't be used: .*correct it or remove it"):
        decode_values(text, "/a/b")


def test_a_till_sets_nothing_that_is_one_for_the_shop() -> None:
    assert decode_local(b'{"drawer":"D7"}', "x") == {"drawer": "D7"}
    with pytest.raises(BadConfiguration, match="currency"):
        decode_local(b'{"currency":"EUR"}', "x")


def test_a_value_comes_from_the_till_before_the_shop_before_the_default() -> None:
    _, first = published({"drawer": "SHOP", "theme": "paper", "currency": "USD"})
    configuration = resolve(first, {"drawer": "TILL"})
    origins = configuration.origins
    assert (configuration.settings.drawer, origins["drawer"]) == ("TILL", "local")
    assert (configuration.settings.theme, origins["theme"]) == ("paper", "system v1")
    assert (configuration.value("currency"), origins["currency"]) == ("USD", "system v1")
    assert (configuration.value("keymap"), origins["keymap"]) == ("pc", "default")
    assert {key for key, _, _ in configuration.items()} == set(origins)


def test_a_shop_without_a_document_goes_by_the_defaults_as_version_0() -> None:
    configuration = resolve(None, {})
    assert configuration.version == 0
    assert set(configuration.origins.values()) == {"default"}


def test_a_key_that_is_none_has_no_value() -> None:
    with pytest.raises(BadConfiguration, match="there is no setting 'colour'"):
        resolve(None, {}).value("colour")


def test_versions_rise_without_a_gap_and_name_the_one_before() -> None:
    _, first = published({"currency": "USD"})
    _, second = published({"currency": "GBP"}, first)
    assert (first.version, first.previous) == (1, "")
    assert (second.version, second.previous) == (2, first.sha256)
    assert second.values == {"currency": "GBP"}
    assert (second.effective_ms, second.published_ms) == (2_000, 1_000)


def test_an_outsider_can_check_the_digest_with_two_common_tools() -> None:
    data, first = published({"receipt_header": ["Straße"]})
    line = data.split(b"\n")[1]
    assert sha256(line).hexdigest() == first.sha256 == json.loads(data)["sha256"]
    assert json.loads(line)["values"] == {"receipt_header": ["Straße"]}


def test_every_changed_byte_of_a_published_document_is_noticed() -> None:
    data, first = published({"currency": "USD", "drawer": "D7"})
    start = data.index(b"\n") + 1
    for at in range(start, data.rindex(b"\n}")):
        spoilt = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(BadConfiguration):
            decode_published(spoilt, "x")
    assert decode_published(data, "x") == first


@pytest.mark.parametrize(
    "document",
    [
        b'{"format":2,"version":1,"effective_ms":0,"published_ms":0,"previous":"","values":{}}',
        b'{"format":1,"version":0,"effective_ms":0,"published_ms":0,"previous":"","values":{}}',
        b'{"format":1,"version":2,"effective_ms":0,"published_ms":0,"previous":"","values":{}}',
        b'{"format":1,"version":1,"effective_ms":-1,"published_ms":0,"previous":"","values":{}}',
        b'{"format":1,"version":1,"effective_ms":0,"published_ms":0,"previous":"","values":[]}',
        b'{"format":1,"version":1,"effective_ms":0,"published_ms":0,"previous":"","values":'
        b'{"cash_rounding_minor":"5"}}',
        b'{"format":1,"version":1,"effective_ms":0,"published_ms":0,"previous":"","x":1,'
        b'"values":{}}',
        b'{"format":1,"version":1,"effective_ms":0,"published_ms":0,"previous":""}',
    ],
)
def test_a_wrong_document_is_refused_although_its_digest_is_right(document: bytes) -> None:
    digest = sha256(document).hexdigest().encode()
    with pytest.raises(BadConfiguration, match=r"^/c can't be used"):
        decode_published(
            b'{"sha256":"%b","signature":null,"document":%b}' % (digest, document), "/c"
        )


def test_a_document_that_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(BadConfiguration, match="bytes"):
        decode_published(b" " * (CONFIGURATION_LIMIT_BYTES + 1), "x")


def test_only_what_the_manager_signed_is_believed_where_signatures_are_asked_for() -> None:
    signed = encode_published({}, None, effective_ms=1, now_ms=1, sign=lambda data: data[:40].hex())
    unsigned, first = published()

    def believe(data: bytes, signature: str | None) -> bool:
        assert data.startswith(b"posterm configuration 1\n{")
        return signature == data[:40].hex()

    assert decode_published(signed, "x", believe).version == 1
    with pytest.raises(BadConfiguration, match="not signed by this shop's manager"):
        decode_published(unsigned, "x", believe)
    assert decode_published(unsigned, "x", believe, trusted=first.sha256) == first


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("drawer", "D7", "D7"),
        ("drawer", "7", "7"),
        ("drawer", '"7"', "7"),
        ("drawer", "null", None),
        ("cash_rounding_minor", "5", 5),
        ("training_allowed", "false", False),
        ("receipt_header", '["a","b"]', ("a", "b")),
        ("role_discount", "manager", "manager"),
    ],
)
def test_a_typed_value_is_json_where_that_fits_else_text(
    key: str, text: str, value: object
) -> None:
    assert parse_setting(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("colour", "red", "there is no setting 'colour'"),
        ("cash_rounding_minor", "five", "cash_rounding_minor = five can't be used"),
        ("cash_rounding_minor", "5.0", "Expected `int`"),
        ("receipt_columns", "33x", "`\\$.receipt_columns`; it takes integer 32 to 48$"),
        ("receipt_columns", "99", "<= 48.*; it takes integer 32 to 48$"),
        ("training_allowed", "yes", "Expected `bool`"),
        ("receipt_header", "[" * 9_999, "Expected `array`"),
    ],
)
def test_a_typed_value_that_fits_nothing_is_refused(key: str, text: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=said.replace("[", r"\[")):
        parse_setting(key, text)


def test_a_key_of_the_shop_typed_for_one_till_says_where_it_belongs() -> None:
    with pytest.raises(BadConfiguration, match="currency is one for the whole shop"):
        parse_setting("currency", "USD", local=True)


def test_a_change_to_none_sets_a_key_back() -> None:
    values = changed({"drawer": "D7", "theme": "paper"}, {"drawer": None}, "x")
    assert values == {"theme": "paper"}


def test_changes_are_checked_with_what_stands_already() -> None:
    with pytest.raises(BadConfiguration, match="prefix 21 is given twice"):
        changed({"weight_prefixes": ("21",)}, {"price_prefixes": ("21",)}, "x")


def test_a_draft_is_read_as_it_was_written() -> None:
    draft = {"drawer": None, "cash_rounding_minor": 5, "receipt_footer": ("a",)}
    assert decode_draft(encode_values(draft), "x") == draft
    with pytest.raises(BadConfiguration, match="no setting"):
        decode_draft(b'{"colour":null}', "x")
