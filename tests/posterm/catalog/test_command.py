"""`posterm catalog`: what people and scripts see of an import, of items and of versions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from posterm.catalog import current_version
from posterm.commands.group import posterm
from tests.support.processes import CHECKOUT
from tests.support.shelf import HEADER

DEMO = CHECKOUT / "posterm" / "demo" / "catalog.csv"


def call(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posterm, ["catalog", *arguments, "--data-dir", str(data_dir)])


def told(data_dir: Path, *arguments: str):
    done = call(data_dir, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def demo(data_dir: Path) -> Path:
    assert told(data_dir, "import", str(DEMO), "--country", "de")["version"] == 1
    return data_dir


def test_an_import_says_what_it_made_and_what_comes_next(data_dir: Path) -> None:
    done = call(data_dir, "import", str(DEMO), "--country", "DE")
    assert done.exit_code == 0
    said, following = done.stdout.splitlines()
    assert said == "version 1 of the catalogue has 374 items in 16 departments, prices in EUR"
    assert following == f"next: posterm catalog list --data-dir {data_dir}"


def test_prices_are_of_the_shop_s_currency_unless_another_is_named(data_dir: Path) -> None:
    assert told(data_dir, "import", str(DEMO))["currency"] == "EUR"
    assert told(data_dir, "import", str(DEMO), "--currency", "KWD")["currency"] == "KWD"
    refused = call(data_dir, "import", str(DEMO), "--currency", "JPY")
    assert refused.exit_code == 1
    assert "catalog.csv:2: column price: amount 0.08 has too many decimals" in refused.stderr


def test_a_dry_run_checks_the_file_and_writes_nothing(data_dir: Path) -> None:
    said = told(data_dir, "import", str(DEMO), "--dry-run")
    assert (said["version"], said["items"]) == (None, 374)
    assert not data_dir.exists()


def test_faults_are_told_with_their_lines_and_nothing_is_imported(
    demo: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{HEADER}\nA,Thing,GOODS,1,S\nA,Thing,GOODS,x,S\n")
    done = call(demo, "import", str(bad))
    assert (done.exit_code, done.stdout) == (1, "")
    first, last = done.stderr.splitlines()
    assert first.startswith(f"{bad}:3: column price: amount 'x' is no decimal number")
    assert last == f"posterm: {bad}: 1 faults; correct them, nothing was imported"
    said = json.loads(call(demo, "import", str(bad), "--json").stderr)
    assert (said["exit_code"], [fault["line"] for fault in said["faults"]]) == (1, [3])
    assert current_version(demo) == 1


def test_invoices_make_a_catalogue(data_dir: Path, invoices: Path) -> None:
    said = told(data_dir, "import", str(invoices), "--invoices", "--currency", "GBP")
    assert (said["rejected"], said["currency"]) == (4, "GBP")
    assert said["items"] > 700
    shown = told(data_dir, "show", "85123A")
    assert (shown["description"], shown["price_minor"]) == (
        "WHITE HANGING HEART T-LIGHT HOLDER",
        255,
    )


def test_a_country_without_rules_is_a_fault_of_usage(data_dir: Path) -> None:
    done = call(data_dir, "import", str(DEMO), "--country", "XX")
    assert done.exit_code == 2
    assert "give one of CA, DE" in done.stderr


def test_items_are_listed_searched_and_shown(demo: Path) -> None:
    ham = told(demo, "list", "--search", "ham cooked")["shown"]
    assert [item["sku"] for item in ham] == ["2831010000005"]
    deli = told(demo, "list", "--department", "DELI", "--limit", "3")["shown"]
    assert [item["department"] for item in deli] == ["DELI"] * 3
    shown = told(demo, "show", "deli-01")
    assert (shown["sell_by"], shown["tare"], shown["label"]["quantity"]) == ("weight", 8, None)
    rows = call(demo, "show", "2831010000005").stdout.splitlines()
    assert rows[0].split() == ["2831010000005", "HAM", "COOKED", "KG", "DELI", "19.90"]


def test_a_label_is_shown_with_what_it_says(demo: Path) -> None:
    from posterm.catalog.codes import check_digit
    from posterm.catalog.embedded import measure_check_digit

    payload = "283101" + measure_check_digit("01250") + "01250"
    done = call(demo, "show", payload + check_digit(payload))
    assert done.exit_code == 0
    assert any(row.split() == ["on", "the", "label", "1.250"] for row in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("code", "fact"),
    [("NOTHING", "names no item: unknown"), ("4006381333932", "names no item: check digit")],
)
def test_a_code_without_an_item_is_refused(demo: Path, code: str, fact: str) -> None:
    done = call(demo, "show", code)
    assert done.exit_code == 1
    assert done.stderr == f"posterm: {code} {fact}; see `posterm catalog list`\n"


def test_versions_are_listed_and_the_current_one_is_marked(demo: Path) -> None:
    told(demo, "import", str(DEMO))
    said = told(demo, "versions")
    assert said["current"] == 2
    assert [(one["version"], one["country"]) for one in said["versions"]] == [(1, "DE"), (2, None)]
    first, second, _ = call(demo, "versions").stdout.splitlines()
    assert ("current" in first, "current" in second) == (False, True)


def test_old_versions_are_removed_by_an_import(demo: Path) -> None:
    removed = [told(demo, "import", str(DEMO))["removed"] for _ in range(4)]
    assert removed == [[], [], [1], [2]]


def test_a_shop_without_a_catalogue_says_how_to_get_one(data_dir: Path) -> None:
    done = call(data_dir, "list")
    assert done.exit_code == 1
    assert "make one with `posterm catalog import FILE.csv`" in done.stderr
    assert told(data_dir, "versions") == {"current": None, "versions": []}
    assert not data_dir.exists()
