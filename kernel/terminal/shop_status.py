"""The whole floor at a glance, from outside: every terminal of a shop and what waits between them.

It reads, and changes nothing. Who runs is what the locks say; what a terminal that is off has
parked is its checkpoint and its open segment, never the whole log: a year of sales must not make
`status` slow.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kernel.codec.documents import ProcessIdentity, SessionData
from kernel.codec.messages import FileName
from kernel.coordination.registry import Registry, TerminalState, TerminalStatus
from kernel.coordination.session import read_session
from kernel.coordination.suspended import SuspendedSales
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import ProcessLock
from kernel.disk.mounts import SOUND, file_system_of
from kernel.disk.other_process import health_of
from kernel.disk.process import this_process
from kernel.disk.recovery import sealed_segments
from kernel.errors import BadConfiguration, BadInput
from kernel.model.identity import terminal_id
from kernel.terminal.configuring import configuration_files
from kernel.terminal.host import Host
from kernel.terminal.parking import SuspendedSale, suspended_sales
from kernel.terminal.status_memory import Resting, StatusMemory
from kernel.terminal.trail import AuditState

__all__ = [
    "ShopStatus",
    "TerminalFacts",
    "file_system",
    "shop_status",
    "trial_lock",
]


@dataclass(frozen=True, slots=True)
class TerminalFacts:
    """One terminal as it stands. `state` is `running`, `crashed` or `off`: what its lock says.

    `activity` says more: `selling`, `idle`, `locked`, `stopping`, `silent` for one that runs and
    has given no sign for too long, `parked` for one that is off with sales open, else the state.
    A running one has a `session`, at most a few seconds old. `parked` are the open sales of one
    that does not run; None where they can't be told without repairing its log.
    """

    terminal: str
    state: str
    activity: str
    silent_s: float | None
    """Seconds since its last sign of life; None where it does not run or never gave one."""
    identity: ProcessIdentity | None
    registered: bool
    session: SessionData | None
    parked: tuple[str, ...] | None
    messages: int
    """Messages to it that it has not taken yet."""
    segments: int
    size_bytes: int
    last_lsn: int
    durable_lsn: int | None
    durable_offset: int | None
    memory_bytes: int | None = None
    """What its process holds in memory; None where that can't be seen from this machine."""


@dataclass(frozen=True, slots=True)
class ShopStatus:
    """`messages` wait for a terminal or for all (those stay until they expire); `suspended` sales
    wait for any till; `audit` says who collects and what waits for that."""

    data_dir: str
    terminals: tuple[TerminalFacts, ...]
    messages: int
    broadcasts: int
    suspended: tuple[SuspendedSale, ...]
    audit: AuditState

    @property
    def parked(self) -> int:
        """Open sales of terminals that do not run."""
        return sum(len(one.parked or ()) for one in self.terminals)


def shop_status(
    data_dir: str | os.PathLike[str],
    *,
    host: Host | None = None,
    memory: StatusMemory | None = None,
) -> ShopStatus:
    """All of it. A directory that is not there is a shop without terminals.

    Who asks again and again gives the same `memory` of that shop each time.

    Raises `BadConfiguration` where it can't be read.
    """
    host = host or Host()
    memory = memory or StatusMemory(data_dir, host)
    disk, layout = host.disk, Layout(os.path.abspath(data_dir))
    running = {
        status.terminal: status for status in Registry(disk, layout, clock=host.clock).status()
    }
    try:
        inbox = Counter(name.label for name in _messages(disk, layout.terminal_inbox))
        now_ms, alert_s = host.clock.wall_ms(), _alert_silent_s(host, layout)
        terminals, released = [], _released(disk, layout)
        for terminal in sorted(running.keys() | set(_terminals(disk, layout))):
            status = running.get(terminal)
            paths = layout.terminal(terminal)
            runs = status is not None and status.state is TerminalState.RUNNING
            resting = None if runs else memory.resting(disk, paths, terminal)
            if resting is not None:
                # Its log says that a sale is gone only at its next start.
                resting = tuple(one for one in resting[0] if one not in released), resting[1]
            facts = _facts(disk, paths, terminal, status, resting)
            facts = _with_health(_with_signs(facts, now_ms, alert_s), host.boot_id)
            terminals.append(replace(facts, messages=inbox[terminal]))
        return ShopStatus(
            data_dir=layout.root,
            terminals=tuple(terminals),
            messages=inbox.total(),
            broadcasts=sum(1 for _ in _messages(disk, layout.broadcast)),
            suspended=_suspended(disk, layout),
            audit=memory.trail.state(),
        )
    except OSError as fault:
        raise BadConfiguration(
            f"{layout.root} can't be read: {fault.strerror}; run this as a user of the shop's group"
        ) from fault


def file_system(path: str) -> tuple[str, bool]:
    """The type of the file system of `path`, and whether its locks are known to be sound."""
    kind = file_system_of(path)
    return kind, kind in SOUND


@contextmanager
def trial_lock(path: str) -> Iterator[None]:
    """Hold a lock of the kind that proves who runs a terminal, on a file made for the trial.

    Raises `TerminalInUse` while anybody else holds it, `BadConfiguration`.
    """
    host = Host()
    identity = this_process(
        "TRIAL",
        version="trial",
        boot=host.boot_id,
        incarnation=host.random_bytes(16).hex(),
        started_ms=host.clock.wall_ms(),
    )
    lock = ProcessLock.acquire(host.disk, path, identity, clock=host.clock, retry_s=0)
    try:
        yield
    finally:
        lock.release()


def _facts(
    disk: Disk,
    paths: TerminalPaths,
    terminal: str,
    status: TerminalStatus | None,
    resting: Resting | None,
) -> TerminalFacts:
    mark = read_mark(disk, paths.durable)
    state = status.state.value if status is not None else "off"
    runs = state == TerminalState.RUNNING.value
    session = read_session(disk, paths.session_data) if runs else None
    sealed = _sealed(disk, paths)
    sizes = [_size(disk, path) for path in (paths.wal, *map(paths.segment, sealed))]
    parked, last_lsn = resting or (None, 0)
    if resting is None:
        last_lsn = max(mark.lsn if mark else 0, session.last_lsn if session else 0)
    return TerminalFacts(
        terminal=terminal,
        state=state,
        activity=state,
        silent_s=None,
        identity=status.identity if status is not None else None,
        registered=status is not None and status.registered,
        session=session,
        parked=parked,
        messages=0,
        segments=sum(size > 0 for size in sizes),
        size_bytes=sum(sizes),
        last_lsn=last_lsn,
        durable_lsn=mark.lsn if mark else None,
        durable_offset=mark.offset if mark else None,
    )


def _terminals(disk: Disk, layout: Layout) -> Iterator[str]:
    for name in _names(disk, layout.terminals):
        try:
            yield terminal_id(name)
        except BadInput:
            continue  # something else that stands there


def _with_signs(facts: TerminalFacts, now_ms: int, alert_s: int) -> TerminalFacts:
    """What it is at, by its last sign of life."""
    if facts.state != TerminalState.RUNNING.value:
        return replace(facts, activity="parked") if facts.parked else facts
    session = facts.session
    if session is None:
        return facts
    sign_ms = session.heartbeat_ms
    if facts.identity is not None:
        # One that was started just now has still the session of the run before.
        sign_ms = max(sign_ms, round(facts.identity.started_at.timestamp() * 1000))
    silent_s = max(0.0, (now_ms - sign_ms) / 1000)
    silent = 0 < alert_s < silent_s
    if facts.identity is None or facts.identity.incarnation == session.incarnation:
        facts = replace(facts, activity=session.activity)
    return replace(facts, activity="silent" if silent else facts.activity, silent_s=silent_s)


def _with_health(facts: TerminalFacts, boot_id: str) -> TerminalFacts:
    """What this machine says about its process: a stopped one is silent, however short a time."""
    if facts.state != TerminalState.RUNNING.value or facts.identity is None:
        return facts
    health = health_of(facts.identity, boot_id)
    if health is None:
        return facts
    activity = "silent" if health.stopped else facts.activity
    return replace(facts, activity=activity, memory_bytes=health.memory_bytes)


def _alert_silent_s(host: Host, layout: Layout) -> int:
    configuration = TillConfiguration(configuration_files(host, layout), None, host.clock)
    configuration.load()
    return configuration.now.settings.alert_silent_s


def _suspended(disk: Disk, layout: Layout) -> tuple[SuspendedSale, ...]:
    try:
        return tuple(suspended_sales(SuspendedSales(disk, layout)))
    except FileNotFoundError:
        return ()


def _released(disk: Disk, layout: Layout) -> frozenset[str]:
    """Sales that left their till while it was off."""
    try:
        return frozenset(one.origin for one in SuspendedSales(disk, layout).releases())
    except FileNotFoundError:
        return frozenset()


def _messages(disk: Disk, path: str) -> Iterator[FileName]:
    """What waits in a directory of messages; those still being written have other names."""
    found = map(FileName.parse, _names(disk, path))
    return (name for name in found if name is not None)


def _names(disk: Disk, path: str) -> list[str]:
    try:
        return disk.listdir(path)
    except FileNotFoundError:
        return []


def _sealed(disk: Disk, paths: TerminalPaths) -> list[int]:
    try:
        return sealed_segments(disk, paths)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(disk: Disk, path: str) -> int:
    try:
        return disk.stat(path).st_size
    except FileNotFoundError:
        return 0
