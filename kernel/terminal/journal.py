"""The journal: decide, record, apply — the way of every entry, in this order, in this file.

`record` decides against the staged ledger under one short lock, queues the entry and stages
it. The first thread there leads: it writes and syncs all that is queued, publishes it to the
durable ledger in order and wakes the others, each at its own gate. While it syncs, the next
batch gathers; so many threads share one sync and nobody waits on purpose. Only the durable
ledger is ever shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from kernel.clock import Clock
from kernel.codec.entries import decode_act, encode_act
from kernel.codec.frame import FRAME_LIMIT_BYTES
from kernel.disk.wal import Draft, Wal
from kernel.errors import DiskFull, KernelError, Poisoned, SaleRefused, Stopped
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
from kernel.model.till_entries import ClockStepped, PeriodClosed, Recovered, Started
from kernel.model.till_entries import Stopped as StopEntry
from kernel.model.transaction import Transaction

__all__ = ["Decide", "Journal"]

Decide = Callable[[Ledger], tuple[Act, ...]]
"""Reads the ledger as staged and returns entries, or raises `SaleRefused`. Must not change it.

No entries at all means: nothing to write, return when all before it is durable."""

_HEAD_ROOM_BYTES = 512
_CLOCK_STEP_MS = 2_000
_GUARD_EVERY_S = 2.0
_CLOSED_KEPT = 256
_MAY_SPEND_RESERVE = (
    Tender,
    TenderVoided,
    CardRequest,
    CardOutcome,
    SaleAborted,
    SaleSuspended,
    StopEntry,
    Started,
    Recovered,
)
_T = TypeVar("_T")


class _Request:
    """One caller's entries on their way to the disk, and the gate at which it waits."""

    __slots__ = ("drafts", "error", "gate", "leads", "made", "relaxed", "sale")

    def __init__(self, drafts: list[Draft], made: list[Transaction | None], relaxed: bool) -> None:
        """`made`: the sale that each draft makes, as staged."""
        self.drafts = drafts
        self.made = made
        self.relaxed = relaxed
        self.sale: Transaction | None = None
        self.error: KernelError | None = None
        self.leads = False
        self.gate = threading.Lock()
        self.gate.acquire()


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
        self._guard_at = 0.0
        self._relaxed_lines = relaxed_lines
        self._lock = threading.Lock()
        self._durable = ledger
        self._staged = ledger.fork()
        self._queue: list[_Request] = []
        self._leading = False
        self._closing: KernelError | None = None
        self._closed: dict[int, Transaction] = {}
        self._rotate_after = 0
        self._start_s = clock.monotonic_s()
        self._wall_offset_ms = clock.wall_ms()

    def record(self, decide: Decide, *, final: bool = False) -> Transaction | None:
        """Decide, and return when the entries are durable: the last sale that they changed.

        Raises whatever `decide` raises (then nothing was logged), `DiskFull` (nothing was kept),
        `Poisoned`, `Stopped`. After a `final` record every later one is `Stopped`.
        """
        with self._lock:
            request = self._stage(self._drafted(decide))
            if final:
                self._closing = Stopped("this terminal is stopping; start it again to sell")
            leads = not self._leading
            self._leading = True
        interrupted: BaseException | None = None
        while not leads:
            try:
                request.gate.acquire()
                leads = request.leads
                break
            except BaseException as interruption:  # noqa: BLE001  # raised below
                # The entry is on its way and may make this thread the leader: see it through.
                interrupted = interruption
        if leads:
            self._lead()
        if interrupted is not None:
            raise interrupted
        if request.error is not None:
            raise request.error
        return request.sale

    def read(self, look: Callable[[Ledger], _T]) -> _T:
        """`look` at the durable ledger while nothing is published; it must copy what it keeps."""
        with self._lock:
            return look(self._durable)

    def sale(self, number: int) -> Transaction | None:
        """The sale as durable, open or closed lately; None if it is neither."""
        return self._durable.sales.get(number) or self._closed.get(number)

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

    def _drafted(self, decide: Decide) -> list[Draft]:
        """What is decided, ready for the disk. Changes nothing: whatever is raised in here, the
        till goes on."""
        if self._closing is not None:
            raise self._closing
        if self._wal.poison is not None:
            raise self._wal.poison
        staged = self._staged
        acts = decide(staged)
        if acts and self._wal.low_on_space and not isinstance(acts[-1], _MAY_SPEND_RESERVE):
            self._find_space()
        now = self._now(staged)
        drafts = [Draft(act, _payload(act), *now) for act in acts]
        return [Draft(step, encode_act(step), *now) for step in self._clock_step(now)] + drafts

    def _stage(self, drafts: list[Draft]) -> _Request:
        try:
            made = [self._staged.apply(draft.act, _stamp(draft)) for draft in drafts]
        except BaseException:
            # A bug or Ctrl+C, perhaps half way: nothing is built on that.
            self._closing = _broken_off()
            raise
        relaxed = self._relaxed_lines and all(isinstance(draft.act, Line) for draft in drafts)
        request = _Request(drafts, made, relaxed)
        self._queue.append(request)
        return request

    def _now(self, ledger: Ledger) -> tuple[int, int, int]:
        """(wall ms, uptime ms, business date): the open period's date, else today."""
        clock, period = self._clock, ledger.period
        uptime_ms = int((clock.monotonic_s() - self._start_s) * 1000)
        return clock.wall_ms(), uptime_ms, period.date if period else clock.business_date()

    def _clock_step(self, now: tuple[int, int, int]) -> tuple[Act, ...]:
        """An entry that says so when the wall clock has moved otherwise than the monotonic one."""
        step_ms = now[0] - now[1] - self._wall_offset_ms
        if -_CLOCK_STEP_MS <= step_ms <= _CLOCK_STEP_MS:
            return ()
        self._wall_offset_ms += step_ms
        return (ClockStepped(step_ms=step_ms),)

    def _find_space(self) -> None:
        self._wal.reserve_ahead()
        if self._wal.low_on_space:
            raise DiskFull(
                "the disk is nearly full; finish or suspend the open sales and free space: "
                "nothing new is begun until then"
            )

    # --- the leader ----------------------------------------------------------------------

    def _lead(self) -> None:
        with self._lock:
            batch, self._queue = self._queue, []
        try:
            self._guard_now_and_then()
            stamps = self._wal.append(
                [draft for request in batch for draft in request.drafts],
                sync=not (self._relaxed_lines and all(request.relaxed for request in batch)),
            )
            with self._lock:
                self._publish(batch, stamps)
        except KernelError as error:
            self._fail(batch, error)
            return
        except BaseException:
            self._fail(batch, _broken_off())
            raise
        if self._wal.full or any(map(_closes_period, batch)):
            try:
                self._rotate_segment()
            except KernelError as error:
                # The batch is durable; what comes after it is not going to be.
                self._fail([], error)
                _release(batch)
                return
            except BaseException:
                self._fail([], _broken_off())
                _release(batch)
                raise
        self._pass_on(batch)

    def _publish(self, batch: list[_Request], stamps: list[Stamp]) -> None:
        numbered = iter(stamps)
        for request in batch:
            for draft, made in zip(request.drafts, request.made, strict=True):
                sale = self._durable.apply(draft.act, next(numbered), made)
                if sale is None:
                    continue
                request.sale = sale
                if sale.number not in self._durable.sales:
                    self._remember(sale)

    def _remember(self, sale: Transaction) -> None:
        self._closed[sale.number] = sale
        if len(self._closed) > _CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]

    def _pass_on(self, batch: list[_Request]) -> None:
        """Hand the lead to the first who waits, then let this batch go."""
        with self._lock:
            heir = self._queue[0] if self._queue else None
            self._leading = heir is not None
        if heir is not None:
            heir.leads = True
            heir.gate.release()
        _release(batch)

    def _fail(self, batch: list[_Request], error: KernelError) -> None:
        """Refuse the batch and all that was decided on top of it; stage anew from what is."""
        with self._lock:
            refused = batch + self._queue
            self._queue = []
            self._staged = self._durable.fork()
            self._leading = False
            if isinstance(error, Poisoned):
                self._closing = error
        for request in refused:
            request.error = error
        _release(refused)

    def _rotate_segment(self) -> bool:
        if self._wal.at.lsn < self._rotate_after:
            return False
        now = Draft(Act(), None, *self._now(self._durable))
        if self._wal.rotate(self._durable, now):
            return True
        # No space: the segment grows on; trying at each entry would only cost time.
        self._rotate_after = self._wal.at.lsn + 64
        return False

    def _guard_now_and_then(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s >= self._guard_at:
            self._guard()
            self._guard_at = now_s + _GUARD_EVERY_S


def _broken_off() -> Poisoned:
    return Poisoned(
        "an entry was broken off while it was recorded; this process writes no more. "
        "Start the terminal again: it will recover"
    )


def _payload(act: Act) -> bytes | None:
    """The act as it will stand in the log; a Z gets its digest later.

    Refused where it could not be read back: one argument of a wrong type, once in the log, would
    keep this terminal from ever starting again.
    """
    if isinstance(act, PeriodClosed):
        return None
    try:
        payload = encode_act(act)
        decode_act(payload)
    except (TypeError, ValueError) as fault:
        raise SaleRefused(f"this can't be kept in the log: {fault}; correct it") from fault
    if len(payload) > FRAME_LIMIT_BYTES - _HEAD_ROOM_BYTES:
        raise SaleRefused(f"the entry has {len(payload)} bytes; shorten its texts")
    return payload


def _stamp(draft: Draft) -> Stamp:
    return Stamp(0, 0, draft.wall_ms, draft.uptime_ms, draft.business_date)


def _closes_period(request: _Request) -> bool:
    # A Z stands alone: no decision puts another entry behind it.
    return bool(request.drafts) and isinstance(request.drafts[-1].act, PeriodClosed)


def _release(batch: list[_Request]) -> None:
    """Open the gates; the leader's own is open already for all it cares."""
    for request in batch:
        request.gate.release()
