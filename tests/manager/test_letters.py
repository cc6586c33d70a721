"""The day's messages as the audit trail tells them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from manager.letters import Letters
from manager.screens.messages import letter_row, letter_rows


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def sent(message: str, sender: str, to: str, text: str) -> str:
    return json.dumps(
        {
            "terminal": sender, "epoch": 1, "lsn": 3, "chain": "c", "date": 20260101,
            "at": "2026-01-01T09:00:00.000Z", "event": "message_sent", "order": 1,
            "message": message, "to": to, "what": "notice", "expires_ms": 1,
            "body": {"text": text},
        }
    )  # fmt: skip


def acks(*answers: tuple[str, str, str, str]) -> str:
    return json.dumps({"terminal": "MANAGER", "event": "acks", "acks": answers})


def test_answers_are_counted_by_till_and_a_refusal_is_kept_with_its_reason() -> None:
    letters = Letters()
    letters.take(sent("A", "MANAGER", "*", "closing"))
    letters.take(acks(("A", "T1", "received", ""), ("A", "T2", "refused", "no screen")))
    letters.take(acks(("A", "T1", "applied", ""), ("unknown", "T1", "applied", "")))
    (letter,) = letters.all
    assert (letter.taken, letter.came) == (1, False)
    assert [one.reason for one in letter.refused] == ["no screen"]


def test_the_newest_comes_first_and_what_tills_send_has_come() -> None:
    letters = Letters()
    letters.take(sent("A", "MANAGER", "T1", "one").encode())
    letters.take(sent("B", "T1", "MANAGER", "two").encode())
    assert [(one.text, one.came) for one in letters.all] == [("two", True), ("one", False)]


def test_what_is_no_notice_is_passed_over() -> None:
    letters = Letters()
    letters.take('{"terminal":"T1","event":"item_sold","at":"x"}')
    letters.take(sent("A", "MANAGER", "*", "x").replace('"notice"', '"config"'))
    letters.take("no json")
    letters.take(sent("B", "MANAGER", "*", "x").replace('{"text": "x"}', "[1]"))
    assert not letters.all


def test_the_oldest_goes_when_there_are_too_many() -> None:
    letters = Letters()
    for number in range(600):
        letters.take(sent(f"M{number}", "MANAGER", "*", str(number)))
    assert len(letters.all) == 500
    assert letters.all[-1].text == "100"


@pytest.mark.usefixtures("in_berlin")
def test_a_message_bears_the_time_of_this_machine_as_every_other_screen_does() -> None:
    letters = Letters()
    # What a second of UTC is here is remembered: this one is told by no other test.
    letters.take(sent("A", "MANAGER", "*", "closing").replace("09:00:00", "09:41:53"))
    assert letter_row(letters.all[0]).text.startswith("10:41 to all ")
    assert letter_rows(letters.all[0])[2] == "10:41:53 from MANAGER to all"
