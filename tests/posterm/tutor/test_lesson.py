"""The lesson goes by what the log says, from the first step to the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Shop
from posterm.commands.demo import seed
from posterm.register.session import Session
from posterm.tutor.classroom import is_cut
from posterm.tutor.coach import Coach
from posterm.tutor.facts import Facts, facts_of
from posterm.tutor.lesson import CASHIER, FIRST_SALE, current
from tests.support.register_shop import TILL, open_session

ENTER = "enter"
NAMES = frozenset({ENTER, "escape", "f5", "f7", "f8", "f9"})


@pytest.fixture(scope="module")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop: its operators' PINs are hashed as dearly as anywhere."""
    directory = tmp_path_factory.mktemp("lesson") / "shop"
    seed(str(directory))
    return directory


@pytest.fixture
def session(classroom: Path) -> Iterator[Session]:
    session = open_session(classroom)
    session.coach = Coach(str(classroom), TILL, CASHIER)
    yield session
    session.stop("test")


def press(session: Session, *keys: str) -> None:
    for key in keys:
        for token in [key] if key in NAMES else key:
            session.feed(token, session.view.serial)


def test_each_step_is_left_by_doing_what_it_says(session: Session, classroom: Path) -> None:
    def facts() -> Facts:
        return facts_of(Shop(classroom).entries(TILL))

    ticket = ""
    for number, keys in enumerate(
        [
            ("0001", ENTER, "1111", ENTER),
            ("101", ENTER),
            ("3*102", ENTER),
            ("-",),
            ("+", "2000", "+"),
            ("103", ENTER, "104", ENTER),
            ("f7",),
            (":recall ",),
            ("+", "f9"),
            ("101", ENTER, "102", ENTER, "103", ENTER),
        ]
    ):
        assert current(CASHIER, facts()) == number, CASHIER[number].title
        assert CASHIER[number].title in session.view.coach[0]
        press(session, *keys)
        if keys == ("f7",):
            ticket = str(session.counter.last and session.counter.last.ticket)
        if keys == (":recall ",):
            press(session, ticket, ENTER)
    assert is_cut(CASHIER, facts())
    session.stop("the power")
    again = open_session(classroom)
    again.coach = Coach(str(classroom), TILL, CASHIER)
    assert current(CASHIER, facts()) == 0 and not is_cut(CASHIER, facts())
    press(again, "0001", ENTER, "1111", ENTER)
    assert "IT IS ALL BACK" in again.view.coach[0] and len(again.counter.lines) == 3
    press(again, "+", "f9")
    assert "WELL DONE" in again.view.coach[0]
    press(again, ":close", ENTER)
    assert again.view.ended
    again.stop("test")


def test_a_lesson_that_is_over_takes_no_rows_and_reads_no_log(classroom: Path) -> None:
    done = [step for step in FIRST_SALE if step.done(Facts(closed=1))]
    assert done == list(FIRST_SALE)
    coach = Coach(str(classroom), "NOBODY", ())
    assert coach.rows() == () == coach.rows()


def test_every_step_fits_its_rows_at_80_columns(classroom: Path) -> None:
    ahead = [step for step in (*CASHIER, *FIRST_SALE) if not step.done(Facts())]
    assert len(ahead) >= len(CASHIER)
    for step in ahead:
        rows = Coach(str(classroom), "NOBODY", (step,)).rows()
        shown = " ".join(row for row in rows[1:-1] if row)
        assert len(rows) == 4 and all(len(row) < 80 for row in rows)
        assert shown == step.words
