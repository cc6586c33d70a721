"""Files are opened in the few places that answer for them, and nowhere else.

In kernel that is `kernel/disk`: it alone knows the modes, the syncs and the order that a power
cut asks for, and tests put another disk in its place. A second opener would escape both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT

PACKAGES = ("kernel", "posterm", "manager", "themes")
# The benchmark's yardsticks must not be made of what they measure, so they open their own files.
OPENERS = ("kernel/disk", "posterm/benchmark")
OPENING_CALLS = frozenset(
    {"open", "open_code", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes"}
)


def openings(source: str) -> Iterator[int]:
    """The line of every call that opens a file, and of every import that would hide one."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in OPENING_CALLS:
                yield node.lineno
            case ast.Call(func=ast.Attribute(attr=name)) if name in OPENING_CALLS:
                yield node.lineno
            case ast.ImportFrom(module="os" | "io" | "gzip" | "builtins", names=names):
                if any(alias.name in OPENING_CALLS for alias in names):
                    yield node.lineno
            case _:
                pass


def strangers(tree: Path) -> list[str]:
    """Every place in the tree that opens a file and has no business to."""
    return [
        f"{path.relative_to(tree)}:{line}"
        for package in PACKAGES
        for path in sorted((tree / package).rglob("*.py"))
        if not path.relative_to(tree).as_posix().startswith(tuple(f"{part}/" for part in OPENERS))
        for line in openings(path.read_text())
    ]


def test_only_the_openers_open_files() -> None:
    assert strangers(CHECKOUT) == []


def test_the_search_sees_the_files_that_kernel_disk_opens() -> None:
    sources = (CHECKOUT / "kernel/disk").rglob("*.py")
    assert any(list(openings(path.read_text())) for path in sources)


@pytest.mark.parametrize(
    "call",
    [
        "open('sale.log')",
        "io.open('sale.log')",
        "os.open('sale.log', os.O_RDONLY)",
        "os.fdopen(3)",
        "gzip.open('sale.log')",
        "Path('sale.log').open()",
        "Path('sale.log').read_text()",
        "Path('sale.log').read_bytes()",
        "Path('sale.log').write_text('paid')",
        "Path('sale.log').write_bytes(b'paid')",
        "from os import open as look",
    ],
)
def test_a_planted_opening_is_found(tmp_path: Path, call: str) -> None:
    planted = tmp_path / "kernel" / "model" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(f"def late():\n    {call}\n")

    assert strangers(tmp_path) == ["kernel/model/planted.py:2"]


def test_the_same_call_is_allowed_to_an_opener(tmp_path: Path) -> None:
    planted = tmp_path / "kernel" / "disk" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text("open('sale.log')\n")

    assert strangers(tmp_path) == []
