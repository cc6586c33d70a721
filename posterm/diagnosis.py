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
from posterm.words import gettext as _
from posterm.words import marked as N_

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
    OK = N_("ok")
    WARNING = N_("warning")
    UNUSABLE = N_("unusable")


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
            N_("data directory"),
            Level.UNUSABLE,
            _("{} can't be written: {}").format(place, fault.strerror),
            _("let this user write there, or name another with --data-dir"),
        )
    yield check_modes(place, stat.S_IMODE(os.stat(place).st_mode), os.path.exists(data_dir))
    yield check_users(_owners(place), os.geteuid())
    yield from check_line(line)
    yield check_clock(*clock_facts())
    yield from check_packages(*package_facts())


def check_file_system(kind: str, sound: bool) -> Check:
    if sound:
        return Check(N_("file system"), Level.OK, _("{}; its locks are sound").format(kind))
    return Check(
        N_("file system"),
        Level.UNUSABLE,
        _("{}; its locks are not known to be sound").format(kind),
        _("move the data directory to a local disk"),
    )


def check_space(free_bytes: int) -> Check:
    fact = _("{} MiB free").format(free_bytes >> 20)
    if free_bytes >= _SPACE_FLOOR_BYTES:
        return Check(N_("space"), Level.OK, fact)
    return Check(N_("space"), Level.WARNING, fact, _("free some: a full disk refuses new sales"))


def check_locks(fault: str | None) -> Check:
    if fault is None:
        return Check(N_("locks"), Level.OK, _("the kernel's and portalocker's shut each other out"))
    return Check(N_("locks"), Level.UNUSABLE, fault, _("move the data directory to a local disk"))


def check_sync(p50_us: float) -> Check:
    fact = _("a durable write takes {:.0f} µs").format(p50_us)
    if p50_us < _SYNC_FLOOR_US:
        return Check(
            N_("fsync"),
            Level.WARNING,
            _("{}: this disk does not really sync").format(fact),
            _("see whether it is in memory or its write cache ignores flushes"),
        )
    if p50_us > _SYNC_SLOW_US:
        fix = _("move the data directory to an SSD, or see what keeps this disk busy")
        return Check(N_("fsync"), Level.WARNING, fact, fix)
    return Check(N_("fsync"), Level.OK, fact)


def check_modes(path: str, mode: int, exists: bool) -> Check:
    if not exists:
        return Check(
            N_("modes"), Level.OK, _("there is no data directory yet; posterm init makes it")
        )
    if mode & stat.S_IRWXO:
        return Check(
            N_("modes"),
            Level.WARNING,
            _("{} is open to everybody").format(path),
            f"chmod o-rwx {path}",
        )
    return Check(N_("modes"), Level.OK, _("{} has mode {:o}").format(path, mode))


def check_users(owners: Sequence[int], user: int) -> Check:
    if not owners:
        return Check(N_("users"), Level.OK, _("user {}; no terminal has run here yet").format(user))
    if len(set(owners)) == len(owners) > 1:
        return Check(N_("users"), Level.OK, _("each terminal has a user of its own"))
    return Check(
        N_("users"),
        Level.WARNING,
        _("terminals share a Unix user: approvals and messages are not authenticated"),
        _("give each till a user of its own in one group"),
    )


def check_line(line: LineFacts) -> Iterator[Check]:
    """The screen and the keys."""
    if not line.is_terminal:
        yield Check(
            N_("screen"), Level.OK, _("output is no terminal; run doctor on the till's screen")
        )
    elif line.columns < 80 or line.rows < 24:
        size = f"{line.columns}x{line.rows}"
        yield Check(N_("screen"), Level.WARNING, size, _("make it 80x24 or larger"))
    else:
        yield Check(N_("screen"), Level.OK, f"{line.columns}x{line.rows}")
    if line.encoding.lower().replace("-", "") == "utf8":
        yield Check(N_("encoding"), Level.OK, line.encoding)
    else:
        fix = _("export LANG=C.UTF-8 if the terminal can; else the till draws in ASCII")
        yield Check(N_("encoding"), Level.WARNING, line.encoding, fix)
    if line.colours is None:
        yield Check(N_("colours"), Level.OK, _("unknown; the till draws without"))
    else:
        yield Check(N_("colours"), Level.OK, f"{max(0, line.colours)}")
    yield _check_keys(line)


def _check_keys(line: LineFacts) -> Check:
    if line.term in ("", "dumb"):
        fact = _("TERM is not set") if not line.term else _("TERM is dumb")
        return Check(
            N_("keys"), Level.WARNING, fact, _("set TERM to what the terminal is: vt100, xterm")
        )
    if line.function_keys is None:
        fact = _("TERM is {}, which this machine doesn't know").format(line.term)
        return Check(
            N_("keys"), Level.WARNING, fact, _("set TERM to one it knows, or install terminfo")
        )
    if line.function_keys < 12:
        fact = _("{} has {} of F1 to F12").format(line.term, line.function_keys)
        return Check(N_("keys"), Level.WARNING, fact, _("type /9 and Enter for F9, and so on"))
    return Check(N_("keys"), Level.OK, _("{} has F1 to F12").format(line.term))


def check_clock(zone: str, year: int, skew_s: float) -> Check:
    if not _OLDEST_YEAR <= year <= _LAST_YEAR:
        return Check(
            N_("clock"),
            Level.UNUSABLE,
            _("the year is {}").format(year),
            _("set the clock; install NTP"),
        )
    if abs(skew_s) > _SKEW_LIMIT_S:
        fact = _("wall clock moved {:+.0f} ms against the monotonic one").format(skew_s * 1000)
        return Check(
            N_("clock"), Level.WARNING, fact, _("let NTP slew the clock, and nothing else set it")
        )
    return Check(N_("clock"), Level.OK, _("{}, in step with the monotonic clock").format(zone))


def check_packages(python: str, packages: Sequence[tuple[str, str | None, str]]) -> Iterator[Check]:
    """`packages`: name, version found (None: missing), lowest version that will do."""
    yield Check(N_("python"), Level.OK, python)
    if not packages:
        fact = _("posterm runs from a checkout and is not installed")
        yield Check(N_("packages"), Level.WARNING, fact, _("make an environment: make test does"))
        return
    wrong = [
        (name, found, needed)
        for name, found, needed in packages
        if found is None or _numbers(found) < _numbers(needed)
    ]
    for name, found, needed in wrong:
        fact = _("{} is {}, {} or newer is needed").format(name, found or _("missing"), needed)
        yield Check(N_("packages"), Level.UNUSABLE, fact, f"pip install '{name}>={needed}'")
    if not wrong:
        yield Check(
            N_("packages"),
            Level.OK,
            ", ".join(f"{name} {found}" for name, found, _needed in packages),
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
