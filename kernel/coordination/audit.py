"""The collector: one process of the shop drains every terminal's log into the audit log.

Elected by an operation lock, which its death gives back; MANAGER is preferred, and a till that
collects hands over when MANAGER runs. The files are the manager's: a till that runs as a user of
its own never collects, because nobody after it could write on. What it writes is derived: it can
stop, die or be thrown away with its files at any moment, and who comes next goes on from what is
written. It must never write what is not durable in a till's log, nor an entry twice.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from kernel.clock import Clock
from kernel.codec.documents import ProcessIdentity, encode_identity
from kernel.disk.audit_file import AuditLog
from kernel.disk.audit_reader import audit_dates
from kernel.disk.durable import read_mark
from kernel.disk.files import SHARED_FILE_MODE, Disk, write_all
from kernel.disk.layout import Layout
from kernel.disk.lock import probe
from kernel.disk.locked_file import LockedFile, open_to_take, take
from kernel.disk.seen import Seen
from kernel.errors import BadConfiguration, BadInput
from kernel.model.identity import terminal_id
from kernel.model.operators import MANAGER_TERMINAL

if TYPE_CHECKING:
    from kernel.codec.audit_walk import ToldLine
    from kernel.disk.tail import LogTail

__all__ = ["OPERATION", "Collector", "remove_audit"]

OPERATION = "audit"
LINES_AT_A_TIME = 2_000


class Collector:
    """One process's part in it: `collect` again and again, `release` at the end.

    `identity` is what others see of who collects. All calls from one thread. Whatever raises
    `OSError` leaves it able to start anew from what is written.
    """

    def __init__(
        self, disk: Disk, layout: Layout, identity: ProcessIdentity, *, clock: Clock
    ) -> None:
        self._disk = disk
        self._seen = Seen(disk, clock)
        self._layout = layout
        self._identity = identity
        self._lock: LockedFile | None = None
        self._standing_by: LockedFile | None = None
        self._log: AuditLog | None = None
        self._sources: dict[str, _Source] = {}
        self._stranger: bool | None = None

    @property
    def elected(self) -> bool:
        return self._lock is not None

    @property
    def faults(self) -> dict[str, str]:
        """Terminals whose log can't be read on, and why."""
        found = {name: source.tail.fault for name, source in self._sources.items()}
        return {name: fault for name, fault in found.items() if fault is not None}

    def collect(self, limit: int = LINES_AT_A_TIME) -> int:
        """Append what has become durable, about `limit` lines at most; how many they were.

        0 where another process collects. Raises `OSError`, `BadConfiguration`.
        """
        if not self._is_ours():
            return 0
        try:
            if self._log is not None and not self._log.stands():
                self._forget()  # somebody removed it: it is made anew
            if self._log is None:
                self._log = AuditLog(self._disk, self._layout)
            lines = self._next_lines(limit)
            if lines:
                self._log.append(lines)
        except PermissionError:
            self._forget()
            if not self._made_by_another():
                raise
            # Whoever made it, the manager can't write it; and all of it is in the logs.
            remove_audit(self._disk, self._layout)
            return self.collect(limit)
        except (OSError, BadConfiguration):
            self._forget()
            raise
        return len(lines)

    def rebuild(self) -> bool:
        """Remove the audit log, to be collected again; False while another process collects."""
        if not self._is_ours():
            return False
        self._forget()
        remove_audit(self._disk, self._layout)
        return True

    def release(self) -> None:
        """Let another process collect; doing it again does nothing."""
        self._forget()
        self._stand_by_no_more()
        if self._lock is not None:
            lock, self._lock = self._lock, None
            with suppress(OSError):
                self._disk.ftruncate(lock.descriptor, 0)
            lock.unlock()

    def _is_ours(self) -> bool:
        if self._stranger is None:
            self._stranger = self._has_a_user_of_its_own()
        if self._stranger:
            return False
        if self._lock is not None and not self._lock.stands_at_its_path():
            self.release()
        taken = self._lock is None
        if taken:
            self._lock = self._taken()
            if self._lock is None:
                return False  # first of all: of a hundred idle tills all but one end here
        if self._identity.terminal != MANAGER_TERMINAL and self._manager_runs():
            self.release()
            return False
        if taken and self._lock is not None:
            self._sign(self._lock)
        return True

    def _taken(self) -> LockedFile | None:
        """The lock, where nobody has it. Who stands by keeps its file open, and asks in one call;
        should that file be another by now, whoever holds it gives it up when he sees that."""
        if self._standing_by is not None:
            if not self._standing_by.lock():
                return None
            if self._standing_by.stands_at_its_path():
                lock, self._standing_by = self._standing_by, None
                return lock
            self._stand_by_no_more()
        path = self._layout.operation_lock(OPERATION)
        free = take(self._disk, path, SHARED_FILE_MODE)
        if free is None:
            self._standing_by = open_to_take(self._disk, path, SHARED_FILE_MODE)
        return free

    def _stand_by_no_more(self) -> None:
        if self._standing_by is not None:
            standing_by, self._standing_by = self._standing_by, None
            standing_by.close()

    def _has_a_user_of_its_own(self) -> bool:
        """Whether this terminal's user is not the manager's. A command has no directory; it finds
        out when it writes."""
        stat = self._disk.stat
        try:
            ours = stat(self._layout.terminal(self._identity.terminal).directory).st_uid
        except FileNotFoundError:
            return False
        return ours != stat(self._layout.root).st_uid

    def _made_by_another(self) -> bool:
        """Whether a file of the audit log is not the manager's: an older posterm's, or root's."""
        manager = self._disk.stat(self._layout.root).st_uid
        older = map(self._layout.audit_of, audit_dates(self._disk, self._layout))
        owners = set()
        for path in (self._layout.audit, *older):
            with suppress(FileNotFoundError):
                owners.add(self._disk.stat(path).st_uid)
        return not owners <= {manager}

    def _sign(self, lock: LockedFile) -> None:
        """For people only: a full disk must not keep anybody from collecting."""
        with suppress(OSError):
            self._disk.ftruncate(lock.descriptor, 0)
            write_all(self._disk, lock.descriptor, encode_identity(self._identity), 0)

    def _manager_runs(self) -> bool:
        return probe(self._disk, self._layout.terminal(MANAGER_TERMINAL).lock) is not None

    def _forget(self) -> None:
        """All that is in memory; the files say how to go on."""
        self._sources.clear()
        if self._log is not None:
            log, self._log = self._log, None
            with suppress(OSError):
                log.close()

    def _next_lines(self, limit: int) -> list[ToldLine]:
        """The shop's next lines by date, time and terminal; each till's by LSN."""
        self._add_terminals()
        heads = [source.head for source in self._sources.values() if source.fill()]
        heapify(heads)
        lines: list[ToldLine] = []
        while heads and len(lines) < limit:
            source = self._sources[heappop(heads)[2]]
            lines += source.take(heads[0] if heads else None)
            if source.fill():
                heappush(heads, source.head)
        return lines

    def _add_terminals(self) -> None:
        from kernel.disk.tail import LogTail  # a vocabulary that only who is elected needs

        assert self._log is not None
        try:
            names = self._disk.listdir(self._layout.terminals)
        except FileNotFoundError:
            return
        for name in sorted(set(names) - self._sources.keys()):
            with suppress(BadInput):
                paths = self._layout.terminal(terminal_id(name))
                cursor = self._log.cursors.get(name)
                # Of a hundred tills that rest, each costs one look at its mark's time.
                read = partial(read_mark, self._disk, paths.durable)
                mark = partial(self._seen.read, paths.durable, read)
                self._sources[name] = _Source(LogTail(self._disk, name, paths, cursor, mark=mark))


class _Source:
    """The lines of one till, told but not yet written."""

    def __init__(self, tail: LogTail) -> None:
        self.tail = tail
        self._lines: list[ToldLine] = []
        self._place = 0

    @property
    def head(self) -> ToldLine:
        return self._lines[self._place]

    def fill(self) -> bool:
        """Whether there is a next line."""
        if self._place == len(self._lines):
            try:
                self._lines, self._place = self.tail.read(), 0
            except (FileNotFoundError, NotADirectoryError):
                self._lines, self._place = [], 0  # no terminal's directory, or not any more
        return bool(self._lines)

    def take(self, until: ToldLine | None) -> list[ToldLine]:
        """The next line and those told already that come before `until`, another till's next."""
        lines, begin = self._lines, self._place
        place, end = begin + 1, len(lines)
        if until is None:
            place = end
        else:
            while place < end and lines[place] < until:
                place += 1
        self._place = place
        return lines[begin:place]


def remove_audit(disk: Disk, layout: Layout) -> None:
    """Older files first: while the newest is there, nobody takes the rest for all there is."""
    for date in audit_dates(disk, layout):
        disk.unlink(layout.audit_of(date))
    with suppress(FileNotFoundError):
        disk.unlink(layout.audit)
