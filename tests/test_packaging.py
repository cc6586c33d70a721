"""The wheel is whole: what it installs sells, away from the checkout and without a network."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from posterm import __version__
from tests.support.processes import CHECKOUT

PACKAGES = ("kernel", "posterm", "manager", "themes")


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that has to succeed and may not see the checkout."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=CHECKOUT)
    (built,) = target.glob("*.whl")
    return built


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that holds posterm from its wheel, and a place outside the checkout."""

    home: Path
    packages: Path
    python: Path
    posterm: Path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, which borrows this one's third-party packages."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "env", with_pip=False)
    python = home / "env/bin/python"
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(home / "env")}))
    run(
        *(sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"),
        *("install", "--no-deps", "--no-index", wheel),
        cwd=home,
    )
    # Behind its own packages, and a path in a .pth file has its own .pth files ignored: the
    # checkout that is installed editable beside us stays out of sight.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(home, packages, python, home / "env/bin/posterm")


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    source = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
        licences = [name for name in archive.namelist() if "/licenses/" in name]

    assert shipped == source
    assert {f"{package}/py.typed" for package in PACKAGES} <= shipped
    assert {Path(name).name for name in licences} == {"LICENSE", "LICENSE-data.md"}


def test_the_installed_packages_are_those_of_the_wheel(installed: Installed) -> None:
    program = "import kernel, posterm; print(kernel.__file__); print(posterm.__file__)"
    places = run(installed.python, "-c", program, cwd=installed.home).splitlines()
    assert places == [
        str(installed.packages / "kernel/__init__.py"),
        str(installed.packages / "posterm/__init__.py"),
    ]


def test_the_installed_command_says_its_version(installed: Installed) -> None:
    assert __version__ in run(installed.posterm, "--version", cwd=installed.home)


def test_the_installed_command_makes_a_shop(installed: Installed, data_dir: Path) -> None:
    run(installed.posterm, "init", "--data-dir", data_dir, cwd=installed.home)
    assert any(data_dir.iterdir())


def test_the_installed_command_rings_the_shipped_invoices(
    installed: Installed, data_dir: Path
) -> None:
    slice_file = installed.packages / "posterm/demo/invoices.csv"
    with slice_file.open(newline="") as rows:
        invoices = {row["InvoiceNo"] for row in csv.DictReader(rows)}
    store = ("--data-dir", data_dir, "--json")

    summary = json.loads(
        run(
            *(installed.posterm, "ring", "REGISTER_01", "--input", slice_file, *store),
            cwd=installed.home,
        )
    )
    sales = json.loads(run(installed.posterm, "sales", *store, cwd=installed.home))

    assert len(sales) == summary["sales"]
    assert sum(sale["total_minor"] for sale in sales) == summary["total_minor"]
    assert {sale["invoice"] for sale in sales} <= invoices
    assert len(sales) > 100
