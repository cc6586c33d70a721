"""Versions: a new one appears whole beside the old, and the old one stays while it is used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kernel import BadInput, Terminal
from posterm.catalog import current_version, open_catalog
from posterm.catalog.versions import (
    KEPT_VERSIONS,
    CatalogPaths,
    remove_old_versions,
    remove_strays,
    versions,
)
from tests.support.processes import CHECKOUT, python_child
from tests.support.shelf import item, publish

IMPORTER = """
import sys
from pathlib import Path
from tests.support.shelf import item, publish
for number in range(int(sys.argv[2])):
    print(publish(Path(sys.argv[1]), [item("A", "Thing", 5)]), flush=True)
"""


def test_an_import_numbers_its_version_and_makes_it_current(data_dir: Path) -> None:
    assert (current_version(data_dir), versions(data_dir)) == (0, [])
    assert publish(data_dir, [item("A", "Thing", 1)]) == 1
    assert publish(data_dir, [item("A", "Thing", 2)]) == 2
    assert (current_version(data_dir), versions(data_dir)) == (2, [1, 2])
    assert os.readlink(data_dir / "shared/catalog.sqlite") == "catalog.2.sqlite"
    assert not list((data_dir / "temp").glob("catalog-*"))


def test_a_till_goes_on_with_its_version_while_a_new_one_comes(data_dir: Path) -> None:
    publish(data_dir, [item("A", "Thing", 1)])
    with open_catalog(data_dir) as before:
        publish(data_dir, [item("B", "Other", 2)])
        assert before.item("A") is not None
        assert before.version == 1 != current_version(data_dir)
        with open_catalog(data_dir) as after, open_catalog(data_dir, 1) as again:
            assert (after.version, after.item("A")) == (2, None)
            assert again.item("A") == before.item("A")


def test_a_published_file_is_for_the_shop_s_group_to_read_and_nobody_s_to_write(
    data_dir: Path,
) -> None:
    publish(data_dir, [item("A", "Thing")])
    status = os.stat(data_dir / "shared/catalog.1.sqlite")
    assert stat.S_IMODE(status.st_mode) == 0o440


def test_a_store_copied_without_its_links_goes_on_with_the_newest(data_dir: Path) -> None:
    publish(data_dir, [item("A", "Thing")])
    publish(data_dir, [item("A", "Thing")])
    (data_dir / "shared/catalog.sqlite").unlink()
    assert current_version(data_dir) == 2


def test_old_versions_go_but_for_those_that_open_sales_use(data_dir: Path) -> None:
    for _ in range(2):
        publish(data_dir, [item("A", "Thing")])
    with Terminal.start("T1", data_dir) as till:
        till.begin("S1", "EUR", "anna", catalogue=2)
        closed = till.begin("S1", "EUR", "anna", catalogue=1)
        closed.abort("wrong")
    assert remove_old_versions(data_dir) == []
    for _ in range(KEPT_VERSIONS):
        publish(data_dir, [item("A", "Thing")])
    assert remove_old_versions(data_dir) == [1]
    assert versions(data_dir) == [2, 3, 4, 5]
    with Terminal.start("T1", data_dir) as till:
        till.open_sales[0].abort("done")
    assert remove_old_versions(data_dir) == [2]


def test_what_a_killed_import_left_goes_an_hour_later(data_dir: Path) -> None:
    publish(data_dir, [item("A", "Thing")])
    scratch = Path(CatalogPaths(data_dir).scratch(b"12345678"))
    scratch.touch()
    dangling = Path(CatalogPaths(data_dir).scratch(b"abcdefgh"))
    dangling.symlink_to("catalog.9.sqlite")
    written_s = scratch.stat().st_mtime
    remove_strays(data_dir, written_s + 60)
    assert scratch.exists()
    remove_strays(data_dir, written_s + 4000)
    assert not scratch.exists()
    assert not dangling.is_symlink()


def test_two_imports_at_once_take_two_numbers_and_the_newest_is_current(data_dir: Path) -> None:
    count = 15
    with (
        python_child("-c", IMPORTER, data_dir, str(count)) as first,
        python_child("-c", IMPORTER, data_dir, str(count)) as second,
    ):
        for child in (first, second):
            assert child.wait(timeout_s=60) == 0
    assert versions(data_dir) == list(range(1, 2 * count + 1))
    assert current_version(data_dir) == 2 * count


def test_an_import_that_is_killed_leaves_whole_versions_only(data_dir: Path) -> None:
    for done in (2, 4, 6):
        with python_child("-c", IMPORTER, data_dir, "1000") as child:
            child.wait_for_line(str(done))
            child.kill()
        for number in versions(data_dir):
            with open_catalog(data_dir, number) as catalog:
                assert catalog.item("A") == item("A", "Thing", 5)
    assert current_version(data_dir) >= 6
    number = publish(data_dir, [item("B", "Thing")])
    assert number == current_version(data_dir) == max(versions(data_dir))


def test_a_version_appears_only_after_its_file_is_synced(data_dir: Path, tmp_path: Path) -> None:
    publish(data_dir, [item("A", "Thing")])
    trace = tmp_path / "trace"
    try:
        subprocess.run(
            [
                *("strace", "-f", "-y", "-o", trace),
                *("-e", "trace=fsync,fdatasync,link,linkat,rename"),
                *(sys.executable, "-c", IMPORTER, data_dir, "1"),
            ],
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
            timeout=120,
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("strace can't run here")
    calls = trace.read_text().splitlines()
    synced = [place for place, call in enumerate(calls) if "sync(" in call and ".next>" in call]
    listed = [place for place, call in enumerate(calls) if "sync(" in call and "shared>" in call]
    (linked,) = (place for place, call in enumerate(calls) if " link" in call)
    (current,) = (place for place, call in enumerate(calls) if " rename" in call)
    assert synced and max(synced) < linked < current < max(listed), calls
    assert any(linked < place < current for place in listed), calls


def test_an_import_that_can_t_be_written_leaves_the_old_version(data_dir: Path) -> None:
    publish(data_dir, [item("A", "Thing")])
    twice = [item("B", "Thing"), item("B", "Thing")]
    with pytest.raises(BadInput, match="the catalogue before it is still in use"):
        publish(data_dir, twice)
    assert (current_version(data_dir), versions(data_dir)) == (1, [1])
    assert not list((data_dir / "temp").glob("catalog-*"))


def test_names_that_are_no_versions_are_left_alone(data_dir: Path) -> None:
    publish(data_dir, [item("A", "Thing")])
    for name in ("catalog.01.sqlite", "catalog.x.sqlite", "catalog.2.sqlite-journal", "catalog.²"):
        (data_dir / "shared" / name).touch()
    assert versions(data_dir) == [1]
