"""The day's messages as the audit trail tells them."""

from __future__ import annotations

import json

from manager.letters import Letters


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
