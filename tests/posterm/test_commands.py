"""The commands that read: what they print for people and scripts, and how each ends."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kernel import Shop, Terminal
from kernel.disk.layout import DEFAULT_DATA_DIRECTORY
from posterm import __version__
from posterm.commands import group
from posterm.commands.common import DEFAULT_DATA_DIR
from posterm.commands.group import posterm
from posterm.overview import COMMANDS
from tests.support.processes import CHECKOUT


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, [*arguments, "--data-dir", str(data_dir)])


def read(data_dir: Path, *arguments: str) -> object:
    result = call(data_dir, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def sold(data_dir: Path) -> Path:
    """Two sales of one till, one open on it, and one sale of another till."""
    with Terminal.start("REGISTER_01", data_dir) as till:
        for reference in ("A", "B"):
            sale = till.begin("STORE_001", "EUR", "0001", reference=reference)
            sale.add_line("COFFEE", 2, 350, description="Café crème")
            sale.tender_cash(1000)
        till.begin("STORE_001", "EUR", "0001").add_line("TEA", 1, 100)
    with Terminal.start("REGISTER_02", data_dir) as till:
        sale = till.begin("STORE_001", "EUR", "0002")
        sale.add_line("TEA", 1, 100)
        sale.tender_cash(100)
    return data_dir


def test_sales_are_one_array_of_what_scripts_rely_on(sold: Path) -> None:
    sales = read(sold, "sales")
    assert isinstance(sales, list)
    committed_at = [sale.pop("committed_at") for sale in sales]
    assert all(text.endswith("Z") for text in committed_at)
    assert committed_at == sorted(committed_at, key=datetime.fromisoformat)
    assert sales[1:] == [
        {
            "transaction": "REGISTER_01-2",
            "terminal": "REGISTER_01",
            "invoice": "B",
            "receipt": 2,
            "lines": 1,
            "total_minor": 700,
            "tendered_minor": 1000,
            "change_minor": 300,
            "currency": "EUR",
        },
        {
            "transaction": "REGISTER_02-1",
            "terminal": "REGISTER_02",
            "invoice": None,
            "receipt": 1,
            "lines": 1,
            "total_minor": 100,
            "tendered_minor": 100,
            "change_minor": 0,
            "currency": "EUR",
        },
    ]


def test_sales_of_one_terminal_are_its_own(sold: Path) -> None:
    sales = read(sold, "sales", "--terminal", "REGISTER_02")
    assert isinstance(sales, list)
    assert [sale["transaction"] for sale in sales] == ["REGISTER_02-1"]


def test_a_shop_that_does_not_exist_yet_has_no_sales(data_dir: Path) -> None:
    assert read(data_dir, "sales") == []
    assert "no sale is committed yet" in call(data_dir, "sales").stdout
    assert not data_dir.exists(), "reading makes nothing"


def test_init_makes_a_shop_once(data_dir: Path) -> None:
    assert read(data_dir, "init") == {"data_dir": str(data_dir), "created": True}
    assert read(data_dir, "init") == {"data_dir": str(data_dir), "created": False}
    assert "next: posterm ring" in call(data_dir, "init").stdout


def test_x_is_the_same_beside_a_running_till_as_on_it(sold: Path) -> None:
    parked = read(sold, "report", "x", "REGISTER_01")
    with Terminal.start("REGISTER_01", sold) as till:
        running = read(sold, "report", "x", "REGISTER_01")
        assert Shop(sold).x_report("REGISTER_01") == till.x_report()
    assert parked == running
    assert isinstance(running, dict)
    assert running["totals"]["EUR"]["total_minor"] == 1400
    assert running["expected_drawer_minor"] == {"EUR": 1400}
    assert running["open"] == [
        {"transaction": "REGISTER_01-3", "balance_minor": 100, "unknown_cards": 0}
    ]


def test_z_closes_the_period_that_x_showed(sold: Path) -> None:
    x = read(sold, "report", "x", "REGISTER_01")
    z = read(sold, "report", "z", "REGISTER_01", "--operator", "0007")
    assert isinstance(x, dict) and isinstance(z, dict)
    assert z == x | {"kind": "Z", "z_number": 1}
    after = read(sold, "report", "x", "REGISTER_01")
    assert isinstance(after, dict)
    assert (after["period"], after["perpetual_minor"]) == (None, {"EUR": 1400})
    again = call(sold, "report", "z", "REGISTER_01")
    assert again.exit_code == 1
    assert "nothing to close" in again.stderr


def test_reports_for_people_name_what_is_open(sold: Path) -> None:
    said = call(sold, "report", "x", "REGISTER_01").stdout
    assert "TOTAL EUR                            14.00" in said
    assert "open: REGISTER_01-3, balance 100" in said


def test_z_of_a_running_till_is_contention(sold: Path) -> None:
    with Terminal.start("REGISTER_01", sold):
        result = call(sold, "report", "z", "REGISTER_01", "--json")
    assert result.exit_code == 75
    said = json.loads(result.stderr)
    assert said["exit_code"] == 75 and "already running" in said["error"]
    assert result.stdout == ""


def test_show_gives_every_entry_as_the_log_has_it(sold: Path) -> None:
    shown = read(sold, "show", "REGISTER_01-2")
    assert isinstance(shown, dict)
    assert (shown["state"], shown["invoice"], shown["total_minor"]) == ("committed", "B", 700)
    assert [entry["k"] for entry in shown["entries"]] == ["begin", "line", "tender"]
    assert shown["entries"][1]["name"] == "Café crème"
    text = call(sold, "show", "REGISTER_01-2").stdout
    assert text.count("\n") == 5
    assert "next: posterm receipt REGISTER_01-2" in text


def test_show_takes_an_open_sale_too(sold: Path) -> None:
    shown = read(sold, "show", "REGISTER_01-3")
    assert isinstance(shown, dict)
    assert (shown["state"], shown["closed_at"]) == ("open", None)


@pytest.mark.parametrize("width", [42, 32])
def test_a_receipt_from_the_command_line_is_a_copy(sold: Path, width: int) -> None:
    rows = call(sold, "receipt", "REGISTER_01-1", "--width", str(width)).stdout.splitlines()
    assert rows[1].strip() == "*** COPY ***"
    assert max(map(len, rows)) == width
    receipt = read(sold, "receipt", "REGISTER_01-1", "--width", str(width))
    assert isinstance(receipt, dict)
    assert (receipt["copy"], receipt["receipt"], receipt["rows"]) == (True, 1, rows)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("show", "REGISTER_01-99"), 1, "there is no sale REGISTER_01-99"),
        (("show", "REGISTER_09-1"), 1, "there is no sale"),
        (("show", "nonsense"), 1, "no transaction id"),
        (("receipt", "REGISTER_01-3"), 1, "is open, so it has no receipt"),
        (("sales", "--terminal", "../x"), 1, "is not allowed"),
        (("report", "x", "NEVER_WAS"), 1, "there is no terminal NEVER_WAS"),
        (("report", "z", "NEVER_WAS"), 1, "there is no terminal NEVER_WAS"),
        (("verify", "NEVER_WAS"), 1, "there is no terminal NEVER_WAS"),
        (("report", "x", "é"), 1, "is not allowed"),
        (("receipt", "REGISTER_01-1", "--width", "40"), 2, "40"),
        (("nothing",), 2, "nothing"),
        (("sales", "--nothing"), 2, "--nothing"),
    ],
)
def test_a_refusal_is_one_line_with_its_exit_code(
    sold: Path, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    result = call(sold, *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr
    if exit_code == 1:
        assert result.stderr.startswith("posterm: ") and result.stderr.count("\n") == 1
        in_json = json.loads(call(sold, *arguments, "--json").stderr)
        assert in_json == {"error": result.stderr[9:-1], "exit_code": 1}


def test_the_flag_stands_over_the_environment_and_that_over_the_default(
    sold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    empty = tmp_path / "empty"
    runner = CliRunner(env={"POSTERM_DATA": str(empty)})
    assert runner.invoke(posterm, ["sales", "--json"]).stdout == "[]\n"
    assert "REGISTER_02-1" in runner.invoke(posterm, ["sales", "--data-dir", str(sold)]).stdout
    assert DEFAULT_DATA_DIR == DEFAULT_DATA_DIRECTORY
    assert "REGISTER_02-1" in CliRunner().invoke(posterm, ["sales"]).stdout


def test_a_damaged_log_ends_with_74_and_names_the_place(sold: Path) -> None:
    assert call(sold, "report", "z", "REGISTER_01").exit_code == 0
    (sealed,) = (sold / "terminals/REGISTER_01").glob("transaction.wal.0*")
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.chmod(0o600)
    sealed.write_bytes(data)
    result = call(sold, "sales")
    assert result.exit_code == 74
    assert str(sealed) in result.stderr and "offset" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("sales",),
        ("doctor",),
        ("verify",),
        ("bench", "--quick"),
        ("report", "x", "REGISTER_01"),
        ("show", "REGISTER_01-1"),
        ("receipt", "REGISTER_01-1"),
        ("init",),
    ],
)
@pytest.mark.parametrize("what", ["file", "under a file", "loop", "nowhere"])
def test_what_is_no_data_directory_is_said_by_every_command(
    tmp_path: Path, arguments: tuple[str, ...], what: str
) -> None:
    (tmp_path / "file").write_text("not a shop")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("not there")
    place = tmp_path / "file" / "shop" if what == "under a file" else tmp_path / what
    result = call(place, *arguments)
    assert (result.exit_code, result.stdout) == (78, "")
    assert result.stderr.startswith(f"posterm: data directory {place} can't be used: ")
    assert result.stderr.count("\n") == 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "loop", "nowhere"]


def test_a_terminal_that_never_was_has_no_sales_and_is_not_made_by_asking(sold: Path) -> None:
    assert read(sold, "sales", "--terminal", "NEVER_WAS") == []
    said = call(sold, "sales", "--terminal", "NEVER_WAS")
    assert (said.exit_code, "no terminal NEVER_WAS has ever run" in said.stdout) == (0, True)
    call(sold, "report", "z", "NEVER_WAS")
    assert "NEVER_WAS" not in [one.name for one in (sold / "terminals").iterdir()]


def test_an_empty_environment_variable_is_no_wish_for_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTERM_DATA", "")
    result = CliRunner().invoke(posterm, ["init"])
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "POSTERM_DATA is empty" in result.stderr
    assert CliRunner().invoke(posterm, ["init", "--data-dir", "shop"]).exit_code == 0


def test_an_empty_name_is_not_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(posterm, ["init", "--data-dir", ""])
    assert (result.exit_code, list(tmp_path.iterdir())) == (2, [])


def test_an_unknown_fault_leaves_one_line_and_a_traceback_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(COMMANDS, "sales", ("missing", ""))
    monkeypatch.chdir(tmp_path)
    assert group.run(["sales"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("posterm: ModuleNotFoundError: ") and said.count("\n") == 1
    (kept,) = (tmp_path / DEFAULT_DATA_DIR / "temp").glob("fault-*.txt")
    assert str(kept) in said
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o007 == 0


def test_help_names_every_command_without_loading_one() -> None:
    result = CliRunner().invoke(posterm, ["--help"])
    assert all(f"  {name}" in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["ring", "--help"]])
def test_what_must_answer_at_once_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from posterm.commands.group import run; "
        f"code = run({arguments!r}); "
        "heavy = {'kernel', 'textual', 'rich', 'msgspec', 'pydantic', 'psutil', 'manager'}; "
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=30
    )
    assert result.stdout.splitlines()[-1] == "[] 0", result.stderr
    if arguments == ["--version"]:
        assert __version__ in result.stdout
