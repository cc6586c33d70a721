"""One running terminal: its start and stop, step by step as the design card numbers them.

A terminal is one process, proved by the lock that it holds from step 3 of its start to its
last step. What it was asked to do and acknowledged is in its log; everything else of it can be
thrown away at any moment.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from threading import RLock
from types import TracebackType

from msgspec import Struct

from kernel.codec.configuration import Configuration, Published
from kernel.coordination.registry import Registry
from kernel.coordination.signatures import SIGNED
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import ProcessLock
from kernel.disk.process import this_process
from kernel.disk.wal import SEGMENT_BYTES
from kernel.errors import BadConfiguration, Contention, DiskFull, Poisoned, SaleRefused
from kernel.errors import Stopped as StoppedError
from kernel.model.identity import terminal_id
from kernel.model.mail import APPLIED, Ack, Answer
from kernel.model.operators import MANAGER_TERMINAL
from kernel.model.till_entries import Stopped
from kernel.model.transaction import Transaction
from kernel.terminal.approving import Approvals
from kernel.terminal.closing import Closing, refuse_while_closing
from kernel.terminal.collector import start_collecting
from kernel.terminal.configuring import (
    CONFIG,
    announce,
    configuration_handler,
    log_configuration,
)
from kernel.terminal.day import EndOfDay
from kernel.terminal.host import Host
from kernel.terminal.kicking import DrawerKicks
from kernel.terminal.notices import Notice
from kernel.terminal.parking import Parking
from kernel.terminal.postman import Handler, Postman, Sent
from kernel.terminal.printing import Printer
from kernel.terminal.returning import Returning
from kernel.terminal.sale import Sale
from kernel.terminal.selling import Selling
from kernel.terminal.shown import Shown
from kernel.terminal.shutdown import Shutdown
from kernel.terminal.startup import (
    KernelStore,
    RecoveryReport,
    directories,
    open_store,
    unregister,
    without_released,
)
from kernel.terminal.training import Training
from kernel.words import gettext as _

__all__ = ["RecoveryReport", "Terminal"]

VERSION = "0.1.0"
SWITCH_INTERVAL_S = 0.0005
"""With one busy Python thread the default of 5 ms makes a commit 60 times as slow."""


class Terminal(Shown, Selling, Training):
    """A started terminal. Use it in a `with`: leaving parks every open sale and stops."""

    def __init__(
        self,
        terminal: str,
        *,
        host: Host,
        store: KernelStore,
        layout: Layout,
        paths: TerminalPaths,
        incarnation: str,
        parking: Parking,
        returning: Returning,
    ) -> None:
        self.id = terminal
        self.journal = journal = store.journal
        self.parking = parking
        self.returning = returning
        self.recovery = store.recovery
        self._host = host
        self._layout = layout
        self._paths = paths
        self._configuration = store.configuration
        self._ending = ExitStack()
        self._incarnation = incarnation
        self._stopped = False
        self._stopping = RLock()
        self.show_from(host, paths)
        self.printer = Printer(terminal, host, paths, journal)
        self.kicks = DrawerKicks(terminal, host, paths, journal)
        self.postman = Postman(terminal, host=host, layout=layout, journal=journal)
        self.postman.authenticate(self.signatures, SIGNED)
        self.postman.at_rest = self.show_life
        self.postman.handlers[CONFIG] = configuration_handler(store.configuration)
        self.approvals = Approvals(self, host, layout)
        self.postman.handlers.update(self.approvals.handlers)
        self.postman.lasting |= self.approvals.lasting
        self.shutdown = Shutdown(self, host, layout)
        self.closing = Closing(self, host, layout)
        self.postman.handlers.update(self.closing.handlers)
        self.day = EndOfDay(terminal, self.postman, host.clock)
        self.postman.handlers.update(self.day.handlers)

    @classmethod
    def start(
        cls,
        terminal: str,
        data_dir: str | os.PathLike[str],
        *,
        host: Host | None = None,
        version: str = VERSION,
        allow_unsound_locks: bool = False,
        segment_bytes: int = SEGMENT_BYTES,
        handlers: Mapping[str, Handler] | None = None,
    ) -> Terminal:
        """Start it, recovering whatever the last process left.

        `handlers` are the caller's own for types of messages that the kernel does not handle.
        Raises `TerminalInUse`, `LogDamaged`, `BadInput` (the id), `BadConfiguration` (the
        directory or a document), `DiskFull`.
        """
        host = host or Host()
        # 1 and 2: validate the id, make the directories.
        terminal = terminal_id(terminal)
        layout = Layout.at(data_dir)
        paths = directories(host, layout, terminal, allow_unsound_locks)
        # Before the lock: what is ordered from here on finds this terminal's mailbox open.
        refuse_while_closing(host, layout, terminal)
        incarnation = host.random_bytes(16).hex()
        identity = this_process(
            terminal,
            version=version,
            boot=host.boot_id,
            incarnation=incarnation,
            started_ms=host.clock.wall_ms(),
        )
        with ExitStack() as undo:
            # 3: the process lock, before anything of the terminal is read.
            lock = ProcessLock.acquire(host.disk, paths.lock, identity, clock=host.clock)
            undo.callback(lock.release)
            # 4: the registry, a hint for others.
            registry = Registry(host.disk, layout, clock=host.clock)
            # Before it is entered: a register that fails half way may have left the entry.
            undo.callback(unregister, registry, identity)
            # A hint must not keep a till off: not where a hundred start at once either.
            with suppress(DiskFull, Contention):
                registry.register(identity)
            # 5: the kernel store: configuration, log, ledger.
            store = open_store(host, layout, lock, identity, segment_bytes=segment_bytes, undo=undo)
            parking = Parking(terminal, host, layout, store.journal)
            released = parking.start()
            returning = Returning(terminal, host, layout, store.journal, parking.step)
            returning.start()
            undo.callback(start_collecting(host, layout, identity))
            till = cls(
                terminal,
                host=host,
                store=store,
                layout=layout,
                paths=paths,
                incarnation=incarnation,
                parking=parking,
                returning=returning,
            )
            till.recovery = without_released(store.recovery, released)
            # Only now: what fails before this gives lock and log back.
            till._ending = undo.pop_all()
        # 6: ready.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        _running.add(till)
        try:
            till._begin_work(handlers or {}, store.noted)
        except BaseException as fault:
            till.stop(type(fault).__name__)
            raise
        return till

    def _begin_work(self, handlers: Mapping[str, Handler], noted: Published | None) -> None:
        """What has waited for this terminal, and its mail."""
        with suppress(SaleRefused, BadConfiguration):
            self.expire_suspended()
        self.postman.handlers.update(handlers)
        self.postman.start()
        if noted is not None and self.id == MANAGER_TERMINAL:
            # Published by a process that died before it could say so, perhaps.
            with suppress(SaleRefused, BadConfiguration):
                announce(self.send, noted)

    def stop(self, reason: str = "stop") -> None:
        """Park every open sale, sync, unregister, unlock. Doing it again does nothing."""
        # Who comes second waits: a process must not end while another thread still stops it.
        with self._stopping:
            if not self._stopped:
                self._stopped = True
                self._stop(reason)

    def _stop(self, reason: str) -> None:
        self.postman.stop()
        ordered = self.closing.message
        try:
            # 1 to 3: no more writes; what is under way finishes first; all of it synced.
            self.journal.record(
                lambda ledger: (
                    Stopped(
                        reason=reason,
                        parked=tuple(ledger.sales),
                        applied=ordered.id if ordered is not None else None,
                    ),
                ),
                final=True,
            )
            if ordered is not None:
                self.postman.acknowledge(ordered, Answer(APPLIED))
        except (Poisoned, DiskFull):
            pass  # the stop can't be written: nothing is lost, the next start will recover
        finally:
            # However the record ended: the log is not closed under another thread's write.
            self.journal.wait_out()
            _running.discard(self)
            self.show_as(None, "parked" if self.open_sales else "idle")
            # 4 and 5: unregister, unlock.
            self._ending.close()

    @property
    def stopped(self) -> bool:
        """Whether it has begun to stop, by its own app or because the shop is shut down."""
        return self._stopped

    def disown(self) -> None:
        """In a forked child: this is the parent's terminal. Nothing of it is written or ended."""
        self._stopped = True
        self._ending.pop_all()
        self.postman.disown()
        self.journal.disown(
            StoppedError(_("this is a forked child; start a terminal of its own here"))
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop("stop" if kind is None else kind.__name__)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What people at other terminals said lately, oldest first."""
        return self.postman.notices.latest

    def send(
        self, to: str, kind: str, body: Mapping[str, object] | Struct, lifetime_s: float
    ) -> Sent:
        """Send a message to a terminal or to all others (`*`); see `Postman.send`."""
        return self.postman.send(to, kind, body, lifetime_s)

    def wait_acks(
        self, sent: Sent, timeout_s: float, expected: Collection[str] | None = None
    ) -> tuple[Ack, ...]:
        """What the others answered; see `Postman.wait_acks`."""
        return self.postman.wait_acks(sent, timeout_s, expected)

    def handle(self, number: int, last: Transaction | None = None) -> Sale:
        return Sale(self, number, last)

    # --- configuration -------------------------------------------------------------------

    @property
    def configuration(self) -> Configuration:
        """The settings in force at this moment, each with its origin."""
        return self._configuration.now

    def configuration_of(self, version: int) -> Configuration:
        """The settings by that version: a sale goes by the one it began with to its end.

        Raises `BadConfiguration` where the shop's history has lost it.
        """
        return self._configuration.of(version)

    def refresh_configuration(self) -> None:
        """Read what is published and log what changed; a bad document leaves the old one."""
        log_configuration(self.journal, self._configuration, self._configuration.load())


_running: weakref.WeakSet[Terminal] = weakref.WeakSet()


def _disown_in_child() -> None:
    """A forked child is another process: it must not write to its parent's log."""
    for till in _running:
        till.disown()


os.register_at_fork(after_in_child=_disown_in_child)
