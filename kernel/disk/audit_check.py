"""`verify` for the audit log: is every line what its terminal's log says, once, and none missing?

Every line is made again from the logs and compared by a SHA-256 for each terminal and date, so
that memory stays small however long the shop has traded; only where two differ are the lines
looked at one by one. Entries that are not collected yet are no fault. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from kernel.codec.audit import LINE, decode_seen
from kernel.disk.audit_reader import audit_files, audit_lines
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.verdict import Finding
from kernel.errors import BadInput
from kernel.model.identity import terminal_id
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.codec.audit_walk import ToldLine
    from kernel.disk.tail import LogTail

__all__ = ["AuditVerdict", "check_audit"]

FINDINGS_LIMIT = 100


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """`lines` that were compared, in `files`; `waiting` entries are not collected yet."""

    files: int
    lines: int
    waiting: int
    damages: tuple[Finding, ...]
    notes: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.damages


class _Tally:
    """The lines of one terminal in one file, or those that should be there."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines = 0
        self._digest = sha256()

    def add(self, line: bytes) -> None:
        self.lines += 1
        self._digest.update(line + b"\n")

    def same_as(self, other: _Tally | None) -> bool:
        return other is not None and self._digest.digest() == other._digest.digest()


@dataclass(slots=True)
class _Found:
    """What the audit's files hold."""

    files: int = 0
    tallies: dict[tuple[str, int], _Tally] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    damages: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check_audit(disk: Disk, layout: Layout) -> AuditVerdict:
    """Every terminal that has a log or a line. Raises `OSError`."""
    found = _read_files(disk, layout)
    if not found.files:
        return AuditVerdict(0, 0, 0, (), ())  # nothing to compare, and the logs may be long
    lines = waiting = 0
    for terminal in sorted(found.last.keys() | _terminals(disk, layout)):
        expected, beyond, fault = _expected(disk, layout, terminal, found.last.get(terminal, 0))
        lines += sum(tally.lines for tally in expected.values())
        waiting += beyond
        if fault is not None:
            found.notes.append(
                _("{}: compared up to where its log can be read: {}").format(terminal, fault)
            )
            continue
        dates = {date for name, date in found.tallies if name == terminal} | expected.keys()
        for date in sorted(dates):
            tally = found.tallies.get((terminal, date))
            wanted = expected.get(date)
            if tally is None or not tally.same_as(wanted):
                path = tally.path if tally is not None else layout.audit_of(date)
                found.damages.append(_first_difference(disk, layout, terminal, date, path))
    if waiting:
        found.notes.append(_("{}: {} entries are not collected yet").format(layout.audit, waiting))
    damages = tuple(found.damages[:FINDINGS_LIMIT])
    return AuditVerdict(found.files, lines, waiting, damages, tuple(found.notes))


def _terminals(disk: Disk, layout: Layout) -> set[str]:
    found = set()
    with suppress(FileNotFoundError):
        for name in disk.listdir(layout.terminals):
            with suppress(BadInput):
                found.add(terminal_id(name))
    return found


def _read_files(disk: Disk, layout: Layout) -> _Found:
    found = _Found()
    with audit_files(disk, layout) as files:
        found.files = len(files)
        for date, path, descriptor in files:
            end = 0
            for offset, line in audit_lines(disk, descriptor):
                end = offset + len(line) + 1
                match = LINE.fullmatch(line)
                if match is not None and int(match[5]) == date:
                    terminal, lsn = match[1].decode(), int(match[3])
                    key = terminal, date
                    if key not in found.tallies:
                        found.tallies[key] = _Tally(path)
                    found.tallies[key].add(line)
                    found.last[terminal] = max(lsn, found.last.get(terminal, 0))
                elif match is not None or decode_seen(line) is None:
                    found.damages.append(Finding(path, offset, 0, _("it is no line of this file")))
            if disk.fstat(descriptor).st_size > end:
                found.notes.append(_("{}: its last line is cut short or under way").format(path))
    return found


def _expected(
    disk: Disk, layout: Layout, terminal: str, last_lsn: int
) -> tuple[dict[int, _Tally], int, str | None]:
    """(tallies by date up to `last_lsn`, how many entries come after, why the log stopped)."""
    tallies: dict[int, _Tally] = {}
    beyond, lsn = 0, 0
    tail = _tail(disk, layout, terminal)
    for line in _told(tail):
        lsn = lsn + 1 if lsn else _lsn(line[3])
        if lsn > last_lsn:
            beyond += 1
            continue
        date = line[0]
        if date not in tallies:
            tallies[date] = _Tally("")
        tallies[date].add(line[3])
    return tallies, beyond, tail.fault


def _first_difference(disk: Disk, layout: Layout, terminal: str, date: int, path: str) -> Finding:
    """The first line of that terminal and date that is not as its log says."""
    tail = _tail(disk, layout, terminal)
    told = (line[3] for line in _told(tail) if line[0] == date)
    last = 0
    with audit_files(disk, layout) as files:
        for found_date, _path, descriptor in files:
            if found_date != date:
                continue
            for offset, line in audit_lines(disk, descriptor):
                match = LINE.fullmatch(line)
                if match is None or match[1].decode() != terminal:
                    continue
                last = int(match[3])
                wanted = next(told, None)
                if wanted is None:
                    return Finding(
                        path, offset, last, _("the log of {} has no such entry").format(terminal)
                    )
                if wanted != line:
                    meaning = _("the log of {} says otherwise, of LSN {}").format(
                        terminal, _lsn(wanted)
                    )
                    return Finding(path, offset, last, meaning)
    return Finding(path, 0, last + 1, _("lines of {} are missing").format(terminal))


def _tail(disk: Disk, layout: Layout, terminal: str) -> LogTail:
    from kernel.disk.tail import LogTail  # a vocabulary that a till's start needs not wait for

    return LogTail(disk, terminal, layout.terminal(terminal), None)


def _told(tail: LogTail) -> Iterator[ToldLine]:
    with suppress(FileNotFoundError, NotADirectoryError):
        while lines := tail.read():
            yield from lines


def _lsn(line: bytes) -> int:
    match = LINE.fullmatch(line)
    assert match is not None, "a line of our own has this form"
    return int(match[3])
