"""The journal: decide, record, apply — the way of every entry, in this order, in this file.

`record` decides against the staged ledger under one short lock, queues the entry and stages
it. The first thread there leads: it writes and syncs all that is queued, publishes it to the
durable ledger in order, hands the lead on and wakes the next of its batch, and each who wakes
wakes the next: woken all at once, they would only fight for the interpreter. While the leader
syncs, the next batch gathers; so many threads share one sync and nobody waits on purpose. Only
the durable ledger is ever shown.
"""

from __future__ import annotations

import threading
from _thread import LockType
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from kernel.clock import Clock
from kernel.codec.entries import payload_of
from kernel.disk.wal import Draft, Wal
from kernel.errors import DiskFull, KernelError, Poisoned, Stopped
from kernel.model.entries import (
    Act,
    CardOutcome,
    CardRequest,
    Line,
    SaleAborted,
    SaleSuspended,
    Stamp,
    Tender,
    TenderVoided,
)
from kernel.model.ledger import Ledger
from kernel.model.till_entries import ClockStepped, OperatorChange, Recovered, Started
from kernel.model.till_entries import Stopped as StopEntry
from kernel.model.transaction import Transaction
from kernel.words import gettext as _

__all__ = ["Decide", "Journal"]

Decide = Callable[[Ledger], tuple[Act, ...]]
"""Reads the ledger as staged and returns entries, or raises `SaleRefused`. Must not change it.

No entries at all means: nothing to write, return when all before it is durable."""

_CLOCK_STEP_MS = 2_000
_GUARD_EVERY_MS = 2_000
_CLOSED_KEPT = 256
_MAY_SPEND_RESERVE = (
    Tender,
    TenderVoided,
    CardRequest,
    CardOutcome,
    SaleAborted,
    SaleSuspended,
    OperatorChange,  # who has locked the till must be able to finish the sale
    StopEntry,
    Started,
    Recovered,
)
_T = TypeVar("_T")


class _Entry(Draft, eq=False):
    """An entry on its way to the disk. The last one of a caller's is what that caller holds."""

    made: Transaction | None = None
    """The sale that it makes, as staged."""
    sale: Transaction | None = None
    """The last sale that the caller's entries make: told when they are durable."""
    published: bool = False
    error: KernelError | None = None
    leads: bool = False
    gate: LockType | None = None
    """Where the caller waits while another leads; None once that is over."""
    others: Iterator[_Entry] | None = None
    """Those of its batch that are still to be woken: each one a time, whoever comes to it."""


class Journal:
    """A wal and the ledger that it proves. Safe from many threads."""

    def __init__(
        self,
        wal: Wal,
        ledger: Ledger,
        clock: Clock,
        *,
        guard: Callable[[], None],
        relaxed_lines: bool = False,
    ) -> None:
        """`guard` raises `KernelError` if this process may not write any more; it is asked every
        few seconds. `relaxed_lines` is durability `commit`: lines are written, not synced."""
        self._wal = wal
        self._clock = clock
        self._guard = guard
        self._guard_at_ms = 0
        self._relaxed_lines = relaxed_lines
        self._lock = threading.Lock()
        self._durable = ledger
        self._staged = ledger.fork()
        self._queue: list[_Entry] = []
        self._batch: list[_Entry] = []
        """What the leader took from the queue."""
        self._leader: _Entry | None = None
        self._closing: KernelError | None = None
        self._closed: dict[int, Transaction] = {}
        self._rotate_after = 0
        self._start_s = clock.monotonic_s()
        self._wall_offset_ms = self._durable_offset_ms = clock.wall_ms()

    def record(self, decide: Decide, *, final: bool = False) -> Transaction | None:
        """Decide, and return when the entries are durable: the last sale that they changed.

        Raises whatever `decide` raises (then nothing was logged), `DiskFull` (nothing was kept),
        `Poisoned`, `Stopped`. After a `final` record every later one is `Stopped`.
        """
        entry = _Entry()
        try:
            with self._lock:
                self._admit(entry, decide, final=final)
            self._see_through(entry)
        except BaseException as fault:
            self._abandon(entry, fault)
            # What was published is durable, whatever failed after that, and not told as failed.
            if not (entry.published and isinstance(fault, KernelError)):
                raise
        if entry.error is not None:
            raise entry.error
        return entry.sale

    def wait_out(self) -> None:
        """Return when no thread writes: the log must not be closed under one that does."""
        entry = _Entry()
        try:
            with self._lock:
                if self._leader is None:
                    return
                entry.gate = _closed_gate()
                self._queue += [entry]
            self._see_through(entry)
        except BaseException as fault:
            self._abandon(entry, fault)
            if not isinstance(fault, KernelError):
                raise

    def read(self, look: Callable[[Ledger], _T]) -> _T:
        """`look` at the durable ledger while nothing is published; it must copy what it keeps."""
        with self._lock:
            return look(self._durable)

    def sale(self, number: int) -> Transaction | None:
        """The sale as durable, open or closed lately; None if it is neither."""
        return self._durable.sales.get(number) or self._closed.get(number)

    @property
    def poisoned(self) -> bool:
        """Whether the disk failed so that this process writes no more."""
        return self._wal.poison is not None

    @property
    def last_lsn(self) -> int:
        return self._wal.at.lsn - 1

    def disown(self, error: KernelError) -> None:
        """In a forked child: every record raises `error`, and the parent's files are let go.

        A descriptor kept here would keep the parent's locks after the parent's death.
        """
        self._lock = threading.Lock()  # a thread that isn't here may hold the parent's
        self._closing = error
        with suppress(OSError):
            self._wal.close()

    # --- under the lock ------------------------------------------------------------------

    def _admit(self, entry: _Entry, decide: Decide, *, final: bool) -> None:
        """Decide, stage and queue. Until it stages, whatever is raised changes nothing."""
        if self._closing is not None:
            raise self._closing
        staged = self._staged
        acts = decide(staged)
        if self._wal.low_on_space and acts and not isinstance(acts[-1], _MAY_SPEND_RESERVE):
            self._find_space()
        entries = self._drafted(entry, acts)
        try:
            for each in entries:
                if each.act is not None:
                    each.made = staged.apply(each.act, each.now)
                    entry.sale = each.made or entry.sale
            if final:
                self._closing = Stopped(_("this terminal is stopping; start it again to sell"))
            if self._leader is not None:
                entry.gate = _closed_gate()
            # No call from here on, so no Ctrl+C either: all of it happens, or nothing.
            if self._leader is None:
                self._batch, self._leader = entries, entry
                entry.leads = True
            else:
                self._queue += entries
        except BaseException:
            # A bug or Ctrl+C, perhaps half way: nothing is built on that.
            self._closing = _broken_off()
            raise

    def _drafted(self, entry: _Entry, acts: tuple[Act, ...]) -> list[_Entry]:
        """The acts, ready for the disk, the last of them in `entry`."""
        entry.now = now = self._now(self._staged)
        step_ms = now.wall_ms - now.uptime_ms - self._wall_offset_ms
        if acts and not -_CLOCK_STEP_MS <= step_ms <= _CLOCK_STEP_MS:
            # The wall clock has moved otherwise than the monotonic one.
            acts = (ClockStepped(step_ms=step_ms), *acts)
        entries = [entry]
        if acts:
            entry.act = acts[-1]
            entry.payload = payload_of(acts[-1])
            if len(acts) > 1:
                entries[:0] = [_Entry(act, payload_of(act), now) for act in acts[:-1]]
            if acts[0].__class__ is ClockStepped:
                self._wall_offset_ms += step_ms
        return entries

    def _now(self, ledger: Ledger) -> Stamp:
        """The time, and the open period's date, else today. Its place comes with its frame."""
        clock, period = self._clock, ledger.period
        return Stamp(
            0,
            0,
            clock.wall_ms(),
            int((clock.monotonic_s() - self._start_s) * 1000),
            period.date if period is not None else clock.business_date(),
        )

    def _find_space(self) -> None:
        self._wal.reserve_ahead()
        if self._wal.low_on_space:
            raise DiskFull(
                _(
                    "the disk is nearly full; finish or suspend the open sales and free "
                    "space: nothing new is begun until then"
                )
            )

    # --- leading -------------------------------------------------------------------------

    def _see_through(self, entry: _Entry) -> None:
        """Wait until it is settled, or until it is this thread's turn to lead, and lead."""
        gate = entry.gate
        if gate is not None:
            gate.acquire()
        if entry.others is not None:
            _wake_next(entry.others)
        if entry.leads:
            self._lead(entry)

    def _lead(self, entry: _Entry) -> None:
        """Make durable what is queued, then hand the lead on to the first who waits."""
        wal = self._wal
        while self._leader is entry:
            batch = self._batch or self._taken()
            if batch[-1].now.uptime_ms >= self._guard_at_ms:
                self._guard()
                self._guard_at_ms = batch[-1].now.uptime_ms + _GUARD_EVERY_MS
            relaxed = self._relaxed_lines and all(_may_wait(each.act) for each in batch)
            wal.append(batch, sync=not relaxed)
            full = wal.full
            entry.others = others = iter(batch)
            with self._lock:
                self._publish(batch, others)
                if not full:
                    self._hand_on()
            if full:
                self._rotate_segment()
                with self._lock:
                    self._hand_on()
            _wake_next(others)

    def _taken(self) -> list[_Entry]:
        with self._lock:
            self._batch, self._queue = self._queue, []
            return self._batch

    def _publish(self, batch: list[_Entry], others: Iterator[_Entry]) -> None:
        ledger = self._durable
        for entry in batch:
            act, made = entry.act, entry.made
            if act is not None:
                ledger.apply(act, entry.now, made)
                if made is not None:
                    if made.number not in ledger.sales:
                        self._remember(made)
                elif isinstance(act, ClockStepped):
                    self._durable_offset_ms += act.step_ms
            entry.others = others
            entry.published = True

    def _remember(self, sale: Transaction) -> None:
        self._closed[sale.number] = sale
        if len(self._closed) > _CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]

    def _hand_on(self) -> None:
        """Who leads now: the first who waits; the same again where callers went away and left
        their entries; nobody where nothing is queued."""
        self._batch = []
        if not self._queue:
            self._leader = None
        for entry in self._queue:
            gate = entry.gate
            if gate is not None:
                # Woken before all others, whose work can be done while it syncs. No call until
                # it is: a leader who sleeps on would hold up everybody.
                self._leader, entry.leads, entry.gate = entry, True, None
                gate.release()
                break

    def _abandon(self, entry: _Entry, fault: BaseException) -> None:
        """The caller goes away. Nobody may come to wait for it."""
        with self._lock:
            entry.gate = None  # of no use any more, so it is not made the leader
            leads, begun = self._leader is entry, bool(self._batch)
        if leads and begun:
            self._fail(fault)
            return
        if entry.others is not None:
            _wake_next(entry.others)
        if leads:
            # Made the leader at the very moment of the interrupt: the others count on it.
            try:
                self._lead(entry)
            except BaseException as second:  # noqa: BLE001  # the first one is raised
                self._fail(second)

    def _fail(self, fault: BaseException) -> None:
        """The leader failed: refuse all that is not durable; stage anew from what is."""
        with self._lock:
            settled = self._batch + self._queue
            self._batch, self._queue, self._leader = [], [], None
            self._staged = self._durable.fork()
            self._wall_offset_ms = self._durable_offset_ms  # an unlogged step is logged again
            error = fault if isinstance(fault, KernelError) else _broken_off()
            if isinstance(error, Poisoned):
                self._closing = error
            for each in settled:
                each.error = None if each.published else error
        others = iter(settled)
        while _wake_next(others):
            pass

    def _rotate_segment(self) -> None:
        wal = self._wal
        # No space: the segment grows on; trying at each entry would only cost time.
        if wal.at.lsn >= self._rotate_after and not wal.rotate(
            self._durable, self._now(self._durable)
        ):
            self._rotate_after = wal.at.lsn + 64


def _broken_off() -> Poisoned:
    return Poisoned(
        _(
            "an entry was broken off while it was recorded; this process writes no more. "
            "Start the terminal again: it will recover"
        )
    )


def _may_wait(act: Act | None) -> bool:
    """Whether durability `commit` leaves this unsynced: lines, but for those booked beside the
    log, where the booking must not outlive its line."""
    return isinstance(act, Line) and act.booking is None


def _closed_gate() -> LockType:
    gate = threading.Lock()
    gate.acquire()
    return gate


def _wake_next(others: Iterator[_Entry]) -> bool:
    """Let the next who waits go on; one that leads, or has gone away, waits at no gate."""
    for entry in others:
        # No call until it is open: Ctrl+C in between would leave it, and all after it, asleep.
        gate, entry.gate = entry.gate, None
        if gate is not None:
            gate.release()
            return True
    return False
