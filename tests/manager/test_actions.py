"""The table of actions: what is made from it says what the keys do."""

from __future__ import annotations

from collections import Counter

import pytest

from manager.actions import ACTIONS, Verb, action_of, by_key, help_rows, key_row

PAGES = sorted({one.page for one in ACTIONS})


@pytest.mark.parametrize("page", PAGES)
def test_no_key_means_two_things_on_one_screen(page: str) -> None:
    own = Counter(one.key for one in ACTIONS if one.page == page)
    assert max(own.values()) == 1


def test_every_action_has_a_word_of_its_own() -> None:
    assert max(Counter(one.verb for one in ACTIONS).values()) == 1


@pytest.mark.parametrize("page", PAGES)
def test_help_names_every_action_within_80_columns(page: str) -> None:
    rows = list(help_rows(page))
    for one in ACTIONS:
        assert sum(f" :{one.verb} " in row for row in rows) == 1, one.verb
    assert max(map(len, rows)) <= 78


def test_the_row_of_keys_begins_with_those_of_the_screen_and_is_never_cut() -> None:
    row = key_row("approvals", 80)
    assert row.startswith("?Help aApprove dDecline 1Tills")
    assert all(key_row("approvals", width) in row for width in range(10, 80))


def test_a_key_of_a_screen_comes_before_the_same_key_elsewhere() -> None:
    found = by_key("p", "configuration")
    assert found is not None and found.verb is Verb.PUBLISH
    assert by_key("p", "terminals") is None


@pytest.mark.parametrize(
    ("word", "verb"),
    [("shutdown", Verb.SHUTDOWN), ("SHUT", Verb.SHUTDOWN), ("mess", None), ("", None), ("x", None)],
)
def test_a_command_is_a_whole_word_or_a_beginning_that_no_other_has(
    word: str, verb: Verb | None
) -> None:
    found = action_of(word, "terminals")
    assert (found.verb if found is not None else None) is verb
