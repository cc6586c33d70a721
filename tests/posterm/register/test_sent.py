"""Whatever the order of scans, errors and Clears: sold and refused are all that was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posterm.keypad import Mode
from posterm.register.gate import WAITED
from posterm.register.session import Session
from tests.support.register_shop import BEER, COFFEE, GIFT, MILK, TILL, make_shop, open_session

CLEAR = "escape"
SCANS = st.lists(
    st.tuples(
        st.sampled_from([COFFEE, MILK, BEER, GIFT, "NOTHING", CLEAR]),
        st.booleans(),
        st.sampled_from([None, None, None, 0, 2, 9]),
    ),
    max_size=25,
)
"""What is scanned, whether all before it was seen, and from which key on its scan came while the
disk was waited for."""


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Path]]:
    data_dir = tmp_path_factory.mktemp("shop") / "data"
    make_shop(data_dir)
    session = open_session(data_dir)
    press(session, ["0", "0", "0", "1", "enter"], seen=True)
    yield session, data_dir / "terminals" / TILL / "transaction.wal"
    session.stop("test")


def press(
    session: Session, tokens: list[str], *, seen: bool, waited_from: int | None = None
) -> None:
    """`seen`: each key comes after what the one before it showed, else all in one packet."""
    shown = session.view.serial
    for place, token in enumerate(tokens):
        if waited_from is not None and place >= waited_from:
            session.feed(token, WAITED)
        else:
            session.feed(token, session.view.serial if seen else shown)


def refused(log: Path) -> int:
    entries = [json.loads(frame.split(b" ", 2)[2]) for frame in log.read_bytes().splitlines()]
    return sum(one.get("count", 1) for one in entries if one.get("what") == "scan_refused")


def sold(session: Session) -> int:
    """Scanned items; deposits come by themselves."""
    return sum(line.kind.value == "item" for line in session.counter.lines)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCANS)
def test_sold_and_refused_are_all_that_was_sent(
    register: tuple[Session, Path], sent: list[tuple[str, bool, int | None]]
) -> None:
    session, log = register
    before = sold(session) + refused(log)
    asked = scans = 0
    for code, seen, waited_from in sent:
        if code == CLEAR:
            press(session, [CLEAR], seen=True)
            continue
        modes = session.mode
        press(session, [*code, "enter"], seen=seen, waited_from=waited_from)
        scans += 1
        # A scan that asks something is answered or left by a person: neither sold nor refused.
        asked += modes is Mode.SELL and session.mode in (Mode.ASK, Mode.PROMPT)
    for _ in range(4):
        press(session, [CLEAR], seen=True)
    assert session.mode is Mode.SELL
    assert sold(session) + refused(log) - before == scans - asked
