"""What an app notes stands in the log, outside every total."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import BadInput, Terminal, note


def test_a_note_is_one_entry_with_its_count_and_changes_no_total(data_dir: Path) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        before = till.x_report()
        note(till, "scan_refused", count=501, operator="0001")
        assert till.x_report() == before
    log = (data_dir / "terminals" / "REGISTER_01" / "transaction.wal").read_bytes()
    (entry,) = [frame for frame in log.splitlines() if b"scan_refused" in frame]
    assert b"501" in entry and b"0001" in entry


@pytest.mark.parametrize(("what", "count"), [("", 1), ("4111 1111", 1), ("Scan", 1), ("scan", 0)])
def test_what_is_no_name_of_an_event_is_refused(data_dir: Path, what: str, count: int) -> None:
    with Terminal.start("REGISTER_01", data_dir) as till:
        with pytest.raises(BadInput, match="no name of an event"):
            note(till, what, count=count)
