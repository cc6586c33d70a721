"""The grammar of the entry line, key by key, without a screen and without a shop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posterm.keymap import FUNCTIONS, KEYMAPS, Verb, help_rows
from posterm.keypad import ENTRY_LIMIT, Command, Keypad, Mode

CODES = st.from_regex(r"\A[0-9A-Z]{1,14}\Z")
KEYS = st.one_of(
    st.characters(),
    st.sampled_from([*KEYMAPS["pc"].keys, "enter", "ctrl+j", "ctrl+m", "backspace", "unknown"]),
)


def fed(text: str, *keys: str, mode: Mode = Mode.SELL, keymap: str = "pc") -> list[Command]:
    """The commands of typing `text` and then `keys`."""
    keypad = Keypad(KEYMAPS[keymap])
    keypad.answers = frozenset("y")
    commands = [keypad.feed(key, mode) for key in [*text, *keys]]
    return [command for command in commands if command is not None]


def test_a_code_and_enter_is_an_item() -> None:
    assert fed("4006381333931", "enter") == [Command(Verb.ITEM, "4006381333931")]


def test_a_number_and_a_star_is_the_quantity_of_the_code_after_it() -> None:
    assert fed("3*85123A", "enter") == [Command(Verb.ITEM, "85123A", "3")]
    assert fed("0.250*HAM", "enter") == [Command(Verb.ITEM, "HAM", "0.250")]


def test_signs_belong_to_the_code_where_they_are_no_verbs() -> None:
    for code in ("A*B", "12*", "A+B", "A-B", "A/B", "A:B"):
        if code != "12*":
            assert fed(code, "enter") == [Command(Verb.ITEM, code)]
    assert fed("12*", "enter")[0].verb is Verb.REFUSED


def test_plus_or_enter_on_an_empty_line_is_total_and_does_nothing_after_it() -> None:
    assert fed("+") == fed("", "enter") == [Command(Verb.TOTAL)]
    assert fed("", "enter", mode=Mode.TOTAL) == []


def test_after_total_an_amount_and_plus_is_cash_and_nought_is_exact() -> None:
    assert fed("2000+", mode=Mode.TOTAL) == [Command(Verb.CASH, "2000")]
    assert fed("0+", mode=Mode.TOTAL) == [Command(Verb.CASH, "")]


def test_after_total_an_amount_and_enter_is_refused_and_a_scan_is_an_item() -> None:
    assert fed("2000", "enter", mode=Mode.TOTAL)[0].verb is Verb.REFUSED
    assert fed("4006381333931", "enter", mode=Mode.TOTAL) == [Command(Verb.ITEM, "4006381333931")]


@pytest.mark.parametrize("one", FUNCTIONS, ids=lambda one: one.verb.value)
def test_every_function_is_reached_by_number_and_by_word(one: object) -> None:
    function = next(each for each in FUNCTIONS if each is one)
    assert fed(f"/{function.number}", "enter") == [Command(function.verb)]
    assert fed(f":{function.verb.value} 20.00", "enter") == [Command(function.verb, "20.00")]
    rows = help_rows(KEYMAPS["pc"]) + help_rows(KEYMAPS["pc"], menu=True)
    assert any(f"/{function.number} " in row and f":{function.verb.value}" in row for row in rows)


def test_a_function_key_takes_the_number_before_it() -> None:
    assert fed("2000", "f9") == [Command(Verb.CASH, "2000")]
    assert fed("4", "f5") == [Command(Verb.VOID_LINE, "4")]
    assert fed("-") == [Command(Verb.VOID_LINE)]


def test_a_quantity_stands_before_a_function_or_before_its_code() -> None:
    back = Command(Verb.TAKE_BACK, "A*B", "3")
    assert fed("/27 3*A*B", "enter") == fed("3*/27 A*B", "enter") == [back]
    assert fed(":return 0.250*HAM", "enter") == [Command(Verb.TAKE_BACK, "HAM", "0.250")]
    assert fed("/27 BANK*2", "enter") == [Command(Verb.TAKE_BACK, "BANK*2")]
    assert fed("/26 3*1.50", "enter") == [Command(Verb.OVERRIDE, "3*1.50")]
    assert fed("3*/26 1.50", "enter")[0].verb is Verb.REFUSED
    assert fed("3*/", "enter") == []


def test_clear_undoes_what_is_typed_first() -> None:
    assert fed("12", "escape") == []
    assert fed("12", "escape", "escape") == [Command(Verb.CLEAR)]
    assert fed("3*", "ctrl+u", "enter") == [Command(Verb.TOTAL)]
    assert fed("/", "enter") == []


def test_a_line_feed_right_after_a_return_is_dropped_and_another_one_is_enter() -> None:
    assert fed("A", "enter", "ctrl+j", "ctrl+j") == [Command(Verb.ITEM, "A"), Command(Verb.TOTAL)]


def test_a_scan_into_an_error_is_one_refusal() -> None:
    assert fed("4006381333931", "enter", mode=Mode.HELD) == [Command(Verb.REFUSED, scans=1)]


def test_neither_enter_nor_a_digit_answers_a_question() -> None:
    verbs = {command.verb for command in fed("1234567890", "enter", mode=Mode.ASK)}
    assert verbs == {Verb.REFUSED}
    assert fed("Y", mode=Mode.ASK) == [Command(Verb.ANSWER, "y")]


def test_a_scan_with_letters_into_a_question_is_one_refusal_and_no_answer() -> None:
    assert fed("SKYE", "enter", mode=Mode.ASK) == [Command(Verb.REFUSED, scans=1)]


def test_the_rest_of_a_refused_scan_is_not_typed_into_the_field_that_opens_meanwhile() -> None:
    keypad = Keypad(KEYMAPS["pc"])
    for digit in "400638":
        keypad.feed(digit, Mode.HELD)
    rest = [keypad.feed(key, Mode.PROMPT) for key in [*"1333931", "enter"]]
    assert [one for one in rest if one is not None] == [Command(Verb.REFUSED, scans=1)]
    assert keypad.text == ""


def test_a_prefixed_scan_on_a_half_typed_entry_is_refused() -> None:
    assert fed("12]E04006381333931", "enter")[0].verb is Verb.REFUSED
    assert fed("]E04006381333931", "enter") == [Command(Verb.ITEM, "]E04006381333931")]


def test_pf_keys_of_a_vt_sell() -> None:
    assert fed("3", "f2", *"CODE", "enter", keymap="vt") == [Command(Verb.ITEM, "CODE", "3")]
    assert fed("", "f1", keymap="vt") == [Command(Verb.TOTAL)]
    assert fed("2000", "f4", mode=Mode.TOTAL, keymap="vt") == [Command(Verb.CASH, "2000")]


@given(st.lists(CODES, max_size=30))
def test_codes_in_one_stream_are_as_many_items_in_order(codes: list[str]) -> None:
    keys = [key for code in codes for key in (*code, "enter")]
    assert fed("", *keys) == [Command(Verb.ITEM, code) for code in codes]


@given(st.lists(CODES, max_size=30))
def test_refused_codes_are_counted_one_by_one(codes: list[str]) -> None:
    keys = [key for code in codes for key in (*code, "enter")]
    assert sum(command.scans for command in fed("", *keys, mode=Mode.HELD)) == len(codes)


@given(st.lists(st.tuples(KEYS, st.sampled_from(Mode)), max_size=200))
def test_no_key_in_any_mode_breaks_it_or_makes_it_grow(keys: list[tuple[str, Mode]]) -> None:
    keypad = Keypad(KEYMAPS["pc"])
    for key, mode in keys:
        keypad.feed(key, mode)
        assert len(keypad.text) <= ENTRY_LIMIT
    # Three Clears bring it back from wherever it is.
    for _ in range(3):
        keypad.feed("escape", Mode.SELL)
    assert keypad.feed("A", Mode.SELL) is None
    assert keypad.feed("enter", Mode.SELL) == Command(Verb.ITEM, "A")
