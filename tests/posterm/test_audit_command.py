"""`posterm audit`: shown, filtered, followed and made anew from the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Terminal
from posterm.commands.group import posterm
from tests.support.audits import sell
from tests.support.processes import python_child


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, [*arguments, "--data-dir", str(data_dir)])


@pytest.fixture
def shop(data_dir: Path) -> Path:
    for name in ("A", "B"):
        with Terminal.start(name, data_dir) as till:
            sell(till)
            sell(till, 999)
    return data_dir


def test_every_entry_is_shown_as_a_row(shop: Path) -> None:
    done = run(shop, "audit")
    assert done.exit_code == 0, done.output
    rows = [row for row in done.stdout.splitlines() if "sale_closed" in row]
    assert len(rows) == 4
    assert "A-2" in rows[1] and "anna" in rows[1] and "999" in rows[1]
    assert "receipt=2" in rows[1] and "{" not in rows[1], "what is within is told by its own words"
    assert done.stdout.splitlines()[-1].startswith("next: posterm show ")


def test_json_is_one_object_with_the_lines_as_they_stand(shop: Path) -> None:
    done = run(shop, "audit", "--json", "--terminal", "B", "--kind", "13012", "--limit", "1")
    (line,) = json.loads(done.stdout)["lines"]
    assert line["terminal"] == "B" and line["commit"]["total_minor"] == 999


def test_nothing_found_says_so(shop: Path) -> None:
    done = run(shop, "audit", "--text", "no such thing")
    assert done.exit_code == 0
    assert "no line" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "yesterday"), "no time"),
        (("--terminal", "../x"), "terminal id"),
    ],
)
def test_what_can_not_be_asked_is_refused(
    shop: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = run(shop, "audit", *arguments)
    assert done.exit_code == 1
    assert said in done.stderr


def test_an_empty_shop_has_an_empty_trail(data_dir: Path) -> None:
    assert json.loads(run(data_dir, "audit", "--json").stdout) == {"lines": []}
    assert not data_dir.exists()


def test_a_rebuild_says_how_many_lines_there_are(shop: Path) -> None:
    lines = json.loads(run(shop, "audit", "--json").stdout)["lines"]
    done = json.loads(run(shop, "audit", "--rebuild", "--json").stdout)
    assert done["lines"] == len(lines) and done["by_collector"] is False
    assert json.loads(run(shop, "audit", "--json").stdout)["lines"] == lines


def test_verify_finds_a_line_that_was_altered_and_a_rebuild_mends_it(shop: Path) -> None:
    run(shop, "audit")
    path = shop / "shared" / "aggregated_audit.log"
    path.write_bytes(path.read_bytes().replace(b'"total_minor":999', b'"total_minor":111', 1))
    done = run(shop, "verify", "--json")
    assert done.exit_code == 74
    told = json.loads(done.stdout)
    assert told["sound"] is False and told["audit"]["sound"] is False
    assert all(terminal["sound"] for terminal in told["terminals"])
    assert "audit --rebuild" in run(shop, "verify").stdout
    run(shop, "audit", "--rebuild")
    done = run(shop, "verify")
    assert done.exit_code == 0 and "audit log: sound" in done.stdout


def test_status_names_who_collects_and_what_waits(shop: Path) -> None:
    told = json.loads(run(shop, "status", "--json").stdout)["audit"]
    assert told["collector"] is None and told["lag"] == sum(told["waiting"].values()) > 0
    run(shop, "audit")
    assert json.loads(run(shop, "status", "--json").stdout)["audit"]["lag"] == 0
    assert "collected by nobody; entries waiting: 0" in run(shop, "status").stdout


def test_follow_shows_what_comes_until_it_is_interrupted(shop: Path) -> None:
    follow = ("-m", "posterm", "audit", "--follow", "--kind", "sale_closed", "--json")
    with python_child(*follow, "--data-dir", str(shop)) as child:
        child.wait_for_line('"lsn":')
        with Terminal.start("C", shop) as till:
            sell(till, 4242)
            line = json.loads(child.wait_for_line('"terminal":"C"'))
        assert line["commit"]["total_minor"] == 4242
        child.signal(signal.SIGINT)
        assert child.wait() == 128 + signal.SIGINT
