"""The steps of a terminal's start, as the design card numbers them, and what they found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress

from msgspec import Struct
from msgspec.structs import replace

from kernel.codec.configuration import Published
from kernel.codec.documents import ProcessIdentity
from kernel.coordination.registry import Registry
from kernel.coordination.till_configuration import TillConfiguration
from kernel.coordination.witness import refuse_if_behind_audit
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import Holder, ProcessLock
from kernel.disk.mounts import require_sound_locks
from kernel.disk.recovery import OpenedLog, open_log
from kernel.errors import KernelError, Poisoned
from kernel.model.decisions import name_of
from kernel.model.entries import Act, Stamp
from kernel.model.till_entries import Recovered, Started
from kernel.terminal.configuring import log_configuration, till_configuration
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.usable import unusable
from kernel.words import gettext as _
from kernel.words import in_english

__all__ = [
    "KernelStore",
    "RecoveryReport",
    "directories",
    "open_store",
    "unregister",
    "without_released",
]


class RecoveryReport(Struct, frozen=True):
    """What a start found. `crashed` is False after a clean stop and on the first start."""

    crashed: bool
    open_sales: tuple[str, ...]
    unknown_cards: tuple[str, ...]
    """Sales with a card request whose outcome is not known."""
    torn_bytes: int
    set_aside: str | None
    possibly_acknowledged: bool
    checkpoint_rebuilt: bool
    previous: str | None
    released: tuple[tuple[str, str], ...] = ()
    """(sale, ticket as it is shown) of each that the manager released meanwhile."""

    def __str__(self) -> str:
        released = [
            _("{} was released meanwhile as ticket {}").format(*one) for one in self.released
        ]
        if not (self.crashed or self.torn_bytes or self.checkpoint_rebuilt):
            return "; ".join(released) or _("clean start")
        of = _("recovered after a crash of {}") if self.previous else _("recovered after a crash")
        said = [of.format(self.previous)]
        if self.open_sales:
            said.append(_("open sales restored: {}").format(", ".join(self.open_sales)))
        said += released
        if self.unknown_cards:
            names = ", ".join(self.unknown_cards)
            said.append(_("ask what came of the cards of: {}").format(names))
        if self.torn_bytes:
            torn = _("{} torn bytes set aside at {}")
            if self.possibly_acknowledged:
                torn = _(
                    "{} torn bytes set aside at {}, possibly acknowledged before the power cut"
                )
            said.append(torn.format(self.torn_bytes, self.set_aside))
        if self.checkpoint_rebuilt:
            said.append(_("the checkpoint was rebuilt from the log"))
        return "; ".join(said)


def without_released(report: RecoveryReport, released: Iterable[tuple[str, str]]) -> RecoveryReport:
    """What is left of it once those sales went to the floor: nobody finds them open here."""
    gone = dict(released)
    left = tuple(name for name in report.open_sales if name not in gone)
    return replace(report, open_sales=left, released=tuple(gone.items()))


def directories(
    host: Host, layout: Layout, terminal: str, allow_unsound_locks: bool
) -> TerminalPaths:
    try:
        layout.make(host.disk)
        require_sound_locks(layout.root, allow_unsound=allow_unsound_locks)
        return layout.make_terminal(host.disk, terminal)
    except OSError as fault:
        raise unusable(layout.root, fault) from fault


class KernelStore(Struct, frozen=True):
    """What a terminal works on: its settings, its log and ledger, and what the start found."""

    configuration: TillConfiguration
    journal: Journal
    recovery: RecoveryReport
    noted: Published | None
    """The published configuration that this start took note of."""


def open_store(
    host: Host,
    layout: Layout,
    lock: ProcessLock,
    identity: ProcessIdentity,
    *,
    segment_bytes: int,
    undo: ExitStack,
) -> KernelStore:
    """Configuration, log and ledger of the terminal whose `lock` is held, the start logged.

    `undo` closes the log.
    """
    terminal = identity.terminal
    paths = layout.terminal(terminal)
    configuration = till_configuration(host, layout, terminal)
    refuse_if_behind_audit(host.disk, layout, terminal)
    opened = _open_log(host, paths, layout, segment_bytes)
    undo.callback(opened.wal.close)
    ledger = opened.ledger
    with in_english():  # the log keeps what is wrong with it
        faults = configuration.load(ledger.configuration, ledger.configuration_sha256)
    settings = configuration.now.settings
    journal = Journal(
        opened.wal,
        ledger,
        host.clock,
        guard=_guard(lock, paths),
        relaxed_lines=settings.durability == "commit",
    )
    started = Started(
        epoch=ledger.epoch + 1,
        incarnation=identity.incarnation,
        boot=identity.boot_id,
        pid=identity.pid,
        host=identity.host,
        version=identity.version,
        zone=host.clock.zone(),
        durability=settings.durability,
        store=settings.store,
    )
    recovery = _log_start(journal, opened, started, terminal, lock.stale)
    noted = log_configuration(journal, configuration, faults)
    return KernelStore(configuration, journal, recovery, noted)


def _open_log(host: Host, paths: TerminalPaths, layout: Layout, segment_bytes: int) -> OpenedLog:
    now = Stamp(wall_ms=host.clock.wall_ms(), business_date=host.clock.business_date())
    try:
        return open_log(
            host.disk,
            paths,
            boot_id=host.boot_id,
            cleanup=layout.cleanup,
            now=now,
            segment_bytes=segment_bytes,
        )
    except OSError as fault:
        raise unusable(paths.directory, fault) from fault


def unregister(registry: Registry, identity: ProcessIdentity) -> None:
    # The registry is a hint: a stop must not fail on it, the lock is about to say the truth.
    with suppress(KernelError):
        registry.unregister(identity)


def _guard(lock: ProcessLock, paths: TerminalPaths) -> Callable[[], None]:
    def still_ours() -> None:
        if not lock.still_ours():
            raise Poisoned(
                _(
                    "{} was removed or replaced under this process; it writes no more. "
                    "Find out who did that, then start the terminal again"
                ).format(paths.lock)
            )

    return still_ours


def _log_start(
    journal: Journal, opened: OpenedLog, started: Started, terminal: str, stale: Holder | None
) -> RecoveryReport:
    """The start entry and, after a crash, the recovery entry; the report that people see."""
    ledger, torn = opened.ledger, opened.torn
    crashed = not ledger.stopped
    cards = tuple((sale.number, card) for sale in ledger.sales.values() for card in sale.open_cards)
    report = RecoveryReport(
        crashed=crashed,
        open_sales=tuple(name_of(terminal, number) for number in ledger.sales),
        unknown_cards=tuple(dict.fromkeys(name_of(terminal, number) for number, _ in cards)),
        torn_bytes=torn.size_bytes if torn else 0,
        set_aside=torn.kept_at if torn else None,
        possibly_acknowledged=torn.possibly_acknowledged if torn else False,
        checkpoint_rebuilt=opened.checkpoint_rebuilt,
        previous=str(stale) if crashed and stale is not None else None,
    )
    with in_english():
        previous = str(stale) if report.previous is not None else None
    acts: tuple[Act, ...] = (started,)
    if crashed or torn is not None or opened.checkpoint_rebuilt:
        recovered = Recovered(
            open=tuple(ledger.sales),
            torn_bytes=report.torn_bytes,
            set_aside=os.path.basename(report.set_aside) if report.set_aside else None,
            possibly_acknowledged=report.possibly_acknowledged,
            unknown_cards=cards,
            checkpoint_rebuilt=report.checkpoint_rebuilt,
            previous=previous,
        )
        acts = (started, recovered)
    journal.record(lambda ledger: acts)
    return report
