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
from functools import partial

from msgspec import Struct

from kernel.codec.documents import ProcessIdentity, SessionData
from kernel.codec.messages import FileName
from kernel.coordination.registry import Registry, TerminalState, TerminalStatus
from kernel.coordination.session import read_session
from kernel.coordination.suspended import SuspendedSales
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.durable import read_mark
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.lock import ProcessLock
from kernel.disk.mounts import SOUND, file_system_of
from kernel.disk.other_process import Health
from kernel.disk.process import this_process
from kernel.errors import BadConfiguration, BadInput
from kernel.model.identity import terminal_id
from kernel.terminal.configuring import configuration_files
from kernel.terminal.host import Host
from kernel.terminal.parking import SuspendedSale, suspended_sales
from kernel.terminal.status_memory import StatusMemory
from kernel.terminal.trail import AuditState
from kernel.words import gettext as _

__all__ = [
    "ShopStatus",
    "TerminalFacts",
    "file_system",
    "shop_status",
    "trial_lock",
]


class TerminalFacts(Struct, frozen=True):
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


class ShopStatus(Struct, frozen=True):
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
    disk, layout = host.disk, Layout.at(data_dir)
    registry = Registry(disk, layout, clock=host.clock, seen=memory.seen)
    try:
        running = {status.terminal: status for status in registry.status()}
        inbox = Counter(name.label for name in _messages(disk, layout.terminal_inbox))
        look = _Look(host, layout, memory, _released(disk, layout), _alert_silent_s(host, layout))
        names = sorted(running.keys() | set(_terminals(disk, layout)))
        terminals = tuple(look.at(name, running.get(name), inbox[name]) for name in names)
        durable = {one.terminal: one.durable_lsn for one in terminals if one.durable_lsn}
        return ShopStatus(
            data_dir=layout.root,
            terminals=terminals,
            messages=inbox.total(),
            broadcasts=sum(1 for _one in _messages(disk, layout.broadcast)),
            suspended=_suspended(disk, layout),
            audit=memory.trail.state(durable),
        )
    except OSError as fault:
        raise BadConfiguration(
            _("{} can't be read: {}; run this as a user of the shop's group").format(
                layout.root, fault.strerror
            )
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


class _Look:
    """One look at all terminals."""

    def __init__(
        self,
        host: Host,
        layout: Layout,
        memory: StatusMemory,
        released: frozenset[str],
        alert_s: int,
    ) -> None:
        self._disk = host.disk
        self._layout = layout
        self._memory = memory
        self._released = released
        self._alert_s = alert_s
        self._now_ms = host.clock.wall_ms()

    def at(self, terminal: str, status: TerminalStatus | None, messages: int) -> TerminalFacts:
        disk, memory, paths = self._disk, self._memory, self._layout.terminal(terminal)
        runs = status is not None and status.state is TerminalState.RUNNING
        identity = status.identity if status is not None else None
        state = status.state.value if status is not None else "off"
        mark = memory.seen.read(paths.durable, partial(read_mark, disk, paths.durable))
        session, resting, health = None, None, None
        if runs:
            said = partial(read_session, disk, paths.session_data)
            session = memory.seen.read(paths.session_data, said)
            health = memory.health(identity) if identity is not None else None
        else:
            resting = memory.resting(disk, paths, terminal)
        parked = None
        if resting is not None:
            # Its log says that a sale is gone only at its next start.
            parked = tuple(one for one in resting[0] if one not in self._released)
            last_lsn = resting[1]
        else:
            last_lsn = max(mark.lsn if mark else 0, session.last_lsn if session else 0)
        silent_s = self._silent_s(session, identity)
        size = memory.size(disk, paths)
        return TerminalFacts(
            terminal=terminal,
            state=state,
            activity=self._activity(
                state,
                session=session,
                identity=identity,
                silent_s=silent_s,
                parked=parked,
                health=health,
            ),
            silent_s=silent_s,
            identity=identity,
            registered=status is not None and status.registered,
            session=session,
            parked=parked,
            messages=messages,
            segments=size.segments,
            size_bytes=size.size_bytes,
            last_lsn=last_lsn,
            durable_lsn=mark.lsn if mark else None,
            durable_offset=mark.offset if mark else None,
            memory_bytes=health.memory_bytes if health is not None else None,
        )

    def _silent_s(
        self, session: SessionData | None, identity: ProcessIdentity | None
    ) -> float | None:
        """Since its last sign of life."""
        if session is None:
            return None
        sign_ms = session.heartbeat_ms
        if identity is not None:
            # One that was started just now has still the session of the run before.
            sign_ms = max(sign_ms, round(identity.started_at.timestamp() * 1000))
        return max(0.0, (self._now_ms - sign_ms) / 1000)

    def _activity(
        self,
        state: str,
        *,
        session: SessionData | None,
        identity: ProcessIdentity | None,
        silent_s: float | None,
        parked: tuple[str, ...] | None,
        health: Health | None,
    ) -> str:
        """What it is at: of one that runs by its last sign of life, and by what this machine
        says about its process, because a stopped one is silent however short a time."""
        if state != TerminalState.RUNNING.value:
            return "parked" if parked else state
        if health is not None and health.stopped:
            return "silent"
        if session is None or silent_s is None:
            return state
        if 0 < self._alert_s < silent_s:
            return "silent"
        ours = identity is None or identity.incarnation == session.incarnation
        return session.activity if ours else state


def _terminals(disk: Disk, layout: Layout) -> Iterator[str]:
    for name in _names(disk, layout.terminals):
        try:
            yield terminal_id(name)
        except BadInput:
            continue  # something else that stands there


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
