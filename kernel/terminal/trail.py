"""The audit trail for the apps: search it, follow it, bring it up to date, make it anew.

Reading takes no lock and changes nothing, and works beside a collector. Where nobody collects,
`bring_up_to_date` does it here, so that a shop whose tills are all off has a whole trail too.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator, Mapping

from msgspec import Struct

from kernel.codec.audit import LINE, AuditLine, decode_line
from kernel.codec.documents import ProcessIdentity
from kernel.coordination.audit import OPERATION, Collector, remove_audit
from kernel.disk.audit_progress import AuditProgress
from kernel.disk.audit_reader import AuditFollower, audit_files, audit_lines
from kernel.disk.durable import read_mark
from kernel.disk.history import exists
from kernel.disk.layout import Layout
from kernel.disk.process import this_process
from kernel.disk.seen import Seen
from kernel.errors import BadInput
from kernel.model.identity import terminal_id
from kernel.terminal.host import Host
from kernel.terminal.usable import usable
from kernel.words import gettext as _

__all__ = ["AuditFilter", "AuditState", "AuditTrail"]

_WHEN = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?)?)?)?Z?")
_COMMAND = "COMMAND"
"""Who collects is named by terminal; this is not one, but a command."""


class AuditFilter(Struct, frozen=True):
    """What to show; None shows all. Amounts are minor units, both ends included.

    `kind` is an event's name or code. `since` and `until` are UTC, from a year to a millisecond;
    `until` covers all that it names: `2026-01` ends with January. `text` is looked for in the
    whole line, whatever its case.
    """

    terminal: str | None = None
    operator: str | None = None
    kind: str | None = None
    since: str | None = None
    until: str | None = None
    min_minor: int | None = None
    max_minor: int | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.terminal is not None:
            terminal_id(self.terminal)
        for when in (self.since, self.until):
            if when is not None and not _WHEN.fullmatch(when):
                raise BadInput(
                    _(
                        "{!r:.40} is no time; give UTC such as 2026-01-31 or 2026-01-31T09:30"
                    ).format(when)
                )

    def shows(self, line: AuditLine) -> bool:
        amount = line.about_minor
        return (
            (self.terminal is None or line.terminal == self.terminal)
            and (self.operator is None or self.operator in (line.operator, line.approver))
            and (self.kind is None or self.kind in (line.event, str(line.event_code)))
            and (self.since is None or line.at >= self.since.rstrip("Z"))
            and (self.until is None or line.at[: len(self.until.rstrip("Z"))] <= self.until)
            and (self.min_minor is None or (amount is not None and amount >= self.min_minor))
            and (self.max_minor is None or (amount is not None and amount <= self.max_minor))
            and (self.text is None or self.text.casefold() in line.text.casefold())
        )


class AuditState(Struct, frozen=True):
    """Who collects, None for nobody; how many durable entries of each terminal wait for it."""

    collector: ProcessIdentity | None
    waiting: dict[str, int]

    @property
    def lag(self) -> int:
        return sum(self.waiting.values())


class AuditTrail:
    """The audit trail of one shop. Raises `BadConfiguration` where it can't be read."""

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        host: Host | None = None,
        seen: Seen | None = None,
    ) -> None:
        self._host = host or Host()
        self._layout = Layout.at(data_dir)
        self._seen = seen or Seen(self._host.disk, self._host.clock)
        self._follower = AuditFollower(self._host.disk, self._layout)
        self._progress = AuditProgress(self._host.disk, self._layout)

    def newest(self, wanted: AuditFilter, limit: int) -> list[AuditLine]:
        """The last `limit` lines that it shows, oldest first."""
        kept: deque[AuditLine] = deque()
        with usable(self._layout.root), audit_files(self._host.disk, self._layout) as files:
            for _, _, descriptor in files:
                room = limit - len(kept)
                if room <= 0:
                    break
                raw = (line for _, line in audit_lines(self._host.disk, descriptor))
                kept.extendleft(reversed(deque(_shown(raw, wanted), maxlen=room)))
        return list(kept)

    def poll(self, wanted: AuditFilter) -> list[AuditLine]:
        """What has come since the last call; nothing at the first."""
        with usable(self._layout.root):
            return list(_shown(self._follower.poll(), wanted))

    def bring_up_to_date(self) -> int:
        """Collect here what nobody else collects; how many lines that were."""
        if not self._has_logs():
            return 0
        collector = self._collector()
        collected = 0
        try:
            with usable(self._layout.root):
                while more := collector.collect():
                    collected += more
        finally:
            collector.release()
        return collected

    def rebuild(self) -> int | None:
        """Make it anew from the logs; how many lines it has, or None where a running terminal
        collects: that one makes it anew as soon as it sees that it is gone."""
        collector = self._collector()
        collected = 0
        try:
            with usable(self._layout.root):
                if not collector.rebuild():
                    remove_audit(self._host.disk, self._layout)
                    return None
                while more := collector.collect():
                    collected += more
        finally:
            collector.release()
        return collected

    def state(self, durable: Mapping[str, int] | None = None) -> AuditState:
        """Who collects and how far behind it is; `durable` says how far each log is, if known."""
        disk, layout = self._host.disk, self._layout
        with usable(self._layout.root):
            if durable is None:
                marks = {
                    one: read_mark(disk, layout.terminal(one).durable) for one in self._terminals()
                }
                durable = {one: mark.lsn for one, mark in marks.items() if mark is not None}
            seen = self._progress.read(durable)
            behind = {one: lsn - seen.get(one, 0) for one, lsn in durable.items()}
            waiting = {one: entries for one, entries in behind.items() if entries > 0}
            holder = self._seen.holder(layout.operation_lock(OPERATION))
        return AuditState(holder.identity if holder is not None else None, waiting)

    def _collector(self) -> Collector:
        host = self._host
        identity = this_process(
            _COMMAND,
            version="command",
            boot=host.boot_id,
            incarnation=host.random_bytes(16).hex(),
            started_ms=host.clock.wall_ms(),
        )
        return Collector(host.disk, self._layout, identity, clock=host.clock)

    def _has_logs(self) -> bool:
        with usable(self._layout.root):
            return bool(self._terminals())

    def _terminals(self) -> list[str]:
        disk = self._host.disk
        try:
            names = disk.listdir(self._layout.terminals)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if exists(disk, self._layout.terminal(name)))


def _shown(lines: Iterator[bytes], wanted: AuditFilter) -> Iterator[AuditLine]:
    own = None if wanted.terminal is None else b'{"terminal":"%b",' % wanted.terminal.encode()
    for raw in lines:
        if (own is None or raw.startswith(own)) and LINE.fullmatch(raw):
            try:
                line = decode_line(raw)
            except BadInput:
                continue  # not ours: `verify` names it
            if wanted.shows(line):
                yield line
