"""The import contracts of pyproject.toml hold, and each of them finds what it forbids.

A contract that can't fail proves nothing, so every one is broken here on purpose: one file is
planted in a copy of the tree, and the linter has to name it.
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

# Contract, module to plant, what it imports.
PLANTS = [
    ("house", "posterm.planted", "import manager"),
    ("house", "manager.planted", "import posterm"),
    ("house", "themes.planted", "import posterm"),
    ("house", "themes.planted", "import manager"),
    ("house", "kernel.model.planted", "import themes"),
    ("house", "kernel.terminal.planted", "from posterm import __version__"),
    ("house", "kernel.disk.planted", "def late():\n    import manager"),
    ("front-door", "posterm.planted", "from kernel.errors import KernelError"),
    ("front-door", "posterm.planted", "from kernel import disk"),
    ("front-door", "manager.planted", "from kernel.disk.layout import Layout"),
    ("front-door", "themes.planted", "import kernel.model"),
    ("no-screen", "kernel.terminal.planted", "from textual.app import App"),
    ("no-screen", "kernel.model.planted", "import rich"),
    ("no-screen", "kernel.disk.planted", "def late():\n    import click"),
    ("kernel-layers", "kernel.coordination.planted", "import kernel.terminal"),
    ("kernel-layers", "kernel.disk.planted", "import kernel.coordination"),
    ("kernel-layers", "kernel.codec.planted", "from kernel.disk import files"),
    ("kernel-layers", "kernel.model.planted", "import kernel.codec"),
    ("kernel-layers", "kernel.clock", "import kernel.model"),
    ("kernel-layers", "kernel.errors", "import kernel.clock"),
    ("kernel-layers", "kernel.errors", "import kernel.disk"),
    ("kernel-layers", "kernel.somewhere_else", "import kernel.terminal"),
]


def lint(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--no-logo", "--no-cache", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the source that a test may spoil."""
    for package in PACKAGES:
        shutil.copytree(
            CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_source_keeps_every_contract() -> None:
    result = lint(CHECKOUT)
    assert result.returncode == 0, result.stdout


def test_every_contract_has_a_planted_violation() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {contract for contract, *_ in PLANTS}


@pytest.mark.parametrize(("contract", "module", "statement"), PLANTS)
def test_a_planted_import_breaks_its_contract(
    tree: Path, contract: str, module: str, statement: str
) -> None:
    assert lint(tree, "--contract", contract).returncode == 0
    with tree.joinpath(*module.split(".")).with_suffix(".py").open("a") as source:
        source.write(f"\n{statement}\n")

    result = lint(tree, "--contract", contract)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout
