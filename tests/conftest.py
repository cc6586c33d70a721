"""What every test may ask for, and what no test may inherit from the shell that runs it."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.processes import CHECKOUT

# Time per example says nothing on a busy machine; the number of examples bounds a run instead.
settings.register_profile(
    "posterm", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("posterm")

# A shell starts what it runs in the background with these ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """Thousands of tills are born in these tests and few are garbage in cycles: looking for those
    as often as a program of a dozen modules does takes a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _no_store_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never opens the store that the person running it has set, nor speaks as they do."""
    monkeypatch.delenv("POSTERM_DATA", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("POSTERM_LOCALE", "C")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where a store of this test's own will stand; nothing is there yet."""
    return tmp_path / "pos_kernel_data"


@pytest.fixture(scope="session")
def invoices() -> Path:
    """The committed slice of real invoices."""
    return CHECKOUT / "posterm" / "demo" / "invoices.csv"
