"""What the repository says is true for every reader, and what it may not say it does not.

Where packages come from is the reader's choice, set on the reader's machine: a package host or
somebody's own path in the tree would work on one machine only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT

# Each with a gap, because this file is searched too.
WORDS = [
    word.replace("~", "")
    for word in (
        "py~pi.org",
        "python~hosted.org",
        "npm~js.org",
        "deb~ian.org",
        "proxy.go~lang.org",
        "crates.~io",
        "find-~links",
        "/opt/py~pi",
        "/opt/wh~eels",
        "/wo~rk/main",
        "/wo~rk/shared",
        "/tm~p/v/",
        "/tm~p/posterm",
    )
]

NOT_COMMITTED = frozenset(
    {".git", ".venv", "build", "dist", "demo_data", "__pycache__", ".hypothesis"}
    | {".import_linter_cache", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)


def committed_files(tree: Path) -> Iterator[Path]:
    """Every file of the tree but those that .gitignore names."""
    for directory, names, files in os.walk(tree):
        names[:] = [name for name in names if name not in NOT_COMMITTED]
        yield from (Path(directory) / file for file in files)


def mentions(tree: Path) -> list[str]:
    return [
        f"{path.relative_to(tree)}:{number}: {line.strip()}"
        for path in committed_files(tree)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if any(word in line for word in WORDS)
    ]


def test_no_file_names_a_package_host_or_somebody_s_machine() -> None:
    assert mentions(CHECKOUT) == []


@pytest.mark.parametrize("word", WORDS)
def test_a_planted_mention_is_found(tmp_path: Path, word: str) -> None:
    (tmp_path / "Makefile").write_text(f"first line\nget https://{word}/simple\n")

    assert mentions(tmp_path) == [f"Makefile:2: get https://{word}/simple"]


def test_every_link_between_documents_leads_somewhere() -> None:
    missing = [
        f"{page.relative_to(CHECKOUT)} -> {target}"
        for page in committed_files(CHECKOUT)
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert missing == []


def test_the_example_of_the_readme_sells(data_dir: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.S)
    names = {"data_dir": data_dir}

    exec(compile(example, "README.md", "exec"), names)

    assert "sale" in names
