"""A shop with one stopped till, for tests that look at its bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kernel import Terminal
from kernel.disk.layout import Layout, TerminalPaths
from tests.support.verified import sell


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one stopped till: several segments, a Z, an open sale. Not to be changed."""
    root = tmp_path_factory.mktemp("verify") / "shop"
    with Terminal.start("TILL", root, segment_bytes=1_500) as till:
        for _ in range(6):
            sell(till)
        till.z_report()
        sell(till)
        till.begin("STORE_001", "EUR", "0001").add_line("TEA_001", 1, 299)
    return root


@pytest.fixture
def shop(sold: Path, tmp_path: Path) -> Path:
    shutil.copytree(sold, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def paths(shop: Path) -> TerminalPaths:
    return Layout(str(shop)).terminal("TILL")
