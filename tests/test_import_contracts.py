"""The import contracts of pyproject.toml hold, and each of them finds what it forbids.

A contract that can't fail proves nothing, so every one is broken here on purpose: a copy of the
tree gets one planted file for each way to break it, and the linter has to name them all.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT

LINTER = Path(sysconfig.get_path("scripts")) / "lint-imports"
PACKAGES = ("kernel", "posterm", "manager", "themes")

# Contract, module to plant, what it imports, as whose import of what it is named.
PLANTS = [
    ("house", "posterm.planted", "import manager", "manager"),
    ("house", "manager.planted", "import posterm", "posterm"),
    ("house", "themes.planted", "import posterm", "posterm"),
    ("house", "themes.planted", "import manager", "manager"),
    ("house", "kernel.model.planted", "import themes", "themes"),
    ("house", "kernel.terminal.planted", "from posterm import __version__", "posterm"),
    ("house", "kernel.disk.planted", "def late():\n    import manager", "manager"),
    ("front-door", "posterm.planted", "from kernel.errors import KernelError", "kernel.errors"),
    ("front-door", "posterm.planted", "from kernel import disk", "kernel.disk"),
    (
        "front-door",
        "manager.planted",
        "from kernel.disk.layout import Layout",
        "kernel.disk.layout",
    ),
    ("front-door", "themes.planted", "import kernel.model", "kernel.model"),
    ("no-screen", "kernel.terminal.planted", "from textual.app import App", "textual"),
    ("no-screen", "kernel.model.planted", "import rich", "rich"),
    ("no-screen", "kernel.disk.planted", "def late():\n    import click", "click"),
    ("kernel-layers", "kernel.coordination.planted", "import kernel.terminal", "kernel.terminal"),
    ("kernel-layers", "kernel.disk.planted", "import kernel.coordination", "kernel.coordination"),
    ("kernel-layers", "kernel.codec.planted", "from kernel.disk import files", "kernel.disk.files"),
    ("kernel-layers", "kernel.model.planted", "import kernel.codec", "kernel.codec"),
    ("kernel-layers", "kernel.clock", "import kernel.model", "kernel.model"),
    ("kernel-layers", "kernel.errors", "import kernel.clock", "kernel.clock"),
    ("kernel-layers", "kernel.errors", "import kernel.disk", "kernel.disk"),
    ("kernel-layers", "kernel.words", "import kernel.errors", "kernel.errors"),
    ("kernel-layers", "kernel.somewhere_else", "import kernel.terminal", None),  # in no layer
]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-logo", "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=60,
    )


def contracts() -> dict[str, str]:
    """Id -> name."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    return {one["id"]: one["name"] for one in settings["tool"]["importlinter"]["contracts"]}


def name_of(number: int) -> str:
    """The module of that plant; two that plant the same get names of their own."""
    return PLANTS[number][1].replace("planted", f"planted_{number}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of the source with everything planted in it."""
    tree = tmp_path_factory.mktemp("planted")
    for package in PACKAGES:
        shutil.copytree(
            CHECKOUT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", tree)
    for number, (_, _, statement, _) in enumerate(PLANTS):
        path = tree.joinpath(*name_of(number).split(".")).with_suffix(".py")
        with path.open("a") as source:
            source.write(f"\n{statement}\n")
    result = lint(tree)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def broken(report: str, contract: str) -> str:
    """What the report says of one contract: from its heading to the next one's."""
    headings = {one: f"\n{name}\n{'-' * len(name)}\n" for one, name in contracts().items()}
    _, _, section = report.partition(headings.pop(contract))
    for heading in headings.values():
        section, _, _ = section.partition(heading)
    return section


def test_the_source_keeps_every_contract() -> None:
    result = lint(CHECKOUT)
    assert result.returncode == 0, result.stdout


def test_every_contract_has_a_planted_violation() -> None:
    assert set(contracts()) == {contract for contract, *_ in PLANTS}


@pytest.mark.parametrize("number", range(len(PLANTS)), ids=lambda number: PLANTS[number][1])
def test_a_planted_import_breaks_its_contract(report: str, number: int) -> None:
    contract, _, _, imported = PLANTS[number]
    named = f" {name_of(number)} -> {imported} (l." if imported else f"- {name_of(number)}\n"
    assert named in broken(report, contract), report
