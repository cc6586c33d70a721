"""Typed commands while they are typed: what is shown, what Tab makes of it, what was meant."""

from __future__ import annotations

import pytest

from posterm.completion import completed, hint_row, nearest
from posterm.keymap import FUNCTIONS, KEYMAPS, Verb
from posterm.keypad import Keypad, Mode


def typed(text: str, *keys: str) -> Keypad:
    keypad = Keypad(KEYMAPS["pc"])
    for token in (*text, *keys):
        keypad.feed(token, Mode.SELL)
    return keypad


@pytest.mark.parametrize("key", ["tab", "right"])
def test_tab_and_the_right_arrow_complete_the_command_and_leave_room_for_what_follows(
    key: str,
) -> None:
    assert typed(":recal", key).text == ":recall "
    assert typed(":hel", key).text == ":help"


def test_of_several_the_first_that_is_shown_is_completed() -> None:
    shown = hint_row(":pa", 79)
    assert shown.split()[0] == completed(":pa").strip()
    assert ":payin" in shown and ":payout" in shown and "Tab" in shown


def test_a_whole_name_is_itself_though_longer_ones_begin_so() -> None:
    assert completed(":x") == ":x"
    assert completed(":cash 20") == ":cash 20"


def test_tab_without_a_command_is_refused_and_types_nothing() -> None:
    keypad = typed("COFFEE")
    refused = keypad.feed("tab", Mode.SELL)
    assert refused is not None and refused.verb is Verb.REFUSED
    assert keypad.text == "COFFEE"


def test_one_that_is_left_says_what_it_takes_and_does() -> None:
    assert hint_row(":cash 20", 79).startswith(":cash amount   ")


@pytest.mark.parametrize(
    ("wrong", "meant"), [(":chas", "cash"), (":cas", "cash"), (":suspnd", "suspend")]
)
def test_an_unknown_command_names_the_nearest(wrong: str, meant: str) -> None:
    assert nearest(wrong) == meant
    refused = typed(wrong).feed("enter", Mode.SELL)
    assert refused is not None and f":{meant}" in refused.text


def test_what_is_like_nothing_gets_no_guess() -> None:
    assert nearest(":qqqqqq") is None
    assert "no such command" in hint_row(":qqqqqq", 79)


@pytest.mark.parametrize("width", [59, 79, 131])
def test_no_row_is_longer_than_the_line(width: int) -> None:
    words = ["", "p", "c", "qqq", *(one.verb.value for one in FUNCTIONS)]
    assert all(len(hint_row(f":{word}", width)) <= width for word in words)


def test_every_function_can_be_completed_from_its_first_letters() -> None:
    for one in FUNCTIONS:
        assert completed(f":{one.verb.value}").strip() == f":{one.verb.value}"


def test_a_help_page_can_be_turned_on_the_sign_on_screen_too() -> None:
    keypad = Keypad(KEYMAPS["pc"])
    for key, verb in (("f1", Verb.HELP), ("down", Verb.DOWN), ("up", Verb.UP)):
        command = keypad.feed(key, Mode.PROMPT)
        assert command is not None and command.verb is verb
