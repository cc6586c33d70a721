"""One till in memory for all pricing tests of a module: each test begins its own sales."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel import Terminal
from tests.support.tills import TillMachine


@pytest.fixture(scope="module")
def till() -> Iterator[Terminal]:
    with TillMachine().start() as till:
        yield till
