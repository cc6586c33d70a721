"""One running terminal: its start and stop, step by step as the design card numbers them.

A terminal is one process, proved by the lock that it holds from step 3 of its start to its
last step. What it was asked to do and acknowledged is in its log; everything else of it can be
thrown away at any moment.
"""

from __future__ import annotations

import os
import sys
import weakref
from contextlib import ExitStack, suppress
from threading import Lock
from types import TracebackType

from kernel.codec.configuration import LocalConfiguration
from kernel.codec.documents import Activity, SessionData
from kernel.coordination.registry import Registry
from kernel.coordination.session import SessionFile
from kernel.disk.history import closed_sale, read_log
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import ProcessLock
from kernel.disk.process import this_process
from kernel.disk.wal import SEGMENT_BYTES, Draft
from kernel.errors import DiskFull, Poisoned, SaleRefused
from kernel.errors import Stopped as StoppedError
from kernel.model.decisions import decide_begin, name_of, with_period
from kernel.model.entries import Act, SaleBegun
from kernel.model.identity import (
    OPERATOR_LIMIT,
    REFERENCE_LIMIT,
    STORE_LIMIT,
    TransactionId,
    short_text,
    terminal_id,
)
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor, exponent
from kernel.model.reports import Report, close_of, x_report, z_report
from kernel.model.till_entries import (
    CashMovement,
    Counted,
    PeriodClosed,
    PeriodOpened,
    Started,
    Stopped,
)
from kernel.model.transaction import State, Transaction
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.sale import TEXT_LIMIT, Sale
from kernel.terminal.startup import (
    RecoveryReport,
    directories,
    guard,
    local_configuration,
    log_start,
    open_store,
    unregister,
)

__all__ = ["RecoveryReport", "Terminal"]

VERSION = "0.1.0"
SWITCH_INTERVAL_S = 0.0005
"""With one busy Python thread the default of 5 ms makes a commit 60 times as slow."""
_CASH_WAYS = ("pay_in", "pay_out", "pickup", "no_sale")


class Terminal:
    """A started terminal. Use it in a `with`: leaving parks every open sale and stops."""

    def __init__(
        self,
        terminal: str,
        *,
        host: Host,
        journal: Journal,
        paths: TerminalPaths,
        configuration: LocalConfiguration,
        recovery: RecoveryReport,
        ending: ExitStack,
        incarnation: str,
    ) -> None:
        self.id = terminal
        self.journal = journal
        self.recovery = recovery
        self._host = host
        self._paths = paths
        self._configuration = configuration
        self._ending = ending
        self._incarnation = incarnation
        self._stopped = False
        self._session = SessionFile(host.disk, paths.session_data, clock=host.clock)
        self._showing = Lock()

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
    ) -> Terminal:
        """Start it, recovering whatever the last process left.

        Raises `TerminalInUse`, `LogDamaged`, `BadInput` (the id), `BadConfiguration` (the
        directory or a document), `DiskFull`.
        """
        host = host or Host()
        # 1 and 2: validate the id, make the directories.
        terminal = terminal_id(terminal)
        layout = Layout(os.path.abspath(data_dir))
        paths = directories(host, layout, terminal, allow_unsound_locks)
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
            with suppress(DiskFull):
                registry.register(identity)
            # 5: the kernel store: log, ledger, local configuration.
            configuration = local_configuration(host, paths)
            now = Draft(Act(), None, host.clock.wall_ms(), 0, host.clock.business_date())
            opened = open_store(host, paths, layout, now, segment_bytes)
            undo.callback(opened.wal.close)
            journal = Journal(
                opened.wal,
                opened.ledger,
                host.clock,
                guard=guard(lock, paths),
                relaxed_lines=configuration.durability == "commit",
            )
            started = Started(
                epoch=opened.ledger.epoch + 1,
                incarnation=incarnation,
                boot=host.boot_id,
                pid=identity.pid,
                host=identity.host,
                version=version,
                zone=host.clock.zone(),
                durability=configuration.durability,
                store=configuration.store,
            )
            report = log_start(journal, opened, started, terminal, str(lock.stale or "") or None)
            ending = undo.pop_all()
        # 6: ready.
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        till = cls(
            terminal,
            host=host,
            journal=journal,
            paths=paths,
            configuration=configuration,
            recovery=report,
            ending=ending,
            incarnation=incarnation,
        )
        _running.add(till)
        return till

    def stop(self, reason: str = "stop") -> None:
        """Park every open sale, sync, unregister, unlock. Doing it again does nothing."""
        if self._stopped:
            return
        self._stopped = True
        try:
            # 1 to 3: no more writes; what is under way finishes first; all of it synced.
            self.journal.record(
                lambda ledger: (Stopped(reason=reason, parked=tuple(ledger.sales)),), final=True
            )
        except (Poisoned, DiskFull):
            pass  # the stop can't be written: nothing is lost, the next start will recover
        finally:
            _running.discard(self)
            self._show(None, "parked" if self.open_sales else "idle")
            # 4 and 5: unregister, unlock.
            self._ending.close()

    def disown(self) -> None:
        """In a forked child: this is the parent's terminal. Nothing of it is written or ended."""
        self._stopped = True
        self._ending.pop_all()
        self.journal.disown(
            StoppedError("this is a forked child; start a terminal of its own here")
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

    def show(self, sale: Transaction) -> None:
        """Let watchers see the sale, once a second at most; nobody waits for that."""
        if self._session.due:
            self._show(sale, "selling")

    def _show(self, sale: Transaction | None, activity: Activity) -> None:
        if not self._showing.acquire(blocking=False):
            return
        try:
            self._session.write(
                SessionData(
                    terminal=self.id,
                    incarnation=self._incarnation,
                    activity=activity,
                    operator=sale.operator if sale else None,
                    transaction=name_of(self.id, sale.number) if sale else None,
                    lines=len(sale.lines) if sale else 0,
                    total_minor=sale.total_minor if sale else 0,
                    currency=sale.currency if sale else None,
                    last_lsn=self.journal.last_lsn,
                    heartbeat_ms=self._host.clock.wall_ms(),
                ),
                last=sale is None,
            )
        finally:
            self._showing.release()

    # --- sales ---------------------------------------------------------------------------

    def begin(
        self,
        store: str,
        currency: str,
        operator: str,
        reference: str | None = None,
        *,
        customer: str | None = None,
        price_list: str | None = None,
        tax_profile: str | None = None,
        configuration: int = 0,
        catalogue: int = 0,
    ) -> Sale:
        """A new sale, or with a `reference` that this terminal knows, the sale that has it."""
        exponent(currency)
        act = SaleBegun(
            tx=0,
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
            store=short_text(store, "store", STORE_LIMIT),
            currency=currency,
            reference=_optional(reference, "reference", REFERENCE_LIMIT),
            customer=_optional(customer, "customer", REFERENCE_LIMIT),
            price_list=_optional(price_list, "price list", STORE_LIMIT),
            tax_profile=_optional(tax_profile, "tax profile", STORE_LIMIT),
            configuration=configuration,
            catalogue=catalogue,
        )
        known: list[int] = []

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            number = ledger.references.get(reference) if reference is not None else None
            if number is not None:
                known.append(number)
                return ()
            decided = decide_begin(ledger, act)
            return with_period(ledger, (decided,), self.opening(ledger, operator))

        begun = self.journal.record(decide)
        if begun is not None:
            return Sale(self, begun.number)
        sale = Sale(self, known[0])
        if (sale.currency, sale.store) != (currency, store):
            raise SaleRefused(
                f"reference {reference} is sale {sale.id} of store {sale.store} in "
                f"{sale.currency}; give another reference"
            )
        return sale

    @property
    def open_sales(self) -> list[Sale]:
        """All open sales, oldest first; parked ones come back here after a start."""
        numbers = self.journal.read(lambda ledger: list(ledger.sales))
        return [Sale(self, number) for number in numbers]

    def sale(self, transaction: str) -> Sale:
        """The sale of that id, open or closed. Raises `SaleRefused` if there is none."""
        parsed = TransactionId.parse(transaction)
        if parsed.terminal != self.id:
            raise SaleRefused(f"sale {transaction} is of {parsed.terminal}, not of {self.id}")
        sale = Sale(self, -parsed.number if parsed.training else parsed.number)
        sale.value  # noqa: B018  # raises if there is no such sale
        return sale

    def transaction(self, number: int, last: Transaction | None = None) -> Transaction:
        """The sale of that number as durable; `last` is what the caller knew of it.

        A sale closed long ago is read back from the log.
        """
        sale = self.journal.sale(number)
        if sale is None and last is not None and last.state in (State.COMMITTED, State.ABORTED):
            return last
        if sale is None:
            log = read_log(self._host.disk, self._paths, terminal_is_free=False)
            sale = closed_sale(log, number)
        if sale is None:
            raise SaleRefused(f"there is no sale {name_of(self.id, number)}; see `posterm sales`")
        return sale

    # --- the till period -----------------------------------------------------------------

    def opening(self, ledger: Ledger, operator: str | None) -> PeriodOpened:
        """The period that is opened by itself where none is: today, float 0."""
        return PeriodOpened(
            operator=operator,
            number=ledger.next_period,
            date=self._host.clock.business_date(),
            drawer=self._configuration.drawer or self.id,
        )

    def open_period(
        self, operator: str, float_minor: int, currency: str, *, drawer: str | None = None
    ) -> None:
        """Open a till period with that much cash in the drawer."""
        exponent(currency)
        if check_minor(float_minor, "float") < 0:
            raise SaleRefused(f"float {float_minor} is below zero; count the drawer again")
        short_text(operator, "operator", OPERATOR_LIMIT)
        named = _optional(drawer, "drawer", STORE_LIMIT)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            if ledger.period is not None:
                raise SaleRefused(
                    f"till period {ledger.period.number} of {ledger.period.date} is open; "
                    "close it with a Z first"
                )
            opening = self.opening(ledger, operator)
            return (
                PeriodOpened(
                    operator=operator,
                    number=opening.number,
                    date=opening.date,
                    drawer=named or opening.drawer,
                    float_minor=float_minor,
                    currency=currency,
                ),
            )

        self.journal.record(decide)

    def move_cash(
        self,
        how: str,
        amount_minor: int,
        currency: str,
        operator: str,
        *,
        reason: str | None = None,
        approver: str | None = None,
    ) -> None:
        """A `pay_in`, `pay_out`, `pickup` or `no_sale` (amount 0) of the open drawer."""
        exponent(currency)
        amount = check_minor(amount_minor, how)
        if how not in _CASH_WAYS or (amount <= 0) == (how != "no_sale") or amount < 0:
            raise SaleRefused(f"{how!r:.20} of {amount} is no cash movement; see the help")
        act = CashMovement(
            how=how,
            currency=currency,
            amount_minor=amount,
            reason=_optional(reason, "reason", TEXT_LIMIT),
            approver=_optional(approver, "approver", OPERATOR_LIMIT),
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
        )
        self.journal.record(
            lambda ledger: with_period(ledger, (act,), self.opening(ledger, operator))
        )

    def count_drawer(
        self,
        amount_minor: int,
        currency: str,
        operator: str,
        *,
        pieces: dict[str, int] | None = None,
    ) -> None:
        """Log what was counted in the drawer; over or short is for the Z's reader to see."""
        exponent(currency)
        act = Counted(
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
            currency=currency,
            amount_minor=check_minor(amount_minor, "count"),
            pieces=pieces,
        )
        self.journal.record(lambda ledger: (act,))

    def x_report(self) -> Report:
        """What the open period holds so far; changes nothing."""
        return self.journal.read(lambda ledger: x_report(ledger, self.id))

    def z_report(self, operator: str = "system") -> Report:
        """Close the period. Raises `SaleRefused` where none is open."""
        short_text(operator, "operator", OPERATOR_LIMIT)
        closed: list[tuple[PeriodClosed, Report]] = []

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            if ledger.period is None:
                raise SaleRefused(f"{self.id} has no open till period; there is nothing to close")
            act = close_of(ledger, operator)
            closed.append((act, x_report(ledger, self.id)))
            return (act,)

        self.journal.record(decide)
        return z_report(*closed[-1])


def _optional(value: str | None, name: str, limit: int) -> str | None:
    return None if value is None else short_text(value, name, limit)


_running: weakref.WeakSet[Terminal] = weakref.WeakSet()


def _disown_in_child() -> None:
    """A forked child is another process: it must not write to its parent's log."""
    for till in _running:
        till.disown()


os.register_at_fork(after_in_child=_disown_in_child)
