"""`posterm register` as a script sees it."""

from __future__ import annotations

from pathlib import Path

from tests.support.processes import python_child


def test_without_a_terminal_it_says_what_to_use_instead(data_dir: Path) -> None:
    with python_child("-m", "posterm", "register", "REGISTER_01", "--data-dir", data_dir) as child:
        assert child.wait() == 2
        assert "posterm ring" in child.errors()
    assert not data_dir.exists()
