"""Each verdict of `posterm doctor`, and the command as a whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kernel import Terminal, TerminalInUse, trial_lock
from posterm.commands.group import posterm
from posterm.diagnosis import (
    Level,
    check_clock,
    check_file_system,
    check_line,
    check_locks,
    check_modes,
    check_packages,
    check_space,
    check_sync,
    check_users,
)
from posterm.lock_trial import lock_fault, take
from posterm.terminal_line import LineFacts, line_facts

GOOD = LineFacts(
    is_terminal=True,
    columns=80,
    rows=24,
    encoding="utf-8",
    term="xterm",
    colours=256,
    function_keys=12,
)


def verdicts(line: LineFacts) -> dict[str, Level]:
    return {check.name: check.level for check in check_line(line)}


@pytest.mark.parametrize(
    ("check", "level"),
    [
        (check_file_system("ext4", True), Level.OK),
        (check_file_system("nfs4", False), Level.UNUSABLE),
        (check_space(1 << 30), Level.OK),
        (check_space(1 << 20), Level.WARNING),
        (check_locks(None), Level.OK),
        (check_locks("two held it"), Level.UNUSABLE),
        (check_sync(120), Level.OK),
        (check_sync(49), Level.WARNING),
        (check_sync(50_000), Level.WARNING),
        (check_modes("/shop", 0o2770, True), Level.OK),
        (check_modes("/shop", 0o2775, True), Level.WARNING),
        (check_modes("/shop", 0o2775, False), Level.OK),
        (check_users([], 1000), Level.OK),
        (check_users([1000, 1001], 1000), Level.OK),
        (check_users([1000, 1000], 1000), Level.WARNING),
        (check_clock("UTC", 2026, 0.0), Level.OK),
        (check_clock("UTC", 1970, 0.0), Level.UNUSABLE),
        (check_clock("UTC", 2026, -3.0), Level.WARNING),
    ],
)
def test_a_fact_has_its_verdict(check, level: Level) -> None:
    assert check.level is level
    assert (check.fix is None) == (level is Level.OK)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"rows": 23}, "screen"),
        ({"columns": 79}, "screen"),
        ({"encoding": "ISO-8859-1"}, "encoding"),
        ({"term": ""}, "keys"),
        ({"term": "dumb"}, "keys"),
        ({"term": "vt100", "function_keys": 4}, "keys"),
        ({"term": "unheard-of", "function_keys": None}, "keys"),
    ],
)
def test_a_line_that_lacks_something_gets_one_warning(changed, name: str) -> None:
    assert set(verdicts(GOOD).values()) == {Level.OK}
    found = verdicts(replace(GOOD, **changed))
    assert [known for known, level in found.items() if level is Level.WARNING] == [name]


def test_terminfo_says_which_keys_a_terminal_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "no-such-terminal")
    assert line_facts().function_keys is None


@pytest.mark.parametrize("found", [None, "7.9.9"])
def test_a_package_that_is_missing_or_too_old_is_unusable(found: str | None) -> None:
    checks = list(check_packages("3.12.1", [("click", "8.1", "8"), ("textual", found, "8.0")]))
    (wrong,) = [check for check in checks if check.level is Level.UNUSABLE]
    assert wrong.fact.startswith(f"textual is {found or 'missing'}")


def test_packages_that_will_do_are_listed() -> None:
    *_, packages = check_packages("3.12.1", [("click", "8.10", "8.9")])
    assert (packages.level, packages.fact) == (Level.OK, "click 8.10")


def test_the_locks_of_this_file_system_shut_each_other_out(tmp_path: Path) -> None:
    assert lock_fault(str(tmp_path / "lock")) is None


@pytest.mark.parametrize("whose", ["kernel", "portalocker"])
def test_a_held_lock_shuts_out_either_kind_and_a_free_one_neither(
    tmp_path: Path, whose: str
) -> None:
    path = str(tmp_path / "lock")
    with trial_lock(path):
        assert take(whose, path) == 3
        with pytest.raises(TerminalInUse), trial_lock(path):
            pass
    assert take(whose, path) == 0


def test_doctor_has_one_line_a_check_and_leaves_nothing_behind(data_dir: Path) -> None:
    Terminal.start("T1", data_dir).stop()
    before = sorted(data_dir.rglob("*"))

    done = CliRunner().invoke(posterm, ["doctor", "--data-dir", str(data_dir)])

    assert done.exit_code == 0, done.output
    names = [row[9:24].strip() for row in done.stdout.splitlines()[:-1]]
    assert names[:4] == ["file system", "space", "locks", "fsync"]
    assert {"modes", "users", "screen", "encoding", "colours", "keys", "clock"} <= set(names)
    assert {"python", "packages"} <= set(names)
    assert sorted(data_dir.rglob("*")) == before


def test_doctor_exits_78_where_no_till_can_run() -> None:
    done = CliRunner().invoke(posterm, ["doctor", "--json", "--data-dir", "/proc/shop"])
    assert done.exit_code == 78
    told = json.loads(done.stdout)
    assert told["usable"] is False
    unusable = {c["check"] for c in told["checks"] if c["level"] == "unusable"}
    assert {"file system", "data directory"} <= unusable
