"""`shared/returns/`: what was given back on a receipt, so that no item is refunded twice anywhere.

A booking is an empty file whose name says all: `<transaction>.<line>.<quantity>.<id>.<state>`.
It counts from before the return line is logged until after its void is, in whatever state:

    pending.TRANSACTION   being logged by that transaction's till
    ready                 logged
    release.TRANSACTION   that till is voiding the line, or aborting the sale that holds it

Every change of a name stands in one operation lock: a directory that is read while a name in it
changes may show the file under neither, and a booking that is overlooked is money given twice.
This module must never let go of a booking on anything but the word of a durable log.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from kernel.clock import Clock
from kernel.coordination.suspended import sharing
from kernel.disk.files import Disk, create_file
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from kernel.errors import SaleRefused
from kernel.model.identity import TransactionId
from kernel.words import gettext as _

__all__ = ["Booking", "BookingState", "Returns"]

_OPERATION = "returns"
_TRANSACTION = "[A-Z0-9][A-Z0-9_-]{0,31}-[1-9][0-9]{0,14}"
_NAME = (
    rf"(?P<origin>{_TRANSACTION})\.(?P<line>[1-9][0-9]{{0,5}})\.(?P<quantity>[1-9][0-9]{{0,15}})"
    rf"\.(?P<id>[0-9a-f]{{16}})\.(?P<state>pending|ready|release)(?:\.(?P<holder>{_TRANSACTION}))?"
)


class BookingState(Enum):
    PENDING = "pending"
    READY = "ready"
    RELEASE = "release"


class Booking(Struct, frozen=True):
    """`quantity` thousandths of line `line` of sale `origin`, taken back under `id`."""

    origin: str
    line: int
    quantity: int
    id: str
    state: BookingState = BookingState.PENDING
    holder: str | None = None
    """The transaction whose till changes it; its log decides after a crash."""

    def __str__(self) -> str:
        holder = f".{self.holder}" if self.holder else ""
        return f"{self.origin}.{self.line}.{self.quantity}.{self.id}.{self.state.value}{holder}"

    @classmethod
    def parse(cls, name: str) -> Booking | None:
        """None for a file that is none."""
        match = re.fullmatch(_NAME, name)
        if match is None:
            return None
        state = BookingState(match["state"])
        if (match["holder"] is None) != (state is BookingState.READY):
            return None
        return cls(
            match["origin"],
            int(match["line"]),
            int(match["quantity"]),
            match["id"],
            state,
            match["holder"],
        )


class Returns:
    """The bookings of one shop. Every call reads the directory anew.

    All calls raise `Contention`, `DiskFull` and `BadConfiguration`.
    """

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        *,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._disk = disk
        self._directory = layout.returns
        self._lock_path = layout.operation_lock(_OPERATION)
        self._clock = clock
        self._pause = pause

    def bookings(self, part: str = "") -> list[Booking]:
        """Those whose names hold `part`, sorted by name."""
        with sharing(self._directory), self._lock():
            return self._listed(part)

    def book(self, booking: Booking, sold: int) -> None:
        """Make a pending booking, durable, if no more than `sold` is taken back with it.

        Raises `SaleRefused` where that much was taken back already.
        """
        path = self._path(booking)
        with sharing(path), self._lock():
            taken = sum(
                other.quantity
                for other in self._listed(f"{booking.origin}.{booking.line}.")
                if (other.origin, other.line) == (booking.origin, booking.line)
            )
            if taken + booking.quantity > sold:
                raise SaleRefused(
                    _("line {} of {}: {} sold, {} taken back already; {} can't be").format(
                        booking.line,
                        booking.origin,
                        _plain(sold),
                        _plain(taken),
                        _plain(booking.quantity),
                    )
                )
            try:
                create_file(self._disk, path)
            except OSError:
                with suppress(OSError):
                    self._disk.unlink(path)
                raise

    def confirm(self, booking: Booking) -> None:
        """The line is in the log."""
        with sharing(self._directory), self._lock():
            self._rename(booking, replace(booking, state=BookingState.READY, holder=None))
            self._disk.sync_directory(self._directory)

    def withdraw(self, bookings: Iterable[Booking]) -> None:
        """No log holds the lines, or a durable one holds their voids."""
        with sharing(self._directory), self._lock():
            for booking in bookings:
                self._disk.unlink(self._path(booking))
            self._disk.sync_directory(self._directory)

    def release(self, ids: Iterable[str], holder: str) -> list[Booking]:
        """Mark the bookings of these ids: `holder`'s till is about to log their end."""
        marked = []
        with sharing(self._directory), self._lock():
            for one in ids:
                for booking in self._listed(f".{one}."):
                    target = replace(booking, state=BookingState.RELEASE, holder=holder)
                    self._rename(booking, target)
                    marked.append(target)
            self._disk.sync_directory(self._directory)
        return marked

    def keep(self, bookings: Iterable[Booking]) -> None:
        """They were not voided after all."""
        for booking in bookings:
            self.confirm(booking)

    def settle(self, till: str, stands: Callable[[int, str], bool]) -> None:
        """Finish or undo what `till` was at when it ended. `stands(number, id)`: whether its log,
        durable to the end, holds a line with that booking in that sale, neither void nor aborted.
        """
        with sharing(self._directory):
            # Its own files move by its own hand, so that this look needs no lock.
            if not self._listed(f".{till}-"):
                return
        with sharing(self._directory), self._lock():
            left = [booking for booking in self._listed(f".{till}-") if _till(booking) == till]
            for booking in left:
                assert booking.holder is not None
                if stands(TransactionId.parse(booking.holder).number, booking.id):
                    self._rename(booking, replace(booking, state=BookingState.READY, holder=None))
                else:
                    self._disk.unlink(self._path(booking))
            if left:
                self._disk.sync_directory(self._directory)

    def _listed(self, part: str = "") -> list[Booking]:
        """Those whose names hold `part`: years of bookings are read past, not parsed."""
        names = [name for name in self._disk.listdir(self._directory) if part in name]
        return [booking for booking in map(Booking.parse, sorted(names)) if booking is not None]

    def _rename(self, booking: Booking, target: Booking) -> None:
        self._disk.rename(self._path(booking), self._path(target))

    def _path(self, booking: Booking) -> str:
        return os.path.join(self._directory, str(booking))

    def _lock(self) -> OperationLock:
        return OperationLock(self._disk, self._lock_path, clock=self._clock, pause=self._pause)


def _till(booking: Booking) -> str | None:
    return TransactionId.parse(booking.holder).terminal if booking.holder else None


def _plain(thousandths: int) -> str:
    """3000 is `3`, 1250 is `1.25`."""
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)
