"""What `posterm doctor` looks at: the machine, the data directory and the line to the screen.

Each check is a fact, a verdict and one thing to do about it. Verdicts are pure functions of
facts; `gather` alone asks the machine. Nothing here changes a shop: trials use files of their
own, which are removed.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from posterm.terminal_line import LineFacts

__all__ = [
    "Check",
    "Level",
    "check_clock",
    "check_file_system",
    "check_line",
    "check_locks",
    "check_modes",
    "check_packages",
    "check_space",
    "check_sync",
    "check_users",
    "diagnose",
]

_SYNC_FLOOR_US = 50
_SYNC_SLOW_US = 30_000
_SPACE_FLOOR_BYTES = 256 << 20
_SKEW_LIMIT_S = 0.02
_OLDEST_YEAR, _LAST_YEAR = 2026, 2100


class Level(Enum):
    OK = "ok"
    WARNING = "warning"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class Check:
    """`fix` is what to do; None where nothing is wrong."""

    name: str
    level: Level
    fact: str
    fix: str | None = None


def diagnose(data_dir: str, line: LineFacts) -> Iterator[Check]:
    """Every check in turn; each comes as soon as it is made."""
    from kernel import file_system
    from posterm.benchmark.raw import sync_time_us
    from posterm.lock_trial import lock_fault
    from posterm.machine import clock_facts, package_facts

    place = os.path.abspath(data_dir)
    while not os.path.isdir(place):
        place = os.path.dirname(place)
    yield check_file_system(*file_system(place))
    yield check_space(_free_bytes(place))
    try:
        with tempfile.TemporaryDirectory(prefix=".posterm-doctor-", dir=place) as trial:
            yield check_locks(lock_fault(os.path.join(trial, "lock")))
            yield check_sync(sync_time_us(trial))
    except OSError as fault:
        yield Check(
            "data directory",
            Level.UNUSABLE,
            f"{place} can't be written: {fault.strerror}",
            "let this user write there, or name another with --data-dir",
        )
    yield check_modes(place, stat.S_IMODE(os.stat(place).st_mode), os.path.exists(data_dir))
    yield check_users(_owners(place), os.geteuid())
    yield from check_line(line)
    yield check_clock(*clock_facts())
    yield from check_packages(*package_facts())


def check_file_system(kind: str, sound: bool) -> Check:
    if sound:
        return Check("file system", Level.OK, f"{kind}; its locks are sound")
    return Check(
        "file system",
        Level.UNUSABLE,
        f"{kind}; its locks are not known to be sound",
        "move the data directory to a local disk",
    )


def check_space(free_bytes: int) -> Check:
    fact = f"{free_bytes >> 20} MiB free"
    if free_bytes >= _SPACE_FLOOR_BYTES:
        return Check("space", Level.OK, fact)
    return Check("space", Level.WARNING, fact, "free some: a full disk refuses new sales")


def check_locks(fault: str | None) -> Check:
    if fault is None:
        return Check("locks", Level.OK, "the kernel's and portalocker's shut each other out")
    return Check("locks", Level.UNUSABLE, fault, "move the data directory to a local disk")


def check_sync(p50_us: float) -> Check:
    fact = f"a durable write takes {p50_us:.0f} µs"
    if p50_us < _SYNC_FLOOR_US:
        return Check(
            "fsync",
            Level.WARNING,
            f"{fact}: this disk does not really sync",
            "see whether it is in memory or its write cache ignores flushes",
        )
    if p50_us > _SYNC_SLOW_US:
        fix = "move the data directory to an SSD, or see what keeps this disk busy"
        return Check("fsync", Level.WARNING, fact, fix)
    return Check("fsync", Level.OK, fact)


def check_modes(path: str, mode: int, exists: bool) -> Check:
    if not exists:
        return Check("modes", Level.OK, "there is no data directory yet; posterm init makes it")
    if mode & stat.S_IRWXO:
        return Check("modes", Level.WARNING, f"{path} is open to everybody", f"chmod o-rwx {path}")
    return Check("modes", Level.OK, f"{path} has mode {mode:o}")


def check_users(owners: Sequence[int], user: int) -> Check:
    if not owners:
        return Check("users", Level.OK, f"user {user}; no terminal has run here yet")
    if len(set(owners)) == len(owners) > 1:
        return Check("users", Level.OK, "each terminal has a user of its own")
    return Check(
        "users",
        Level.WARNING,
        "terminals share a Unix user: approvals and messages are not authenticated",
        "give each till a user of its own in one group",
    )


def check_line(line: LineFacts) -> Iterator[Check]:
    """The screen and the keys."""
    if not line.is_terminal:
        yield Check("screen", Level.OK, "output is no terminal; run doctor on the till's screen")
    elif line.columns < 80 or line.rows < 24:
        size = f"{line.columns}x{line.rows}"
        yield Check("screen", Level.WARNING, size, "make it 80x24 or larger")
    else:
        yield Check("screen", Level.OK, f"{line.columns}x{line.rows}")
    if line.encoding.lower().replace("-", "") == "utf8":
        yield Check("encoding", Level.OK, line.encoding)
    else:
        fix = "export LANG=C.UTF-8 if the terminal can; else the till draws in ASCII"
        yield Check("encoding", Level.WARNING, line.encoding, fix)
    if line.colours is None:
        yield Check("colours", Level.OK, "unknown; the till draws without")
    else:
        yield Check("colours", Level.OK, f"{max(0, line.colours)}")
    yield _check_keys(line)


def _check_keys(line: LineFacts) -> Check:
    if line.term in ("", "dumb"):
        fact = "TERM is not set" if not line.term else "TERM is dumb"
        return Check("keys", Level.WARNING, fact, "set TERM to what the terminal is: vt100, xterm")
    if line.function_keys is None:
        fact = f"TERM is {line.term}, which this machine doesn't know"
        return Check("keys", Level.WARNING, fact, "set TERM to one it knows, or install terminfo")
    if line.function_keys < 12:
        fact = f"{line.term} has {line.function_keys} of F1 to F12"
        return Check("keys", Level.WARNING, fact, "type /9 and Enter for F9, and so on")
    return Check("keys", Level.OK, f"{line.term} has F1 to F12")


def check_clock(zone: str, year: int, skew_s: float) -> Check:
    if not _OLDEST_YEAR <= year <= _LAST_YEAR:
        return Check("clock", Level.UNUSABLE, f"the year is {year}", "set the clock; install NTP")
    if abs(skew_s) > _SKEW_LIMIT_S:
        fact = f"wall clock moved {skew_s * 1000:+.0f} ms against the monotonic one"
        return Check(
            "clock", Level.WARNING, fact, "let NTP slew the clock, and nothing else set it"
        )
    return Check("clock", Level.OK, f"{zone}, in step with the monotonic clock")


def check_packages(python: str, packages: Sequence[tuple[str, str | None, str]]) -> Iterator[Check]:
    """`packages`: name, version found (None: missing), lowest version that will do."""
    yield Check("python", Level.OK, python)
    if not packages:
        fact = "posterm runs from a checkout and is not installed"
        yield Check("packages", Level.WARNING, fact, "make an environment: make test does")
        return
    wrong = [
        (name, found, needed)
        for name, found, needed in packages
        if found is None or _numbers(found) < _numbers(needed)
    ]
    for name, found, needed in wrong:
        fact = f"{name} is {found or 'missing'}, {needed} or newer is needed"
        yield Check("packages", Level.UNUSABLE, fact, f"pip install '{name}>={needed}'")
    if not wrong:
        yield Check(
            "packages", Level.OK, ", ".join(f"{name} {found}" for name, found, _ in packages)
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _free_bytes(path: str) -> int:
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def _owners(root: str) -> list[int]:
    """The owner of each terminal's directory."""
    try:
        with os.scandir(os.path.join(root, "terminals")) as terminals:
            return [terminal.stat().st_uid for terminal in terminals if terminal.is_dir()]
    except OSError:
        return []
