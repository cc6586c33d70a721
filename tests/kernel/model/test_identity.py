"""Names at the door: what a till, a transaction and a text may be called."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import BadInput, SaleRefused
from kernel.model.identity import (
    ITEM_CODE_LIMIT,
    TransactionId,
    item_code,
    short_text,
    terminal_id,
)

ALLOWED = string.ascii_uppercase + string.digits
TERMINALS = st.from_regex(r"[A-Z0-9][A-Z0-9_-]{0,31}", fullmatch=True).filter(
    lambda text: text[:3] not in {"CON", "PRN", "AUX", "NUL", "COM", "LPT"}
)


@pytest.mark.parametrize(
    "text", ["REGISTER_01", "MANAGER", "A", "7", "A-", "A-1-B", "COM", "COM10", "CON_1", "X" * 32]
)
def test_terminal_id_is_kept_as_it_is(text: str) -> None:
    assert terminal_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "a", "register_01", "_A", "-A", ".", "..", "../x", "A/B", "A\\B", "A.B", "A B"],
        *["A\n", "\nA", "A\0", "É", "é", "Ａ", "A²", "REGISTER_٣", "X" * 33, "X" * 300],
        *[None, 1, b"A"],
    ],
)
def test_other_terminal_ids_are_refused_and_the_error_says_what_is_allowed(text: object) -> None:
    with pytest.raises(BadInput, match=r"A-Z, 0-9, _ and -, .* such as REGISTER_01"):
        terminal_id(text)


@pytest.mark.parametrize("text", ["CON", "PRN", "AUX", "NUL", "COM0", "COM9", "LPT0", "LPT5"])
def test_names_of_windows_devices_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match=f"name of a device on Windows; .* {text}_01"):
        terminal_id(text)


@given(st.text(alphabet=ALLOWED + "_-/.\n a\0É", max_size=40))
def test_an_accepted_terminal_id_is_a_plain_file_name(text: str) -> None:
    try:
        terminal_id(text)
    except BadInput:
        return
    assert set(text) <= set(ALLOWED + "_-")
    assert 1 <= len(text) <= 32 and text[0] in ALLOWED


@pytest.mark.parametrize(
    ("text", "transaction"),
    [
        ("REGISTER_01-17", TransactionId("REGISTER_01", 17)),
        ("REGISTER_01-T17", TransactionId("REGISTER_01", 17, training=True)),
        ("A-1-2", TransactionId("A-1", 2)),
        ("A-T1-2", TransactionId("A-T1", 2)),
        ("A--2", TransactionId("A-", 2)),
        ("A-1-T2", TransactionId("A-1", 2, training=True)),
    ],
)
def test_transaction_id_is_read_from_the_right(text: str, transaction: TransactionId) -> None:
    assert TransactionId.parse(text) == transaction
    assert str(transaction) == text


@given(TERMINALS, st.integers(1, 10**15 - 1), st.booleans())
def test_transaction_id_reads_back_as_itself(terminal: str, number: int, training: bool) -> None:
    transaction = TransactionId(terminal, number, training)
    assert TransactionId.parse(str(transaction)) == transaction


@pytest.mark.parametrize(
    "text",
    [
        *["", "17", "-17", "REGISTER_01", "REGISTER_01-", "REGISTER_01-T", "REGISTER_01-0"],
        *["REGISTER_01-017", "REGISTER_01-17\n", " REGISTER_01-17", "REGISTER_01-1.7"],
        *["REGISTER_01-٣", "REGISTER_01-t17", "../x-17", "CON-17", "A-" + "9" * 16],
    ],
)
def test_text_that_names_no_transaction_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        TransactionId.parse(text)


@pytest.mark.parametrize("value", ["0001", "Zoë", "PAPER BAG", "商店", " x ", "👩‍🌾", "a" * 32])
def test_printable_text_is_kept_as_it_is(value: str) -> None:
    assert short_text(value, "operator", 32) == value


@pytest.mark.parametrize("value", ["", " ", "\u00a0\u2003"])
def test_empty_text_is_refused(value: str) -> None:
    with pytest.raises(SaleRefused, match="operator is empty; give 1 to 32"):
        short_text(value, "operator", 32)


def test_text_beyond_its_limit_is_refused() -> None:
    with pytest.raises(SaleRefused, match="operator has 33 characters; give at most 32"):
        short_text("a" * 33, "operator", 32)


@pytest.mark.parametrize("value", [None, 1, True, b"0001"])
def test_operator_that_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(SaleRefused, match=f"operator is {type(value).__name__}; give text"):
        short_text(value, "operator", 32)


@pytest.mark.parametrize(
    "character",
    [
        *["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85", "\x9b", "\ud800", "\udfff"],
        *["\u2028", "\u2029", "\u202e", "\u2066", "\u2069", "\x1d"],
    ],
)
def test_characters_that_break_a_line_or_steer_a_screen_are_refused_by_number(
    character: str,
) -> None:
    with pytest.raises(SaleRefused, match=rf"holds U\+{ord(character):04X}") as refusal:
        short_text(f"a{character}b", "reference", 64)
    assert str(refusal.value).isascii() and str(refusal.value).isprintable()


def test_item_code_may_hold_the_group_separator_and_nothing_else_unprintable() -> None:
    code = "0104012345678901\x1d10ABC"
    assert item_code(code) == code
    with pytest.raises(SaleRefused, match=r"U\+001E"):
        item_code("01\x1e10")
    with pytest.raises(SaleRefused, match="item code is empty"):
        item_code("\x1d")
    with pytest.raises(SaleRefused, match=f"has {ITEM_CODE_LIMIT + 1} characters"):
        item_code("\x1d" * ITEM_CODE_LIMIT + "A")
    with pytest.raises(SaleRefused, match="item code is NoneType"):
        item_code(None)
