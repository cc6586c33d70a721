"""`posterm demo` makes its shop once, and never touches one of somebody's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import BadInput, Shop
from posterm.catalog import current_version
from posterm.commands.demo import OPERATORS, hint_rows, seed
from tests.support.register_shop import make_shop


def test_the_demo_shop_is_made_once_with_items_and_operators(data_dir: Path) -> None:
    seed(str(data_dir))
    seed(str(data_dir))
    assert current_version(data_dir) == 1
    assert {one.number for one in Shop(data_dir).operators()} == {one[0] for one in OPERATORS}
    assert all(len(row) < 78 for row in hint_rows(str(data_dir)))


def test_a_shop_with_other_operators_is_refused(data_dir: Path) -> None:
    make_shop(data_dir)
    seed(str(data_dir))
    Shop(data_dir)
    stranger = data_dir / "shared" / "coordination" / "operators.json"
    stranger.write_text(stranger.read_text().replace('"0003"', '"0777"'))
    with pytest.raises(BadInput, match="shop of its own"):
        seed(str(data_dir))
