"""`posterm config`: what people and scripts see of the settings, and how each end is told."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Floor, Terminal
from posterm.commands.group import posterm
from tests.support.processes import python_child

TILL = """
import sys
from kernel import Terminal
with Terminal.start("T1", sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["config", *arguments, "--data-dir", str(data_dir)])


def told(data_dir: Path, *arguments: str):
    done = call(data_dir, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def rows(done: Result) -> list[str]:
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_a_shop_that_set_nothing_shows_the_defaults(data_dir: Path) -> None:
    said = told(data_dir, "get", "--origin")
    assert (said["version"], said["effective_at"], said["sha256"]) == (0, None, None)
    assert said["values"]["currency"] == "EUR"
    assert set(said["origins"].values()) == {"default"}
    assert (said["waiting"], said["draft"]) == ([], {})
    assert rows(call(data_dir, "get"))[0] == "nothing has been published; these are the defaults"
    assert not data_dir.exists()


def test_each_value_is_told_with_where_it_comes_from(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    call(data_dir, "publish")
    call(data_dir, "set", "drawer", "D7", "--terminal", "T1")
    origins = told(data_dir, "get", "--origin", "--terminal", "T1")["origins"]
    assert (origins["theme"], origins["drawer"]) == ("system v1", "local")
    assert origins["currency"] == "default"
    assert "origins" not in told(data_dir, "get")
    table = rows(call(data_dir, "get", "--origin", "--terminal", "T1"))
    assert table[0].startswith("version 1, in force since 20")
    assert any(row.split() == ["theme", "system", "v1", "paper"] for row in table)
    assert any(row.split() == ["drawer", "local", "D7"] for row in table)


def test_one_value_alone_is_what_a_script_can_use(data_dir: Path) -> None:
    assert call(data_dir, "get", "currency").stdout == "EUR\n"
    assert call(data_dir, "get", "lock_after_s").stdout == "300\n"
    assert call(data_dir, "get", "drawer").stdout == "null\n"
    assert call(data_dir, "get", "currency", "--origin").stdout == "EUR  (default)\n"
    assert told(data_dir, "get", "currency", "--origin") == {
        "key": "currency",
        "value": "EUR",
        "origin": "default",
    }


def test_a_drafted_change_is_shown_as_such_until_it_is_published(data_dir: Path) -> None:
    done = rows(call(data_dir, "set", "cash_rounding_minor", "5"))
    assert done[0] == "cash_rounding_minor = 5 is drafted, 1 in all; no till goes by it"
    assert done[1].startswith("next: posterm config publish --wait")
    shown = rows(call(data_dir, "get"))
    assert "drafted: cash_rounding_minor = 5" in shown
    assert shown[-1].startswith("next: posterm config publish ")
    assert told(data_dir, "get")["values"]["cash_rounding_minor"] == 1
    said = told(data_dir, "publish")
    assert (said["version"], said["terminals"]) == (1, [])
    assert told(data_dir, "get")["values"]["cash_rounding_minor"] == 5


def test_a_discarded_draft_is_told_and_gone(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    assert told(data_dir, "discard") == {"discarded": {"theme": "paper"}}
    done = call(data_dir, "publish")
    assert (done.exit_code, "there is no draft to publish" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "colour", "red"), "there is no setting 'colour'"),
        (("set", "lock_after_s", "soon"), "Expected `int`"),
        (("set", "currency", "USD", "--terminal", "T1"), "one for the whole shop"),
        (("get", "colour"), "there is no setting 'colour'"),
    ],
)
def test_what_cannot_be_set_ends_with_78_and_the_next_step(
    data_dir: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = call(data_dir, *arguments)
    assert done.exit_code == 78
    assert said in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize(
    "document", ["", "[]", "{", '{"colour":"red"}', '{"lock_after_s":"9"}', '{"currency":"XYZ"}']
)
def test_a_bad_file_is_not_published_and_ends_with_78(
    data_dir: Path, tmp_path: Path, document: str
) -> None:
    call(data_dir, "set", "theme", "paper")
    call(data_dir, "publish")
    file = tmp_path / "values.json"
    file.write_text(document)
    done = call(data_dir, "publish", "--input", str(file), "--json")
    assert done.exit_code == 78
    assert json.loads(done.stderr)["exit_code"] == 78
    assert told(data_dir, "get")["version"] == 1


def test_a_file_replaces_all_values_at_once(data_dir: Path, tmp_path: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    call(data_dir, "publish")
    file = tmp_path / "values.json"
    file.write_text('{"currency":"GBP"}')
    assert told(data_dir, "publish", "--input", str(file))["version"] == 2
    values = told(data_dir, "get")["values"]
    assert (values["currency"], values["theme"]) == ("GBP", "default")


def test_a_time_to_come_is_waited_for_and_shown(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    said = told(data_dir, "publish", "--effective", "+2h")
    (waiting,) = told(data_dir, "get")["waiting"]
    assert waiting == {"version": 1, "effective_at": said["effective_at"]}
    assert told(data_dir, "get")["values"]["theme"] == "default"
    assert any("version 1 comes into force at" in row for row in rows(call(data_dir, "get")))


@pytest.mark.parametrize(
    ("time", "code"),
    [("tomorrow", 2), ("+2w", 2), ("2020-01-01T00:00", 1), ("9999-12-31T23:59Z", 1)],
)
def test_a_time_that_is_none_or_past_is_refused(data_dir: Path, time: str, code: int) -> None:
    call(data_dir, "set", "theme", "paper")
    done = call(data_dir, "publish", "--effective", time)
    assert done.exit_code == code, done.output
    assert told(data_dir, "get")["version"] == 0


def test_a_till_that_runs_is_seen_to_take_the_version(data_dir: Path) -> None:
    Terminal.start("T2", data_dir).stop()
    call(data_dir, "set", "theme", "paper")
    with python_child("-c", TILL, data_dir) as child:
        child.wait_for_line("ready")
        done = rows(call(data_dir, "publish", "--wait"))
        call(data_dir, "set", "theme", "null")
        said = told(data_dir, "publish", "--wait")
    assert done[0].startswith("version 1 is published, in force from 20")
    assert done[1:3] == ["1/1  T1 applied", "off, and taking note at the next start: T2"]
    assert done[3].startswith("next: posterm config get --origin")
    assert said["terminals"] == [
        {"terminal": "T1", "state": "applied", "reason": None},
        {"terminal": "T2", "state": "off", "reason": None},
    ]


def test_a_till_that_does_not_answer_is_named_and_the_command_ends_with_1(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    with python_child("-c", TILL, data_dir) as child:
        child.wait_for_line("ready")
        child.signal(signal.SIGSTOP)
        done = call(data_dir, "publish", "--wait", "--timeout", "1")
    assert done.exit_code == 1
    assert "no answer from T1; see `posterm status`" in done.stdout
    assert told(data_dir, "get")["version"] == 1


def test_a_console_publishes_what_the_command_hands_to_it(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    with python_child("-c", TILL, data_dir) as child, Floor.start(data_dir) as floor:
        child.wait_for_line("ready")
        done = rows(call(data_dir, "publish", "--wait"))
        assert floor.manager.configuration.settings.theme == "paper"
    assert done[0].startswith("version 1 is published, in force from 20")
    assert done[1] == "1/1  T1 applied"


def test_publishing_while_manager_is_a_process_that_takes_no_acts_ends_with_75(
    data_dir: Path,
) -> None:
    call(data_dir, "set", "theme", "paper")
    with Terminal.start("MANAGER", data_dir):
        done = call(data_dir, "publish")
    assert (done.exit_code, "MANAGER is already running" in done.stderr) == (75, True)
    assert told(data_dir, "get")["draft"] == {"theme": "paper"}


def test_a_document_spoilt_by_hand_is_named_by_get(data_dir: Path) -> None:
    call(data_dir, "set", "theme", "paper")
    call(data_dir, "publish")
    path = data_dir / "shared" / "coordination" / "system_config.json"
    path.write_bytes(path.read_bytes().replace(b"paper", b"paged"))
    done = call(data_dir, "get")
    assert done.exit_code == 78
    assert "system_config.json can't be used: its SHA-256" in done.stderr


def test_the_schema_tells_every_key_to_people_and_to_programs(data_dir: Path) -> None:
    assert set(told(data_dir, "get")["values"]) == set(
        json.loads(call(data_dir, "schema", "--json").stdout)["$defs"]["Settings"]["properties"]
    )
    said = rows(call(data_dir, "schema"))
    assert "lock_after_s" in said and all(len(row) <= 80 for row in said[:-1])
