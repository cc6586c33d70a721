"""Facts of this machine that `posterm doctor` judges: its clocks, its Python, its packages."""

from __future__ import annotations

import platform
import re
import threading
import time
from datetime import UTC, datetime
from importlib import metadata

from kernel import SystemClock

__all__ = ["clock_facts", "package_facts"]

_WATCHED_S = 0.1
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)>=(?P<version>[0-9.]+)")


def clock_facts() -> tuple[str, int, float]:
    """(zone, year, seconds that wall time gained on monotonic time in a tenth of a second)."""
    wall_s, monotonic_s = time.time(), time.monotonic()
    threading.Event().wait(_WATCHED_S)
    skew_s = (time.time() - wall_s) - (time.monotonic() - monotonic_s)
    return SystemClock().zone(), datetime.now(UTC).year, skew_s


def package_facts() -> tuple[str, list[tuple[str, str | None, str]]]:
    """(Python's version, [(package, its version, what posterm needs)]); [] if not installed."""
    try:
        requirements = metadata.requires("posterm") or []
    except metadata.PackageNotFoundError:
        requirements = []
    found = []
    for requirement in requirements:
        match = _REQUIREMENT.match(requirement)
        if match is not None and "extra ==" not in requirement:
            found.append((match["name"], _version(match["name"]), match["version"]))
    return platform.python_version(), found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
