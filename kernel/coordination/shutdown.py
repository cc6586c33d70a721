"""`shutdown_signal.flag`: while the shop is being shut down, no till starts.

The flag speaks to tills that are off, a message to those that run. It binds until its deadline
and no longer, so that a flag which nobody took away keeps no shop closed; one that can't be used,
or that MANAGER has not signed, is set aside for the same reason. This module must never end a
till: each ends itself.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from errno import EMFILE, ENFILE, ENOMEM

from msgspec.structs import replace

from kernel.clock import Clock
from kernel.codec.shutdown import (
    SHUTDOWN_LIMIT_BYTES,
    ShutdownOrder,
    decode_shutdown,
    encode_shutdown,
    shutdown_bytes,
)
from kernel.coordination.signatures import Signatures
from kernel.coordination.unwritable import LET_IN, unwritable
from kernel.disk.files import SHARED_FILE_MODE, Disk, read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from kernel.errors import BadConfiguration, BadInput, Contention
from kernel.words import gettext as _

__all__ = ["CANCEL", "ORDER", "ShutdownFlag"]

ORDER, CANCEL = "shutdown", "shutdown_cancel"
"""Types of the messages that say to running tills what the flag says to others."""

_OPERATION = "shutdown"
_AT_OUR_LIMIT = (EMFILE, ENFILE, ENOMEM)
"""These say nothing about the flag, which others can read."""


class ShutdownFlag:
    """The flag of one shop. Every call reads the file anew."""

    def __init__(self, disk: Disk, layout: Layout, signatures: Signatures, *, clock: Clock) -> None:
        self._disk = disk
        self._layout = layout
        self._signatures = signatures
        self._clock = clock

    def hoist(self, order: ShutdownOrder) -> None:
        """Let no till start from now on; durable when it returns.

        Raises `Contention` where another order is in force, `SaleRefused` for one that nobody
        would follow or that comes from any terminal but MANAGER, `DiskFull`, `BadConfiguration`.
        """
        signature = self._signatures.sign(shutdown_bytes(order))
        data = encode_shutdown(replace(order, signature=signature))
        path = self._layout.shutdown_flag
        scratch = os.path.join(self._layout.coordination, f".{os.path.basename(path)}.next")
        with self._operation():
            standing = self._standing()
            if standing is not None and standing.live(self._clock.wall_ms()):
                raise Contention(
                    _(
                        "{} is shutting the shop down already, until {} ({}); wait for "
                        "that, or cancel it with `posterm shutdown --cancel`"
                    ).format(standing.by, _clock_time(standing.deadline_ms), standing.reason)
                )
            try:
                replace_file(self._disk, path, data, scratch=scratch, mode=SHARED_FILE_MODE)
            except OSError as fault:
                raise unwritable(path, fault, LET_IN) from fault

    def lower(self, order: ShutdownOrder) -> bool:
        """Let tills start again; False if the flag is gone or another order's by now."""
        with self._operation():
            standing = self._standing()
            if standing is None or standing.id != order.id:
                return False
            try:
                self._disk.unlink(self._layout.shutdown_flag)
                # Else a power cut could bring back the flag of an order that was cancelled.
                self._disk.sync_directory(self._layout.coordination)
            except OSError as fault:
                raise unwritable(self._layout.shutdown_flag, fault, LET_IN) from fault
            return True

    def live(self) -> ShutdownOrder | None:
        """The order that is in force now."""
        order = self.standing()
        return order if order is not None and order.live(self._clock.wall_ms()) else None

    def refuse_start(self, terminal: str) -> None:
        """Raises `Contention` while the shop is being shut down; who ordered it may start."""
        order = self.live()
        if order is not None and order.by != terminal:
            raise Contention(
                _(
                    "the shop is being shut down until {} ({}); start {} after that, or "
                    "cancel the shutdown with `posterm shutdown --cancel`"
                ).format(_clock_time(order.deadline_ms), order.reason, terminal)
            )

    def standing(self) -> ShutdownOrder | None:
        """The order on the flag, in force or not; a flag that can't be used is set aside.

        Raises `Contention` where this process is at its own limit and can't tell.
        """
        try:
            return self._read()
        except (OSError, BadInput):
            pass
        # Else the flag that is hoisted just now would be moved away in place of the bad one. Who
        # can't have the lock leaves that to another: a bad flag binds nobody.
        with suppress(Contention, BadConfiguration), self._operation():
            return self._standing()
        return None

    def _standing(self) -> ShutdownOrder | None:
        """The same, for who is in the operation lock."""
        path = self._layout.shutdown_flag
        try:
            return self._read()
        except (OSError, BadInput):
            name = f"{os.path.basename(path)}.{self._clock.wall_ms()}"
            # Where it can't be moved, it is as good as none all the same.
            with suppress(OSError):
                self._disk.rename(path, os.path.join(self._layout.cleanup, name))
            return None

    def _read(self) -> ShutdownOrder | None:
        path = self._layout.shutdown_flag
        try:
            data = read_file(self._disk, path, SHUTDOWN_LIMIT_BYTES)
        except OSError as fault:
            if fault.errno not in _AT_OUR_LIMIT:
                raise
            raise Contention(
                _("{} can't be read now: {}; try again").format(path, fault.strerror)
            ) from fault
        order = None if data is None else decode_shutdown(data)
        if order is not None and not self._believed(order):
            raise BadInput(_("MANAGER did not sign it"))
        return order

    def _believed(self, order: ShutdownOrder) -> bool:
        signed = shutdown_bytes(order)
        return order.signature is not None and self._signatures.verify(signed, order.signature)

    def _operation(self) -> OperationLock:
        lock = self._layout.operation_lock(_OPERATION)
        return OperationLock(self._disk, lock, clock=self._clock)


def _clock_time(wall_ms: int) -> str:
    """Hours, minutes and seconds as they are on the wall here."""
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone():%H:%M:%S}"
